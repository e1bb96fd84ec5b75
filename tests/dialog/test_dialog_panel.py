"""What the dialog shows, and which of it can be pressed."""

import pytest
from dialog_facts import CONTROL, KEY, LATER, VIEW, facts, request, shown

from fanlight.dialog.panel import WIDTH, Panel, lay_out, shortened, wrapped
from fanlight.types import Permission


def texts(panel: Panel) -> str:
    return "\n".join(widget.text for widget in panel.widgets)


def test_who_is_not_verified_is_shown_by_the_whole_fingerprint():
    panel = lay_out(shown(request()), LATER)
    assert "Not verified" in texts(panel)
    assert KEY in texts(panel).replace(" ", "").replace("\n", "")
    assert "192.0.2.1:5" in texts(panel)


def test_a_proved_name_is_shown_as_proved_and_by_whom():
    panel = lay_out(shown(request(alias="anna@acme")), LATER)
    assert "anna@acme" in texts(panel)
    assert "proved by the namespace acme" in texts(panel)
    assert "Not verified" not in texts(panel)


def test_a_request_can_be_answered_changed_and_shows_its_seconds():
    panel = lay_out(shown(request()), 12.5)
    assert panel.keys == ["previous", "next", "right control", "right view", "reject", "accept"]
    assert "(48 s)" in texts(panel)


def test_before_a_view_is_active_nothing_of_it_can_be_pressed():
    assert lay_out(shown(request()), 0.1).keys == []


def test_with_one_profile_there_is_nothing_to_choose():
    keys = lay_out(shown(request(profiles={"Default": [VIEW]})), LATER).keys
    assert keys == ["right view", "reject", "accept"]


def test_with_no_profile_nobody_is_accepted():
    panel = lay_out(shown(request(profiles={})), LATER)
    assert panel.keys == ["reject"]
    assert "none is offered" in texts(panel)


def test_the_secret_is_asked_for_while_a_session_controls_and_shown_as_dots():
    model = shown(request("1"), facts("2"), controlled=True, admin_secret=True)
    panel = lay_out(model, LATER)
    assert "secret" in panel.keys
    assert "accept" not in panel.keys
    model.type("hushed")
    panel = lay_out(model, LATER)
    assert "accept" in panel.keys
    assert "hushed" not in texts(panel)
    assert "\N{BULLET}" * 6 in texts(panel)


def test_without_a_secret_it_says_what_can_be_done():
    panel = lay_out(shown(request("1"), facts("2"), controlled=True), LATER)
    assert panel.keys[-1] == "reject"
    assert "A session controls this computer" in texts(panel)


def test_control_can_be_taken_from_where_a_request_is_shown():
    model = shown(request("1"), facts("2", controls=True), controlled=True)
    panel = lay_out(model, LATER)
    assert panel.keys[-2:] == ["switch 2 control", "reject"]
    assert f"Take control from key {KEY[:16]}" in texts(panel)
    assert model.press("switch 2 control", LATER) == {"do": "withdraw", "id": "2", "right": "control"}


def test_control_that_a_viewer_waives_can_be_taken_too():
    panel = lay_out(shown(facts("2", rights=[VIEW], controls=True)), LATER)
    on = {widget.key: widget.on for widget in panel.widgets if widget.kind == "toggle"}
    assert on == {"switch 2 control": False, "switch 2 view": True}


def test_open_sessions_have_their_rights_and_an_end():
    model = shown(facts("1", alias="anna@acme"), facts("2", rights=[VIEW], withdrawn=[CONTROL]))
    panel = lay_out(model, LATER)
    assert panel.keys == ["end 1", "switch 1 control", "switch 1 view", "end 2", "switch 2 control", "switch 2 view"]
    on = {widget.key: widget.on for widget in panel.widgets if widget.kind == "toggle"}
    assert on == {"switch 1 control": True, "switch 1 view": True, "switch 2 control": False, "switch 2 view": True}
    assert "anna@acme is connected" in texts(panel)
    assert f"key {KEY[:16]} is connected" in texts(panel)


def test_of_very_many_sessions_the_first_are_shown_and_how_many_more_there_are():
    panel = lay_out(shown(*(facts(str(number)) for number in range(1, 30))), LATER)
    assert "and 24 more" in texts(panel)
    assert panel.size[1] < 700


@pytest.mark.parametrize(
    "model",
    [
        shown(),
        shown(request(profiles={"Full Access": list(Permission)})),
        shown(request("1"), facts("2"), controlled=True, admin_secret=True),
        shown(facts("1", rights=list(Permission)), facts("2", rights=[VIEW], withdrawn=[CONTROL]), controlled=True),
    ],
)
def test_all_stands_inside_and_nothing_over_another(model):
    model.error = "a sentence that is long enough to be broken into several lines, as those of the host are"
    panel = lay_out(model, LATER)
    assert panel.size[0] == WIDTH
    taken = [widget.area for widget in panel.widgets if widget.key]
    for x, y, w, h in (widget.area for widget in panel.widgets):
        assert x >= 0
        assert x + w <= panel.size[0]
        assert y + h <= panel.size[1]
    for i, (x, y, w, h) in enumerate(taken):
        for left, top, wide, high in taken[i + 1 :]:
            assert x + w <= left or left + wide <= x or y + h <= top or top + high <= y


def test_what_is_under_the_pointer_is_pressed_and_nothing_beside_it():
    panel = lay_out(shown(request()), LATER)
    for widget in panel.widgets:
        x, y, w, h = widget.area
        found = panel.at(x + w // 2, y + h // 2)
        if widget.key:
            assert found == widget
            assert panel.at(x + w, y + h) != widget
    assert panel.at(1, 1) is None


def test_what_came_from_elsewhere_is_cut_and_shows_no_control_characters():
    assert shortened("a\x1b[31m\u202eb") == "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"
    assert len(shortened("x" * 500)) == 48
    assert len(wrapped("word " * 500)) == 4
