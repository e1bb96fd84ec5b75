"""When a two-factor code is asked for, and what it is worth."""

import pytest
from access_fixtures import NOW, OTHER, OWNER, PASSWORD, let_in, try_password

from fanlight.access import rights
from fanlight.errors import LocalProtocolError


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
