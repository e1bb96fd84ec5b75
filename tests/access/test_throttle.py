"""Counting of tries; `now` is all the time there is."""

import pytest
from access_fixtures import ANNA, DAY, HOUR, MESSAGE, NOW, OTHER, OWNER, let_in, proof, try_password

from fanlight.access import Who, scram

THROTTLED = "too many wrong tries: not looked at"


def stranger(number):
    return Who(f"{number:064x}", None, f"198.51.100.{number % 256}:9")


def counted(rules, times, now, who=None, kind="guess"):
    """Try as often, as new strangers each time; return how many were looked at."""
    return sum(rules.throttle.count(kind, who or stranger(number), now) for number in range(times))


# -- strangers ---------------------------------------------------------------------------------------------------------


def test_strangers_have_20_tries_all_together(rules):
    assert [counted(rules, 1, NOW) for _ in range(21)] == [1] * 20 + [0]
    assert counted(rules, 50, NOW) == 0


def test_strangers_have_20_more_each_hour(rules):
    assert counted(rules, 100, NOW) == 20
    assert counted(rules, 1, NOW + 179) == 0
    assert counted(rules, 9, NOW + 180) == 1
    assert counted(rules, 100, NOW + 180 + HOUR / 2) == 10
    assert counted(rules, 100, NOW + 180 + 2 * HOUR) == 20
    assert counted(rules, 100, NOW + DAY) == 20


def test_after_100_misses_in_a_row_strangers_have_one_an_hour(rules, restarted):
    assert [counted(rules, 50, NOW + hour * HOUR) for hour in range(5)] == [20] * 5
    assert rules.throttle.waits(NOW + 4 * HOUR) == {"guess strangers": pytest.approx(HOUR)}
    assert counted(rules, 50, NOW + 5 * HOUR - 1) == 0
    assert counted(rules, 50, NOW + 5 * HOUR) == 1
    again = restarted()
    assert [counted(again, 50, NOW + hour * HOUR) for hour in range(6, 24)] == [1] * 18


def test_99_misses_are_not_100(rules):
    assert [counted(rules, 50, NOW + hour * HOUR) for hour in range(4)] == [20] * 4
    assert counted(rules, 19, NOW + 4 * HOUR) == 19
    assert counted(rules, 50, NOW + 4 * HOUR + 180) == 2
    assert counted(rules, 50, NOW + 4 * HOUR + 360) == 0


def test_tries_are_counted_over_a_restart(rules, restarted):
    counted(rules, 15, NOW)
    assert counted(restarted(), 15, NOW) == 5


def test_a_success_of_a_stranger_breaks_the_row_of_misses_and_gives_no_new_tries(unattended):
    for hour in range(5):
        counted(unattended, 50, NOW + hour * HOUR)
    later = NOW + 5 * HOUR
    let_in(unattended, OTHER, later)
    assert counted(unattended, 50, later) == 0
    assert counted(unattended, 50, later + HOUR) == 20


# -- those who are known -----------------------------------------------------------------------------------------------


def test_a_client_that_came_in_once_has_tries_of_its_own(unattended, restarted):
    let_in(unattended)
    counted(unattended, 50, NOW)
    assert try_password(unattended, OTHER).reason == THROTTLED
    assert try_password(unattended).right
    again = restarted()
    assert try_password(again).right
    assert try_password(again, OTHER).reason == THROTTLED


def test_a_key_is_not_known_by_a_right_password_alone(unattended):
    assert try_password(unattended).right
    counted(unattended, 50, NOW)
    assert try_password(unattended).reason == THROTTLED


def test_whoever_is_known_waits_after_five_misses_and_twice_as_long_after_each_more(rules, restarted):
    rules.throttle.succeeded(OWNER, NOW)
    assert counted(rules, 9, NOW, OWNER) == 5
    now = NOW
    for wait in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600):
        assert counted(rules, 9, now + wait - 1, OWNER) == 0
        now += wait
        assert counted(rules, 9, now, OWNER) == 1
    again = restarted()
    assert counted(again, 9, now + 3599, OWNER) == 0
    assert counted(again, 9, now + 3600, OWNER) == 1


