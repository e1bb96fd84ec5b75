"""Screen to screen: what a person at the viewer sees, and when, of what a program drew on the host's display.

One X server runs the workload full screen, a host serves it, its viewer fills a second X server's screen, and a sampler
reads the clock back from there. All run on this machine and share its cores, one system after another.

The two clocks stand in opposite corners: a program that works on the rectangle round all that changed, as TigerVNC's
viewer does when it repaints, works on the whole screen here, and on less under a real desktop.
"""

from dataclasses import dataclass

from fanlight.config import parse_size
from fanlight.errors import UsageError
from fanlight.types import Size
from fanlight_bench import workloads as workload_programs
from fanlight_bench.plan import Case, CommonOptions
from fanlight_bench.results import Limit as Held
from fanlight_bench.results import Ratio, Row, Tool, ratios_in_turns
from fanlight_bench.screen import table
from fanlight_bench.screen.case import ScreenCase, figure_names
from fanlight_bench.screen.fanlight_system import Fanlight
from fanlight_bench.screen.floor import ScrollFloor
from fanlight_bench.screen.limit import Limit
from fanlight_bench.screen.peer import EncodeAlone
from fanlight_bench.screen.system import System
from fanlight_bench.screen.vnc import TigerVnc, X11Vnc

NAME = "screen"
WORKLOADS = (table.TYPING, table.SCROLL, table.DRAG, table.FILM, table.FULL, table.IDLE)
QUICK_WORKLOADS = (table.TYPING, table.DRAG)
SYSTEMS: dict[str, type[System]] = {system.name: system for system in (Fanlight, TigerVnc, X11Vnc, Limit)}
"""The systems there are, ours first; another one is a subclass of System in this table."""

_ALONE = (table.ENCODE_ALONE, table.FLOOR)
"""What is measured beside whole systems, each under one workload."""

_USUAL_SIZES = ("1920x1080",)
_RATE = 60
_QUICK_SECONDS, _SECONDS = (3.0, 1.0), (8.0, 2.0)
# Eight letters a second are few for a p99, and an idle host's CPU time is little to be measured.
_LONGER = {table.TYPING: 3, table.IDLE: 2}


@dataclass(frozen=True)
class Options(CommonOptions):
    """What to measure; no names mean the usual ones. `sizes` are WxH.

    `rate` is how often a second the workload draws, and how many pictures every system is asked for at most.
    """

    rate: int = _RATE
    workloads: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()


def plan(options: Options) -> list[list[Case]]:
    """Return a group for each workload and size; UsageError for a name or size that does not exist."""
    kinds = [_system(name) for name in options.systems or tuple(SYSTEMS) if name not in _ALONE]
    names = options.workloads or (QUICK_WORKLOADS if options.quick else WORKLOADS)
    sizes = [parse_size(size) for size in options.sizes or _USUAL_SIZES]
    for name in names:
        for size in sizes:
            workload_programs.check(name, size, options.rate)
    return [_group(options, kinds, name, size) for name in names for size in sizes]


def _group(options: Options, kinds: list[type[System]], name: str, size: Size) -> list[Case]:
    window, warm_up = _QUICK_SECONDS if options.quick else _SECONDS
    if not options.quick:
        window *= _LONGER.get(name, 1)
    cases: list[Case] = [ScreenCase(kind, name, size, options.rate, window, warm_up) for kind in kinds]
    if name == table.FILM and (not options.systems or table.ENCODE_ALONE in options.systems):
        cases.append(EncodeAlone(name, size, options.rate, window, warm_up))
    if name == table.SCROLL and (not options.systems or table.FLOOR in options.systems):
        cases.append(ScrollFloor(name, size, options.rate, window, warm_up))
    return cases


def tools() -> list[Tool]:
    """Return the systems that can run here."""
    return [
        Tool(name, kind.version(), "; ".join(f"{key}: {value}" for key, value in kind.settings.items()))
        for name, kind in SYSTEMS.items()
        if kind is not Limit and kind.missing() is None
    ]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return how fanlight stands to each other system, under the same workload and at the same size."""
    ours = [row for row in rows if row.system == Fanlight.name]
    found = [
        ratios_in_turns(row.workload, figure, row, other)
        for row in ours
        for other in rows
        if other.system not in (Fanlight.name, Limit.name, table.FLOOR)
        and (other.workload, other.settings["size"]) == (row.workload, row.settings["size"])
        for figure in figure_names()
    ]
    return [ratio for ratio in found if ratio is not None]


def limits(rows: list[Row]) -> list[Held]:
    """Return every figure that must be reached, reached or not."""
    return table.held(rows)


def _system(name: str) -> type[System]:
    if name not in SYSTEMS:
        raise UsageError(f'There is no system "{name}". There are: {", ".join((*SYSTEMS, *_ALONE))}.')
    return SYSTEMS[name]
