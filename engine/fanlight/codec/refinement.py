"""Which lossy tiles are made exact next: those nearest the pointer, as many as a number of bytes allows."""

import numpy as np
from numpy.typing import NDArray

from fanlight.kernels import tiles as tile_kernels
from fanlight.types import PointerPlace, Tiles

MOST_TILES = 64
"""The most tiles that an update refines."""

# A photograph's tile, to begin with; after that what they turned out to cost.
_FIRST_GUESS = 8000.0
_TILE = tile_kernels.TILE


class Refinement:
    """Chooses portions, and learns what a tile costs."""

    def __init__(self) -> None:
        self._per_tile = _FIRST_GUESS

    def count(self, budget: int) -> int:
        """Return how many tiles should come to so many bytes."""
        return max(1, min(MOST_TILES, int(budget / self._per_tile)))

    def learn(self, count: int, length: int) -> None:
        """Take note of what so many tiles cost."""
        self._per_tile = max(1.0, length / count)


def nearest(tiles: Tiles, count: int, near: PointerPlace | None) -> Tiles:
    """Mark the `count` marked tiles that are nearest to a place, or else the first."""
    chosen = np.flatnonzero(tiles)
    if near is not None and chosen.size > count:
        chosen = chosen[np.argsort(_distances(chosen, tiles.shape[1], near), kind="stable")]
    marks = np.zeros_like(tiles)
    marks.reshape(-1)[chosen[:count]] = 1
    return marks


def _distances(chosen: NDArray[np.intp], columns: int, near: PointerPlace) -> NDArray[np.float64]:
    row, column = np.divmod(chosen, columns)
    across: NDArray[np.float64] = column + 0.5 - near.x / _TILE
    down: NDArray[np.float64] = row + 0.5 - near.y / _TILE
    return across**2 + down**2
