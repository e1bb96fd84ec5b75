"""Chooses the backend once, at the start, and says why a better one was not taken."""

import re
from dataclasses import dataclass
from pathlib import Path

from fanlight.capture.base import Capture
from fanlight.capture.pattern import PatternCapture
from fanlight.capture.x11 import X11Capture
from fanlight.errors import CaptureError, UsageError
from fanlight.kernels.x11 import UnsupportedError
from fanlight.types import MAX_PIXELS, MAX_SIDE, Size

BACKENDS = ("x11", "mss", "pattern")
MAX_FPS = 1000

_PATTERN = re.compile(r"pattern:(\d{1,5})x(\d{1,5})")


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What of a display is captured, and how, as far as that is open."""

    max_fps: int
    framebuffer: Path | None
    compare: bool
    monitor: int | str | None


def open_capture(
    source: str | None = None,
    backend: str | None = None,
    max_fps: int = 60,
    *,
    framebuffer: Path | None = None,
    compare: bool = False,
    monitor: int | str | None = None,
) -> Capture:
    """Open a source of frames.

    `source`: a display such as ":0" (None: the one in DISPLAY), or "pattern:WxH", a moving test picture.
    `backend`: one of BACKENDS, which is then taken or fails; None takes the best that works here.
    `framebuffer`: the file of a VirtualDisplay's pixels, which is mapped where that works; it implies `compare`.
    `compare`: compare with the frame before from the first one on, as else from when Frame.changed is asked for.
    `monitor`: capture this one alone, by its number in `monitors`, from 0, or by its name; None is the whole screen.
    """
    if backend is not None and backend not in BACKENDS:
        raise UsageError(f"there is no capture backend {backend!r}; there are {', '.join(BACKENDS)}")
    if not 1 <= max_fps <= MAX_FPS:
        raise UsageError(f"max_fps must lie between 1 and {MAX_FPS}, not {max_fps}")
    if source is not None and source.startswith("pattern:"):
        if backend not in (None, "pattern"):
            raise UsageError(f"the backend {backend!r} cannot capture {source!r}; only 'pattern' can")
        if monitor is not None:
            raise UsageError("a pattern has no monitors")
        return PatternCapture(_pattern_size(source), max_fps)
    if backend == "pattern":
        raise UsageError("the backend 'pattern' needs a source such as 'pattern:640x480'")
    wishes = _Wishes(max_fps, framebuffer, compare, monitor)
    if backend == "mss":
        return _open_mss(source, wishes)
    return _open_display(source, backend, wishes)


def _open_display(display: str | None, backend: str | None, wishes: _Wishes) -> Capture:
    try:
        return X11Capture(
            display,
            wishes.max_fps,
            framebuffer=wishes.framebuffer,
            compare=wishes.compare,
            monitor=wishes.monitor,
        )
    except UnsupportedError as error:
        if backend is not None:
            raise
        return _fall_back(display, wishes, error)


def _fall_back(display: str | None, wishes: _Wishes, reason: UnsupportedError) -> Capture:
    try:
        capture = _open_mss(display, wishes)
    except CaptureError as error:
        raise CaptureError(f"{reason}, and {error}") from error
    capture.fallback = str(reason)
    return capture


def _open_mss(display: str | None, wishes: _Wishes) -> Capture:
    """Load mss only where it is needed: most hosts never do. It compares by itself, and reads a framebuffer never."""
    if wishes.monitor is not None:
        raise CaptureError("mss captures the whole screen only, not one monitor")
    from fanlight.capture.mss_backend import MssCapture

    return MssCapture(display, wishes.max_fps)


def _pattern_size(source: str) -> Size:
    match = _PATTERN.fullmatch(source)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UsageError(f'{source!r} is not a pattern such as "pattern:640x480" with sides of 1 to {MAX_SIDE}')
    return width, height
