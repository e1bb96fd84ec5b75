"""What a session is issued, and when it goes on: tokens, resume secrets, rights of then and today."""

import pytest
from access_fixtures import ANNA, MESSAGE, NOW, OTHER, OWNER, PASSWORD, let_in, try_password

from fanlight.access import rights
from fanlight.errors import AuthenticationFailed, LocalProtocolError, UsageError
from fanlight.types import Permission


def test_a_session_opens_only_by_a_try_that_was_right(unattended, code):
    wrong = try_password(unattended, password="wrong horse")
    with pytest.raises(LocalProtocolError, match="not right"):
        unattended.opened(OWNER, wrong, NOW, remember=True, session="s")
    code.switch_on(unattended)
    with pytest.raises(LocalProtocolError, match="not right"):
        unattended.opened(OWNER, try_password(unattended), NOW, remember=True, session="s")
    assert unattended.tokens.all() == []


def test_a_token_is_issued_only_if_asked_for_allowed_and_after_a_password(unattended):
    assert let_in(unattended).token is None
    issued = let_in(unattended, remember=True)
    assert len(issued.token) == len(issued.resume) == 32
    assert issued.resume_seconds == 600

    def again(tried):
        return unattended.opened(OWNER, tried, NOW, remember=True, session="again").token

    assert again(unattended.token(OWNER, issued.token, NOW)) is None
    assert again(unattended.resume(OWNER, issued.resume, NOW)) is None
    assert again(unattended.accepted(rights.DEFAULT)) is None
    unattended.tokens.allow(False)
    assert let_in(unattended, remember=True).token is None
    assert unattended.token(OWNER, issued.token, NOW).right


@pytest.mark.parametrize("change", ["password", "same password", "clear", "tokens"])
def test_every_token_and_resume_secret_is_void_after(unattended, restarted, change):
    mine, hers = let_in(unattended, remember=True), let_in(unattended, ANNA, remember=True, session="hers")
    right = try_password(unattended)
    {
        "password": lambda: unattended.set_password("another horse", rights.FULL_ACCESS),
        "same password": lambda: unattended.set_password(PASSWORD),
        "clear": lambda: unattended.passwords.clear(rights.UNATTENDED),
        "tokens": unattended.tokens.clear,
    }[change]()
    with pytest.raises(AuthenticationFailed, match="meanwhile"):
        unattended.opened(OWNER, right, NOW, remember=True, session="late")
    assert unattended.tokens.all() == []
    again = restarted()
    for who, issued in ((OWNER, mine), (ANNA, hers)):
        assert again.token(who, issued.token, NOW).reason == "a token that is not valid, or not this client's"
        assert again.resume(who, issued.resume, NOW).reason.startswith("a resume secret that is used, old")


def test_a_refused_password_leaves_tokens_as_they_are(unattended):
    issued = let_in(unattended, remember=True)
    with pytest.raises(Exception, match="too short"):
        unattended.set_password("short")
    assert unattended.token(OWNER, issued.token, NOW).right


def test_a_token_needs_unattended_access_and_its_profile(unattended):
    token = let_in(unattended, remember=True).token
    assert unattended.token(OWNER, token, NOW).rights == rights.STANDARD
    unattended.profiles.set(rights.UNATTENDED, {Permission.FILES: False})
    assert unattended.token(OWNER, token, NOW).rights == rights.STANDARD - {Permission.FILES}
    unattended.set_unattended(False)
    assert unattended.token(OWNER, token, NOW).reason == "unattended access is off"
    unattended.set_unattended(True)
    unattended.profiles.enable(rights.UNATTENDED, False)
    assert "disabled" in unattended.token(OWNER, token, NOW).reason


def test_a_resumed_session_has_the_old_rights_and_today_s(unattended, restarted):
    issued = let_in(unattended, session="mine")
    unattended.lives("mine", rights.STANDARD - {Permission.AUDIO}, NOW)
    unattended.profiles.set(rights.UNATTENDED, {Permission.FILES: False, Permission.TUNNELS: True})
    tried = restarted().resume(OWNER, issued.resume, NOW + 1)
    assert tried.right
    assert (tried.session, tried.profile) == ("mine", rights.UNATTENDED)
    assert tried.rights == rights.STANDARD - {Permission.AUDIO, Permission.FILES}


def test_a_session_that_a_person_accepted_goes_on_without_unattended_access(rules):
    tried = rules.accepted(rights.DEFAULT, frozenset({Permission.CONTROL}))
    assert tried.rights == rights.STANDARD - {Permission.CONTROL}
    assert (tried.right, tried.unattended, tried.session) == (True, False, "")
    secret = rules.opened(OTHER, tried, NOW, remember=True, session="s").resume
    resumed = rules.resume(OTHER, secret, NOW)
    assert resumed.right
    assert resumed.rights == tried.rights
    assert resumed.unattended is False
    secret = rules.opened(OTHER, resumed, NOW, remember=True, session="s").resume
    rules.prompts.set_mode("never")
    assert rules.resume(OTHER, secret, NOW).reason == "requests are not shown any more"


def test_a_session_that_a_password_opened_goes_on_only_with_unattended_access(unattended):
    issued = let_in(unattended)
    unattended.set_unattended(False)
    assert unattended.resume(OWNER, issued.resume, NOW).reason == "unattended access is off"


def test_a_session_that_was_ended_on_purpose_does_not_go_on(unattended):
    issued = let_in(unattended, session="mine")
    unattended.ended("mine")
    assert not unattended.resume(OWNER, issued.resume, NOW).right


def test_a_profile_s_rights_and_offer_follow_the_settings(rules, restarted):
    assert list(rules.profiles_offered(OWNER, NOW)) == ["Default", "Full Access", "Screen Sharing", "Unattended Access"]
    assert rules.profiles_offered(OWNER, NOW)[rights.SCREEN_SHARING] == {Permission.VIEW}
    rules.profiles.enable(rights.FULL_ACCESS, False)
    assert rules.profile_rights(rights.FULL_ACCESS, OWNER, NOW) is None
    assert rules.profile_rights("Gone", OWNER, NOW) is None
    with pytest.raises(UsageError, match="not offered: choose Default, Screen Sharing, Unattended Access"):
        rules.accepted(rights.FULL_ACCESS)
    again = restarted()
    assert list(again.profiles_offered(OWNER, NOW)) == ["Default", "Screen Sharing", "Unattended Access"]
    assert again.profile_rights(rights.SCREEN_SHARING, OWNER, NOW) == {Permission.VIEW}


def test_an_accepted_request_teaches_the_throttle_nothing(rules):
    rules.opened(OTHER, rules.accepted(rights.DEFAULT), NOW, remember=False, session="s")
    for _ in range(20):
        rules.password(OWNER, b"", MESSAGE, NOW)
    assert rules.password(OTHER, b"", MESSAGE, NOW).reason == "unattended access is off"
    assert not rules.throttle.count("guess", OTHER, NOW)
