"""What a report's rows say when they are held beside each other: scenes, and who is better where.

A scene is what all systems had to do alike: the workload with its size and rate. Only rows of one scene are compared,
run by run in the order they were taken. Every pair of fanlight and another tool is looked at, in every figure that has
a better side, so that no loss depends on which ratios a benchmark thought of.
"""

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fanlight_bench.report.numbers import middle
from fanlight_bench.results import Figure, Report, Row

# Settings that say what was asked of a system, and not how the system was set.
_SCENE_SETTINGS = ("size", "rate")
# Encoders are compared by their costs: with every point whose quality is at least ours, or of which hardly an error is
# seen, and with each encoder's best point, so that none is left out.
_QUALITY = "psnr"
GOOD_DB = 45
_QUALITIES = (_QUALITY, "ssim", "text_psnr", "largest_error", "exact")
# Floors that were measured beside; they are shown, and nobody loses to them.
_LIMIT = "limit"
_OURS = ("fanlight", "hybrid", "tiles")
_RATES = ("frames a second", "updates a second")
# Figures of the measuring itself.
_OF_THE_MEASURING = ("sampler", "drawn", "drawing", "display to display", "look")


@dataclass(frozen=True)
class Scene:
    """A workload as it was put to all systems."""

    workload: str
    settings: tuple[tuple[str, str | int | float], ...]

    def __str__(self) -> str:
        said = (str(value) if name == "size" else f"{value} a second" for name, value in self.settings)
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
        """How many times better the other tool is, in the median of the pairs of runs; endless beside nothing."""
        pairs = _pairs(self.figure, self.other)
        if self.figure.better == "higher":
            pairs = [(theirs, ours) for ours, theirs in pairs]
        return statistics.median(ours / theirs if theirs else float("inf") for ours, theirs in pairs)


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


def delivered(row: Row) -> str:
    """Return what a row's system gave for its costs, without which they mislead: its rate, or its quality."""
    return next((middle(row.figures[name]) for name in (*_RATES, _QUALITY) if name in row.figures), "")


def is_limit(row: Row) -> bool:
    """Whether a row is a floor that was measured beside, and no tool."""
    return _kind(row.system) == _LIMIT


def comparisons(report: Report) -> list[Comparison]:
    """Hold every row of fanlight beside every other tool's of the same scene."""
    found = (pair for scene, rows in scenes(report).items() for pair in _of_scene(scene, rows))
    if report.benchmark == "encoders":
        return [one for one in found if one.name not in _QUALITIES]
    return list(found)


def _of_scene(scene: Scene, rows: list[Row]) -> Iterator[Comparison]:
    for ours in rows:
        for theirs in rows:
            if _may_compare(ours, theirs) and _is_good_enough(ours, theirs, rows):
                yield from (Comparison(scene, name, ours, theirs) for name in _in_both(ours, theirs))


def _may_compare(ours: Row, theirs: Row) -> bool:
    return is_ours(ours.system) and not is_ours(theirs.system) and not is_limit(theirs) and ours.worker == theirs.worker


def _is_good_enough(ours: Row, theirs: Row, rows: list[Row]) -> bool:
    """Whether the other's quality allows to compare costs; true where no quality was measured."""
    if _QUALITY not in ours.figures or _QUALITY not in theirs.figures:
        return True
    of_system = (
        row.figures[_QUALITY].median for row in rows if row.system == theirs.system and _QUALITY in row.figures
    )
    least = min(ours.figures[_QUALITY].median, GOOD_DB, max(of_system))
    return theirs.figures[_QUALITY].median >= least


def _in_both(ours: Row, theirs: Row) -> Iterator[str]:
    for name, figure in ours.figures.items():
        has_side = figure.better in ("lower", "higher")
        if name in theirs.figures and has_side and not name.startswith(_OF_THE_MEASURING):
            yield name


def _is_better(figure: Figure, other: Figure) -> bool:
    pairs = _pairs(figure, other)
    return all(a < b if figure.better == "lower" else a > b for a, b in pairs)


def _pairs(figure: Figure, other: Figure) -> list[tuple[float, float]]:
    """Return the runs that were taken in turns; one of both may have ended early."""
    return list(zip(figure.runs, other.runs, strict=False))


def _kind(system: str) -> str:
    return re.split(r"[ :]", system, maxsplit=1)[0]
