"""Which class draws which workload."""

from pathlib import Path

from fanlight.types import Rect, Size
from fanlight_bench.workloads import NAMES
from fanlight_bench.workloads.base import Workload
from fanlight_bench.workloads.moving import SlideChange, WindowDrag
from fanlight_bench.workloads.scrolling import ScrollText, ScrollTextSidebar, TerminalFlood
from fanlight_bench.workloads.still import Caret, Idle, Typing
from fanlight_bench.workloads.vendors import BandwidthCircles, FramerateCross, LatencyClock
from fanlight_bench.workloads.video import FullChange, Recorded, VideoRegion

_CLASSES: tuple[type[Workload], ...] = (
    Idle,
    Caret,
    Typing,
    ScrollText,
    ScrollTextSidebar,
    WindowDrag,
    TerminalFlood,
    SlideChange,
    VideoRegion,
    FullChange,
    FramerateCross,
    LatencyClock,
    BandwidthCircles,
)
_BY_NAME = dict(zip(NAMES, _CLASSES, strict=True))


def create(name: str, size: Size, rate: float, seed: int, region: Rect | None) -> Workload:
    """Return a workload whose name and values `check` has found good."""
    if name in _BY_NAME:
        return _BY_NAME[name](size, rate, seed, region)
    return Recorded(size, rate, Path(name.partition(":")[2]))