def test_a_try_that_is_not_looked_at_makes_nobody_wait_longer(rules):
    rules.throttle.succeeded(OWNER, NOW)
    counted(rules, 5, NOW, OWNER)
    for second in range(30):
        assert counted(rules, 1, NOW + second, OWNER) == 0
    assert counted(rules, 1, NOW + 30, OWNER) == 1


def test_a_success_gives_all_tries_back(unattended, code):
    let_in(unattended)
    code.switch_on(unattended)
    for kind in ("guess", "code", "token", "resume", "note"):
        counted(unattended, 5, NOW, OWNER, kind)
    later = NOW + 30
    tried = unattended.code(OWNER, try_password(unattended, now=later), code.at(later), later)
    unattended.opened(OWNER, tried, later, remember=False, session="s")
    for kind in ("guess", "code", "token", "resume", "note"):
        assert counted(unattended, 9, later, OWNER, kind) == 5


def test_a_right_password_with_a_wrong_code_gives_nothing_back(unattended, code):
    let_in(unattended)
    code.switch_on(unattended)
    for _ in range(5):
        assert unattended.code(OWNER, try_password(unattended), "000000", NOW).reason == "wrong code"
    assert try_password(unattended).reason == THROTTLED
    assert unattended.code(OWNER, try_password(unattended), code.at(NOW), NOW).reason == THROTTLED


def test_an_alias_has_tries_of_its_own_whatever_its_key(rules, restarted):
    counted(rules, 50, NOW)
    same = Who("9" * 64, "Anna@acme", "")
    assert counted(rules, 3, NOW, ANNA) == 3
    again = restarted()
    assert counted(again, 3, NOW, same) == 2
    assert counted(again, 9, NOW, Who("8" * 64, "bob@acme", "")) == 5
    assert counted(again, 1, NOW, Who(ANNA.fingerprint, None, "")) == 0


def test_an_alias_gets_its_tries_back_by_a_success(unattended):
    counted(unattended, 4, NOW, ANNA)
    let_in(unattended, ANNA)
    assert counted(unattended, 9, NOW, ANNA) == 5
    assert counted(unattended, 9, NOW, Who(ANNA.fingerprint, None, "")) == 5


def test_strangers_cannot_lock_out_who_holds_a_token_or_a_resume_secret(rules):
    accepted = rules.opened(OTHER, rules.accepted("Default"), NOW, remember=False, session="s")
    counted(rules, 50, NOW, kind="resume")
    counted(rules, 50, NOW)
    assert rules.resume(OTHER, accepted.resume, NOW).right
    assert not rules.throttle.count("guess", OTHER, NOW)
    assert not rules.throttle.count("resume", OTHER, NOW)
    rules.tokens.issue(OTHER, "Default", NOW)
    counted(rules, 50, NOW, kind="token")
    assert counted(rules, 9, NOW, OTHER, "token") == 5


def test_wrong_tokens_do_not_use_up_tries_of_passwords(unattended):
    let_in(unattended)
    for _ in range(9):
        unattended.token(OWNER, b"wrong", NOW)
    assert unattended.token(OWNER, b"wrong", NOW).reason == THROTTLED
    assert try_password(unattended).right


def test_only_so_many_keys_are_known_and_the_one_longest_away_is_forgotten(rules):
    rules.throttle.succeeded(OWNER, NOW)
    with rules._store.changing() as db:
        rows = [(stranger(number).fingerprint, NOW + 1) for number in range(999)]
        db.executemany("INSERT INTO known_clients VALUES (?, ?)", rows)
    rules.throttle.succeeded(stranger(0), NOW + 2)
    counted(rules, 50, NOW, stranger(5000))
    assert counted(rules, 1, NOW, OWNER) == 1
    rules.throttle.succeeded(OTHER, NOW + 3)
    assert counted(rules, 1, NOW, OWNER) == 0


