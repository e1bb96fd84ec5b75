"""From a screen to an update in one call: the same as capturing and encoding, whatever happens in between."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from fanlight.capture import Capture, open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.codec import Encoder, Update, open_decoder, open_encoder
from fanlight.errors import CaptureError, UsageError
from fanlight.kernels import tiles, x11
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

SIZE = (800, 600)


class Link:
    """A screen, the encoder that takes its frames, and what a decoder shows of them."""

    def __init__(self, display: VirtualDisplay, capture: Capture, codec: str) -> None:
        self.display, self.capture = display, capture
        self.encoder: Encoder = open_encoder(codec, SIZE)
        self.decoder = open_decoder(codec, SIZE)
        self.painter = X11Client(display.name)

    def take(self, timeout: float | None = 5.0) -> Update | None:
        update = self.encoder.encode_next(self.capture, timeout)
        if update:
            self.decoder.decode(update)
            assert self.decoder.digest == self.encoder.digest
        return update

    def take_one(self) -> Update:
        """The next update; the pointer may change before it comes."""
        updates: list[Update] = []
        wait_until(lambda: updates.extend([update] if (update := self.take()) is not None else []) or updates)
        return updates[0]

    def settle(self) -> None:
        wait_until(lambda: self.take(0.1) is None)

    def shows_the_screen(self) -> bool:
        return np.array_equal(self.decoder.image[..., :3], self.painter.image()[..., :3])


@pytest.fixture(params=["tiles", "hybrid"])
def codec(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[False, True], ids=["MIT-SHM", "mapped"])
def link(request: pytest.FixtureRequest, codec: str) -> Iterator[Link]:
    with VirtualDisplay(SIZE) as display:
        framebuffer = display.framebuffer if request.param else None
        with open_capture(display.name, max_fps=1000, framebuffer=framebuffer) as capture:
            link = Link(display, capture, codec)
            link.settle()
            yield link
            link.painter.close()


def test_a_letter_is_one_small_update(link: Link) -> None:
    link.painter.fill(0x123456, (100, 100, 9, 16))
    update = link.take_one()
    assert 0 < len(update) < 200
    assert (update.exact, update.key, update.lane) == (True, False, "tiles")
    assert update.pixels == {"tiles": 64 * 64}
    assert np.flatnonzero(link.encoder.touched).tolist() == [13 + 1]
    assert link.shows_the_screen()


def test_the_frame_it_was_made_of_is_the_last(link: Link) -> None:
    before = link.capture.last
    link.painter.fill(0x123456, (100, 100, 9, 16))
    link.take_one()
    frame = link.capture.last
    assert frame is not None
    assert frame is not before
    assert frame is link.capture.last
    assert (100, 100, 9, 16) in frame.damage
    assert frame.damaged_at <= frame.captured_at
    assert np.array_equal(frame.image[..., :3], link.painter.image()[..., :3])


def test_both_ways_of_encoding_take_turns(link: Link) -> None:
    for number in range(60):
        link.painter.fill((number + 1) * 0x10305 & 0xFFFFFF, (number * 11 % 700, number * 37 % 500, 5 + number, 9))
        if number % 3:
            link.take_one()
        else:
            frames = []
            wait_until(lambda: frames.extend([frame] if (frame := link.capture.next(PATIENCE)) else []) or frames)  # noqa: B023
            if update := link.encoder.encode(frames[0]):
                link.decoder.decode(update)
        link.settle()
        assert link.shows_the_screen()


def test_a_large_change_and_a_scroll(link: Link) -> None:
    randomness = np.random.default_rng(1)
    rects = [(int(x), int(y), 20, 12) for x, y in randomness.integers(0, 500, (150, 2))]
    for colour, rect in enumerate(rects):
        link.painter.fill(colour * 7919, rect)
    link.settle()
    assert link.shows_the_screen()
    link.painter.fill(0xFFFFFF, (0, 0, *SIZE))
    link.settle()
    assert link.shows_the_screen()


def test_drawing_that_changes_nothing_is_nothing(link: Link) -> None:
    link.painter.fill(0x808080, (10, 10, 50, 50))
    link.settle()
    link.painter.fill(0x808080, (20, 20, 9, 9))
    assert not link.take(0.2)


def test_timeout_and_wake_bring_nothing(link: Link) -> None:
    assert link.take(0.0) is None
    link.capture.wake()
    assert link.take(None) is None
    thread = threading.Thread(target=link.take, args=(None,), daemon=True)
    thread.start()
    link.capture.wake()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_frame_of_another_size_is_left_to_another_encoder(link: Link) -> None:
    link.painter.switch_monitor_off()
    link.painter.resize(640, 480)
    wait_until(lambda: link.take(0.1) is None and link.capture.last.size == (640, 480))
    assert link.take(0.0) is None
    frame = link.capture.last
    assert frame.damage == ((0, 0, 640, 480),)
    with open_encoder(link.encoder.name, frame.size) as encoder:
        decoder = open_decoder(link.encoder.name, frame.size)
        decoder.decode(encoder.encode(frame))
        assert np.array_equal(decoder.image[..., :3], link.painter.image()[..., :3])


def test_after_a_refresh_the_next_stands_alone(link: Link) -> None:
    link.encoder.refresh()
    link.painter.fill(0x445566, (10, 10, 50, 50))
    update = link.take_one()
    assert update.key
    decoder = open_decoder(link.encoder.name, SIZE)
    decoder.decode(update)
    assert np.array_equal(decoder.image[..., :3], link.painter.image()[..., :3])


def test_what_is_closed_is_refused(link: Link) -> None:
    link.capture.close()
    with pytest.raises(CaptureError, match="closed"):
        link.take()
    link.encoder.close()
    with pytest.raises(UsageError, match="closed"):
        link.take()


def test_a_screen_that_is_closed_as_a_frame_is_made_gives_that_frame(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.painter.fill(0x123456, (100, 100, 9, 16))
    screen, call, made = link.capture.screen, x11._next_update, threading.Event()

    def next_update(wait: object) -> int:
        length = call(wait)
        if length > 0:
            made.set()
        return length

    class Closing(x11.Screen):
        """Is closed by somebody else right after its consumer has found it open."""

        @property
        def _handle(self) -> object:
            handle = vars(self)["_handle"]
            if made.is_set():
                made.clear()
                self.close()
            return handle

        @_handle.setter
        def _handle(self, handle: object) -> None:
            vars(self)["_handle"] = handle

    monkeypatch.setattr(x11, "_next_update", next_update)
    monkeypatch.setattr(screen, "__class__", Closing)
    assert link.take_one()
    frame = link.capture.last
    assert (100, 100, 9, 16) in frame.damage
    assert link.shows_the_screen()
    if frame.changed is not None:
        wanted = tiles.no_tiles(SIZE)
        tiles.mark(wanted, frame.damage, SIZE)
        assert np.array_equal(frame.changed, wanted)


def test_any_source_will_do(codec: str) -> None:
    with open_capture("pattern:320x200", max_fps=1000) as capture, open_encoder(codec, capture.size) as encoder:
        decoder = open_decoder(codec, capture.size)
        for _ in range(20):
            update = encoder.encode_next(capture, None)
            assert update
            decoder.decode(update)
            assert capture.last is not None
            assert np.array_equal(decoder.image[..., :3], capture.last.image[..., :3])
