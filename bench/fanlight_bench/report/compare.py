"""What a report's rows say when they are held beside each other: scenes, and who wins where.

A scene is what all systems had to do alike: the workload with its size and rate. Only rows of one scene are compared,
run by run in the order they were taken. Every pair of fanlight and another tool is looked at, in every figure that has
a better side, so that no loss depends on which ratios a benchmark thought of.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fanlight_bench.results import Ratio, Report, Row, ratios_in_turns

# Settings that say what was asked of a system, and not how the system was set.
SCENE_SETTINGS = ("size", "rate", "fps", "changed", "viewers", "frames", "seconds")
# Coded pictures are compared only where the other one's quality, by this figure, is at least ours.
QUALITY = "psnr"
_OURS = "fanlight"
_OUR_ENCODERS = ("hybrid", "tiles")
# A floor that no tool can be under; it is shown, and nobody loses to it.
_LIMIT = "limit"


@dataclass(frozen=True)
class Scene:
    """A workload as it was put to all systems."""

    workload: str
    settings: tuple[tuple[str, str | int | float], ...]

    def __str__(self) -> str:
        return " ".join([self.workload, *(f"{_plain(name)} {value}" for name, value in self.settings)])


@dataclass(frozen=True)
class Comparison:
    """One figure of fanlight beside another tool's; both rows' settings are in their labels."""

    scene: Scene
    figure: str
    ours: str
    theirs: str
    our_median: float
    their_median: float
    unit: str
    ratio: Ratio
    higher_is_better: bool

    @property
    def is_won(self) -> bool:
        """Whether fanlight is better in every pair of runs."""
        return self.ratio.is_clear and (self.ratio.median > 1) == self.higher_is_better

    @property
    def is_lost(self) -> bool:
        """Whether the other tool is better in every pair of runs."""
        return self.ratio.is_clear and not self.is_won


def is_ours(system: str) -> bool:
    """Whether a system of a report is fanlight, or an encoder of its own."""
    return _kind(system) in (_OURS, *_OUR_ENCODERS)


def is_limit(system: str) -> bool:
    """Whether a system is a floor that was measured and no tool."""
    return _kind(system) == _LIMIT


def scene_of(row: Row) -> Scene:
    """Return what a row's system had to do."""
    return Scene(row.workload, tuple((name, row.settings[name]) for name in SCENE_SETTINGS if name in row.settings))


def scenes(report: Report) -> dict[Scene, list[Row]]:
    """Return the rows by scene, in the order of the report."""
    found: dict[Scene, list[Row]] = {}
    for row in report.rows:
        found.setdefault(scene_of(row), []).append(row)
    return found


def label(row: Row) -> str:
    """Return the system with the settings that are its own."""
    own = [f"{_plain(name)} {value}" for name, value in row.settings.items() if name not in SCENE_SETTINGS]
    worker = [f"on {row.worker}"] if row.worker else []
    return " ".join([row.system, *([f"({', '.join(own)})"] if own else []), *worker])


def comparisons(report: Report) -> list[Comparison]:
    """Hold every row of fanlight beside every other tool's of the same scene."""
    may_compare = _is_at_least_as_good if report.benchmark == "encoders" else _always
    return [one for scene, rows in scenes(report).items() for one in _in_scene(scene, rows, may_compare)]


def _kind(system: str) -> str:
    return re.split(r"[ :]", system, maxsplit=1)[0]


def _always(_ours: Row, _theirs: Row) -> bool:
    return True


def _is_at_least_as_good(ours: Row, theirs: Row) -> bool:
    a, b = ours.figures.get(QUALITY), theirs.figures.get(QUALITY)
    return a is not None and b is not None and b.median >= a.median


def _in_scene(scene: Scene, rows: list[Row], may_compare: Callable[[Row, Row], bool]) -> Iterator[Comparison]:
    for ours in rows:
        for theirs in rows:
            if not is_ours(ours.system) or is_ours(theirs.system) or is_limit(theirs.system):
                continue
            if ours.worker == theirs.worker and may_compare(ours, theirs):
                yield from _of_rows(scene, ours, theirs)


def _of_rows(scene: Scene, ours: Row, theirs: Row) -> Iterator[Comparison]:
    for name, figure in ours.figures.items():
        ratio = ratios_in_turns(scene.workload, name, ours, theirs)
        if ratio is None or figure.better not in ("lower", "higher"):
            continue
        yield Comparison(
            scene,
            name,
            label(ours),
            label(theirs),
            figure.median,
            theirs.figures[name].median,
            figure.unit,
            ratio,
            figure.better == "higher",
        )


def _plain(name: str) -> str:
    return name.replace("_", " ")
