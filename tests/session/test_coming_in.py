"""Every way in: what opens the session, what does not, and that a peer cannot tell one no from another."""

from datetime import UTC, datetime, timedelta

import pytest
from comers import Comer, enrolled
from session_pair import CLIENT, HOST, PASSWORD, TODAY, WALL, Pair

from fanlight.access import Identity, Who
from fanlight.access.authority import Authority
from fanlight.access.trust import read_namespace_file
from fanlight.errors import AuthenticationFailed, CodeNeeded, Refused, UsageError
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.session import events
from fanlight.types import Permission

FAILED, REFUSED, ASK_CODE = (pack_header(kind, 2) + b"{}" for kind in (0x09, 0x0A, 0x06))
OTHER = Identity.create(TODAY)
VIEW = frozenset({Permission.VIEW})


def answered(made, last):
    """Carry a handshake to the message `last` and return the answer, which must come after just 500 ms."""
    assert made.deliver(last) == b""
    asked_at = made.now
    assert made.host.deadline == asked_at + 0.5
    assert made.host.timeout(asked_at + 0.4999) == []
    assert made.take(made.host) == b""
    made.now = asked_at + 0.5
    made.host_events += made.host.timeout(made.now)
    return made.take(made.host)


# -- password and code -----------------------------------------------------------------------------------------------


def test_a_session_tells_both_ends_how_they_are_connected(rules, salted):
    made = Comer(rules, salted, available=VIEW).run()
    (host,), client = made.host_of(events.Opened), made.opened
    assert client.connection == host.connection
    assert client.connection == events.ConnectionInfo(
        "TLSv1.3", "TLS_AES_256_GCM_SHA384", True, "password", None, CLIENT.fingerprint, HOST.fingerprint
    )
    assert client.unavailable == frozenset(Permission) - VIEW
    assert client.rights == VIEW


def test_a_token_is_given_only_where_it_is_asked_for_and_allowed(rules, salted):
    assert Comer(rules, salted).run().opened.secrets.token is None
    assert len(Comer(rules, salted, remember=True).run().opened.secrets.token) == 32
    rules.tokens.allow(False)
    assert Comer(rules, salted, remember=True).run().opened.secrets.token is None


def test_a_secret_is_never_shown_by_an_event(rules, salted):
    opened = Comer(rules, salted, remember=True).run().opened
    assert repr(opened.secrets.token) not in repr(opened)
    assert repr(opened.secrets.resume) not in repr(opened)


def test_a_code_is_asked_for_after_a_right_and_a_wrong_password(rules, salted):
    app, _ = enrolled(rules)
    assert Comer(rules, salted, code=app.at(WALL)).run().opened.connection.method == "password"
    wrong = Comer(rules, bytes(32), code=app.at(WALL + 30)).run()
    assert wrong.client_of(events.CodeWanted)
    assert isinstance(wrong.ends[1].error, AuthenticationFailed)


def test_a_recovery_code_lets_in_once(rules, salted):
    _, codes = enrolled(rules)
    assert Comer(rules, salted, code=codes[0]).run().opened
    assert isinstance(Comer(rules, salted, code=codes[0]).run().ends[1].error, AuthenticationFailed)


def test_a_client_without_a_code_ends_in_its_time(rules, salted):
    enrolled(rules)
    made = Comer(rules, salted).run()
    assert made.client_of(events.CodeWanted)
    assert made.now + 100 < made.client.deadline <= made.now + 120
    (ended,) = made.client.timeout(made.client.deadline)
    assert isinstance(ended.error, CodeNeeded)
    (ended,) = made.host.timeout(made.host.deadline)
    assert made.host.granted == frozenset()


def test_codes_switched_off_while_one_is_typed_let_nobody_in(rules, salted):
    enrolled(rules)
    made = Comer(rules, salted).run()
    rules.totp.switch_off()
    made.client.give_code("123456", made.now)
    made.run()
    assert isinstance(made.ends[1].error, AuthenticationFailed)


def test_a_password_that_changed_while_a_code_was_typed_lets_nobody_in(rules, salted):
    app, _ = enrolled(rules)
    made = Comer(rules, salted).run()
    rules.set_password(PASSWORD, "Unattended Access")
    made.client.give_code(app.at(WALL), made.now)
    made.run()
    assert isinstance(made.ends[1].error, AuthenticationFailed)


