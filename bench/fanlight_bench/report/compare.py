"""What a report's rows say when they are held beside each other: scenes, and who is better where.

A scene is what all systems had to do alike: the workload with its size and rate. Only rows of one scene are compared,
run by run in the order they were taken. Every pair of fanlight and another tool is looked at, in every figure that has
a better side, so that no loss depends on which ratios a benchmark thought of.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fanlight_bench.report.numbers import middle
from fanlight_bench.results import Figure, Report, Row

# Settings that say what was asked of a system, and not how the system was set.
_SCENE_SETTINGS = ("size", "rate")
# Coded pictures are compared by their costs, where the other's quality is at least ours or hardly any error is seen.
_QUALITY = "psnr"
GOOD_DB = 45
_QUALITIES = (_QUALITY, "ssim", "text_psnr", "largest_error", "exact")
# Floors that were measured beside; they are shown, and nobody loses to them.
_LIMIT = "limit"
_OURS = ("fanlight", "hybrid", "tiles")
_RATES = ("frames a second", "updates a second")
# Figures of the measuring itself.
_OF_THE_MEASURING = ("sampler", "drawn")


@dataclass(frozen=True)
class Scene:
    """A workload as it was put to all systems."""

    workload: str
    settings: tuple[tuple[str, str | int | float], ...]

    def __str__(self) -> str:
        said = (str(value) if name == "size" else f"{name} {value:g}" for name, value in self.settings)
        return ", ".join([self.workload, *(text for text in said if text not in self.workload)])


@dataclass(frozen=True)
class Comparison:
    """One figure of a row of fanlight beside the same figure of another tool's row."""

    scene: Scene
    name: str
    ours: Row
    theirs: Row

    @property
    def figure(self) -> Figure:
        """Fanlight's figure."""
        return self.ours.figures[self.name]

    @property
    def other(self) -> Figure:
        """The other tool's figure."""
        return self.theirs.figures[self.name]

    @property
    def is_won(self) -> bool:
        """Whether fanlight is better in every pair of runs."""
        return _is_better(self.figure, self.other)

    @property
    def is_lost(self) -> bool:
        """Whether the other tool is better in every pair of runs."""
        return _is_better(self.other, self.figure)

    @property
    def times_better(self) -> float:
        """How many times better the other tool's median is; endless beside nothing."""
        large, small = self.other.median, self.figure.median
        if self.figure.better == "lower":
            large, small = small, large
        return large / small if small else float("inf")


def is_ours(system: str) -> bool:
    """Whether a system of a report is fanlight, or an encoder of its own."""
    return _kind(system) in _OURS


def scenes(report: Report) -> dict[Scene, list[Row]]:
    """Return the rows by scene, in the order of the report."""
    found: dict[Scene, list[Row]] = {}
    for row in report.rows:
        settings = tuple((name, row.settings[name]) for name in _SCENE_SETTINGS if name in row.settings)
        found.setdefault(Scene(row.workload, settings), []).append(row)
    return found


def label(row: Row, rows: Iterable[Row]) -> str:
    """Return the system, with those settings in which it has several among the rows of a scene."""
    peers = [other for other in rows if other.system == row.system]
    told = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in row.settings.items()
        if any(other.settings.get(name) != value for other in peers)
    ]
    worker = [f"on {row.worker}"] if row.worker else []
    return " ".join([row.system, *told, *worker])


def rate_of(row: Row) -> str:
    """Return how often a row's system delivered, without which its latency and its costs mislead; "" for an encoder."""
    return next((middle(row.figures[name]) for name in _RATES if name in row.figures), "")


def comparisons(report: Report) -> list[Comparison]:
    """Hold every row of fanlight beside every other tool's of the same scene."""
    figures = _costs_where_as_good if report.benchmark == "encoders" else _all_figures
    return [
        Comparison(scene, name, ours, theirs)
        for scene, rows in scenes(report).items()
        for ours in rows
        for theirs in rows
        if _may_compare(ours, theirs)
        for name in _in_both(ours, theirs, figures)
    ]


def _may_compare(ours: Row, theirs: Row) -> bool:
    return (
        is_ours(ours.system)
        and not is_ours(theirs.system)
        and _kind(theirs.system) != _LIMIT
        and ours.worker == theirs.worker
    )


def _in_both(ours: Row, theirs: Row, figures: Callable[[Row, Row], Iterable[str]]) -> Iterator[str]:
    for name in figures(ours, theirs):
        has_side = ours.figures[name].better in ("lower", "higher")
        if name in theirs.figures and has_side and not name.startswith(_OF_THE_MEASURING):
            yield name


def _all_figures(ours: Row, _theirs: Row) -> Iterable[str]:
    return ours.figures


def _costs_where_as_good(ours: Row, theirs: Row) -> Iterable[str]:
    a, b = ours.figures.get(_QUALITY), theirs.figures.get(_QUALITY)
    if a is None or b is None or b.median < min(a.median, GOOD_DB):
        return ()
    return [name for name in ours.figures if name not in _QUALITIES]


def _is_better(figure: Figure, other: Figure) -> bool:
    """Whether a figure is better than another in every pair of runs, taken in their order."""
    pairs = zip(figure.runs, other.runs, strict=False)
    return all(a < b if figure.better == "lower" else a > b for a, b in pairs)


def _kind(system: str) -> str:
    return re.split(r"[ :]", system, maxsplit=1)[0]
