"""When the picture thread captures and encodes, told by what it asks of a capture that tests hold."""

import queue
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from fanlight.capture import Capture
from fanlight.codec import open_encoder
from fanlight.host import Picture, Served, Viewer
from fanlight.net.picture import PictureThread
from fanlight.net.unsent import LEAST_BYTES
from fanlight.types import Frame, Image, Rect, Size
from patience import PATIENCE

SIZE = (256, 192)


class Held(Capture):
    """Says with which timeout each `next` was called, and answers what the test gives; a wake answers None."""

    def __init__(self) -> None:
        self.asked: queue.Queue[float | None] = queue.Queue()
        self._answers: queue.Queue[Frame | None] = queue.Queue()
        self.image: Image = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
        self._at = 1.0

    @property
    def size(self) -> Size:
        return SIZE

    def next(self, timeout: float | None = None) -> Frame | None:
        self.asked.put(timeout)
        if timeout == 0.0:
            return None
        frame = self._answers.get(timeout=PATIENCE)
        self.last = frame or self.last
        return frame

    def wake(self) -> None:
        self._answers.put(None)

    def close(self) -> None:
        self.wake()

    def draw(self, rect: Rect, value: int | Image) -> None:
        self.image[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w] = value
        self._at += 0.1
        self._answers.put(Frame(self.image, (rect,), self._at, self._at))


class Post:
    """The loop of the thread under test: keeps what it is handed."""

    def __init__(self) -> None:
        self.handed: queue.Queue[tuple[Callable[..., None], tuple[object, ...]]] = queue.Queue()

    def call_soon_threadsafe(self, callback: Callable[..., None], *args: object) -> None:
        self.handed.put((callback, args))

    def picture(self) -> Picture:
        callback, args = self.handed.get(timeout=PATIENCE)
        callback(*args)
        (served,) = args[0]  # type: ignore[attr-defined]
        assert isinstance(served, Served)
        assert isinstance(served.picture, Picture)
        return served.picture


class Studio:
    """A picture thread with one viewer that has the whole picture."""

    def __init__(self) -> None:
        self.capture, self.post, self.viewer = Held(), Post(), Viewer()
        self.thread = PictureThread(
            self.capture,
            self.post,  # type: ignore[arg-type]
            lambda codec, size: open_encoder(codec, size),
            lambda served: None,
            lambda cursor, pointer: None,
            lambda error: None,
        )

    def begin(self) -> None:
        """Let the viewer get its first picture; the thread then waits for damage, because it expects the viewer."""
        self.thread.start()
        self.thread.add(self.viewer, "tiles")
        self.capture.draw(Rect(0, 0, *SIZE), 7)
        assert self.post.picture().key
        while not 0.0 < (self.capture.asked.get(timeout=PATIENCE) or 0.0) < 1.0:
            pass

    def waits_for_a_viewer(self) -> bool:
        """Whether what the thread asks the capture next is the look that it takes now and then, and no wait."""
        return self.capture.asked.get(timeout=PATIENCE) == 0.0


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setattr("fanlight.net.picture._IDLE_SECONDS", 0.05)
    made = Studio()
    made.begin()
    try:
        yield made
    finally:
        made.thread.stop()


def test_after_a_small_update_it_waits_for_damage_before_the_viewer_has_spoken(studio: Studio) -> None:
    studio.thread.want(studio.viewer)
    studio.capture.draw(Rect(0, 0, 9, 9), 50)
    assert studio.post.picture().states == 1


def test_a_frame_that_comes_before_the_viewer_is_ready_is_kept_for_it(studio: Studio) -> None:
    studio.capture.draw(Rect(0, 0, 9, 9), 50)
    studio.thread.want(studio.viewer)
    assert studio.post.picture().states == 1


def test_who_was_expected_in_vain_is_not_expected_again(studio: Studio) -> None:
    studio.capture.draw(Rect(0, 0, 9, 9), 50)
    assert studio.waits_for_a_viewer()
    studio.thread.want(studio.viewer)
    studio.post.picture()
    while not studio.capture.asked.empty():
        studio.capture.asked.get()
    # What is drawn now waits with the capture until somebody can take it.
    studio.capture.draw(Rect(20, 20, 9, 9), 60)
    assert studio.waits_for_a_viewer()
    studio.thread.want(studio.viewer)
    assert studio.post.picture().states == 1


def test_who_is_not_ready_when_nothing_changed_for_a_while_is_expected_no_longer(studio: Studio) -> None:
    studio.capture.wake()  # As when that time is over.
    assert studio.waits_for_a_viewer()
    studio.thread.want(studio.viewer)
    studio.capture.draw(Rect(0, 0, 9, 9), 50)
    assert studio.post.picture().states == 1


def test_after_a_large_update_it_waits_for_the_viewer(studio: Studio) -> None:
    studio.thread.want(studio.viewer)
    noise = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 4), np.uint8)
    studio.capture.draw(Rect(0, 0, *SIZE), noise)
    assert len(studio.post.picture().update) > LEAST_BYTES
    assert studio.waits_for_a_viewer()
    studio.capture.draw(Rect(20, 20, 9, 9), 60)
    studio.thread.want(studio.viewer)
    assert studio.post.picture().states == 1
