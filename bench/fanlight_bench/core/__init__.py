"""`fanlight bench core`: capture, compare, motion and tiles, each figure as a ratio with the limit it must keep to."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import av

from fanlight.config import parse_size
from fanlight.errors import UsageError
from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.core import coding, table, whole
from fanlight_bench.core.case import CoreCase
from fanlight_bench.core.table import OURS, PIXELFLUX
from fanlight_bench.core.task import Task
from fanlight_bench.pipeline import systems
from fanlight_bench.pipeline.case import PipelineCase, Window
from fanlight_bench.plan import Case, CommonOptions
from fanlight_bench.results import Limit, Ratio, Row, Tool, ratios_in_turns

__all__ = ["NAME", "Options", "limits", "plan", "ratios", "tools"]

NAME = "core"

_SIZE = "1920x1080"


@dataclass(frozen=True)
class Options(CommonOptions):
    """What to measure; no cases mean all of them.

    `size` is WxH and stands in the place of 1080p, twice its sides in that of 4K.
    """

    size: str = _SIZE
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Length:
    """How long, or how often, each thing is measured in a turn."""

    idle: float
    letters: int
    motion: float
    passes: int
    codings: int
    peers: Window


_QUICK = _Length(idle=3.0, letters=10, motion=1.2, passes=15, codings=5, peers=Window(1.0, 0.3))
_FULL = _Length(idle=10.0, letters=60, motion=4.0, passes=40, codings=15, peers=Window(4.0, 1.0))

# What starting and ending takes beside the measuring itself; for a letter and a picture, one of them.
_START_SECONDS = 1.0
_LETTER_SECONDS = 0.36
_PICTURE_SECONDS = 0.05
_PNG_SECONDS = 1.3


def plan(options: Options) -> list[list[Case]]:
    """Return a group for each kind of thing; UsageError for a case that does not exist, or a size that is too small."""
    size = parse_size(options.size)
    for shown in (size, _larger(size)):
        workloads.check("typing", shown)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        raise UsageError(f'There is no case "{unknown[0]}". There are: {", ".join(CASES)}.')
    length = _QUICK if options.quick else _FULL
    return [group for name in options.cases or CASES for group in CASES[name](size, length)]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return how fanlight stands to pixelflux in what the limits are about."""
    found = []
    for name in table.PEER_WORKLOADS:
        of = {row.system: row for row in rows if row.workload == name}
        if OURS in of and PIXELFLUX in of:
            found.append(ratios_in_turns(name, table.PER_UPDATE, of[OURS], of[PIXELFLUX]))
    return [ratio for ratio in found if ratio is not None]


def limits(rows: list[Row]) -> list[Limit]:
    """Return every figure that must be reached, reached or not."""
    return table.held(rows)


def tools() -> list[Tool]:
    """Return what takes part, as far as it is installed."""
    libavcodec = av.library_versions["libavcodec"]
    settings = f"zlib level {coding.LEVEL}, filters {' and '.join(coding.PREDICTIONS)}, whichever gives fewer bytes"
    taken = [tool for tool in systems.tools() if not tool.name.startswith("libx264")]
    return [*taken, Tool("FFmpeg's PNG", ".".join(map(str, libavcodec)), settings)]


def _larger(size: Size) -> Size:
    """Return what stands in the place of 4K."""
    return 2 * size[0], 2 * size[1]


def _idle(size: Size, length: _Length) -> list[list[Case]]:
    seconds = length.idle + _START_SECONDS + 0.5
    return [
        [
            CoreCase(label, Task("idle", (shown,), seconds=length.idle), seconds, displays=1)
            for label, shown in ((table.IDLE, size), (table.IDLE_LARGE, _larger(size)))
        ]
    ]


def _letter(size: Size, length: _Length) -> list[list[Case]]:
    task = Task("letter", (size, _larger(size)), samples=length.letters)
    seconds = 2 + length.letters * _LETTER_SECONDS
    return [
        [
            CoreCase(label, task, seconds, displays=2, maps=maps)
            for label, maps in ((table.LETTER, False), (table.LETTER_MAPPED, True))
        ]
    ]


def _motion(size: Size, length: _Length) -> list[list[Case]]:
    def case(label: str, name: str, maps: bool = False) -> Case:
        task = Task("motion", (size,), workload=name, seconds=length.motion)
        return CoreCase(label, task, length.motion + 0.6 + _START_SECONDS, displays=1, shows=True, maps=maps)

    return [
        [
            case(table.SCROLL, "scroll-text"),
            case(table.SCROLL_MAPPED, "scroll-text", maps=True),
            case(table.SCROLL_SIDEBAR, "scroll-text-sidebar"),
            case(table.DRAG, "window-drag"),
        ]
    ]


def _whole(size: Size, length: _Length) -> list[list[Case]]:
    seconds = 1 + length.passes * _PICTURE_SECONDS
    return [
        [
            CoreCase(label, Task("whole", (size,), workload=planes, samples=length.passes), seconds)
            for label, planes in ((table.WHOLE, ""), (table.WHOLE_NV12, whole.WITH_NV12))
        ]
    ]


def _peers(size: Size, length: _Length) -> list[list[Case]]:
    def case(system: str, name: str) -> Case:
        command = functools.partial(_workload_command, name)
        return PipelineCase(system, name, size, length.peers, systems.SYSTEMS[system], command)

    return [[case(system, name) for system in (OURS, PIXELFLUX)] for name in table.PEER_WORKLOADS]


def _coding(size: Size, length: _Length) -> list[list[Case]]:
    pictures = ((table.TEXT, "scroll-text"), (table.DESKTOP, "idle"), (table.PHOTOGRAPH, "full-change"))
    seconds = _PNG_SECONDS + length.codings * _PICTURE_SECONDS
    return [
        [CoreCase(label, Task("coding", (size,), workload=name, samples=length.codings), seconds)]
        for label, name in pictures
    ]


def _workload_command(workload: str, size: Size, rate: int) -> list[str]:
    return workloads.command(workload, size, rate=rate)


CASES: dict[str, Callable[[Size, _Length], list[list[Case]]]] = {
    "idle": _idle,
    "letter": _letter,
    "motion": _motion,
    "full-change": _whole,
    "peers": _peers,
    "coding": _coding,
}
"""What can be measured by itself."""
