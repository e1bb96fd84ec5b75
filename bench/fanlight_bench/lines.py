"""Lines of a table of limits: where a figure stands among the rows of a run, and what it must be."""

from collections.abc import Sequence
from dataclasses import dataclass

from fanlight_bench.results import Limit, Row, ratios_in_turns

_NOT_MEASURED = "was not measured in this run"
_NOTHING = "there was nothing to measure it by"


@dataclass(frozen=True)
class Line:
    """A figure of the rows of one workload, of one system where several have it, and its limit, if it has one."""

    what: str
    workload: str
    figure: str
    unit: str
    limit: float | None
    better: str = "lower"
    system: str = ""

    def held(self, rows: list[Row]) -> Limit:
        """Hold the figure of these rows to the limit."""
        row = find(rows, self.workload, self.system)
        if row is None:
            return self._limit((), f"{self.system or 'it'} {_NOT_MEASURED}")
        figure = row.figures.get(self.figure)
        return self._limit(figure.runs if figure else (), row.reason or _NOTHING)

    def _limit(self, runs: tuple[float, ...], reason: str) -> Limit:
        limit = Limit(self.what, self.unit, self.limit, self.better, reason=reason)
        return limit.hold(runs) if runs else limit


@dataclass(frozen=True)
class RatioLine(Line):
    """A figure of `system` beside that of another, turn by turn; `their_figure` where it is called otherwise there."""

    against: str = ""
    their_figure: str = ""

    def held(self, rows: list[Row]) -> Limit:
        """Hold the ratio of the turns to the limit."""
        ours, theirs = (find(rows, self.workload, name) for name in (self.system, self.against))
        if ours is None or theirs is None:
            return self._limit((), f"{self.system if ours is None else self.against} {_NOT_MEASURED}")
        ratio = ratios_in_turns(self.workload, self.figure, ours, theirs, self.their_figure)
        return self._limit(ratio.runs if ratio else (), ours.reason or theirs.reason or _NOTHING)


def find(rows: list[Row], workload: str, system: str = "") -> Row | None:
    """Return the row of a workload and a system, or the workload's first where none is named."""
    return next((row for row in rows if row.workload == workload and system in ("", row.system)), None)


def hold(lines: Sequence[Line], rows: list[Row]) -> list[Limit]:
    """Hold every figure of a table to its limit."""
    return [line.held(rows) for line in lines]
