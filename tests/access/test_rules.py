import secrets
import sqlite3
from datetime import UTC, datetime

import pytest
from access_fixtures import (
    ANNA,
    MESSAGE,
    NOW,
    OTHER,
    OWNER,
    PASSWORD,
    Log,
    let_in,
    open_rules,
    proof,
    try_password,
)

from fanlight.access import Identity, Rules, Store, rights, scram
from fanlight.errors import AuthenticationFailed, IdentityError, LocalProtocolError, StateError, UsageError
from fanlight.types import Permission

AT = datetime(2030, 1, 1, tzinfo=UTC)


def test_unattended_access_is_off_at_first_and_a_password_does_not_switch_it_on(rules):
    assert rules.unattended is False
    assert rules.has_password is False
    assert rules.interactive == "always"
    rules.set_password(PASSWORD)
    assert rules.unattended is False
    assert rules.has_password is True
    assert try_password(rules).reason == "unattended access is off"
    rules.set_unattended(True)
    assert try_password(rules).right


def test_unattended_access_stays_as_it_was_set_after_a_restart(unattended, restarted):
    again = restarted()
    assert try_password(again).right
    again.set_unattended(False)
    assert try_password(again).reason == "unattended access is off"


def test_without_a_password_nothing_opens(rules):
    rules.set_unattended(True)
    for given in (proof(rules), b"", bytes(32)):
        tried = rules.password(OWNER, given, MESSAGE, NOW)
        assert (tried.reason, tried.profile, tried.rights) == ("no password is set", "", frozenset())


def test_a_right_password_gives_the_rights_of_its_profile(unattended):
    tried = try_password(unattended)
    assert (tried.method, tried.reason, tried.right) == ("password", "", True)
    assert (tried.profile, tried.rights) == (rights.UNATTENDED, rights.STANDARD)
    wrong = try_password(unattended, password="wrong horse")
    assert (wrong.reason, wrong.right, wrong.profile, wrong.rights) == ("wrong password", False, "", frozenset())


def test_the_host_s_answer_is_one_that_only_its_password_can_check(unattended):
    offer = unattended.offer()
    salted = scram.salt_password(PASSWORD, offer.salt, offer.iterations)
    tried = try_password(unattended)
    assert scram.host_proof_matches(salted, tried.server_signature, MESSAGE)
    other = unattended.password(OWNER, scram.client_proof(salted, MESSAGE), MESSAGE + b"x", NOW)
    assert other.reason == "wrong password"
    assert len(other.server_signature) == 32
    unattended.set_unattended(False)
    assert not scram.host_proof_matches(salted, try_password(unattended).server_signature, MESSAGE)


def test_the_offer_is_the_same_whatever_is_set(rules, path):
    before = rules.offer()
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    rules.totp.enrol("me")
    assert rules.offer() == before
    assert Store(path.with_name("new.db")).iterations == 600_000


def test_a_running_host_obeys_another_process_at_once(unattended, path):
    right = proof(unattended)
    command = open_rules(path)
    command.set_unattended(False)
    assert not unattended.password(OWNER, right, MESSAGE, NOW).right
    command.set_unattended(True)
    command.set_password("a new password")
    assert not unattended.password(OWNER, right, MESSAGE, NOW).right
    assert try_password(unattended, password="a new password").right


def test_a_disabled_profile_s_password_is_dead(unattended, restarted):
    unattended.profiles.enable(rights.UNATTENDED, False)
    reason = "the profile 'Unattended Access' is disabled"
    assert try_password(unattended).reason == reason
    again = restarted()
    assert try_password(again).reason == reason
    again.profiles.enable(rights.UNATTENDED, True)
    assert try_password(again).right


# -- the access list ---------------------------------------------------------------------------------------------------


def test_the_access_list_decides_before_anything_else(rules, path, restarted):
    log = Log()
    asked = open_rules(path, log)
    assert asked.may_ask(OWNER, NOW) is None
    rules.acl.switch(True)
    assert asked.may_ask(OWNER, NOW) == "not on the access list"
    rules.acl.add("*@acme")
    assert asked.may_ask(ANNA, NOW) is None
    assert log.reasons == [("refused", "not on the access list")]
    again = restarted()
    assert again.may_ask(OWNER, NOW) == "not on the access list"
    assert again.may_ask(ANNA, NOW) is None


# -- codes -------------------------------------------------------------------------------------------------------------


def test_a_code_is_asked_for_after_every_password_right_or_wrong_or_throttled(unattended, code):
    with pytest.raises(LocalProtocolError, match="needs none"):
        unattended.code(OWNER, try_password(unattended), "000000", NOW)
    code.switch_on(unattended)
    right, wrong = try_password(unattended), try_password(unattended, password="wrong horse")
    assert (right.needs_code, wrong.needs_code, right.right) == (True, True, False)
    for _ in range(30):
        last = try_password(unattended, OTHER, "wrong horse")
    assert last.reason == "too many wrong tries: not looked at"
    assert last.needs_code
    unattended.set_unattended(False)
    assert try_password(unattended).needs_code


def test_password_and_code_must_both_be_right(unattended, code):
    code.switch_on(unattended)
    right, wrong = try_password(unattended), try_password(unattended, password="wrong horse")
    refused = unattended.code(OWNER, right, "000000", NOW)
    assert (refused.reason, refused.right, refused.needs_code) == ("wrong code", False, False)
    assert unattended.code(OWNER, wrong, code.at(NOW), NOW).reason == "wrong password"
    done = unattended.code(OWNER, right, code.at(NOW), NOW)
    assert done.right
    assert (done.profile, done.rights, done.server_signature) == (right.profile, right.rights, right.server_signature)
    assert unattended.code(OWNER, right, code.at(NOW), NOW).reason == "the code was used already: wait for the next one"


