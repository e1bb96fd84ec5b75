"""`fanlight bench growth`: what an update costs by how much of the screen changed, and by how many look."""

from dataclasses import dataclass

from fanlight.config import parse_size
from fanlight.types import Size
from fanlight_bench.growth.change import CONTENTS, CaptureCase, EncodeCase
from fanlight_bench.growth.place import PlaceCase
from fanlight_bench.growth.viewers import ViewersCase
from fanlight_bench.pipeline.case import Window
from fanlight_bench.pipeline.systems import tools
from fanlight_bench.plan import Case, CommonOptions, size_text
from fanlight_bench.results import Ratio, Row, ratios_in_turns

__all__ = ["NAME", "Options", "plan", "ratios", "tools"]

NAME = "growth"

_SIZES = ("1920x1080", "3840x2160")
_CODECS = ("tiles", "hybrid")
_VIEWERS = (1, 2, 4, 8)
_VIEWERS_SIZE = (1280, 720)
_VIEWERS_RATE = 15
_VIEWERS_WORKLOAD = "viewers"

_SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_QUICK_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 1.0)
_CAPTURE_SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
_QUICK_CAPTURE_SHARES = (0.1, 0.5, 1.0)
_UPDATES = 15
_QUICK_UPDATES = 5
# At this rate also a whole 4K picture is drawn and encoded in time.
_CAPTURE_RATE = 10
_FULL_SECONDS = 3.0
_QUICK_SECONDS = 1.0
_WARMUP_SECONDS = 0.3


@dataclass(frozen=True)
class Options(CommonOptions):
    """What to measure; `sizes` are WxH, none means the usual ones."""

    sizes: tuple[str, ...] = ()


def plan(options: Options) -> list[list[Case]]:
    """Return groups for each size, of large changes, of a small one by its place, and with capture; and one of viewers.

    UsageError for a size that does not exist.
    """
    sizes = [parse_size(size) for size in options.sizes or _SIZES]
    groups = [_encode_group(options, size, content) for size in sizes for content in CONTENTS]
    groups += [_place_group(options, size) for size in sizes]
    groups += [_capture_group(options, size) for size in sizes]
    return [*groups, _viewers_group(options)]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return how much more a host uses for more viewers than for one."""
    viewers = [row for row in rows if row.workload == _VIEWERS_WORKLOAD]
    if not viewers:
        return []
    one, *more = viewers
    figures = ("host CPU an update", "updates a second")
    found = [ratios_in_turns(_VIEWERS_WORKLOAD, figure, row, one) for row in more for figure in figures]
    return [ratio for ratio in found if ratio is not None]


def _encode_group(options: Options, size: Size, content: str) -> list[Case]:
    shares = _QUICK_SHARES if options.quick else _SHARES
    updates = _QUICK_UPDATES if options.quick else _UPDATES
    label = f"changed {content}, {size_text(size)}"
    return [EncodeCase(f"fanlight {codec}", label, size, codec, content, shares, updates) for codec in _CODECS]


def _place_group(options: Options, size: Size) -> list[Case]:
    updates = _QUICK_UPDATES if options.quick else _UPDATES
    label = f"a small change, {size_text(size)}"
    return [PlaceCase(f"fanlight {codec}", label, size, codec, updates) for codec in _CODECS]


def _capture_group(options: Options, size: Size) -> list[Case]:
    shares = _QUICK_CAPTURE_SHARES if options.quick else _CAPTURE_SHARES
    window = Window(_QUICK_SECONDS if options.quick else _FULL_SECONDS, _WARMUP_SECONDS, _CAPTURE_RATE)
    label = f"changed film with capture, {size_text(size)}"
    names = [f"fanlight {codec}" for codec in _CODECS]
    return [CaptureCase(name, label, size, name, shares, window) for name in names[: 1 if options.quick else None]]


def _viewers_group(options: Options) -> list[Case]:
    seconds = _QUICK_SECONDS if options.quick else _FULL_SECONDS
    return [
        ViewersCase(
            f"fanlight host, {count} viewer{'s' if count > 1 else ''}",
            _VIEWERS_WORKLOAD,
            count,
            _VIEWERS_SIZE,
            seconds,
            _VIEWERS_RATE,
        )
        for count in _VIEWERS
    ]
