"""Encoders compared on the same frames: time, bytes and quality over workloads, sizes and rate points.

All are told the same of a frame: that all of it may have changed, or nothing. All run in this process through the
project's `Encoder` interface, conversion of colours included, and are judged after the viewer's conversion.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

import av
import numpy as np

from fanlight.codec.profiles import PROFILES
from fanlight.errors import UsageError
from fanlight.types import Size
from fanlight_bench import quality, workloads
from fanlight_bench.encoders.case import EncoderCase
from fanlight_bench.encoders.entrants import chosen
from fanlight_bench.plan import Case, CommonOptions
from fanlight_bench.results import Ratio, Row, Tool, ratios_in_turns

NAME = "encoders"
ANCHOR = "h264"
"""The encoder to which the curves of all others are held."""

_OURS = "hybrid"
_QUICK_WORKLOADS = ("typing", "scroll-text", "video-region")
_QUICK_SIZES, _SIZES = ("640x360",), ("1280x720",)
_FRAMES = 40
_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")
_TIMES = ("encode_p50", "cpu")


@dataclass(frozen=True)
class Options(CommonOptions):
    """What is compared: names of workloads and encoders, sizes as "1280x720"; empty means the plan's own choice."""

    workloads: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    usual_turns = (2, 3)


def plan(options: Options) -> list[list[Case]]:
    """Lay out the cases, a group a scene; UsageError for a name or size that does not exist."""
    entrants = chosen(options.encoders, options.quick)
    sizes = [_size(text) for text in options.sizes or (_QUICK_SIZES if options.quick else _SIZES)]
    names = options.workloads or (_QUICK_WORKLOADS if options.quick else workloads.names())
    for name in names:
        for size in sizes:
            workloads.check(name, size)
    return [
        [
            EncoderCase(one.system, name, one.encoder, size, _FRAMES, settings, one.cost)
            for one in entrants
            for settings in one.points(options.quick)
        ]
        for name in names
        for size in sizes
    ]


def _size(text: str) -> Size:
    found = _SIZE.fullmatch(text)
    if not found:
        raise UsageError(f'"{text}" is no size; write it like 1280x720')
    return int(found[1]), int(found[2])


def tools() -> list[Tool]:
    """List the libraries, and how every encoder is set besides its rate point."""
    libraries = ", ".join(f"{name} {'.'.join(map(str, version))}" for name, version in av.library_versions.items())
    codec = f"libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"
    return [
        Tool("fanlight", version("fanlight"), "hybrid and tiles: zstd level 1; video lane: h264"),
        Tool("PyAV", av.__version__, libraries),
        Tool("numpy", np.__version__),
        *(
            Tool(name, codec, " ".join(f"{key}={value}" for key, value in profile.settings.items()))
            for name, profile in PROFILES.items()
        ),
    ]


def ratios(rows: list[Row]) -> list[Ratio]:
    """Return our encoder's times to every other's, and bytes to the anchor's at equal quality."""
    return [ratio for scene in _scenes(rows) for ratio in (*_of_times(scene), *_of_curves(scene))]


def _scenes(rows: list[Row]) -> list[list[Row]]:
    """Group the rows that saw the same frames on the same machine."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        found.setdefault((row.workload, row.settings["size"], row.worker), []).append(row)
    return list(found.values())


def _of_times(scene: list[Row]) -> Iterator[Ratio]:
    systems = _by_system(scene)
    ours = systems.pop(_OURS, None)
    if not ours:
        return
    for points in systems.values():
        # The middle rate point, which is nearest to what the encoder would be used at.
        for figure in _TIMES:
            if ratio := ratios_in_turns(_scene_name(ours[0]), figure, _middle(ours), _middle(points)):
                yield ratio


def _of_curves(scene: list[Row]) -> Iterator[Ratio]:
    systems = _by_system(scene)
    for name, points in systems.items():
        if name == ANCHOR or ANCHOR not in systems:
            continue
        for figure in ("psnr", "text_psnr"):
            ratio = quality.bytes_ratio(_curve(systems[ANCHOR], figure), _curve(points, figure))
            if ratio is not None:
                yield Ratio(_scene_name(points[0]), f"bytes at equal {figure}", name, ANCHOR, (ratio,))


def _by_system(scene: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in scene:
        found.setdefault(row.system, []).append(row)
    return found


def _middle(points: list[Row]) -> Row:
    return points[len(points) // 2]


def _curve(points: list[Row], figure: str) -> list[tuple[float, float]]:
    return [
        (row.figures["bytes"].median, row.figures[figure].median)
        for row in points
        if "bytes" in row.figures and figure in row.figures
    ]


def _scene_name(row: Row) -> str:
    worker = f" on {row.worker}" if row.worker else ""
    return f"{row.workload} {row.settings['size']}{worker}"
