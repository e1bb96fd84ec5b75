"""One no is like another: a peer cannot tell why it was sent away, by bytes, messages, or when they come."""

import pytest
from causes import CODE_FAILURES, FAILURES, NOT_SHOWN, REFUSALS, wrong
from comers import ASK_CODE, FAILED, REFUSED, answered, frames
from session_pair import STEP

from fanlight.errors import AuthenticationFailed, Refused
from fanlight.protocol import messages as m
from fanlight.protocol.table import KINDS
from fanlight.session import events

HOST_HELLO = KINDS[m.HostHello]


@pytest.mark.parametrize("cause", FAILURES)
def test_every_credential_that_does_not_count_fails_alike(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Auth) == FAILED
    assert isinstance(made.ends[0].error, AuthenticationFailed)
    assert made.host.granted == frozenset()


@pytest.mark.parametrize("cause", CODE_FAILURES)
def test_with_codes_on_every_password_is_asked_for_one_and_fails_alike(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Auth) == ASK_CODE
    made.give_client(ASK_CODE)
    assert answered(made, m.Code) == FAILED
    assert isinstance(made.ends[0].error, AuthenticationFailed)
    assert made.host.granted == frozenset()


@pytest.mark.parametrize("cause", REFUSALS)
def test_everybody_who_may_not_ask_is_refused_alike(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Prove) == REFUSED
    assert isinstance(made.ends[0].error, Refused)
    assert made.host.granted == frozenset()


@pytest.mark.parametrize("cause", NOT_SHOWN)
def test_a_request_that_is_not_shown_is_refused_like_the_rest(rules, salted, cause):
    made = cause(rules, salted)
    assert answered(made, m.Auth) == REFUSED
    assert not made.host_of(events.Requested)


def told(made):
    """Return all that a host says to the end, and when: (seconds, bytes), of its random hello the length."""
    began, said = made.now, []
    while True:
        to_host, to_client = made.take(made.client), made.take(made.host)
        if not to_host and not to_client:
            if made.host.ended:
                return said
            made.now = made.host.deadline
            made.host_events += made.host.timeout(made.now)
            continue
        said += [(made.now - began, len(each) if each[4] == HOST_HELLO else each) for each in frames(to_client)]
        made.now += STEP
        made.give_host(to_host)
        made.give_client(to_client)


@pytest.mark.parametrize(
    ("causes", "messages"), [(FAILURES, 3), (CODE_FAILURES, 4), (REFUSALS, 2), (NOT_SHOWN, 3)], ids=str
)
def test_the_whole_of_what_a_host_says_is_the_same_for_all_causes(copies, salted, causes, messages):
    heard = [told(cause(copies(), salted)) for cause in causes]
    assert len(heard[0]) == messages
    for cause, said in zip(causes, heard, strict=True):
        assert said == heard[0], cause.__name__


def test_who_does_not_wait_for_the_answer_does_not_hide_the_reason(rules, salted):
    made = wrong(rules, salted)
    made.deliver(m.Auth)
    (ended,) = made.host.lost(made.now)
    assert ended.reason == "wrong password"
