"""What is shown while it is measured: programs of ours with a fixed seed, at any size and rate.

The same drawing serves off screen, as a sequence of frames for encoders, and as a real X program. Frame n of a
workload is the same picture every time. Each time something is drawn, the clock is drawn with it.
"""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fanlight.errors import UsageError
from fanlight.types import Move, Rect, Size
from fanlight_bench.workloads import rules

NAMES = (
    "idle",
    "caret",
    "typing",
    "scroll-text",
    "scroll-text-sidebar",
    "window-drag",
    "terminal-flood",
    "slide-change",
    "video-region",
    "full-change",
    "framerate-cross",
    "latency-clock",
    "bandwidth-circles",
)
FILE = "file:"


def names() -> tuple[str, ...]:
    """Return the workloads there are; "file:PATH" shows a video file or a recorded sequence of frames besides."""
    return NAMES


def frames(
    name: str, size: Size, count: int, seed: int = 1, rate: float = 60, region: Rect | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Draw `count` frames off screen, each (height, width, 4) BGRX; the array is reused, so copy what you keep.

    `region` is where full-change and video-region draw, instead of their usual place. UsageError as in `check`.
    """
    check(name, size, rate, region)
    prepare_drawing()
    from fanlight_bench.workloads.stage import offscreen

    return offscreen(name, size, count, seed, rate, region)


def command(
    name: str,
    size: Size,
    rate: float = 60,
    seed: int = 1,
    seconds: float | None = None,
    region: Rect | None = None,
    tell: bool = False,
) -> list[str]:
    """Return the command of a program that shows the workload at (0, 0) of the X display in DISPLAY.

    Its window is of `size`, above all others and unknown to window managers. It ends after `seconds`, or at SIGTERM.
    `tell` makes it write a line for each picture: what the clock shows, and when the X server had drawn it.
    UsageError as in `check`.
    """
    check(name, size, rate, region)
    prepare_drawing()
    words = [sys.executable, "-m", __name__, name, "--size", f"{size[0]}x{size[1]}", "--rate", f"{rate:g}"]
    words += ["--seed", str(seed)]
    if seconds is not None:
        words += ["--seconds", f"{seconds:g}"]
    if region is not None:
        words += ["--region", ",".join(str(side) for side in region)]
    if tell:
        words.append("--tell")
    return words


def moves(name: str, size: Size, rate: float = 60, seed: int = 1) -> Callable[[int, int], Move | None]:
    """Return what tells which pixels of one frame stand elsewhere in another, by the numbers of both.

    UsageError as in `check`.
    """
    check(name, size, rate)
    prepare_drawing()
    from fanlight_bench.workloads.catalog import create

    return create(name, size, rate, seed, None).moved


def check(name: str, size: Size, rate: float = 60, region: Rect | None = None) -> None:
    """Raise UsageError for a workload that does not exist, a file that does not decode, or values that do not fit."""
    if not name.startswith(FILE) and name not in NAMES:
        raise UsageError(f'There is no workload "{name}". There are: {", ".join(NAMES)}, and {FILE}PATH.')
    rules.check_values(size, rate, name, region)
    if name.startswith(FILE):
        rules.check_file(Path(name.removeprefix(FILE)))


def prepare_drawing() -> None:
    """Raise UsageError without pygame-ce; call it before the modules that draw are imported."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if importlib.util.find_spec("pygame") is None:
        raise UsageError("The workloads are drawn with pygame-ce: pip install 'fanlight[bench]'.")
