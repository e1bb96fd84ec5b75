"""Pictures, refreshes, cursor and pointer of a session that is open, and what a client wants to watch."""

import pytest
from message_examples import session_message
from session_messages import frame, picture, raw, send_picture, show

from fanlight.errors import LocalProtocolError, RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.session import events
from fanlight.session.outgoing import Outgoing
from fanlight.types import CursorShape, Pixels, PointerPlace

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


def test_a_refresh_is_not_asked_without_the_right_to_view(opened):
    opened.host.set_rights(frozenset(), opened.now)
    opened.run()
    opened.client.send_refresh("mismatch")
    assert opened.take(opened.client) == b""


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


# -- watching --------------------------------------------------------------------------------------------------------


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
