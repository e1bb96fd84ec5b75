import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_examples import session_message
from session_pair import Pair

from fanlight.channels import input as channel
from fanlight.errors import ConnectionLost, FanlightError, LocalProtocolError, RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS
from fanlight.session import events
from fanlight.session.client_session import HELD_SECONDS
from fanlight.session.host_session import INPUT_RATE
from fanlight.session.outgoing import Outgoing
from fanlight.types import CursorShape, Permission, Pixels, PointerPlace

ALL_BUT = {right: frozenset(Permission) - {right} for right in Permission}


def frame(message):
    body = b"".join(message.encode())
    return pack_header(KINDS[type(message)], len(body)) + body


def raw(kind, body):
    return pack_header(kind, len(body)) + body


def send_picture(made, update=b"update", *, asks=True, **change):
    values = dict.fromkeys(("damaged_at", "captured_at", "encode_started_at", "encoded_at"), made.now)
    values |= {"exact": True, "key": False, "digest": 7, "quality": None, "pixels": Pixels()}
    return made.host.send_picture(Outgoing(update=update, **(values | change)), input_seq=0, now=made.now, asks=asks)


def picture(seq, screen):
    return m.Picture(seq, screen, 0, True, True, True, *[0] * 10, b"")


def show(made, size=(640, 480)):
    made.host.send_screen(size, "tiles", 1)
    made.run()
    return made


# -- pictures --------------------------------------------------------------------------------------------------------


def test_a_picture_arrives_as_it_was_sent(opened):
    opened.host.send_screen((640, 480), "hybrid", 3)
    outgoing = Outgoing(
        update=b"update",
        exact=True,
        key=True,
        digest=2**64 - 1,
        quality=30,
        pixels=Pixels(1, 2, 2**32),
        damaged_at=1.000001,
        captured_at=2.5,
        encode_started_at=2.75,
        encoded_at=3.25,
    )
    seq = opened.host.send_picture(outgoing, input_seq=9, now=4.125)
    opened.run()
    screen, picture = opened.client_events
    assert screen == events.Screen((640, 480), "hybrid", 3, False)
    assert (picture.seq, picture.screen, picture.input_seq) == (seq, 3, 9) == (1, 3, 9)
    assert (picture.exact, picture.key, picture.digest) == (True, True, 2**64 - 1)
    assert picture.quality == 30
    assert picture.pixels == Pixels(1, 2, 2**32 - 1)
    assert (picture.damaged_at, picture.captured_at, picture.encode_started_at) == (1.000001, 2.5, 2.75)
    assert (picture.encoded_at, picture.sent_at) == (3.25, 4.125)
    assert bytes(picture.update) == b"update"


@pytest.mark.parametrize("exact", [False, True])
def test_a_picture_that_is_not_proved_is_not_exact(opened, exact):
    show(opened)
    send_picture(opened, exact=exact, digest=None)
    opened.run()
    picture = opened.client_of(events.Picture)[0]
    assert picture.exact is False
    assert picture.digest is None


def test_a_lossy_picture_carries_the_digest_of_its_exact_tiles(opened):
    show(opened)
    send_picture(opened, exact=False, digest=5)
    opened.run()
    picture = opened.client_of(events.Picture)[0]
    assert (picture.exact, picture.digest) == (False, 5)


def test_a_digest_of_zero_is_a_digest(opened):
    show(opened)
    send_picture(opened, digest=0)
    opened.run()
    picture = opened.client_of(events.Picture)[0]
    assert picture.exact is True
    assert picture.digest == 0


def test_a_large_update_passes_through_without_a_copy(opened):
    show(opened, (1920, 1080))
    update = bytes(4_000_000)
    send_picture(opened, update)
    parts = opened.host.data_to_send()
    assert any(part is update for part in parts)
    (picture,) = opened.client.receive_data(b"".join(parts), opened.now)
    assert len(picture.update) == len(update)


def test_a_resize_starts_a_new_screen(opened):
    show(opened)
    send_picture(opened)
    opened.host.send_screen((64, 64), "tiles", 2)
    send_picture(opened)
    opened.run()
    assert [picture.screen for picture in opened.client_of(events.Picture)] == [1, 2]
    assert [picture.seq for picture in opened.client_of(events.Picture)] == [1, 2]


