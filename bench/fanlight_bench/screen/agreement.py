"""What a system says of its own pictures, held beside the clocks that were drawn and seen.

A drawn clock tells when a program began to hand a picture to its display, and is read when a look at the viewer's
screen is over. Between the two lies more than the way from display to display: the X server of the host draws the
picture before it can speak of damage, and the look takes its own time. Both are measured in the same run, for the same
picture: the program notes when its display has drawn, as the server tells it, and the look when it began. What is left
between those two moments, from display to display, is all that a system can know of.

Where states merged, a ledger counts from the first change in the update and a clock from the last: a picture before
which another was not seen is not held beside the ledger.
"""

from collections.abc import Mapping, Sequence
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


def split(seen: Delivery, drawings: Drawings) -> dict[str, Figure]:
    """Split the latencies that were seen: drawing, the way from display to display, looking."""
    told = [look for look in seen.shown if look.micros in drawings]
    if not told:
        return {}
    drawing = [(drawings[look.micros] - look.micros) / 1_000 for look in told]
    looking = [(look.seen - look.asked) / 1_000 for look in told]
    return {
        "drawing p50": Figure((median(drawing),), "ms"),
        "display to display p50": Figure((median(_way(look, drawings) for look in told),), "ms"),
        "look p50": Figure((median(looking),), "ms"),
        "drawing and look p50": Figure((median(map(sum, zip(drawing, looking, strict=True))),), "ms"),
    }


def told(own: Sequence[OwnWords] | None, seen: Delivery, drawings: Drawings) -> dict[str, Figure]:
    """Put what a system says of itself beside what was seen."""
    if own is None:
        return {}
    found = {"picture bytes": Figure((float(sum(one.bytes for one in own)),), "B")}
    if not own:
        return found
    found["exact updates"] = Figure((100 * sum(one.exact for one in own) / len(own),), "%", "higher")
    for share in (50, 99):
        found[f"ledger p{share}"] = Figure((float(np.percentile([one.latency for one in own], share)),), "ms")
    return found | _stages(own) | _apart(_pairs(own, seen, drawings), drawings)


def _stages(own: Sequence[OwnWords]) -> dict[str, Figure]:
    """Return what each part of the way took, in the middle."""
    names = dict.fromkeys(name for one in own for name in one.stages)
    return {
        f"{STAGE}{name}": Figure((median(one.stages[name] for one in own if name in one.stages) / 1_000,), "ms")
        for name in names
    }


def _apart(pairs: Sequence[tuple[Look, OwnWords]], drawings: Drawings) -> dict[str, Figure]:
    """Return by how much the clocks say more than the words of the same picture, as they stand and without our part."""
    if not pairs:
        return {}
    whole = [(look.seen - look.micros) / 1_000 - one.latency for look, one in pairs]
    way = [_way(look, drawings) - one.latency for look, one in pairs]
    return {
        "drawn less ledger": Figure((median(whole),), "ms"),
        "display to display less ledger": Figure((median(way),), "ms"),
        "display to display beside ledger, closest tenth": Figure((float(np.percentile(np.abs(way), 10)),), "ms"),
    }


def _way(look: Look, drawings: Drawings) -> float:
    """Return the milliseconds from a picture's being drawn on one display to its being there on the other."""
    return (look.asked - drawings[look.micros]) / 1_000


def _pairs(own: Sequence[OwnWords], seen: Delivery, drawings: Drawings) -> list[tuple[Look, OwnWords]]:
    """Pair each picture that followed the one before it with the words whose moment is nearest, if it is near."""
    pairs = []
    for before, look in pairwise(seen.shown):
        nearest = min(own, key=lambda one: abs(one.shown - look.seen))
        followed = look.seq == before.seq + 1 and look.micros in drawings
        if followed and abs(nearest.shown - look.seen) <= _SAME_MICROS:
            pairs.append((look, nearest))
    return pairs
