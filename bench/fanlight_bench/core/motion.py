"""Something moves on a display: what capturing, finding the motion and encoding use, and what is sent as COPY."""

import itertools
import statistics
import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fanlight.capture import Capture
from fanlight.codec import Encoder, open_encoder
from fanlight.errors import CaptureError
from fanlight.types import Frame, Move, Size
from fanlight_bench import clock, workloads
from fanlight_bench.core.copies import copied, copies
from fanlight_bench.core.task import Figures, Task, once, open_screen

_RATE = 60
_STEP_SECONDS = 0.05
_FIRST_SECONDS = 30.0
_WARM_UP_SECONDS = 0.3
# One update in so many is followed by a memcpy, which must not keep the capture from the next one.
_UPDATES_A_COPY = 4


class Seen(NamedTuple):
    """An update, and which of the workload's pictures it brings; None where its clocks were torn or not to be read."""

    update: bytes
    picture: int | None


class Yardstick:
    """One memcpy of a frame, out of and into memory that was used for something else since; `seconds` of CPU time."""

    def __init__(self, size: Size) -> None:
        self._frames = [np.full((size[1], size[0], 4), value, np.uint8) for value in range(4)]
        self.seconds: list[float] = []

    def copy(self) -> None:
        """Copy once more."""
        began = time.thread_time()
        np.copyto(self._frames[0], self._frames[1])
        self.seconds.append(time.thread_time() - began)
        self._frames.append(self._frames.pop(0))


class Watch:
    """Follows a display; what it does besides capturing and encoding is not counted."""

    def __init__(self, capture: Capture, encoder: Encoder, yardstick: Yardstick) -> None:
        self._capture = capture
        self._encoder = encoder
        self._yardstick = yardstick
        self._besides = 0.0
        self.seen: list[Seen] = []
        self.cpu = 0.0

    def until_shown(self) -> None:
        """Wait until the workload shows its clock."""
        end = time.monotonic() + _FIRST_SECONDS
        while time.monotonic() < end:
            self._step()
            if self.seen and self.seen.pop().picture is not None:
                return
        raise CaptureError("the workload showed no clock that could be read")

    def follow(self, seconds: float) -> None:
        """Count for a while; all before is forgotten."""
        self.seen.clear()
        end = time.monotonic() + seconds
        began, self._besides = time.process_time(), 0.0
        while time.monotonic() < end:
            self._step()
        self.cpu = time.process_time() - began - self._besides

    def _step(self) -> None:
        frame = self._capture.next(_STEP_SECONDS)
        update = self._encoder.encode(frame) if frame is not None else b""
        if frame is None or not update:
            return
        began = time.thread_time()
        self.seen.append(Seen(update, _picture_of(frame)))
        if len(self.seen) % _UPDATES_A_COPY == 1:
            self._yardstick.copy()
        self._besides += time.thread_time() - began


def measure(task: Task) -> Figures:
    """Follow the workload, which a program shows on the display, for the time given."""
    size = task.sizes[0]
    yardstick = Yardstick(size)
    with open_screen(task) as capture, open_encoder("tiles", size) as encoder:
        watch = Watch(capture, encoder, yardstick)
        watch.until_shown()
        watch.follow(_WARM_UP_SECONDS)
        watch.follow(task.seconds)
    if not watch.seen:
        raise CaptureError("there was no update to measure in the time given")
    return cost(watch, yardstick) | share(watch.seen, task)


def cost(watch: Watch, yardstick: Yardstick) -> Figures:
    """Return what an update took of this process's CPU, also in memcpys of a frame."""
    memcpy = statistics.median(yardstick.seconds)
    mine = watch.cpu / len(watch.seen)
    return {
        "own CPU an update": once(1000 * mine, "ms"),
        "memcpy": once(1000 * memcpy, "ms"),
        "own CPU in memcpys": once(mine / memcpy, "M"),
        "bytes an update": once(sum(len(one.update) for one in watch.seen) / len(watch.seen), "B"),
    }


def share(seen: list[Seen], task: Task) -> Figures:
    """Return how much of what moved was sent as COPY; nothing where no two updates in a row are of known pictures."""
    size = task.sizes[0]
    counted = [
        copied(moved, copies(update), size) for update, moved in _moves(seen, task.workload, size) if moved is not None
    ]
    figures = {"updates looked at": once(100 * len(counted) / len(seen), "%", "higher")}
    if moved := sum(pixels for _, pixels in counted):
        sent = sum(pixels for pixels, _ in counted)
        figures["moved pixels as COPY"] = once(100 * sent / moved, "%", "higher")
    return figures


def _moves(seen: list[Seen], workload: str, size: Size) -> Iterable[tuple[bytes, Move | None]]:
    """Yield updates with what moved since the one before; None where that is not known."""
    drawn = workloads.moves(workload, size, _RATE)
    for before, now in itertools.pairwise(seen):
        if before.picture is None or now.picture is None:
            yield now.update, None
        else:
            yield now.update, drawn(before.picture, now.picture)


def _picture_of(frame: Frame) -> int | None:
    reading = clock.read(frame.image)
    return None if reading is None or reading.torn else reading.seq