HOSTILE_PICTURES = [
    [m.Screen(width=16_384, height=16_384, codec="tiles", serial=1, continues=False)],
    [m.Screen(width=8193, height=8192, codec="tiles", serial=1, continues=False)],
    [m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False)] * 2,
    [m.Screen(width=64, height=64, codec="tiles", serial=s, continues=False) for s in (2, 1)],
    [m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False), picture(2, 1)],
    [m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False), picture(1, 2)],
    [m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False), *[picture(1, 1)] * 2],
    [picture(1, 1)],
    [m.RightsChanged(rights=[], epoch=1)],
    [m.RightsChanged(rights=[], epoch=3)],
    [session_message()],
    [m.Pong(t=1, at=1)],
]


@pytest.mark.parametrize("sent", HOSTILE_PICTURES)
def test_a_host_that_contradicts_itself_ends_the_session(opened, sent):
    opened.give_client(b"".join(map(frame, sent)))
    assert isinstance(opened.ends[1].error, RemoteProtocolError)
    assert opened.client.ended
    assert opened.client.granted == frozenset()


def test_a_screen_of_65535_by_65535_is_refused(opened):
    opened.give_client(raw(0x10, b'{"width":65535,"height":65535,"codec":"tiles","serial":1}'))
    assert isinstance(opened.ends[1].error, RemoteProtocolError)


# -- acknowledgements ------------------------------------------------------------------------------------------------


def test_acknowledgements_tell_the_viewer_s_times(opened):
    show(opened)
    seqs = [send_picture(opened) for _ in range(3)]
    opened.run()
    opened.client.send_ack(seqs[0], 1.5, 2.5)
    opened.client.send_ack(seqs[2], 3.5, 4.5)
    opened.run()
    assert [(acked.seq, acked.received_at, acked.decoded_at) for acked in opened.host_events] == [
        (1, 1.5, 2.5),
        (3, 3.5, 4.5),
    ]
    assert all(acked.at == opened.now for acked in opened.host_events)


@pytest.mark.parametrize("acks", [[1], [3], [0xFFFFFFFF], [2, 2], [2, 1], [1, 2, 3]])
def test_an_ack_of_what_was_not_sent_or_is_acknowledged_ends_the_session(opened, acks):
    show(opened)
    if acks != [1]:
        send_picture(opened)
        send_picture(opened)
    opened.give_host(b"".join(frame(m.Ack((m.Mark(seq, 0, 0),))) for seq in acks))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)


def test_sequence_numbers_go_round(opened):
    show(opened)
    opened.host._sent = opened.host._acked = opened.client._picture_seq = m.MAX_SEQ - 1
    assert [send_picture(opened) for _ in range(3)] == [m.MAX_SEQ, 1, 2]
    opened.run()
    assert [picture.seq for picture in opened.client_of(events.Picture)] == [m.MAX_SEQ, 1, 2]
    opened.client.send_ack(m.MAX_SEQ, 0, 0)
    opened.client.send_ack(2, 0, 0)
    opened.run()
    assert [acked.seq for acked in opened.host_of(events.Acked)] == [m.MAX_SEQ, 2]
    opened.give_host(frame(m.Ack((m.Mark(3, 0, 0),))))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)


def test_a_picture_is_presented_once_and_after_it_was_acknowledged(opened):
    show(opened)
    for _ in range(3):
        send_picture(opened)
    opened.run()
    opened.client.send_ack(1, 0, 0)
    opened.client.send_presented(1, 1.5)
    opened.client.send_ack(3, 0, 0)
    opened.client.send_presented(3, 2.5)
    for seq in (3, 1, 0, 4, m.MAX_SEQ):
        opened.client.send_presented(seq, 3.5)
    opened.client.send_key(0x61, True)
    opened.run()
    assert opened.host_of(events.Presented) == [events.Presented(1, 1.5), events.Presented(3, 2.5)]


def held(made, count):
    """Let the client decode pictures whose acknowledgements nobody waits for."""
    show(made)
    for _ in range(count):
        send_picture(made, asks=False)
    made.run()
    made.host_events.clear()
    for picture in made.client_of(events.Picture):
        assert not picture.asks
        made.client.send_ack(picture.seq, made.now, made.now, asked=picture.asks)
    return made


def acked(made):
    """Return the pictures that have been acknowledged, by themselves, at the host."""
    return [seq for event in made.host_of(events.Acked) for seq in (*(mark.seq for mark in event.earlier), event.seq)]


def test_a_picture_tells_whether_the_host_waits_for_its_acknowledgement(opened):
    show(opened)
    send_picture(opened, asks=True)
    send_picture(opened, asks=False)
    opened.run()
    assert [picture.asks for picture in opened.client_of(events.Picture)] == [True, False]