def test_a_handshake_cut_at_any_byte_of_the_question_or_the_code_opens_nothing(rules, salted):
    app, _ = enrolled(rules)
    for cut in range(len(ASK_CODE)):
        rules.throttle.reset()
        made = Comer(rules, salted)
        assert answered(made, m.Auth) == ASK_CODE
        made.give_client(ASK_CODE[:cut])
        assert not made.client_of(events.CodeWanted)
        check_cut_off(made)
    code, cut = b"whole", 0
    while cut < len(code):
        rules.throttle.reset()
        made = Comer(rules, salted).run()
        made.client.give_code(app.at(WALL), made.now)
        code = made.take(made.client)
        made.give_host(code[:cut])
        check_cut_off(made)
        cut += 1
    assert cut == len(code) > 5


def check_cut_off(made):
    made.host_events += made.host.lost(made.now)
    made.client_events += made.client.lost(made.now)
    assert len(made.host_of(events.Ended)) == len(made.client_of(events.Ended)) == 1
    assert not made.host_of(events.Opened) + made.client_of(events.Opened)
    assert made.host.granted == made.client.granted == frozenset()


# -- token and resumption --------------------------------------------------------------------------------------------


def token(rules, salted, client=CLIENT):
    return Comer(rules, salted, remember=True, client=client).run().opened.secrets.token


def resume(rules, salted, client=CLIENT):
    """Return the secret of a session that was cut off, and that session."""
    made = Comer(rules, salted, client=client).run()
    made.host.lost(made.now)
    return made.opened.secrets.resume, made.opened


def test_a_token_lets_its_client_in_as_often_as_it_likes(rules, salted):
    secret = token(rules, salted)
    for _ in range(3):
        made = Comer(rules, salted, way=("token", secret)).run()
        assert made.opened.connection.method == "token"
        assert made.opened.secrets.token is None


def test_a_token_needs_a_code_only_where_that_is_set(rules, salted):
    secret = token(rules, salted)
    app, _ = enrolled(rules)
    assert Comer(rules, salted, way=("token", secret)).run().opened
    rules.totp.ask(tokens=True)
    assert not Comer(rules, salted, way=("token", secret)).run().client_of(events.Opened)
    assert Comer(rules, salted, way=("token", secret), code=app.at(WALL)).run().opened


def test_a_session_that_was_cut_off_goes_on_once(rules, salted):
    secret, before = resume(rules, salted)
    made = Comer(rules, salted, way=("resume", secret)).run()
    assert made.opened.session == before.session
    assert made.opened.connection.method == "resume"
    assert made.opened.secrets.resume not in (None, secret)
    again = Comer(rules, salted, way=("resume", secret)).run()
    assert isinstance(again.ends[1].error, AuthenticationFailed)


def test_a_session_goes_on_with_the_old_rights_and_with_today_s(rules, salted):
    made = Comer(rules, salted).run()
    made.host.set_rights(frozenset(Permission) - {Permission.FILES}, made.now)
    made.host.lost(made.now)
    rules.profiles.set("Unattended Access", {Permission.AUDIO: False})
    again = Comer(rules, salted, way=("resume", made.opened.secrets.resume)).run()
    assert Permission.VIEW in again.opened.rights
    assert not again.opened.rights & {Permission.FILES, Permission.AUDIO}
    again.host.set_rights(frozenset(Permission), again.now)
    assert not again.host.granted & {Permission.FILES, Permission.AUDIO}


@pytest.mark.parametrize("who", ["viewer", "host"])
def test_a_session_that_was_ended_on_purpose_does_not_go_on(rules, salted, who):
    made = Comer(rules, salted).run()
    if who == "viewer":
        made.client_events += made.client.leave(made.now)
    else:
        made.host.end("enough", made.now, for_good=True)
    made.run()
    again = Comer(rules, salted, way=("resume", made.opened.secrets.resume)).run()
    assert isinstance(again.ends[1].error, AuthenticationFailed)


def test_a_session_goes_on_after_the_host_was_stopped(rules, salted):
    made = Comer(rules, salted).run()
    made.host.end("the host stops", made.now)
    made.run()
    assert Comer(rules, salted, way=("resume", made.opened.secrets.resume)).run().opened


# -- the person at the host ------------------------------------------------------------------------------------------


