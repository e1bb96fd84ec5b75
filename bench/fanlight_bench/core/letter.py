"""One typed letter, from its damage until the update is made: on two screens in turns, beside a grab of one."""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO, NamedTuple

import msgspec
import mss

from fanlight.codec import open_encoder
from fanlight.errors import CaptureError
from fanlight.types import Frame
from fanlight_bench.core import painter
from fanlight_bench.core.task import Figures, Task, once, open_screen, ratios
from fanlight_bench.results import Figure

_PATIENCE = 5.0
# The letter has been drawn for sure; the capture has noted its damage and waits for somebody who wants it.
_READY_SECONDS = 2 * painter.DELAY
_WARM_UP = 3


class Taken(NamedTuple):
    """Seconds that letters took on one screen.

    Awaited, and of these until captured; awaited by two calls; asked for when they were there.
    """

    awaited: list[float]
    captured: list[float]
    in_two: list[float]
    ready: list[float]


class Screen:
    """A screen on which letters are typed."""

    def __init__(self, stack: contextlib.ExitStack, task: Task, number: int) -> None:
        self._capture = stack.enter_context(open_screen(task, number))
        self._encoder = stack.enter_context(open_encoder("tiles", task.sizes[number]))
        self._awaited: list[float] = []
        self._captured: list[float] = []
        self._in_two: list[float] = []
        self._ready: list[float] = []

    def settle(self) -> None:
        """Encode what is there already."""
        while (frame := self._capture.next(2 * painter.DELAY)) is not None:
            self._encoder.encode(frame)

    def await_letter(self) -> None:
        """Wait for a letter as a host does; count from the server's word that something was drawn."""
        update = self._encoder.encode_next(self._capture, _PATIENCE)
        made_at = time.monotonic()
        frame = self._capture.last
        if not update or frame is None:
            raise _unseen()
        self._awaited.append(made_at - frame.damaged_at)
        self._captured.append(frame.captured_at - frame.damaged_at)

    def await_in_two(self) -> None:
        """Wait for a letter, and then encode it."""
        frame = self._take()
        self._encoder.encode(frame)
        self._in_two.append(time.monotonic() - frame.damaged_at)

    def take_letter(self) -> None:
        """Take a letter that has been there for a while; count from the call on."""
        time.sleep(_READY_SECONDS)
        began = time.monotonic()
        self._encoder.encode(self._take())
        self._ready.append(time.monotonic() - began)

    def taken(self, but: int) -> Taken:
        """Return what all but the first letters took."""
        return Taken(self._awaited[but:], self._captured[but:], self._in_two[but:], self._ready[but:])

    def _take(self) -> Frame:
        frame = self._capture.next(_PATIENCE)
        if frame is None:
            raise _unseen()
        return frame


def _unseen() -> CaptureError:
    return CaptureError("a letter was typed, and the capture did not see it")


def measure(task: Task) -> Figures:
    """Type `samples` letters on each screen, for a capture that waits and again for one that comes later."""
    grabs: list[float] = []
    asked: list[float] = []
    with contextlib.ExitStack() as stack:
        orders = stack.enter_context(_typists(task))
        screens = [Screen(stack, task, number) for number in (0, 1)]
        grabber = stack.enter_context(mss.MSS(display=task.displays[0]))
        asker = stack.enter_context(contextlib.closing(painter.Canvas(task.displays[0])))
        for screen in screens:
            screen.settle()
        for turn in range(_WARM_UP + task.samples):
            # Who comes after the grab finds colder caches: in every other turn it is the other one.
            order = (0, 1) if turn % 2 else (1, 0)
            for number in order:
                _order(orders, number)
                screens[number].await_letter()
            grabs.append(_grab(grabber))
            for number in order:
                _order(orders, number)
                screens[number].await_in_two()
            for number in order:
                _order(orders, number)
                screens[number].take_letter()
            _grab(grabber)
            asked.append(_ask(asker))
    smaller, larger = (screen.taken(_WARM_UP) for screen in screens)
    return figures(smaller, larger, grabs[_WARM_UP:], asked[_WARM_UP:])


def figures(smaller: Taken, larger: Taken, grabs: list[float], asked: list[float]) -> Figures:
    """Return the figures of a turn."""
    return {
        "letter": _micros(smaller.awaited),
        "letter, 4K": _micros(larger.awaited),
        "letter by two calls": _micros(smaller.in_two),
        "letter until captured": _micros(smaller.captured),
        "letter that lay ready": _micros(smaller.ready),
        "letter that lay ready, 4K": _micros(larger.ready),
        "a bare question to the X server": _micros(asked),
        "mss.grab": _micros(grabs),
        "letter to mss.grab": once(statistics.median(ratios(smaller.awaited, grabs)), "of mss.grab"),
        "4K to 1080p": once(statistics.median(ratios(larger.awaited, smaller.awaited)), "of 1080p"),
    }


def _micros(seconds: list[float]) -> Figure:
    return once(1e6 * statistics.median(seconds), "us")


@contextlib.contextmanager
def _typists(task: Task) -> Iterator[IO[bytes]]:
    """Start the program that types; yield where its orders go."""
    screens = msgspec.json.encode(list(zip(task.displays, task.sizes, strict=True))).decode()
    command = [sys.executable, "-m", painter.__name__, screens]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None or process.stdout.readline() != painter.READY:
            raise CaptureError("nobody could type on the screens")
        yield process.stdin
        process.stdin.close()


def _order(orders: IO[bytes], number: int) -> None:
    orders.write(b"%d\n" % number)
    orders.flush()


def _grab(grabber: mss.MSS) -> float:
    whole = grabber.monitors[0]
    began = time.monotonic()
    grabber.grab(whole)
    return time.monotonic() - began


def _ask(asker: painter.Canvas) -> float:
    """Ask for next to nothing after a rest: what a question takes by itself, asked from Python."""
    time.sleep(_READY_SECONDS)
    began = time.monotonic()
    asker.sync()
    return time.monotonic() - began