def test_an_acknowledgement_that_nobody_waits_for_is_held_for_its_time(opened):
    held(opened, 2)
    assert opened.client.data_to_send() == []
    opened.client._keep_alive._ping_due = opened.now + 2 * HELD_SECONDS
    opened.client.timeout(opened.now + HELD_SECONDS - 0.001)
    assert opened.client.data_to_send() == []
    assert opened.client.deadline == opened.now + HELD_SECONDS
    opened.client.timeout(opened.now + HELD_SECONDS)
    opened.run()
    assert acked(opened) == [1, 2]


@pytest.mark.parametrize(
    "say",
    [
        lambda client, now: client.send_ack(3, now, now),
        lambda client, now: client.send_key(0x61, True),
        lambda client, now: client.leave(now),
        lambda client, now: client.end("enough", now),
    ],
)
def test_what_is_held_goes_in_front_of_whatever_is_sent_next(opened, say):
    held(opened, 2)
    send_picture(opened)
    opened.run()
    opened.client.send_presented(1, opened.now)
    assert opened.client.data_to_send() == []
    say(opened.client, opened.now)
    opened.run()
    happened = [event for event in opened.host_events if isinstance(event, (events.Acked, events.Presented))]
    assert acked(opened)[:2] == [1, 2]
    assert happened[-1] == events.Presented(1, happened[-1].at)
    assert opened.ends[0] is None or not isinstance(opened.ends[0].error, RemoteProtocolError)


def test_no_more_is_held_than_one_message_holds(opened):
    held(opened, m.MOST_MARKS - 1)
    assert opened.client.data_to_send() == []
    opened.client.send_ack(m.MOST_MARKS, opened.now, opened.now, asked=False)
    assert len(opened.client.data_to_send()) == 2
    for seq in range(1, m.MOST_MARKS):
        opened.client.send_presented(seq, opened.now)
    assert opened.client.data_to_send() == []
    opened.client.send_presented(m.MOST_MARKS, opened.now)
    assert len(opened.client.data_to_send()) == 2 * m.MOST_MARKS


@pytest.mark.parametrize("marks", [(1, 1), (2, 1), (1, 3), (1, 2, 0xFFFFFFFF)])
def test_an_acknowledgement_that_goes_back_or_too_far_ends_the_session(opened, marks):
    show(opened)
    send_picture(opened)
    send_picture(opened)
    opened.give_host(frame(m.Ack(tuple(m.Mark(seq, 0, 0) for seq in marks))))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)
    assert acked(opened) == []


@pytest.mark.parametrize("presented", [[1], [3], [0xFFFFFFFF], [2, 2], [2, 1]])
def test_a_presented_that_is_not_acknowledged_or_said_twice_ends_the_session(opened, presented):
    show(opened)
    for _ in range(3):
        send_picture(opened)
    acks = [] if presented == [1] else [m.Ack((m.Mark(2, 0, 0),))]
    opened.give_host(b"".join(map(frame, [*acks, *(m.Presented(seq, 0) for seq in presented)])))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)
    assert "PRESENTED" in opened.ends[0].reason


# -- refresh ---------------------------------------------------------------------------------------------------------


def test_a_refresh_is_asked_once_until_it_comes(opened):
    show(opened)
    for _ in range(5):
        opened.client.send_refresh("mismatch\x1b[2J")
    opened.run()
    assert opened.host_events == [events.RefreshWanted("mismatch?[2J")]
    send_picture(opened, key=False)
    opened.run()
    opened.client.send_refresh("again")
    opened.run()
    assert len(opened.host_of(events.RefreshWanted)) == 1
    send_picture(opened, key=True)
    opened.run()
    opened.client.send_refresh("again")
    opened.run()
    assert len(opened.host_of(events.RefreshWanted)) == 2


def test_a_client_that_asks_for_ever_is_ended(opened):
    opened.give_host(frame(m.Refresh(reason="")) * 11)
    assert len(opened.host_of(events.RefreshWanted)) == 10
    assert "at most 2 a second" in opened.ends[0].reason


# -- input -----------------------------------------------------------------------------------------------------------


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


# -- cursor and pointer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [CursorShape(2, 3, 1, 2, bytes(range(24))), None])
def test_a_cursor_arrives_as_it_was_sent(opened, shape):
    opened.host.send_cursor(shape)
    opened.run()
    assert opened.client_events == [events.Cursor(shape)]


