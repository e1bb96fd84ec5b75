"""Chooses the backend once, at the start, and says why a better one was not taken."""

import re

from fanlight.capture.base import Capture
from fanlight.capture.pattern import PatternCapture
from fanlight.capture.x11 import X11Capture
from fanlight.errors import CaptureError, UsageError
from fanlight.kernels.x11 import UnsupportedError
from fanlight.types import MAX_PIXELS, MAX_SIDE, Size

BACKENDS = ("x11", "mss", "pattern")
MAX_FPS = 1000

_PATTERN = re.compile(r"pattern:(\d{1,5})x(\d{1,5})")


def open_capture(source: str | None = None, backend: str | None = None, max_fps: int = 60) -> Capture:
    """Open a source of frames.

    `source`: a display such as ":0" (None: the one in DISPLAY), or "pattern:WxH", a moving test picture.
    `backend`: one of BACKENDS, which is then taken or fails; None takes the best that works here.
    """
    if backend is not None and backend not in BACKENDS:
        raise UsageError(f"there is no capture backend {backend!r}; there are {', '.join(BACKENDS)}")
    if not 1 <= max_fps <= MAX_FPS:
        raise UsageError(f"max_fps must lie between 1 and {MAX_FPS}, not {max_fps}")
    if source is not None and source.startswith("pattern:"):
        if backend not in (None, "pattern"):
            raise UsageError(f"the backend {backend!r} cannot capture {source!r}; only 'pattern' can")
        return PatternCapture(_pattern_size(source), max_fps)
    if backend == "pattern":
        raise UsageError("the backend 'pattern' needs a source such as 'pattern:640x480'")
    if backend == "mss":
        return _open_mss(source, max_fps)
    return _open_display(source, backend, max_fps)


def _open_display(display: str | None, backend: str | None, max_fps: int) -> Capture:
    try:
        return X11Capture(display, max_fps)
    except UnsupportedError as error:
        if backend is not None:
            raise
        return _fall_back(display, max_fps, error)


def _fall_back(display: str | None, max_fps: int, reason: UnsupportedError) -> Capture:
    try:
        capture = _open_mss(display, max_fps)
    except CaptureError as error:
        raise CaptureError(f"{reason}, and {error}") from error
    capture.fallback = str(reason)
    return capture


def _open_mss(display: str | None, max_fps: int) -> Capture:
    """Load mss only where it is needed: most hosts never do."""
    from fanlight.capture.mss_backend import MssCapture

    return MssCapture(display, max_fps)


def _pattern_size(source: str) -> Size:
    match = _PATTERN.fullmatch(source)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UsageError(f'{source!r} is not a pattern such as "pattern:640x480" with sides of 1 to {MAX_SIDE}')
    return width, height
