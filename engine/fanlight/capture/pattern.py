"""A moving test picture that needs no screen: frame number n of a seed is the same everywhere."""

import random
import time

import numpy as np

from fanlight.capture.base import Capture
from fanlight.capture.pacing import Pacer, deadline_of
from fanlight.errors import CaptureError
from fanlight.kernels import tiles
from fanlight.types import Frame, Image, Rect, Size, Tiles

_CHANGES = 3
_LARGEST = 96


class PatternCapture(Capture):
    """A gradient on which a few rectangles change with every frame, each a plain colour or noise."""

    backend = "pattern"
    how = "drawn"

    def __init__(self, size: Size, max_fps: int, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a picture, not a secret
        self._pacer = Pacer(max_fps)
        self._canvas = _gradient(size)
        self._image = self._canvas.view()
        self._image.flags.writeable = False
        self._begun = False
        self._closed = False

    @property
    def size(self) -> Size:
        """Of all frames."""
        return self._canvas.shape[1], self._canvas.shape[0]

    def next(self, timeout: float | None = None) -> Frame | None:
        """Wait for the next frame's turn, and draw it."""
        self._check_open()
        turn = self._pacer.wait(deadline_of(timeout))
        self._check_open()
        if not turn:
            return None
        before = self._canvas.copy() if self._begun else None
        damage = (Rect(0, 0, *self.size),) if before is None else self._draw()
        self._begun = True
        now = time.monotonic()
        self.last = Frame(self._image, damage, now, now, self._changed(before, damage))
        return self.last

    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""
        self._pacer.wake()

    def close(self) -> None:
        """End the pattern; a thread that waits in `next` gets a CaptureError."""
        self._closed = True
        self._pacer.wake()

    def _check_open(self) -> None:
        if self._closed:
            raise CaptureError("the pattern is closed")

    def _draw(self) -> tuple[Rect, ...]:
        rects = tuple(self._place() for _ in range(_CHANGES))
        for number, rect in enumerate(rects):
            area = self._canvas[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w, :3]
            area[:] = self._noise(rect) if number == 0 else list(self._random.randbytes(3))
        return rects

    def _changed(self, before: Image | None, damage: tuple[Rect, ...]) -> Tiles:
        marked = tiles.no_tiles(self.size)
        tiles.mark(marked, damage, self.size)
        if before is not None:
            tiles.compare(before, self._canvas, marked)
        return marked

    def _place(self) -> Rect:
        width, height = self.size
        w, h = (self._random.randint(1, min(side, _LARGEST)) for side in (width, height))
        return Rect(self._random.randint(0, width - w), self._random.randint(0, height - h), w, h)

    def _noise(self, rect: Rect) -> Image:
        return np.frombuffer(self._random.randbytes(rect.w * rect.h * 3), np.uint8).reshape(rect.h, rect.w, 3)


def _gradient(size: Size) -> Image:
    width, height = size
    canvas = np.zeros((height, width, 4), np.uint8)
    canvas[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    canvas[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    canvas[..., 2] = 96
    return canvas
