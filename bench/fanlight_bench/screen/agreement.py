"""What a system says of its own pictures, held beside the clocks that were drawn and seen.

A drawn clock tells when a program began to hand a picture to its display, and is read when a look at the viewer's
screen is over. Between the two lies more than the way from display to display. The X server of the host draws a picture
before it speaks of damage, or while it does: the program notes, for each picture, when it heard that all is drawn. And
the look takes its own time: some pictures are looked at once more in the same run. What is left without both, from
display to display, is all that a system can know of.

Where states merged, a ledger counts from the first change in the update and a clock from the last: a picture before
which another was not seen is not held beside the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from fanlight_bench.results import STAGE, Figure
from fanlight_bench.screen.looks import Delivery, Look
from fanlight_bench.screen.system import OwnWords

Drawings = Mapping[int, int]
"""When the X server had drawn a picture, by what the picture's clock shows; microseconds."""

# Half of a frame at 60 a second: what is farther apart may be of two pictures.
_SAME_MICROS = 8_000


def read_drawings(output: bytes) -> dict[int, int]:
    """Read what a workload has told of its pictures; a line that it still writes is left out."""
    lines = output.decode("ascii").splitlines(keepends=True)
    return {int(shown): int(drawn) for shown, drawn in (line.split() for line in lines if line.endswith("\n"))}


@dataclass(frozen=True)
class Clocks:
    """What was seen, when it had been drawn, and what a look takes by itself, in microseconds."""

    seen: Delivery
    drawings: Drawings
    look: int

    def way(self, look: Look) -> float:
        """Return the milliseconds from a picture's being drawn on one display to its being there on the other."""
        return (look.seen - self.look - self.drawings[look.micros]) / 1_000


def split(clocks: Clocks) -> dict[str, Figure]:
    """Split the latencies that were seen: drawing, the way from display to display, looking."""
    told = [look for look in clocks.seen.shown if look.micros in clocks.drawings]
    if not told:
        return {}
    drawing = median((clocks.drawings[look.micros] - look.micros) / 1_000 for look in told)
    looking = clocks.look / 1_000
    return {
        "drawing p50": Figure((drawing,), "ms"),
        "display to display p50": Figure((median(map(clocks.way, told)),), "ms"),
        "look p50": Figure((looking,), "ms"),
        "drawing and look p50": Figure((drawing + looking,), "ms"),
    }


def told(own: Sequence[OwnWords] | None, clocks: Clocks) -> dict[str, Figure]:
    """Put what a system says of itself beside what was seen."""
    if own is None:
        return {}
    found = {"picture bytes": Figure((float(sum(one.bytes for one in own)),), "B")}
    if not own:
        return found
    found["exact updates"] = Figure((100 * sum(one.exact for one in own) / len(own),), "%", "higher")
    for share in (50, 99):
        found[f"ledger p{share}"] = Figure((float(np.percentile([one.latency for one in own], share)),), "ms")
    return found | _stages(own) | _apart(own, clocks)


def _stages(own: Sequence[OwnWords]) -> dict[str, Figure]:
    """Return what each part of the way took, in the middle."""
    names = dict.fromkeys(name for one in own for name in one.stages)
    return {
        f"{STAGE}{name}": Figure((median(one.stages[name] for one in own if name in one.stages) / 1_000,), "ms")
        for name in names
    }


def _apart(own: Sequence[OwnWords], clocks: Clocks) -> dict[str, Figure]:
    """Return by how much the clocks say more than the words of the same picture, as they stand and without our part.

    Of the first, what lies before the words' first moment and what after their last is told apart.
    """
    pairs = _pairs(own, clocks)
    if not pairs:
        return {}
    whole = [(look.seen - look.micros) / 1_000 - one.latency for look, one in pairs]
    before = [(one.shown - look.micros) / 1_000 - one.latency for look, one in pairs]
    after = [(look.seen - one.shown) / 1_000 for look, one in pairs]
    way = [clocks.way(look) - one.latency for look, one in pairs]
    return {
        "drawn less ledger": Figure((median(whole),), "ms"),
        "before the ledger p50": Figure((median(before),), "ms"),
        "after the ledger p50": Figure((median(after),), "ms"),
        "display to display less ledger": Figure((median(way),), "ms"),
        "display to display beside ledger, closest tenth": Figure((float(np.percentile(np.abs(way), 10)),), "ms"),
    }


def _pairs(own: Sequence[OwnWords], clocks: Clocks) -> list[tuple[Look, OwnWords]]:
    """Pair each picture that followed the one before it with the words whose moment is nearest, if it is near."""
    pairs = []
    for before, look in pairwise(clocks.seen.shown):
        nearest = min(own, key=lambda one: abs(one.shown - look.seen))
        followed = look.seq == before.seq + 1 and look.micros in clocks.drawings
        if followed and abs(nearest.shown - look.seen) <= _SAME_MICROS:
            pairs.append((look, nearest))
    return pairs
