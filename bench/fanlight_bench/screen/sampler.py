"""Watches a display's clocks, in a process of its own, and says what it saw.

It looks whenever something was drawn, so a picture is seen when it is there, and a screen at rest costs nothing. Some
pictures are looked at once more, when the server has nothing left to draw: that tells what a look takes by itself.
"""

import sys
from collections.abc import Callable
from statistics import median
from typing import Protocol

import numpy as np

from fanlight.errors import CaptureError
from fanlight.types import Size
from fanlight_bench.screen.corners import Stamp
from fanlight_bench.screen.looks import MICROS, Look, Record

FIRST_CLOCK_SECONDS = 20
# Often enough for a median, too seldom to be in anybody's way.
_AGAIN_EVERY = 4

Stamps = tuple[Stamp | None, Stamp | None]
"""What the two clocks say; None for one that cannot be read."""


class Eye(Protocol):
    """What looks at a screen."""

    def wait(self, until: int) -> bool:
        """Return True once the screen changed since the last `stamps`, False at `until`, microseconds."""
        ...

    def stamps(self) -> Stamps:
        """Read both clocks."""
        ...


def watch(eye: Eye, now: Callable[[], int], seconds: float, begun: Callable[[int], object]) -> Record:
    """Look for `seconds` from the first clock on, of which `begun` is told; CaptureError when there is none in time.

    `now` returns microseconds of the clock that workloads draw.
    """
    watcher = _Watcher(eye, now)
    end = now() + FIRST_CLOCK_SECONDS * MICROS
    while eye.wait(end):
        if watcher.look():
            if len(watcher.looks) == 1:
                begun(watcher.seen)
                end = watcher.seen + round(seconds * MICROS)
            if len(watcher.looks) % _AGAIN_EVERY == 1:
                watcher.look_again()
        if watcher.seen >= end:
            break
    if not watcher.looks:
        raise CaptureError(f"no clock was seen within {FIRST_CLOCK_SECONDS} s")
    return watcher.record()


class _Watcher:
    """Looks, and keeps what changed. `seen` is when the last look was over."""

    def __init__(self, eye: Eye, now: Callable[[], int]) -> None:
        self._eye = eye
        self._now = now
        self._known: Stamps = (None, None)
        self._taken: list[int] = []
        self._alone: list[int] = []
        self.looks: list[Look] = []
        self.seen = 0

    def look(self) -> bool:
        """Look; return whether both clocks can be read and one of them has changed."""
        changed, took = self._look()
        self._taken.append(took)
        return changed

    def look_again(self) -> None:
        """Look at a picture that is known: where the server has nothing else to do, it takes what looking takes."""
        changed, took = self._look()
        if not changed:
            self._alone.append(took)

    def record(self) -> Record:
        """Return all that was seen."""
        alone = round(median(self._alone)) if self._alone else 0
        return Record(self.looks, len(self._taken), int(np.percentile(self._taken, 99)), alone)

    def _look(self) -> tuple[bool, int]:
        asked = self._now()
        stamps = self._eye.stamps()
        self.seen = self._now()
        look = _read(self.seen, stamps)
        changed = look is not None and stamps != self._known
        if look is not None and changed:
            self._known = stamps
            self.looks.append(look)
        return changed, self.seen - asked


def _read(seen: int, stamps: Stamps) -> Look | None:
    """Return what both clocks together say; None where one of them cannot be read."""
    first, second = stamps
    if first is None or second is None:
        return None
    micros, seq = min(first, second)
    return Look(seen, micros, seq, torn=first != second)


def command(display: str, size: Size, seconds: float) -> list[str]:
    """Return the command that samples a display: a line with the microsecond of the first clock, then the record."""
    words = [sys.executable, "-m", "fanlight_bench.screen", "--display", display]
    return [*words, "--size", f"{size[0]}x{size[1]}", "--seconds", f"{seconds:g}"]
