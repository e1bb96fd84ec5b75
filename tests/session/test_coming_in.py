"""Every way in: what opens the session, and what does not."""

from datetime import UTC, datetime

import pytest
from causes import certificate, trusting
from comers import ASK_CODE, FAILED, REFUSED, Comer, answered, enrolled, resume, token
from session_pair import CLIENT, HOST, PASSWORD, TODAY, WALL, Pair

from fanlight.errors import AuthenticationFailed, CodeNeeded, Refused, UsageError
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.session import events
from fanlight.types import Permission

VIEW = frozenset({Permission.VIEW})


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


class Console:
    is_full, console_is_open, prompts = False, True, 0


def test_a_request_is_shown_while_the_console_is_open(rules, salted):
    rules.prompts.set_mode("window")
    assert Comer(rules, salted, way="request", desk=Console()).requested()


# -- names -----------------------------------------------------------------------------------------------------------


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