def test_a_cursor_that_is_too_large_is_cut_off(opened):
    pixels = b"".join(bytes([y % 256, x % 256, 0, 255]) for y in range(520) for x in range(600))
    opened.host.send_cursor(CursorShape(600, 520, 599, 10, pixels))
    opened.run()
    shape = opened.client_events[0].shape
    assert (shape.width, shape.height, shape.hot_x, shape.hot_y) == (512, 512, 511, 10)
    assert shape.pixels[511 * 512 * 4 : 511 * 512 * 4 + 8] == bytes([255, 0, 0, 255, 255, 1, 0, 255])


def test_a_cursor_without_its_pixels_is_not_sent(opened):
    with pytest.raises(LocalProtocolError, match="CURSOR"):
        opened.host.send_cursor(CursorShape(2, 2, 0, 0, bytes(15)))
    assert opened.take(opened.host) == b""


def test_the_pointer_s_place_is_told_inside_the_picture(opened):
    opened.host.send_pointer(PointerPlace(99_999, -1))
    show(opened)
    opened.host.send_pointer(PointerPlace(1000, 1000))
    opened.host.send_pointer(PointerPlace(3, 4))
    opened.host.send_pointer(None)
    opened.run()
    places = [event.place for event in opened.client_of(events.Pointer)]
    assert places == [PointerPlace(16_383, 0), PointerPlace(639, 479), PointerPlace(3, 4), None]


# -- signs of life ---------------------------------------------------------------------------------------------------


def test_the_client_measures_the_host_s_clock(open_rules, salted):
    made = Pair(open_rules, salted)
    ahead, trip = 5000.0, 0.2
    while not made.client_of(events.ClockSample):
        made.now += trip / 2
        made.host_events += made.host.receive_data(made.take(made.client), made.now + ahead)
        made.now += trip / 2
        made.give_client(made.take(made.host))
    (sample,) = made.client_of(events.ClockSample)
    assert sample.rtt == pytest.approx(trip, abs=1e-5)
    assert sample.offset == pytest.approx(ahead, abs=1e-5)
    assert made.client.clock_offset == sample.offset
    assert made.client.local_time(ahead + 7.0) == pytest.approx(7.0, abs=1e-5)


def test_before_the_first_sample_the_clocks_are_taken_for_the_same(pair):
    made = pair(prove=False).run()
    assert made.client.clock_offset is None
    assert made.client.local_time(5.0) == 5.0


def test_the_quickest_of_the_last_samples_counts(opened):
    offsets = []
    for trip in (0.5, 0.06, 0.4):
        opened.now = max(opened.client.deadline, opened.host.deadline)
        opened.client.timeout(opened.now)
        opened.give_host(opened.take(opened.client))
        opened.now += trip
        opened.give_client(opened.take(opened.host))
        offsets.append(opened.client.clock_offset)
    # The answer is given at once and travels for the whole trip: each sample is off by half of it.
    assert offsets[1:] == pytest.approx([-0.03, -0.03], abs=1e-5)


def test_an_idle_session_lives_by_its_pings(opened):
    for _ in range(100):
        opened.now = min(opened.host.deadline, opened.client.deadline)
        opened.host_events += opened.host.timeout(opened.now)
        opened.client_events += opened.client.timeout(opened.now)
        opened.run()
    assert opened.now > 1200
    assert opened.ends == (None, None)
    assert len(opened.host_of(events.ClockSample)) > 20


def test_both_ends_compare_clocks_a_few_times_at_first_and_then_seldom(opened):
    def live_until(end):
        while (deadline := min(opened.host.deadline, opened.client.deadline)) < end:
            opened.now = deadline
            opened.host_events += opened.host.timeout(opened.now)
            opened.client_events += opened.client.timeout(opened.now)
            opened.run()
        return len(opened.host_of(events.ClockSample)), len(opened.client_of(events.ClockSample))

    first, start = live_until(opened.now + 4), opened.now
    assert all(6 <= count <= 8 for count in first)
    later = live_until(start + 60)
    assert all(10 <= now - before <= 13 for now, before in zip(later, first, strict=True))
    assert opened.host.clock_offset is not None
    assert opened.ends == (None, None)


@pytest.mark.parametrize("side", ["host", "client"])
def test_silence_for_fifteen_seconds_is_the_end(opened, side):
    session = getattr(opened, side)
    found, now = [], opened.now
    while not found:
        now = session.deadline
        found = session.timeout(now)
    assert 14.9 < now - opened.now <= 15
    assert isinstance(found[0].error, ConnectionLost)
    assert "for 15 seconds" in found[0].reason
    assert session.deadline is None


