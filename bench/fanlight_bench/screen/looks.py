"""What was read off a screen, and what it means: frames delivered, latency, tearing, steps back.

A frame is delivered when both clocks of the screen show it, and counts once. Its latency is the time from the moment
it was drawn to the moment it was seen; a picture that comes back late, after a newer one, is a latency too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

MICROS = 1_000_000
TEAR_MICROS = 4_000
"""A picture counts as torn when it stands this long: one that is being painted is no torn one yet."""


class Look(msgspec.Struct, frozen=True, array_like=True):
    """The screen from `seen` on, until the next look: the older one of its two clocks. Times are microseconds."""

    seen: int
    micros: int
    seq: int
    torn: bool


class Record(msgspec.Struct, frozen=True):
    """All changes that a sampler saw, how often it looked, and the 99th percentile of what a look took.

    `look_alone_micros` is the median of what a look takes by itself, 0 where that was never seen.
    """

    looks: list[Look]
    samples: int
    look_p99_micros: int
    look_alone_micros: int


@dataclass(frozen=True)
class Delivery:
    """What a viewer's screen showed in a span of `seconds`: each whole picture when it came up. Milliseconds."""

    seconds: float
    frames: int
    torn: int
    stale: int
    shown: tuple[Look, ...]
    longest_gap: float
    drawn_a_second: float | None

    @property
    def frames_a_second(self) -> float:
        """Different frames that were seen whole, each newer than all before it."""
        return self.frames / self.seconds

    @property
    def latencies(self) -> list[float]:
        """How old each picture was when it was seen."""
        return [(look.seen - look.micros) / 1_000 for look in self.shown]

    def latency(self, percentile: float) -> float | None:
        """Return a percentile of the latencies; None where nothing new was seen."""
        return float(np.percentile(self.latencies, percentile)) if self.shown else None


def deliver(looks: Sequence[Look], start: int, end: int) -> Delivery:
    """Sum up what was seen from `start` to `end`, microseconds; looks before it say what had been seen already."""
    newest, current = -1, -1
    stale = 0
    news: list[Look] = []
    shown: list[Look] = []
    for look in looks:
        if look.seen >= end:
            break
        if look.torn or look.seq == current:
            continue
        current = look.seq
        inside = look.seen >= start
        if inside:
            shown.append(look)
        if look.seq > newest:
            newest = look.seq
            if inside:
                news.append(look)
        elif inside:
            stale += 1
    return Delivery(
        seconds=(end - start) / MICROS,
        frames=len(news),
        torn=_count_torn(looks, start, end),
        stale=stale,
        shown=tuple(shown),
        longest_gap=_longest_gap([look.seen for look in news], start, end),
        drawn_a_second=_drawn_a_second(news),
    )


def _count_torn(looks: Sequence[Look], start: int, end: int) -> int:
    """Count the torn pictures that stood; those that follow one another are different ones."""
    ends = [look.seen for look in looks[1:]] + [end]
    spans = zip(looks, ends, strict=True) if looks else ()
    return sum(
        look.torn and start <= look.seen < end and min(until, end) - look.seen >= TEAR_MICROS for look, until in spans
    )


def _longest_gap(seen: Sequence[int], start: int, end: int) -> float:
    """Return the longest time without a new frame, in milliseconds."""
    return float(np.diff([start, *seen, end]).max()) / 1_000


def _drawn_a_second(news: Sequence[Look]) -> float | None:
    """Return how many frames were drawn, by the sequence numbers of the first and last that were seen."""
    if len(news) < 2 or news[-1].micros <= news[0].micros:
        return None
    return (news[-1].seq - news[0].seq) * MICROS / (news[-1].micros - news[0].micros)