def test_a_request_waits_for_the_person_and_opens_what_was_chosen(rules, salted):
    made = Comer(rules, salted, way="request").requested()
    (requested,) = made.host_of(events.Requested)
    assert requested == events.Requested(CLIENT.fingerprint, None, tuple(rules.profiles.enabled()))
    assert made.to_client[-7:] not in (FAILED, REFUSED)
    made.accept("Full Access", frozenset({Permission.CONTROL}))
    assert made.opened.profile == "Full Access"
    assert made.opened.rights == frozenset(Permission) - {Permission.CONTROL}
    made.host.set_rights(frozenset(Permission), made.now)
    assert Permission.CONTROL in made.host.granted


def test_what_was_switched_off_for_a_session_is_not_written_back(rules, salted):
    Comer(rules, salted, way="request").requested().accept("Default", frozenset({Permission.CONTROL}))
    assert Permission.CONTROL in rules.profiles.rights("Default")


def test_a_request_is_let_in_without_a_code_and_while_unattended_access_is_off(rules, salted):
    enrolled(rules)
    rules.set_unattended(False)
    assert Comer(rules, salted, way="request").requested().accept().opened.connection.method == "request"


def test_a_request_that_is_rejected_is_refused(rules, salted):
    made = Comer(rules, salted, way="request").requested()
    made.now += 10
    made.host_events += made.host.reject(made.now)
    made.run()
    assert isinstance(made.ends[1].error, Refused)
    assert made.to_client.endswith(REFUSED)
    with pytest.raises(UsageError):
        made.host.reject(made.now)
    with pytest.raises(UsageError):
        made.host.accept("Default", frozenset(), made.now)


def test_a_request_that_nobody_answers_is_refused_after_a_minute(rules, salted):
    made = Comer(rules, salted, way="request").requested()
    asked_at = made.host._requested_at
    assert made.host.deadline == asked_at + 60
    assert made.host.timeout(asked_at + 59.9) == []
    assert made.client.timeout(asked_at + 75) == []
    made.now = asked_at + 60
    made.host_events += made.host.timeout(made.now)
    made.run()
    assert isinstance(made.ends[1].error, Refused)
    assert "nobody answered" in made.ends[0].reason


def test_a_profile_that_is_not_offered_is_not_given_and_the_request_still_waits(rules, salted):
    rules.profiles.enable("Full Access", False)
    made = Comer(rules, salted, way="request").requested()
    assert "Full Access" not in made.host_of(events.Requested)[0].profiles
    for profile in ("Full Access", "no such profile"):
        with pytest.raises(UsageError):
            made.host.accept(profile, frozenset(), made.now)
    assert made.accept("Screen Sharing").opened.rights == VIEW


def test_a_client_that_goes_while_it_waits_opens_nothing(rules, salted):
    made = Comer(rules, salted, way="request").requested()
    made.host_events += made.host.lost(made.now)
    with pytest.raises(UsageError):
        made.host.accept("Default", frozenset(), made.now)
    assert made.host.granted == frozenset()


def test_a_host_cannot_open_by_another_method_than_was_tried(rules, salted):
    made = Comer(rules, salted).run()
    frame = made.to_client
    assert b'"method":"password"' in frame
    liar = Comer(rules, salted, way="request").requested()
    body = frame[frame.index(b'{"rights') :]
    body = body[: body.index(b"}}") + 2]
    liar.give_client(pack_header(0x08, len(body)) + body)
    assert "did not try" in liar.ends[1].reason
    assert liar.client.granted == frozenset()


# -- one no is like another ------------------------------------------------------------------------------------------


def count_out(rules, *kinds):
    """Use up every try that a stranger and this client have."""
    who = Who(CLIENT.fingerprint, None, "elsewhere")
    for kind in kinds:
        while rules.throttle.count(kind, who, WALL):
            pass


def off(rules, salted):
    rules.set_unattended(False)
    return Comer(rules, salted)


def no_password(rules, salted):
    rules.passwords.clear("Unattended Access")
    return Comer(rules, salted)


def wrong(rules, salted):
    return Comer(rules, bytes(32))


def throttled(rules, salted):
    count_out(rules, "guess")
    return Comer(rules, salted)


def profile_disabled(rules, salted):
    rules.profiles.enable("Unattended Access", False)
    return Comer(rules, salted)


def dead_token(rules, salted):
    secret = token(rules, salted)
    rules.tokens.clear()
    return Comer(rules, salted, way=("token", secret))


def foreign_token(rules, salted):
    return Comer(rules, salted, way=("token", token(rules, salted, client=OTHER)))


def token_while_off(rules, salted):
    secret = token(rules, salted)
    return off(rules, salted) and Comer(rules, salted, way=("token", secret))


