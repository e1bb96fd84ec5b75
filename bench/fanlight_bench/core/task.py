"""What a measured process is told, and how its figures come back."""

from collections.abc import Sequence

import msgspec

from fanlight.types import Size
from fanlight_bench.results import Figure


class Task(msgspec.Struct, frozen=True):
    """What to measure: `kind` is the module that does it, which takes of the rest what it needs.

    `displays` show `sizes`, in this order; `workload` is what is shown, or drawn off screen.
    """

    kind: str
    sizes: tuple[Size, ...]
    displays: tuple[str, ...] = ()
    workload: str = ""
    seconds: float = 0.0
    samples: int = 1

    def to_json(self) -> str:
        """Return the task as an argument for a process."""
        return msgspec.json.encode(self).decode()


Figures = dict[str, Figure]


def once(value: float, unit: str, better: str = "lower") -> Figure:
    """Return a figure of one turn."""
    return Figure((value,), unit, better)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return how each of our measurements stands to the other that was taken beside it."""
    return [a / b for a, b in zip(ours, theirs, strict=True) if b]
