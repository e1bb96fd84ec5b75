"""What every backend does for a thread that waits in `next`: it is woken, and it hears of the end."""

import threading
from collections.abc import Callable, Iterator

import pytest

from fanlight.capture import Capture, open_capture
from fanlight.capture.pattern import PatternCapture
from fanlight.errors import CaptureError
from fanlight.types import Frame
from patience import PATIENCE
from x_server import StartXvfb, wait_until


@pytest.fixture(params=["x11", "mss", "pattern"])
def resting(request: pytest.FixtureRequest, start_xvfb: StartXvfb) -> Iterator[Capture]:
    """A capture of which no frame is to be expected."""
    with _open(request.param, start_xvfb) as capture:
        # A server that has just started still draws.
        wait_until(lambda: capture.next(0.1) is None)
        yield capture


def _open(backend: str, start_xvfb: StartXvfb) -> Capture:
    if backend == "pattern":
        return PatternCapture((64, 64), max_fps=1e-9)  # type: ignore[arg-type]
    return open_capture(start_xvfb().name, backend, max_fps=200)


class Consumer(threading.Thread):
    """Runs something on a thread that ends with the tests, whatever becomes of it, and keeps what it gives."""

    def __init__(self, consume: Callable[[], Frame | None]) -> None:
        super().__init__(daemon=True)
        self.came: list[Frame | CaptureError | None] = []
        self._consume = consume
        self.start()

    def run(self) -> None:
        try:
            self.came.append(self._consume())
        except CaptureError as error:
            self.came.append(error)

    def result(self) -> Frame | CaptureError | None:
        self.join(PATIENCE)
        assert self.came, "it still waits"
        return self.came[0]


def test_wake_returns_a_waiting_consumer(resting: Capture) -> None:
    consumer = Consumer(lambda: resting.next(None))
    resting.wake()
    assert consumer.result() is None


def test_close_ends_a_wait_in_another_thread(resting: Capture) -> None:
    begun = threading.Event()

    def consume() -> Frame | None:
        begun.set()
        return resting.next(None)

    consumer = Consumer(consume)
    begun.wait(PATIENCE)
    resting.close()
    resting.close()
    error = consumer.result()
    assert isinstance(error, CaptureError)
    assert "closed" in str(error)


def test_who_is_woken_by_close_finds_it_closed(resting: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def consume() -> Frame | None:
        try:
            return resting.next(None)
        finally:
            ended.set()

    consumer = Consumer(consume)
    # What close does as, or after, it wakes the consumer, who may well be quicker.
    where, name = (resting.screen, "_take_last") if resting.screen else (resting._pacer, "wake")  # type: ignore[attr-defined]
    step = getattr(where, name)

    def take_its_time() -> None:
        step()
        if threading.current_thread() is not consumer:
            ended.wait(PATIENCE)

    monkeypatch.setattr(where, name, take_its_time)
    resting.close()
    assert isinstance(consumer.result(), CaptureError)


def test_what_is_closed_is_refused(resting: Capture) -> None:
    resting.close()
    resting.wake()
    with pytest.raises(CaptureError, match="closed"):
        resting.next(0.0)