def throttled_token(rules, salted):
    secret = token(rules, salted)
    count_out(rules, "token")
    return Comer(rules, salted, way=("token", secret))


def used_resume(rules, salted):
    secret, _ = resume(rules, salted)
    Comer(rules, salted, way=("resume", secret)).run()
    return Comer(rules, salted, way=("resume", secret))


def foreign_resume(rules, salted):
    return Comer(rules, salted, way=("resume", resume(rules, salted, client=OTHER)[0]))


def old_resume(rules, salted):
    secret, _ = resume(rules, salted)
    made = Comer(rules, salted, way=("resume", secret))
    made.host._wall_ahead += 700
    return made


def voided_resume(rules, salted):
    secret, _ = resume(rules, salted)
    rules.set_password(PASSWORD, "Unattended Access")
    return Comer(rules, salted, way=("resume", secret))


FAILURES = [
    *(off, no_password, wrong, throttled, profile_disabled),
    *(dead_token, foreign_token, token_while_off, throttled_token),
    *(used_resume, foreign_resume, old_resume, voided_resume),
]


@pytest.mark.parametrize("cause", FAILURES)
def test_every_credential_that_does_not_count_fails_alike(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Auth) == FAILED
    assert isinstance(made.ends[0].error, AuthenticationFailed)
    assert made.host.granted == frozenset()


@pytest.mark.parametrize("cause", [off, no_password, wrong, throttled, profile_disabled])
def test_with_codes_on_every_password_is_asked_for_one_alike(rules, salted, cause):
    app, _ = enrolled(rules)
    made = cause(rules, salted)
    made.code = app.at(WALL)
    assert answered(made, m.Auth) == ASK_CODE
    made.give_client(ASK_CODE)
    assert answered(made, m.Code) == FAILED


@pytest.mark.parametrize("cause", ["wrong", "replayed", "throttled", "used recovery code"])
def test_every_code_that_does_not_count_fails_alike(rules, salted, cause):
    app, codes = enrolled(rules)
    code = {"wrong": "000000", "used recovery code": codes[0]}.get(cause, app.at(WALL))
    if cause in ("replayed", "used recovery code"):
        assert Comer(rules, salted, code=code).run().opened
    if cause == "throttled":
        count_out(rules, "code")
    made = Comer(rules, salted, code=code)
    assert answered(made, m.Auth) == ASK_CODE
    made.give_client(ASK_CODE)
    assert answered(made, m.Code) == FAILED


class Full:
    is_full, console_is_open, prompts = True, False, 0


ACME = Authority.create("acme", TODAY - timedelta(days=1))
STRANGE = Authority.create("acme", TODAY - timedelta(days=1))


def certificate(authority=ACME, key=CLIENT, at=TODAY, days=7):
    return authority.issue("ann@acme", key.public_key, at, days)


def trusting(rules, revoked=(), number=1):
    """Let a host trust the namespace acme, with the serial numbers that are revoked."""
    listed = ACME.revocation_list([(serial, TODAY) for serial in revoked], number, TODAY)
    rules.namespaces.trust(read_namespace_file(ACME.certificate_pem + listed, TODAY))


def test_a_certificate_proves_an_alias(rules, salted):
    trusting(rules)
    made = Comer(rules, salted, certificate=certificate().certificate).run()
    assert made.opened.connection.alias == made.host.alias == "ann@acme"


def test_the_access_list_goes_by_the_proved_alias(rules, salted):
    trusting(rules)
    rules.acl.add("ann@acme")
    rules.acl.switch(True)
    assert Comer(rules, salted, certificate=certificate().certificate).run().opened
    assert isinstance(Comer(rules, salted).run().ends[1].error, Refused)


def not_on_the_list(rules, salted):
    rules.acl.add("somebody@else")
    rules.acl.switch(True)
    return Comer(rules, salted)


def untrusted(rules, salted):
    return Comer(rules, salted, certificate=certificate().certificate)


def of_another_authority(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=certificate(STRANGE).certificate)


def of_another_key(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=certificate(key=OTHER).certificate)


def expired(rules, salted):
    trusting(rules)
    made = Comer(rules, salted, certificate=certificate().certificate)
    made.host._wall_ahead += 8 * 86_400
    return made


def revoked(rules, salted):
    given = certificate()
    trusting(rules, revoked=[given.serial])
    return Comer(rules, salted, certificate=given.certificate)


def garbled(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=b"\x30\x82")


