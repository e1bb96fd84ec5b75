"""What a benchmark found: figures with all their runs, rows with their reason where there is none, one report.

A figure keeps every run, so a reader sees the spread and not only the middle. Ratios are of runs taken in turns.
"""

import statistics
from typing import Self

import msgspec

FORMAT = 1
STAGE = "stage "
"""How the name of a figure begins that tells what a part of the way took; such figures have a table of their own."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quantity, measured `len(runs)` times. `unit` is for people; `better` is "lower" or "higher"."""

    runs: tuple[float, ...]
    unit: str
    better: str = "lower"

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.runs)

    @property
    def low(self) -> float:
        """The smallest run."""
        return min(self.runs)

    @property
    def high(self) -> float:
        """The largest run."""
        return max(self.runs)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One system under one workload. Where it could not run there are no figures, and `reason` says why."""

    system: str
    workload: str
    settings: dict[str, str | int | float] = {}
    figures: dict[str, Figure] = {}
    reason: str | None = None
    worker: str | None = None


class Ratio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one system's figure stands to another's: a value for each pair of runs taken in turns."""

    workload: str
    figure: str
    system: str
    against: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of the ratios."""
        return statistics.median(self.runs)

    @property
    def is_clear(self) -> bool:
        """Whether all runs point the same way: the spread does not reach over 1."""
        return max(self.runs) < 1 or min(self.runs) > 1

    def verdict(self) -> str:
        """Return the ratio with its spread in words, or that no difference was seen."""
        if not self.is_clear:
            return "no difference seen"
        if len(self.runs) == 1:
            return f"{self.median:.2f} (measured once)"
        return f"{self.median:.2f} ({min(self.runs):.2f} to {max(self.runs):.2f})"


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that must be at most `limit`, or at least where `better` is "higher". None: it stands beside others.

    `measured` is the median of the runs. Where there are none, `reason` says why, and nobody knows whether it is `met`.
    """

    what: str
    unit: str
    limit: float | None
    better: str = "lower"
    runs: tuple[float, ...] = ()
    reason: str | None = None
    measured: float | None = None
    met: bool | None = None

    def hold(self, runs: tuple[float, ...]) -> "Limit":
        """Return this limit with what was measured."""
        measured = statistics.median(runs)
        met = None
        if self.limit is not None:
            met = measured >= self.limit if self.better == "higher" else measured <= self.limit
        return msgspec.structs.replace(self, runs=runs, measured=measured, met=met, reason=None)


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program or library that took part: its version, and how it was set."""

    name: str
    version: str
    settings: str = ""


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it was measured."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str


class Report(msgspec.Struct, forbid_unknown_fields=True):
    """One benchmark's outcome. `complete` is False where it was interrupted: what is there was measured whole."""

    benchmark: str
    started: str
    machine: Machine
    seconds: float = 0.0
    complete: bool = True
    quick: bool = False
    tools: list[Tool] = []
    rows: list[Row] = []
    ratios: list[Ratio] = []
    limits: list[Limit] = []
    notes: list[str] = []
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return the report for a program."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a report; msgspec.ValidationError where it is none."""
        return msgspec.json.decode(data, type=cls)


def ratios_in_turns(workload: str, figure: str, system: Row, against: Row, their_figure: str = "") -> Ratio | None:
    """Pair two rows' runs in the order they were taken; None where one of them has no such figure.

    `their_figure` is what it is called in the other row, where that is not the same.
    """
    ours, theirs = system.figures.get(figure), against.figures.get(their_figure or figure)
    if ours is None or theirs is None:
        return None
    pairs = tuple(a / b for a, b in zip(ours.runs, theirs.runs, strict=False) if b)
    return Ratio(workload, figure, system.system, against.system, pairs) if pairs else None
