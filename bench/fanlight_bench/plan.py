"""A run of many cases: what is to be measured, in which order, how long it takes, and how it is cut short.

A case is one system under one workload, measured once a turn. Turns go round all cases of a group before any is
measured again (A B A B), so that a machine that changes its speed changes it for all of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from fanlight.types import Size
from fanlight_bench.results import Figure, Row

Settings: TypeAlias = dict[str, str | int | float]
"""What a case was measured with, by name, as the report tells it."""

Progress = Callable[[str, float, float], None]
"""What is being measured, seconds of work done, seconds of work in all (as estimated)."""


class Unavailable(Exception):
    """A system cannot run here; the text says why and, where it can be installed, by which command."""


@dataclass(frozen=True)
class CommonOptions:
    """What every benchmark is asked for; no turns mean its usual number."""

    quick: bool = False
    turns: int = 0
    usual_turns: ClassVar[tuple[int, int]] = (1, 3)
    """In a quick run, and else."""

    def __post_init__(self) -> None:
        if not self.turns:
            object.__setattr__(self, "turns", self.usual_turns[not self.quick])


class Case(Protocol):
    """One system under one workload."""

    @property
    def system(self) -> str:
        """What is measured."""
        ...

    @property
    def workload(self) -> str:
        """What it is measured under."""
        ...

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        ...

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        ...

    def measure(self) -> dict[str, Figure]:
        """Measure once: figures with one run each. Raises Unavailable."""
        ...


def size_text(size: Size) -> str:
    """Return a size as options and reports have it: "1920x1080"."""
    return f"{size[0]}x{size[1]}"


class _Gathered:
    """A case's runs so far."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.runs: dict[str, list[Figure]] = {}
        self.reason: str | None = None

    def measure(self) -> None:
        if self.reason is not None:
            return
        try:
            for name, figure in self.case.measure().items():
                self.runs.setdefault(name, []).append(figure)
        except Unavailable as error:
            self.reason = str(error)

    def row(self) -> Row:
        figures = {
            name: Figure(tuple(run for one in ones for run in one.runs), ones[0].unit, ones[0].better)
            for name, ones in self.runs.items()
        }
        return Row(self.case.system, self.case.workload, self.case.settings, figures, self.reason)


def run_in_turns(groups: Iterable[list[Case]], turns: int, progress: Progress) -> tuple[list[Row], bool]:
    """Measure every group `turns` times over, in turns; return the rows, and whether it ran to its end.

    KeyboardInterrupt keeps every turn that was complete.
    """
    todo = [[_Gathered(case) for case in group] for group in groups]
    total = sum(one.case.seconds for group in todo for one in group) * turns
    done = 0.0
    complete = True
    try:
        for group in todo:
            for _ in range(turns):
                for one in group:
                    progress(f"{one.case.workload}: {one.case.system}", done, total)
                    one.measure()
                    done += one.case.seconds
    except KeyboardInterrupt:
        complete = False
    progress("done", done, total)
    return [one.row() for group in todo for one in group if one.runs or one.reason], complete