def full(rules, salted):
    return Comer(rules, salted, desk=Full())


def bad_signature(rules, salted):
    made = Comer(rules, salted, client=CLIENT)
    made.client._identity = OTHER
    return made


REFUSALS = [
    *(not_on_the_list, untrusted, of_another_authority, of_another_key, expired, revoked, garbled, full, bad_signature)
]


@pytest.mark.parametrize("cause", REFUSALS)
def test_everybody_who_may_not_ask_is_refused_alike(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Prove) == REFUSED
    assert isinstance(made.ends[0].error, Refused)
    assert made.host.granted == frozenset()


class Busy:
    is_full, console_is_open, prompts = False, False, 1


@pytest.mark.parametrize("cause", ["never", "window", "another prompt", "too often"])
def test_a_request_that_is_not_shown_is_refused_like_the_rest(rules, salted, cause):
    if cause in ("never", "window"):
        rules.prompts.set_mode(cause)
    if cause == "too often":
        for _ in range(3):
            Comer(rules, salted, way="request").requested()
    made = Comer(rules, salted, way="request", desk=Busy() if cause == "another prompt" else None)
    made.host._wall_ahead += 60
    assert answered(made, m.Auth) == REFUSED
    assert not made.host_of(events.Requested)


class Console:
    is_full, console_is_open, prompts = False, True, 0


def test_a_request_is_shown_while_the_console_is_open(rules, salted):
    rules.prompts.set_mode("window")
    assert Comer(rules, salted, way="request", desk=Console()).requested()


def test_who_does_not_wait_for_the_answer_does_not_hide_the_reason(rules, salted):
    made = wrong(rules, salted)
    made.deliver(m.Auth)
    (ended,) = made.host.lost(made.now)
    assert ended.reason == "wrong password"


# -- while the session is open ---------------------------------------------------------------------------------------


def test_a_revoked_alias_ends_the_session(rules, salted):
    trusting(rules)
    given = certificate()
    made = Comer(rules, salted, certificate=given.certificate).run()
    assert made.host.review(made.now) == []
    trusting(rules, revoked=[given.serial], number=2)
    made.host_events += made.host.review(made.now)
    made.run()
    assert "revoked" in made.ends[0].reason
    assert "revoked" not in made.ends[1].reason


def test_an_expired_alias_ends_the_session(rules, salted):
    trusting(rules)
    made = Comer(rules, salted, certificate=certificate().certificate).run()
    made.host.set_wall_clock(WALL - made.now + 8 * 86_400)
    assert isinstance(made.host.review(made.now)[-1], events.Ended)
    assert made.host.granted == frozenset()


def test_a_disabled_profile_ends_its_sessions(rules, salted):
    made = Comer(rules, salted).run()
    rules.profiles.enable("Unattended Access", False)
    made.host_events += made.host.review(made.now)
    made.run()
    assert "disabled" in made.ends[0].reason
    assert made.host.granted == made.client.granted == frozenset()


def test_a_right_that_the_profile_loses_is_withdrawn(rules, salted):
    made = Comer(rules, salted).run()
    rules.profiles.set("Unattended Access", {Permission.CONTROL: False})
    (changed,) = made.host.review(made.now)
    assert Permission.CONTROL not in changed.rights
    made.run()
    assert made.client.granted == made.host.granted == changed.rights


def test_a_viewer_does_without_rights_and_takes_them_back(rules, salted):
    made = Comer(rules, salted).run()
    before = made.client.granted
    made.client.waive(frozenset({Permission.CONTROL}))
    made.run()
    assert made.client.granted == made.host.granted == before - {Permission.CONTROL}
    made.client.waive(frozenset())
    made.run()
    assert made.client.granted == before


def test_a_viewer_cannot_take_back_what_the_host_withdrew(rules, salted):
    made = Comer(rules, salted).run()
    made.client.waive(frozenset({Permission.CONTROL}))
    made.run()
    made.host.set_rights(VIEW, made.now)
    made.client.waive(frozenset())
    made.run()
    assert made.client.granted == made.host.granted == VIEW


def test_a_viewer_that_waives_without_end_is_ended(rules, salted):
    made = Comer(rules, salted).run()
    for _ in range(12):
        made.client.waive(frozenset())
    made.run()
    assert "too many changes" in made.ends[0].reason


def test_dates_are_those_of_the_wall_clock(rules, salted):
    assert datetime.fromtimestamp(Pair(rules, salted).host._wall(1000.0), UTC) == TODAY
