"""`fanlight bench pipeline`: capture, compare and encode in one process, beside other ways from the screen to bytes."""

import functools
from dataclasses import dataclass, replace

from fanlight.config import parse_size
from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.lines import hold
from fanlight_bench.pipeline import systems, table
from fanlight_bench.pipeline.case import PipelineCase, Window
from fanlight_bench.pipeline.systems import ENCODER, LIMITS, NOTHING, tools
from fanlight_bench.plan import Case, CommonOptions, size_text
from fanlight_bench.results import Limit, Ratio, Row, ratios_in_turns

__all__ = ["NAME", "Options", "limits", "plan", "ratios", "tools"]

NAME = "pipeline"

_QUICK_WORKLOADS = ("scroll-text", "video-region")
# The warm-up is as long as it takes until the first picture has been refined or cleaned up, by fanlight and by others.
_FULL = Window(seconds=3.0, warmup=1.0)
_QUICK = Window(seconds=0.5, warmup=0.35)

_RATE = 60
# More than any system here encodes, so that each shows what it can.
_UNPACED_RATE = 240

_PEER_FIGURES = ("CPU load", "CPU an update", "X server CPU load", "updates a second", "bytes a second")
_FIGURES_AGAINST = {
    LIMITS[0]: ("CPU an update",),
    LIMITS[1]: ("X server CPU an update",),
    ENCODER: ("CPU an update", "updates a second"),
    NOTHING: ("X server CPU load",),
}
_OURS = "fanlight "


@dataclass(frozen=True)
class Options(CommonOptions):
    """What to measure; no names mean the usual ones. `sizes` are WxH.

    `rate` is how often a second the workload draws, and how often a picture is asked for at most.
    """

    rate: int = _RATE
    workloads: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    usual_turns = (2, 3)


def plan(options: Options) -> list[list[Case]]:
    """Return a group for each workload and size, in which all systems take turns.

    UsageError for a workload, system or size that does not exist.
    """
    measured = systems.find(options.systems)
    sizes = [parse_size(size) for size in options.sizes or ("1920x1080",)]
    names = options.workloads or (_QUICK_WORKLOADS if options.quick else workloads.names())
    window = replace(_QUICK if options.quick else _FULL, rate=options.rate)
    for name in names:
        for size in sizes:
            workloads.check(name, size, options.rate)
    groups = [
        [_case(system, name, name, size, window, len(sizes) > 1) for system in measured if not system.only_unpaced]
        for name in names
        for size in sizes
    ] + [_unpaced(measured, size, window, len(sizes) > 1) for size in sizes if table.FULL in names]
    return [group for group in groups if group]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return how fanlight's default encoder, or the first that was measured, stands to every other system."""
    found = []
    for workload in dict.fromkeys(row.workload for row in rows):
        measured = [row for row in rows if row.workload == workload]
        ours = next((row for row in measured if row.system.startswith(_OURS)), None)
        if ours is None:
            continue
        for theirs in measured:
            if not theirs.system.startswith(_OURS):
                figures = _FIGURES_AGAINST.get(theirs.system, _PEER_FIGURES)
                found += [ratios_in_turns(workload, figure, ours, theirs) for figure in figures]
    return [ratio for ratio in found if ratio is not None]


def limits(rows: list[Row]) -> list[Limit]:
    """Return every figure that must be reached, reached or not."""
    return hold(table.LINES, rows)


def _unpaced(measured: list[systems.System], size: Size, window: Window, name_size: bool) -> list[Case]:
    """Return who can encode how many whole pictures a second, when there are always more."""
    window = replace(window, rate=_UNPACED_RATE)
    return [
        _case(system, table.FULL, table.UNPACED, size, window, name_size)
        for system in measured
        if system.name in table.UNPACED_SYSTEMS
    ]


def _case(system: systems.System, workload: str, label: str, size: Size, window: Window, name_size: bool) -> Case:
    label = f"{label} at {size_text(size)}" if name_size else label
    command = functools.partial(_workload_command, workload)
    return PipelineCase(system.name, label, size, window, system, command)


def _workload_command(workload: str, size: Size, rate: int) -> list[str]:
    return workloads.command(workload, size, rate=rate)
