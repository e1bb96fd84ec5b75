"""What the rules write into the owner's audit."""

import pytest
from access_fixtures import ANNA, NOW, OTHER, OWNER, PASSWORD, Log, let_in, open_rules, try_password

from fanlight.access import rights

THROTTLED = "too many wrong tries: not looked at"


def test_the_audit_tells_the_true_reason_of_every_decision(rules, path, code):
    log = Log()
    audited = open_rules(path, log)
    try_password(audited)
    audited.set_password(PASSWORD)
    audited.set_unattended(True)
    code.switch_on(audited)
    tried = try_password(audited)
    audited.code(OWNER, tried, "000000", NOW)
    right = audited.code(OWNER, tried, code.at(NOW), NOW)
    issued = audited.opened(OWNER, right, NOW, remember=True, session="s")
    audited.token(OTHER, issued.token, NOW)
    audited.resume(OWNER, issued.resume, NOW)
    assert audited.may_prompt(ANNA, NOW, window_open=False, live_prompts=1)
    assert log.reasons == [
        ("password", "unattended access is off"),
        ("password", ""),
        ("code", "wrong code"),
        ("code", ""),
        ("token", "a token that is not valid, or not this client's"),
        ("resume", ""),
        ("request", "another request is being shown"),
    ]
    assert ("token issued", NOW) in [entry[:2] for entry in log.entries]
    event, at, fields = log.entries[-1]
    assert (event, at, fields["client"], fields["alias"]) == ("request", NOW, ANNA.fingerprint, "anna@acme")
    assert fields["address"] == ANNA.address
    assert "alias" not in log.entries[0][2]
    audited.note_setting("unattended", "off", NOW)
    assert log.entries[-1] == ("setting", NOW, {"setting": "unattended", "value": "off"})
    rules.note_setting("unattended", "off", NOW)


def test_those_sent_away_cannot_push_older_entries_out_of_the_audit(unattended, path):
    log = Log()
    audited = open_rules(path, log)
    audited.acl.switch(True)
    for _ in range(50):
        audited.may_ask(OWNER, NOW)
        audited.note_refusal(OWNER, "an alias that was revoked", NOW)
    assert log.reasons == [("refused", "not on the access list"), ("refused", "an alias that was revoked")] * 10
    audited.may_ask(OWNER, NOW + 180)
    assert log.entries[-1][2]["left_out"] == 80
    assert "left_out" not in log.entries[0][2]
    audited.may_ask(OWNER, NOW + 360)
    assert "left_out" not in log.entries[-1][2]
    log.entries.clear()
    for _ in range(100):
        try_password(audited, password="wrong horse", now=NOW + 7200)
    reasons = [reason for _, reason in log.reasons]
    assert reasons == ["wrong password"] * 20 + ["too many wrong tries: not looked at"] * 20
    log.entries.clear()
    for _ in range(100):
        audited.may_prompt(ANNA, NOW + 7200, window_open=True, live_prompts=1)
    assert len(log.entries) == 5


def test_a_refusal_of_somebody_known_is_noted_whatever_strangers_do(unattended, path):
    log = Log()
    audited = open_rules(path, log)
    let_in(audited)
    for _ in range(50):
        audited.note_refusal(OTHER, "not proved", NOW)
    log.entries.clear()
    audited.note_refusal(OWNER, "at capacity", NOW)
    assert log.reasons == [("refused", "at capacity")]
    assert audited.throttle.waits(NOW) == {}


def test_no_secret_is_in_the_audit(path, code):
    log = Log()
    audited = open_rules(path, log)
    audited.set_password(PASSWORD)
    audited.set_unattended(True)
    issued = let_in(audited, remember=True)
    audited.token(OWNER, issued.token, NOW)
    said = repr(log.entries)
    assert issued.token.hex() not in said
    assert PASSWORD not in said


@pytest.fixture
def audited(unattended, path):
    """Rules with an audit; `audited.audit.entries` has what was written."""
    return open_rules(path, Log())


def last(audited):
    event, _, fields = audited.audit.entries[-1]
    return event, {name: value for name, value in fields.items() if name not in ("client", "address")}


def test_every_try_is_written_with_its_profile_and_a_code_with_what_it_was_for(audited, code):
    found = {"reason": "", "profile": rights.UNATTENDED}
    issued = let_in(audited, remember=True)
    assert last(audited) == ("token issued", {"profile": rights.UNATTENDED, "session": "session"})
    audited.token(OWNER, issued.token, NOW)
    assert last(audited) == ("token", found)
    audited.resume(OWNER, issued.resume, NOW)
    assert last(audited) == ("resume", found)
    code.switch_on(audited)
    tried = try_password(audited)
    assert last(audited) == ("password", found)
    audited.code(OWNER, tried, code.at(NOW), NOW)
    assert last(audited) == ("code", found | {"method": "password"})
    assert audited.may_prompt(OWNER, NOW, window_open=False, live_prompts=0) is None
    assert last(audited) == ("request", {"reason": ""})


def test_what_is_not_looked_at_is_not_told_to_have_been_found(audited):
    token = let_in(audited, remember=True).token
    while audited.throttle.count("token", OWNER, NOW):
        pass
    audited.token(OWNER, token, NOW)
    assert last(audited) == ("token", {"reason": THROTTLED, "profile": ""})


def test_a_resume_secret_that_is_not_looked_at_is_not_used_up(audited):
    secret = let_in(audited).resume
    while audited.throttle.count("resume", OWNER, NOW):
        pass
    assert audited.resume(OWNER, secret, NOW).reason == THROTTLED
    audited.throttle.reset()
    assert audited.resume(OWNER, secret, NOW).right
