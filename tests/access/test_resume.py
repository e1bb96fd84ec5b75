import pytest
from access_fixtures import ANNA, NOW, OTHER, OWNER, let_in

from fanlight.access import Who, rights
from fanlight.types import Permission

WRONG = "a resume secret that is used, old or not this client's"


def test_a_secret_is_good_once(unattended, restarted):
    secret = let_in(unattended, session="mine").resume
    tried = unattended.resume(OWNER, secret, NOW + 1)
    assert (tried.right, tried.session, tried.profile) == (True, "mine", rights.UNATTENDED)
    assert unattended.resume(OWNER, secret, NOW + 1).reason == WRONG
    assert restarted().resume(OWNER, secret, NOW + 1).reason == WRONG


def test_a_secret_survives_a_restart(unattended, restarted):
    secret = let_in(unattended, session="mine").resume
    again = restarted()
    assert again.resume(OWNER, secret, NOW + 1).right


def test_a_secret_is_bound_to_the_client_s_key_and_a_thief_does_not_use_it_up(unattended):
    secret = let_in(unattended).resume
    assert unattended.resume(OTHER, secret, NOW).reason == WRONG
    assert unattended.resume(OWNER, secret, NOW).right


def test_a_secret_that_an_alias_got_is_worth_nothing_without_it(unattended):
    secret = let_in(unattended, ANNA).resume
    assert unattended.resume(Who(ANNA.fingerprint, None, ""), secret, NOW).reason == WRONG
    assert unattended.resume(Who(ANNA.fingerprint, "bob@acme", ""), secret, NOW).reason == WRONG
    assert unattended.resume(ANNA, secret, NOW).right


@pytest.mark.parametrize(
    ("later", "right"), [(0, True), (600, True), (600.5, False), (86_400, False), (-599, True), (-600, False)]
)
def test_a_secret_is_good_for_ten_minutes_by_a_clock_that_may_be_set_back(unattended, later, right):
    secret = let_in(unattended).resume
    assert unattended.resume(OWNER, secret, NOW + later).right is right
    assert unattended.resume(OWNER, secret, NOW).reason == WRONG


def test_the_ten_minutes_count_from_when_the_session_was_last_alive(unattended, restarted):
    secret = let_in(unattended, session="mine").resume
    for minute in range(1, 60):
        unattended.lives("mine", rights.STANDARD, NOW + 60 * minute)
    unattended.lives("another", rights.STANDARD, NOW + 9999)
    again = restarted()
    assert again.resume(OWNER, secret, NOW + 59 * 60 + 600).right


def test_one_that_is_kept_too_late_stays_too_old(unattended):
    secret = let_in(unattended, session="mine").resume
    assert unattended.resume(OWNER, secret, NOW + 601).reason == WRONG
    unattended.lives("mine", rights.STANDARD, NOW + 602)
    assert unattended.resume(OWNER, secret, NOW + 603).reason == WRONG


def test_the_next_secret_of_a_session_takes_the_place_of_the_last(unattended):
    first, second = (let_in(unattended, session="mine").resume for _ in range(2))
    assert unattended.resume(OWNER, first, NOW).reason == WRONG
    assert unattended.resume(OWNER, second, NOW).right


def test_each_session_has_its_own(unattended):
    mine, hers = let_in(unattended, session="mine").resume, let_in(unattended, OTHER, session="hers").resume
    unattended.ended("hers")
    assert unattended.resume(OTHER, hers, NOW).reason == WRONG
    assert unattended.resume(OWNER, mine, NOW).right


def test_rights_that_were_gone_stay_gone(unattended):
    secret = let_in(unattended, session="mine").resume
    unattended.lives("mine", frozenset({Permission.VIEW}), NOW)
    unattended.profiles.set(rights.UNATTENDED, {Permission.CONTROL: True})
    assert unattended.resume(OWNER, secret, NOW).rights == {Permission.VIEW}


def test_rights_of_a_newer_version_are_none_here(unattended):
    secret = let_in(unattended).resume
    with unattended._store.changing() as db:
        db.execute("UPDATE resumes SET rights = 'view teleport'")
    assert unattended.resume(OWNER, secret, NOW).rights == {Permission.VIEW}


def test_a_wrong_try_has_no_session_and_no_rights(unattended):
    tried = unattended.resume(OWNER, bytes(32), NOW)
    assert (tried.reason, tried.session, tried.rights, tried.profile) == (WRONG, "", frozenset(), "")


def test_a_disabled_profile_s_session_does_not_go_on(unattended):
    secret = let_in(unattended).resume
    unattended.profiles.enable(rights.UNATTENDED, False)
    tried = unattended.resume(OWNER, secret, NOW)
    assert (tried.reason, tried.rights) == ("the profile 'Unattended Access' is disabled", frozenset())


def test_secrets_that_are_too_old_are_cleared_away(unattended):
    let_in(unattended, session="old")
    let_in(unattended, session="new", now=NOW + 601)
    assert unattended._store.rows("SELECT session FROM resumes") == [("new",)]


def test_a_hash_is_kept_in_place_of_the_secret(unattended):
    secret = let_in(unattended).resume
    kept = unattended._store.rows("SELECT hash FROM resumes")[0][0]
    assert kept != secret
    assert unattended.resume(OWNER, kept, NOW).reason == WRONG
