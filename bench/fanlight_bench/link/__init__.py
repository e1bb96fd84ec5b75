"""`fanlight bench link`: a slow link, a stopped viewer, many viewers and none, each figure with its limit."""

import importlib.metadata
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fanlight.config import parse_size
from fanlight.errors import UsageError
from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.growth.viewers import ViewersCase
from fanlight_bench.link import table
from fanlight_bench.link.floor import FloorCase
from fanlight_bench.link.quiet import QuietCase
from fanlight_bench.link.rest import RestCase
from fanlight_bench.link.slow import SlowCase
from fanlight_bench.link.stopped import StoppedCase
from fanlight_bench.link.table import LINK, RATE, VIEWERS_RATE
from fanlight_bench.plan import Case, CommonOptions
from fanlight_bench.results import Limit, Ratio, Row, Tool, ratios_in_turns

__all__ = ["NAME", "Options", "limits", "plan", "ratios", "tools"]

NAME = "link"

_SIZE = "1920x1080"
_TEXT, _FILM, _NOTHING = "scroll-text", "video-region", "idle"
# Three viewers, the host and the workload share the cores: the rate is one that they all keep up with.
_STOPPED_RATE = 30
_VIEWERS_SIZE = (1280, 720)


@dataclass(frozen=True)
class Options(CommonOptions):
    """What to measure; no cases mean all of them. `size` is WxH."""

    size: str = _SIZE
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Length:
    """How long, or how often, each thing is measured in a turn."""

    idle: float
    rests: int
    keys: int
    settle: float
    before: float
    stop: float
    viewers: float


_QUICK = _Length(idle=3, rests=2, keys=40, settle=4, before=4, stop=10, viewers=2)
_FULL = _Length(idle=20, rests=8, keys=300, settle=10, before=20, stop=60, viewers=8)


def plan(options: Options) -> list[list[Case]]:
    """Return a group for each kind of thing; UsageError for a case that does not exist, or a size that is too small."""
    size = parse_size(options.size)
    for name in (_TEXT, _FILM, _NOTHING):
        workloads.check(name, size, RATE)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        raise UsageError(f'There is no case "{unknown[0]}". There are: {", ".join(CASES)}.')
    length = _QUICK if options.quick else _FULL
    return [CASES[name](size, length) for name in options.cases or CASES]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return what eight viewers cost beside one."""
    found = {row.system: row for row in rows if row.workload == table.VIEWERS}
    if table.ONE not in found or table.EIGHT not in found:
        return []
    ratio = ratios_in_turns(table.VIEWERS, table.PER_UPDATE, found[table.EIGHT], found[table.ONE])
    return [ratio] if ratio else []


def limits(rows: list[Row]) -> list[Limit]:
    """Return every figure that must be reached, reached or not."""
    return table.held(rows)


def tools() -> list[Tool]:
    """Return what takes part, as far as it is installed."""
    made = [Tool("fanlight", importlib.metadata.version("fanlight"), "codec hybrid, 60 updates a second at most")]
    if shutil.which("tc"):
        said = subprocess.run(["tc", "-V"], capture_output=True, text=True, check=False).stdout
        made.append(Tool("tc", said.rpartition(" ")[2].strip(), f"tbf: {LINK.words}, of which the delay is our own"))
    return made


def _idle(size: Size, length: _Length) -> list[Case]:
    return [QuietCase(table.IDLE, _NOTHING, size, RATE, length.idle)]


def _rests(size: Size, length: _Length) -> list[Case]:
    scenes = ((table.REST, _FILM, None), (table.REST_TEXT, _TEXT, LINK), (table.REST_FILM, _FILM, LINK))
    return [RestCase(label, shown, size, RATE, length.rests, link) for label, shown, link in scenes]


def _keys(size: Size, length: _Length) -> list[Case]:
    return [SlowCase(table.TYPING, _FILM, size, RATE, LINK, length.keys, length.settle)]


def _stopped(label: str, shown: str, size: Size, length: _Length) -> list[Case]:
    return [StoppedCase(label, shown, size, _STOPPED_RATE, length.before, length.stop)]


def _viewers(_: Size, length: _Length) -> list[Case]:
    counts = ((table.ONE, 1), (table.EIGHT, 8))
    return [
        *(
            ViewersCase(system, table.VIEWERS, count, _VIEWERS_SIZE, length.viewers, VIEWERS_RATE)
            for system, count in counts
        ),
        *(FloorCase(name, table.VIEWERS, count, rate, length.viewers) for name, count, rate in table.FLOORS),
    ]


CASES: dict[str, Callable[[Size, _Length], list[Case]]] = {
    "idle": _idle,
    "rests": _rests,
    "keys": _keys,
    "stopped-text": partial(_stopped, table.STOPPED, _TEXT),
    "stopped-film": partial(_stopped, table.STOPPED_FILM, _FILM),
    "viewers": _viewers,
}
"""What can be measured by itself."""
