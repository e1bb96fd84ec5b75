"""The fallback by python-mss: the whole screen at every turn, compared with the one before.

It works on X servers that lack what native capture needs. It knows nothing of the pointer.
"""

import contextlib
import threading
import time

import mss
import numpy as np
from mss.exception import ScreenShotError

from fanlight.capture.base import Capture
from fanlight.capture.pacing import Pacer, deadline_of
from fanlight.errors import CaptureError
from fanlight.kernels import tiles
from fanlight.kernels.x11 import NO_DISPLAY_ADVICE
from fanlight.types import MAX_PIXELS, MAX_SIDE, Frame, Image, Size, Tiles

_MEASURE_SECONDS = 1.0
# mss asserts that there is an answer, which there is not when the server has gone; without assertions it meets NULL.
_FAILURES = (ScreenShotError, AssertionError, ValueError)
_PACKAGES = "libxcb1 libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0"


class MssCapture(Capture):
    """An X screen by polling `max_fps` times a second while a consumer waits."""

    backend = "mss"
    how = "XGetImage of the whole screen, compared"

    def __init__(self, display: str | None, max_fps: int) -> None:
        self._display = display
        self._pacer = Pacer(max_fps)
        self._closed = False
        self._busy = threading.Lock()
        self._before: Image | None = None
        self._grabber: mss.MSS | None = None
        self._size = (0, 0)
        self._measured_at = 0.0
        self._measure(time.monotonic())

    @property
    def size(self) -> Size:
        """Of the frame that comes next."""
        return self._size

    def next(self, timeout: float | None = None) -> Frame | None:
        """Poll until the screen differs from the frame before."""
        deadline = deadline_of(timeout)
        while self._pacer.wait(deadline):
            with self._busy:
                self._check_open()
                frame = self._poll(time.monotonic())
            if frame is not None:
                self.last = frame
                return frame
        self._check_open()
        return None

    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""
        self._pacer.wake()

    def close(self) -> None:
        """End the capture; a thread that waits in `next` gets a CaptureError."""
        with self._busy:
            self._closed = True
            self._close_grabber()
        # Only now: who is woken, or has just polled, finds it closed.
        self._pacer.wake()

    def _check_open(self) -> None:
        if self._closed:
            raise CaptureError("the capture is closed")

    def _poll(self, now: float) -> Frame | None:
        image = self._grab(now)
        if image is None:
            return None
        changed = self._changed(image)
        if not changed.any():
            return None
        self._before = image
        damage = tiles.rects(changed, self._size)
        return Frame(image, damage, now, time.monotonic(), changed)

    def _grab(self, now: float) -> Image | None:
        """Read the whole screen; None when it changed its size under the read."""
        grabber = self._grabber
        if grabber is None or now - self._measured_at >= _MEASURE_SECONDS:
            grabber = self._measure_again(now)
        width, height = self._size
        try:
            shot = grabber.grab({"left": 0, "top": 0, "width": width, "height": height})
        except _FAILURES:
            self._measure_again(now)
            return None
        image: Image = np.frombuffer(shot.raw, np.uint8).reshape(height, width, 4)
        image.flags.writeable = False
        return image

    def _measure_again(self, now: float) -> mss.MSS:
        try:
            return self._measure(now)
        except CaptureError as error:
            raise CaptureError(f"the screen went away: {error}") from error

    def _measure(self, now: float) -> mss.MSS:
        """Connect anew and take the screen's size: mss learns it once, and sizes its memory by it."""
        self._close_grabber()
        self._grabber = grabber = _open(self._display)
        try:
            self._size = _size_of(grabber)
        except CaptureError:
            self._close_grabber()
            raise
        self._measured_at = now
        return grabber

    def _close_grabber(self) -> None:
        """Close once, whatever comes of it: mss complains when the server has gone, and a second close frees twice."""
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            with contextlib.suppress(ScreenShotError):
                grabber.close()

    def _changed(self, image: Image) -> Tiles:
        marked = tiles.all_tiles(self._size)
        if self._before is not None and self._before.shape == image.shape:
            tiles.compare(self._before, image, marked)
        return marked


def _open(display: str | None) -> mss.MSS:
    try:
        return mss.MSS(display=display)
    except ScreenShotError as error:
        reason = _first_line(error)
        if reason.startswith("Library "):
            raise CaptureError(f"mss cannot load what it needs ({reason}): install {_PACKAGES}") from error
        raise CaptureError(f"mss cannot open the display ({reason}); {NO_DISPLAY_ADVICE}") from error


def _size_of(grabber: mss.MSS) -> Size:
    try:
        whole = grabber.monitors[0]
    except _FAILURES as error:
        raise CaptureError(f"mss cannot measure the display: {_first_line(error)}") from error
    width, height = whole["width"], whole["height"]
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise CaptureError(f"a screen of {width} x {height} is larger than fanlight can show")
    return width, height


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
