"""Which tiles keep changing, and cost so much as tiles that video is the better way.

Where film has stood, tiles stay warm for a while: when it goes on, a stall or a pause later, it is known at once.
A tile's streak goes on while its changes are no more than 0.1 s apart. Rest is the span from one frame's capture to the
first damage of the next, so a slow link, which takes few updates, does not look like a resting screen.
"""

from typing import Final

import numpy as np

from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Size, Tiles

REST_SECONDS: Final = 0.1

# Photographs and film cost more than half a byte a pixel; text and plain surfaces never come near, moves considered.
_HEAVY_DENSITY = 0.5
_HEAVY_BYTES = 64 << 10
_HEAVY_SECONDS = 0.04
_DENSITY = 0.25
_BYTES = 8 << 10
_SECONDS = 0.5
_LEAST_CHANGES = 2
_WARM_SECONDS = 1.0

LEAST_TILES = 4
"""Fewer tiles than this are no film."""


def is_dear(pixels: int, cost: int) -> bool:
    """Tell whether an update of so many pixels and bytes may be film; one that is not leaves no trace in the heat."""
    return cost >= _BYTES and cost >= _DENSITY * pixels


class Heat:
    """The streaks of a picture's tiles."""

    def __init__(self, size: Size) -> None:
        grid = tile_kernels.grid(size)
        self._since = np.zeros(grid)
        self._last = np.full(grid, -np.inf)
        self._changes = np.zeros(grid, np.int32)
        self._warm_until = np.full(grid, -np.inf)

    def note(self, frame: Frame, tiles: Tiles, cost: int) -> Tiles:
        """Count an update of these tiles, of `cost` bytes; return those that video should bring.

        Dear ones are hot after 0.04 s, so that a slide is still sent exactly and film costs little before it is
        recognised; others after half a second; and what is cheap as tiles never.
        """
        hot = np.zeros_like(tiles)
        count = int(np.count_nonzero(tiles))
        pixels = count * tile_kernels.TILE**2
        if not is_dear(pixels, cost):
            return hot
        density = cost / pixels
        changed = tiles != 0
        rested = changed & (frame.damaged_at - self._last > REST_SECONDS)
        self._since[rested] = frame.damaged_at
        self._changes[rested] = 0
        self._last[changed] = frame.captured_at
        self._changes[changed] += 1
        heavy = density > _HEAVY_DENSITY and cost > _HEAVY_BYTES
        long_enough = frame.captured_at - self._since >= (_HEAVY_SECONDS if heavy else _SECONDS)
        hot[changed & long_enough & (self._changes >= _LEAST_CHANGES)] = 1
        if heavy:
            hot[changed & (frame.damaged_at <= self._warm_until)] = 1
        return hot

    def keep_warm(self, tiles: Tiles, now: float) -> None:
        """Remember that film has stood there until now."""
        self._warm_until[tiles != 0] = now + _WARM_SECONDS

    def forget(self, tiles: Tiles) -> None:
        """End the streaks of these tiles."""
        self._last[tiles != 0] = self._warm_until[tiles != 0] = -np.inf
