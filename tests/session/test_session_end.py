"""How sessions end, and that nothing comes after it, whatever bytes a peer sends."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_messages import frame, picture, send_picture, show

from fanlight.errors import ConnectionLost, FanlightError
from fanlight.protocol import messages as m
from fanlight.session import events


@pytest.mark.parametrize(("side", "other"), [("host", "client"), ("client", "host")])
def test_a_goodbye_ends_both_sides_once(opened, side, other):
    session = getattr(opened, side)
    assert session.end("time to go\x07", opened.now) == [events.Ended("time to go\x07", None)]
    assert session.end("again", opened.now) == []
    opened.run()
    ended = opened.ends[0] if other == "host" else opened.ends[1]
    assert isinstance(ended.error, ConnectionLost)
    assert ended.reason == f"the {side} ended the session: time to go?"
    for ended in (opened.host, opened.client):
        assert ended.ended
        assert ended.deadline is None
        assert ended.granted == frozenset()
        assert ended.receive_data(frame(m.Ping(t=0)), opened.now) == []
        assert ended.lost(opened.now) == []
        assert ended.timeout(opened.now + 1000) == []


def test_a_very_long_goodbye_is_cut(opened):
    opened.host.end("x" * 10_000, opened.now)
    opened.run()
    assert opened.client.ended
    assert len(opened.ends[1].reason) < 300


@pytest.mark.parametrize("side", ["host", "client"])
def test_a_connection_that_breaks_is_lost(opened, side):
    (ended,) = getattr(opened, side).lost(opened.now)
    assert isinstance(ended.error, ConnectionLost)
    assert "without a goodbye" in ended.reason


def test_after_the_end_nothing_is_sent_and_nothing_piles_up(opened):
    show(opened)
    opened.host.lost(opened.now)
    opened.client.lost(opened.now)
    send_picture(opened)
    opened.host.send_screen((64, 64), "tiles", 2)
    opened.host.send_cursor(None)
    opened.host.send_pointer(None)
    opened.host.set_rights(frozenset(), opened.now)
    opened.client.trust(opened.now)
    opened.client.prove(bytes(32), opened.now)
    opened.client.send_key(97, True)
    opened.client.send_ack(1, 0, 0)
    opened.client.send_refresh("")
    assert opened.take(opened.host) == opened.take(opened.client) == b""


def test_an_owner_may_answer_what_stands_before_the_end(pair):
    """The peer's next bytes may break the protocol before the owner has seen the events."""
    made = pair(prove=False).run()
    made.client.prove(made.salted, made.now)
    made.give_host(made.take(made.client) + b"garbage!!")
    assert [type(event) for event in made.host_events] == [events.Opened, events.Ended]
    made.host.send_cursor(None)
    made.host.send_screen((64, 64), "tiles", 1)
    send_picture(made)
    made.run()
    assert not made.client_of(events.Screen)
    assert made.client.ended


def test_what_came_before_an_error_still_counts(opened):
    opened.give_host(
        frame(m.Key(seq=1, keysym=97, down=True)) + b"\0\0\0\0\0" + frame(m.Key(seq=2, keysym=97, down=False))
    )
    assert [type(event) for event in opened.host_events] == [events.InputEvent, events.Ended]


PARTS = [
    frame(message)
    for message in (
        m.Ping(t=0),
        m.Key(seq=1, keysym=97, down=True),
        m.Pointer(seq=1, x=0, y=0),
        m.Refresh(reason="r"),
        m.Ack((m.Mark(1, 0, 0),)),
        m.Bye(reason="b"),
        m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False),
        picture(1, 1),
        m.Cursor(1, 1, 0, 0, bytes(4)),
        m.PointerPlace(place=None),
        m.RightsChanged(rights=[], epoch=2),
        m.Failed(),
        m.Auth(method="password", proof=bytes(32), remember=False),
    )
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(PARTS)), max_size=8),
    flips=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 255)), max_size=3),
    cut=st.integers(1, 50),
    side=st.sampled_from(["host", "client"]),
    stage=st.sampled_from(["hello", "trust", "prove", "open"]),
)
def test_any_bytes_at_any_stage_give_events_and_at_most_one_end(pair, parts, flips, cut, side, stage):
    made = pair(trust=stage != "trust", prove=stage != "prove")
    if stage != "hello":
        made.run()
    session = getattr(made, side)
    data = bytearray(b"".join(parts))
    for place, bits in flips:
        if data:
            data[place % len(data)] ^= bits
    found = []
    for place in range(0, len(data), cut):
        found += session.receive_data(bytes(data[place : place + cut]), made.now)
        made.now += 0.1
    ends = [event for event in found if isinstance(event, events.Ended)]
    assert len(ends) == session.ended
    assert all(isinstance(end.error, FanlightError) for end in ends)
    if stage != "open":
        assert session.granted == frozenset()
        assert not [event for event in found if isinstance(event, events.Opened | events.InputEvent | events.Picture)]
    assert all(isinstance(part, bytes | bytearray | memoryview) for part in session.data_to_send())


def test_only_a_connection_that_broke_is_one_to_come_back_to(opened):
    assert [event.broken for event in opened.host.lost(1.0)] == [True]
    opened.client.end("the viewer has left", 1.0)
    assert [event.broken for event in opened.client.lost(1.0)] == []
