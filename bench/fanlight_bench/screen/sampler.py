"""Watches a display's clocks, in a process of its own, and says what it saw.

It looks whenever something was drawn, so a picture is seen when it is there, and a screen at rest costs nothing.
"""

import sys
from collections.abc import Callable
from typing import Protocol

import numpy as np

from fanlight.errors import CaptureError
from fanlight.types import Size
from fanlight_bench.screen.corners import Stamp
from fanlight_bench.screen.looks import MICROS, Look, Record

FIRST_CLOCK_SECONDS = 20


class Eye(Protocol):
    """What looks at a screen."""

    def wait(self, until: int) -> bool:
        """Return True once the screen changed since the last `stamps`, False at `until`, microseconds."""
        ...

    def stamps(self) -> tuple[Stamp | None, Stamp | None]:
        """Read both clocks; None for one that cannot be read."""
        ...


def watch(
    eye: Eye, now: Callable[[], int], queued: Callable[[], int], seconds: float, begun: Callable[[int], object]
) -> Record:
    """Look for `seconds` from the first clock on, of which `begun` is told; CaptureError when there is none in time.

    `now` returns microseconds of the clock that workloads draw, `queued` how many we have waited for a core so far.
    """
    looks: list[Look] = []
    taken: list[int] = []
    known: tuple[Stamp | None, Stamp | None] = (None, None)
    end = now() + FIRST_CLOCK_SECONDS * MICROS
    before = queued()
    while eye.wait(end):
        # A look begins when the screen has changed, not when there is a core for it.
        asked = now() - (queued() - before)
        stamps = eye.stamps()
        seen = now()
        taken.append(seen - asked)
        look = _look(asked, seen, stamps)
        if look is not None and stamps != known:
            known = stamps
            if not looks:
                begun(seen)
                end = seen + round(seconds * MICROS)
            looks.append(look)
        if seen >= end:
            break
        before = queued()
    if not looks:
        raise CaptureError(f"no clock was seen within {FIRST_CLOCK_SECONDS} s")
    return Record(looks, len(taken), int(np.percentile(taken, 99)))


def _look(asked: int, seen: int, stamps: tuple[Stamp | None, Stamp | None]) -> Look | None:
    """Return what both clocks together say; None where one of them cannot be read."""
    first, second = stamps
    if first is None or second is None:
        return None
    micros, seq = min(first, second)
    return Look(asked, seen, micros, seq, torn=first != second)


def command(display: str, size: Size, seconds: float) -> list[str]:
    """Return the command that samples a display: a line with the microsecond of the first clock, then the record."""
    words = [sys.executable, "-m", "fanlight_bench.screen", "--display", display]
    return [*words, "--size", f"{size[0]}x{size[1]}", "--seconds", f"{seconds:g}"]