def test_any_byte_is_a_sign_of_life(opened):
    show(opened, (1920, 1080))
    send_picture(opened, bytes(100))
    data = opened.take(opened.host)
    for place in range(len(data)):
        opened.now += 5
        opened.client_events += opened.client.timeout(opened.now)
        opened.give_client(data[place : place + 1])
    assert opened.client_of(events.Picture)
    assert not opened.client.ended


@pytest.mark.parametrize("side", ["host", "client"])
def test_a_flood_of_pings_ends_the_session(opened, side):
    session = getattr(opened, side)
    found = session.receive_data(frame(m.Ping(t=0)) * 50, opened.now)
    assert "too many pings" in found[0].reason
    assert len(b"".join(session.data_to_send())) < 1000


@pytest.mark.parametrize("side", ["host", "client"])
def test_an_answer_that_nobody_asked_for_ends_the_session(opened, side):
    found = getattr(opened, side).receive_data(frame(m.Pong(t=0, at=0)), opened.now)
    assert "answers no PING" in found[0].reason


# -- the end ---------------------------------------------------------------------------------------------------------


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


def test_a_refresh_is_not_asked_without_the_right_to_view(opened):
    opened.host.set_rights(frozenset(), opened.now)
    opened.run()
    opened.client.send_refresh("mismatch")
    assert opened.take(opened.client) == b""


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


SESSION = "0123456789abcdef" * 2


def test_a_client_says_what_it_decodes_and_what_it_has(opened):
    had = events.Resumed(SESSION, 3, 77)
    opened.client.send_watch(("hybrid", "tiles"), had)
    opened.run()
    assert opened.host_of(events.WatchWanted) == [events.WatchWanted(("hybrid", "tiles"), had)]


def test_a_client_may_begin_once(opened):
    opened.give_host(frame(m.Watch(codecs=["tiles"], resume=None)) * 2)
    assert opened.host_of(events.Ended)[0].error is not None
    assert len(opened.host_of(events.WatchWanted)) == 1


def test_a_screen_goes_on_where_the_client_has_asked_for_it(opened):
    opened.client.send_watch(("tiles",), events.Resumed(SESSION, 3, 77))
    opened.host.send_screen((64, 64), "tiles", 3, continues=True)
    opened.run()
    assert opened.client_of(events.Screen) == [events.Screen((64, 64), "tiles", 3, True)]


@pytest.mark.parametrize("resume", [None, events.Resumed(SESSION, 2, 77)])
def test_a_screen_that_goes_on_from_nowhere_is_a_breach(opened, resume):
    opened.client.send_watch(("tiles",), resume)
    opened.host.send_screen((64, 64), "tiles", 3, continues=True)
    opened.run()
    assert isinstance(opened.client_of(events.Ended)[0].error, RemoteProtocolError)


def test_only_a_connection_that_broke_is_one_to_come_back_to(opened):
    assert [event.broken for event in opened.host.lost(1.0)] == [True]
    opened.client.end("the viewer has left", 1.0)
    assert [event.broken for event in opened.client.lost(1.0)] == []


# -- acknowledgements that may wait --


ACK, PRESENTED = frame(m.Ack((m.Mark(1, 0, 0),))), frame(m.Presented(1, 0))
ACK_OF_MOST = frame(m.Ack(tuple(m.Mark(seq + 1, 0, 0) for seq in range(m.MOST_MARKS))))


@pytest.mark.parametrize(
    "data",
    [ACK, frame(m.Ack((m.Mark(9, 0, 0),))), ACK_OF_MOST, ACK + PRESENTED, ACK_OF_MOST + PRESENTED + PRESENTED],
)
def test_one_acknowledgement_may_wait(opened, data):
    assert opened.host.only_acknowledges(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ACK[:-1],
        ACK[:4],
        ACK + frame(m.Ack((m.Mark(2, 0, 0),))),
        PRESENTED,
        PRESENTED + ACK,
        ACK + PRESENTED[:-1],
        ACK + raw(0x21, bytes(12)),
        raw(0x20, bytes(20 * (m.MOST_MARKS + 1))),
        frame(m.Key(seq=1, keysym=97, down=True)),
        raw(0x2A, bytes(20)),
    ],
)
def test_nothing_else_may_wait(opened, data):
    assert not opened.host.only_acknowledges(data)


def test_what_ends_another_message_is_no_acknowledgement(opened):
    opened.give_host(raw(0x21, bytes(40))[:20])
    assert not opened.host.only_acknowledges(ACK)


def test_nothing_waits_before_the_session_is_open_or_after_its_end(pair, opened):
    assert not pair().host.only_acknowledges(ACK)
    opened.host.end("enough", opened.now)
    assert not opened.host.only_acknowledges(ACK)