# -- clocks and resets -------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_gives_no_tries_and_locks_nobody_out_for_long(rules):
    rules.throttle.succeeded(OWNER, NOW)
    counted(rules, 50, NOW)
    counted(rules, 5, NOW, OWNER)
    back = NOW - 300 * DAY
    assert counted(rules, 9, back) == counted(rules, 9, back, OWNER) == 0
    assert counted(rules, 9, back + 29, OWNER) == 0
    assert counted(rules, 9, back + 30, OWNER) == 1
    assert counted(rules, 50, back + HOUR) == 20


def test_a_local_reset_gives_everybody_all_tries_back(rules, restarted):
    rules.throttle.succeeded(OWNER, NOW)
    counted(rules, 50, NOW)
    counted(rules, 9, NOW, OWNER)
    assert rules.throttle.waits(NOW) == {f"guess key {OWNER.fingerprint}": 30.0, "guess strangers": 180.0}
    assert rules.throttle.waits(NOW + 60) == {"guess strangers": pytest.approx(120)}
    assert rules.throttle.waits(NOW + 179.5) == {"guess strangers": pytest.approx(0.5)}
    assert rules.throttle.waits(NOW + 181) == {}
    rules.throttle.reset()
    assert rules.throttle.waits(NOW) == {}
    again = restarted()
    assert (counted(again, 50, NOW), counted(again, 9, NOW, OWNER)) == (20, 5)


def test_a_reset_does_not_make_a_known_key_a_stranger(rules):
    rules.throttle.succeeded(OWNER, NOW)
    rules.throttle.reset()
    counted(rules, 50, NOW)
    assert counted(rules, 1, NOW, OWNER) == 1


def test_buckets_of_those_who_are_gone_are_cleared_away(rules):
    counted(rules, 9, NOW, ANNA)
    counted(rules, 1, NOW + 30 * DAY, OWNER)
    assert len(rules._store.rows("SELECT * FROM throttle")) == 2
    counted(rules, 1, NOW + 30 * DAY + 1, OWNER)
    assert rules._store.rows("SELECT bucket FROM throttle") == [("guess strangers",)]


def test_the_misses_of_strangers_are_never_forgotten(rules):
    for hour in range(5):
        counted(rules, 50, NOW + hour * HOUR)
    later = NOW + 300 * DAY
    counted(rules, 1, later, ANNA)
    assert counted(rules, 50, later) == 20
    assert counted(rules, 50, later + HOUR) == 1


def test_a_try_is_on_disk_before_it_is_looked_at(unattended, monkeypatch, path):
    seen = []

    def looked_at(verifier, given, message):
        assert not unattended._store._db.in_transaction
        seen.append(unattended._store.rows("SELECT misses FROM throttle WHERE bucket = 'guess strangers'"))
        return False

    monkeypatch.setattr(scram, "proof_matches", looked_at)
    unattended.password(OWNER, bytes(32), MESSAGE, NOW)
    assert set(map(tuple, seen)) == {((1,),)}


# -- a day of attack ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rested", [False, True])
def test_a_day_of_attack_by_10_000_addresses(unattended, rested):
    """At most 150 guesses are looked at, and the owner, whose key is known, comes in every time."""
    unattended._store._db.execute("PRAGMA synchronous = OFF")
    let_in(unattended, OWNER, NOW - DAY)
    if rested:
        # The attackers have been here before.
        counted(unattended, 100, NOW - DAY)
    wrong = proof(unattended, "wrong horse")
    looked_at = logins = 0
    for number in range(10_000):
        now = NOW + number * DAY / 10_000
        tried = unattended.password(stranger(number), wrong, MESSAGE, now)
        looked_at += tried.reason == "wrong password"
        if number % 400 == 0:
            logins += let_in(unattended, OWNER, now).resume is not None
    assert 100 < looked_at <= 150
    assert logins == 25
