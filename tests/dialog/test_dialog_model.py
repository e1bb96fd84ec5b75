"""What a person's choices in the dialog mean, and what is kept from being meant."""

import pytest
from dialog_facts import CONTROL, LATER, PROFILES, VIEW, facts, request, shown

from fanlight.dialog.model import GRACE_SECONDS, HostState

ACCEPTED = {"do": "accept", "id": "1", "profile": "Default", "without": []}


def test_a_request_is_accepted_with_the_profile_that_stands_there():
    model = shown(request())
    assert model.view == "request"
    assert model.press("accept", LATER) == ACCEPTED


def test_profiles_are_gone_through_both_ways_and_only_those_that_are_offered():
    model = shown(request())
    seen = [model.profile]
    for _ in PROFILES:
        assert model.press("next", LATER) is None
        seen.append(model.profile)
    assert seen == ["Default", "Full Access", "Screen Sharing", "Default"]
    model.press("previous", LATER)
    assert model.press("accept", LATER) == ACCEPTED | {"profile": "Screen Sharing"}


def test_rights_are_switched_off_for_the_profile_that_is_chosen():
    model = shown(request())
    assert model.rights == {CONTROL: True, VIEW: True}
    model.press("right control", LATER)
    assert model.rights == {CONTROL: False, VIEW: True}
    assert model.press("accept", LATER) == ACCEPTED | {"without": [CONTROL]}
    model.press("right control", LATER)
    assert model.press("accept", LATER) == ACCEPTED
    model.press("right control", LATER)
    model.press("next", LATER)
    assert all(model.rights.values()), "what is off in one profile says nothing of another"


def test_a_right_that_the_profile_does_not_offer_cannot_be_pressed():
    model = shown(request())
    model.press("right audio", LATER)
    assert model.press("accept", LATER) == ACCEPTED


def test_a_profile_that_is_disabled_meanwhile_is_offered_no_more():
    model = shown(request())
    model.press("next", LATER)
    model.take(HostState(sessions=[request(profiles={"Default": [VIEW]}, seconds_left=50.0)]), 10.0)
    assert model.press("accept", LATER + 10) == ACCEPTED


def test_where_no_profile_is_offered_nobody_can_be_let_in():
    model = shown(request(profiles={}))
    assert model.press("next", LATER) is None
    assert model.press("accept", LATER) is None
    assert model.press("reject", LATER) == {"do": "reject", "id": "1"}


@pytest.mark.parametrize("key", ["accept", "reject", "next", "right control"])
def test_what_has_just_come_takes_no_key_that_was_meant_for_something_else(key):
    model = shown(request(), at=5.0)
    assert model.press(key, 5.0 + GRACE_SECONDS - 0.001) is None
    assert (model.profile, model.off) == ("Default", frozenset())


def test_another_request_in_the_same_place_is_not_accepted_by_the_answer_to_the_first():
    model = shown(request())
    model.press("right control", LATER)
    model.take(HostState(sessions=[request("2")]), 30.0)
    assert model.press("accept", 30.0 + GRACE_SECONDS / 2) is None
    assert model.press("accept", 30.0 + LATER) == ACCEPTED | {"id": "2"}


def test_a_second_click_on_accept_does_not_end_the_session_that_it_opened():
    model = shown(request())
    assert model.press("accept", LATER)
    model.take(HostState(sessions=[facts("1")]), LATER + 0.1)
    assert model.press("end 1", LATER + 0.2) is None
    assert model.press("end 1", LATER * 3) == {"do": "end", "id": "1"}


def test_seconds_count_down_from_what_the_host_says():
    model = shown(request(seconds_left=42.5), at=100.0)
    assert model.seconds_left(100.0) == 42.5
    assert model.seconds_left(130.0) == 12.5
    assert model.seconds_left(500.0) == 0.0


def test_rights_of_an_open_session_are_withdrawn_and_given_back():
    model = shown(facts("3"))
    assert model.view == "sessions"
    assert model.press("switch 3 control", LATER) == {"do": "withdraw", "id": "3", "right": "control"}
    model.take(HostState(sessions=[facts("3", rights=[VIEW], withdrawn=[CONTROL])]), LATER)
    assert model.press("switch 3 control", LATER) == {"do": "grant", "id": "3", "right": "control"}
    assert model.press("switch 9 control", LATER) is None


def test_while_a_session_controls_only_the_secret_gives_more():
    model = shown(request("1"), facts("2"), controlled=True, admin_secret=True)
    assert model.needs_secret
    assert model.press("accept", LATER) is None
    model.type("hush")
    model.type("ed")
    model.erase()
    assert model.press("accept", LATER) == ACCEPTED | {"secret": "hushe"}
    assert model.secret == "", "it is typed for one answer"
    assert model.press("reject", LATER) == {"do": "reject", "id": "1"}


def test_while_a_session_controls_and_there_is_no_secret_nobody_is_given_more():
    model = shown(request("1"), facts("2"), controlled=True)
    model.type("hush")
    assert model.press("accept", LATER) is None
    assert model.press("reject", LATER) == {"do": "reject", "id": "1"}


def test_a_right_is_given_back_while_a_session_controls_by_the_secret_alone():
    view_is_off = facts("2", rights=[CONTROL], withdrawn=[VIEW])
    model = shown(view_is_off, controlled=True, admin_secret=True)
    assert model.needs_secret
    assert model.press("switch 2 view", LATER) is None
    assert model.error
    model.type("hushed")
    assert model.press("switch 2 view", LATER) == {"do": "grant", "id": "2", "right": "view", "secret": "hushed"}
    assert model.press("switch 2 control", LATER) == {"do": "withdraw", "id": "2", "right": "control"}


def test_a_secret_is_not_kept_for_the_next_view():
    model = shown(request("1"), facts("2"), controlled=True, admin_secret=True)
    model.type("hushed")
    model.take(HostState(sessions=[facts("2")], controlled=True, admin_secret=True), LATER)
    assert model.secret == ""


def test_what_is_typed_is_bounded():
    model = shown(request("1"), facts("2"), controlled=True, admin_secret=True)
    for _ in range(100):
        model.type("1234567890")
    assert len(model.secret) == 256


def test_nothing_is_shown_of_nobody():
    model = shown()
    assert model.view == "idle"
    assert model.press("accept", LATER) is None
    assert model.rights == {}
