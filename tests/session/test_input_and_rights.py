"""Input in a session that is open, and the rights that it needs."""

import pytest
from session_messages import ALL_BUT, frame, send_picture, show

from fanlight.channels import input as channel
from fanlight.errors import LocalProtocolError, RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.session import events
from fanlight.session.host_session import INPUT_RATE
from fanlight.types import Permission


def test_input_arrives_numbered_and_inside_the_picture(opened):
    show(opened)
    assert opened.client.send_key(0x61, True) == 1
    assert opened.client.send_pointer(639, 479) == 2
    assert opened.client.send_pointer(-5, 480) == 3
    assert opened.client.send_button(65_535, -65_535, 9, True) == 4
    assert opened.client.send_wheel(1, 2, -32, 32) == 5
    opened.run()
    assert [event.message for event in opened.host_events] == [
        channel.Key(1, 0x61, True),
        channel.Pointer(2, 639, 479),
        channel.Pointer(3, 0, 479),
        channel.Button(4, 639, 0, 9, True),
        channel.Wheel(5, 1, 2, -32, 32),
    ]


def test_a_place_is_clamped_to_the_picture_of_now(opened):
    show(opened)
    opened.host.send_screen((10, 10), "tiles", 2)
    opened.client.send_pointer(600, 400)
    opened.run()
    assert opened.host_events[0].message == channel.Pointer(1, 9, 9)


def test_a_place_before_the_first_picture_is_a_breach(opened):
    opened.client.send_key(0x61, True)
    opened.client.send_pointer(0, 0)
    opened.run()
    assert isinstance(opened.host_events[0], events.InputEvent)
    assert isinstance(opened.ends[0].error, RemoteProtocolError)


def test_values_out_of_bounds_are_not_sent_and_use_up_no_number(opened):
    for send in (
        lambda: opened.client.send_key(0, True),
        lambda: opened.client.send_button(0, 0, 10, True),
        lambda: opened.client.send_wheel(0, 0, 33, 0),
        lambda: opened.client.send_pointer(70_000, 0),
    ):
        with pytest.raises(LocalProtocolError):
            send()
    assert opened.client.send_key(1, True) == 1
    opened.run()
    assert not opened.host.ended


def test_more_input_than_anyone_can_give_ends_the_session(opened):
    key = frame(m.Key(seq=1, keysym=97, down=True))
    opened.give_host(key * INPUT_RATE)
    assert not opened.host.ended
    opened.now += 0.5
    opened.give_host(key * (INPUT_RATE // 2))
    assert not opened.host.ended
    opened.give_host(key)
    assert "too many input events" in opened.ends[0].reason


@pytest.mark.parametrize(
    "message",
    [
        m.Key(seq=1, keysym=97, down=True),
        m.Pointer(seq=1, x=0, y=0),
        m.Button(seq=1, x=0, y=0, button=1, down=True),
        m.Wheel(seq=1, x=0, y=0, dx=0, dy=1),
    ],
)
def test_input_without_the_right_is_denied_counted_and_nothing_more(pair, message):
    made = pair(available=ALL_BUT[Permission.CONTROL]).run()
    made.host_events.clear()
    made.give_host(frame(message) * 3)
    assert made.host_events == [events.Denied(type(message).__name__, Permission.CONTROL)] * 3
    assert made.host.denied == 3
    assert not made.host.ended
    with pytest.raises(LocalProtocolError, match="control"):
        made.client.send_key(97, True)


def test_denied_input_is_bounded_as_any_other(pair):
    made = pair(available=ALL_BUT[Permission.CONTROL]).run()
    made.give_host(frame(m.Key(seq=1, keysym=97, down=True)) * (INPUT_RATE + 1))
    assert "too many input events" in made.ends[0].reason


def test_control_withdrawn_acts_on_what_is_already_on_its_way(opened):
    show(opened)
    opened.client.send_key(97, True)
    opened.host.set_rights(ALL_BUT[Permission.CONTROL], opened.now)
    opened.run()
    assert opened.host_events == [events.Denied("Key", Permission.CONTROL)]
    assert opened.client_of(events.RightsChanged)[0].rights == opened.client.granted == opened.host.granted
    assert Permission.CONTROL not in opened.client.granted
    opened.host.set_rights(frozenset(Permission), opened.now)
    opened.run()
    opened.client.send_key(97, True)
    opened.run()
    assert isinstance(opened.host_events[-1], events.InputEvent)


def test_rights_never_grow_past_what_the_machine_has(pair):
    made = pair(available=frozenset({Permission.VIEW})).run()
    made.host.set_rights(frozenset(Permission), made.now)
    made.run()
    assert made.client.granted == made.host.granted == {Permission.VIEW}


def test_without_the_right_to_view_nothing_is_shown(pair):
    made = pair(available=ALL_BUT[Permission.VIEW]).run()
    for send in (
        lambda: made.host.send_screen((64, 64), "tiles", 1),
        lambda: made.host.send_cursor(None),
        lambda: made.host.send_pointer(None),
        lambda: send_picture(made),
    ):
        with pytest.raises(LocalProtocolError, match="view"):
            send()
    assert made.take(made.host) == b""