def test_codes_are_throttled_by_themselves(unattended, code):
    code.switch_on(unattended)
    right = try_password(unattended)
    for _ in range(20):
        assert unattended.code(OTHER, right, "000000", NOW).reason == "wrong code"
    assert unattended.code(OTHER, right, code.at(NOW), NOW).reason == "too many wrong tries: not looked at"
    assert not unattended.code(OTHER, right, code.at(NOW), NOW + 179).right
    assert unattended.code(OTHER, right, code.at(NOW + 180), NOW + 180).right


def test_what_is_switched_off_while_the_code_is_typed_holds(unattended, code):
    code.switch_on(unattended)

    def finish(tried, now):
        return unattended.code(OWNER, tried, code.at(now), now).reason

    tried = try_password(unattended)
    unattended.set_unattended(False)
    assert finish(tried, NOW) == "unattended access is off"
    unattended.set_unattended(True)
    unattended.profiles.enable(rights.UNATTENDED, False)
    assert finish(tried, NOW + 60) == "the profile 'Unattended Access' is disabled"
    unattended.profiles.enable(rights.UNATTENDED, True)
    unattended.set_password(PASSWORD)
    assert finish(tried, NOW + 120) == "a password was changed meanwhile"
    tried = try_password(unattended)
    unattended.totp.switch_off()
    assert finish(tried, NOW + 180) == "two-factor codes were switched off meanwhile"


def test_a_code_is_asked_for_after_tokens_and_resume_secrets_only_if_that_is_set(unattended, code):
    issued = let_in(unattended, remember=True)
    code.switch_on(unattended)
    assert unattended.token(OWNER, issued.token, NOW).right
    assert not unattended.resume(OTHER, issued.resume, NOW).needs_code
    unattended.totp.ask(tokens=True)
    assert [t.needs_code for t in (unattended.token(OWNER, issued.token, NOW), _resume(unattended, issued))] == [1, 0]
    unattended.totp.ask(tokens=False, resume=True)
    assert [t.needs_code for t in (unattended.token(OWNER, issued.token, NOW), _resume(unattended, issued))] == [0, 1]
    unattended.totp.ask(tokens=True)
    assert unattended.token(OTHER, b"wrong", NOW).needs_code
    assert unattended.resume(OTHER, b"wrong", NOW).needs_code
    assert not unattended.accepted(rights.DEFAULT).needs_code
    tried = unattended.token(OWNER, issued.token, NOW)
    assert unattended.code(OWNER, tried, code.at(NOW), NOW).right


def _resume(rules, issued):
    return rules.resume(OTHER, issued.resume, NOW)


# -- sessions ----------------------------------------------------------------------------------------------------------


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


# -- what is in the files ----------------------------------------------------------------------------------------------


def test_the_store_alone_holds_no_secret(unattended, path, code):
    offer = unattended.offer()
    verifier = scram.make_verifier(scram.salt_password(PASSWORD, offer.salt, offer.iterations))
    recovery = code.switch_on(unattended)
    tried = unattended.code(OWNER, try_password(unattended), code.at(NOW), NOW)
    issued = unattended.opened(OWNER, tried, NOW, remember=True, session="s")
    unattended.close()
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert issued.token not in raw
    assert issued.resume not in raw
    for secret in (
        verifier.stored_key,
        verifier.server_key,
        PASSWORD.encode(),
        code.secret.encode(),
        recovery[0].encode(),
    ):
        assert secret not in raw


def test_a_pepper_of_another_length_is_refused(path):
    with pytest.raises(StateError, match="the pepper has 31 bytes"):
        Rules(Store(path), bytes(31))


def test_with_another_pepper_nothing_opens_and_the_reason_is_said(unattended, path, code):
    code.switch_on(unattended)
    right = proof(unattended)
    other = Rules(Store(path), secrets.token_bytes(32))
    with pytest.raises(StateError, match="pepper"):
        other.password(OWNER, right, MESSAGE, NOW)
    with pytest.raises(StateError, match="codes cannot be read with this pepper"):
        other.code(OWNER, try_password(unattended), code.at(NOW), NOW)
    other.totp.switch_off()
    other.set_password("set anew with it")
    assert try_password(other, password="set anew with it").right
    assert not other.password(OWNER, right, MESSAGE, NOW).right


def test_a_store_that_cannot_be_written_lets_nobody_in(unattended, path):
    unattended._store._db.execute("PRAGMA busy_timeout = 1")
    right = proof(unattended)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="in use"):
        unattended.password(OWNER, right, MESSAGE, NOW)
    holder.close()


# -- known hosts -------------------------------------------------------------------------------------------------------


def test_hosts_are_pinned_by_their_certificate(rules):
    one, other = Identity.create(AT), Identity.create(AT)
    rules.pin_host("host:7391", one.fingerprint, one.certificate_der, AT)
    assert rules.known_host("host:7391").certificate == one.certificate_der
    assert [known.first_seen for known in rules.known_hosts()] == [AT]
    with pytest.raises(IdentityError, match="pinned"):
        rules.pin_host("host:7391", other.fingerprint, other.certificate_der, AT)
    with pytest.raises(UsageError, match="not that of the certificate"):
        rules.pin_host("new:7391", one.fingerprint, other.certificate_der, AT)
    assert rules.forget_host("host:7391") is True
    rules.pin_host("host:7391", other.fingerprint, other.certificate_der, AT)
