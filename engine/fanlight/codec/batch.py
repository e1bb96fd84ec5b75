"""What one update of the lossless lane brings."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Move, Rect, Size, Tiles


@dataclass(frozen=True, slots=True)
class Batch:
    """What one update brings: moves, then tiles; `changed` counts the tiles that differed before the moves."""

    moves: tuple[Move, ...]
    tiles: Tiles
    changed: int

    def __bool__(self) -> bool:
        return bool(self.moves) or bool(self.tiles.any())


def whole(size: Size) -> Batch:
    """Make the batch that brings a whole picture to a decoder of which nothing is known."""
    tiles = tile_kernels.all_tiles(size)
    return Batch((), tiles, tiles.size)


def touched_by(batch: Batch, size: Size) -> Tiles:
    """Mark what a batch changes at the decoder: its tiles, and where its moves go."""
    if not batch.moves:
        return batch.tiles
    touched = batch.tiles.copy()
    tile_kernels.mark(touched, [Rect(*move[:4]) for move in batch.moves], size)
    return touched


def pixels_of(batch: Batch, size: Size) -> dict[str, int]:
    """Count the pixels that a batch writes, by operation."""
    pixels = {"tiles": area(batch.tiles, size)}
    if batch.moves:
        pixels["copy"] = sum(move.w * move.h for move in batch.moves)
    return pixels


def area(tiles: Tiles, size: Size) -> int:
    """Return how many pixels the marked tiles have."""
    return int(_areas(size)[tiles != 0].sum())


@lru_cache(maxsize=16)
def _areas(size: Size) -> NDArray[np.int64]:
    rows, columns = tile_kernels.grid(size)
    widths = np.minimum(size[0] - np.arange(columns) * tile_kernels.TILE, tile_kernels.TILE)
    heights = np.minimum(size[1] - np.arange(rows) * tile_kernels.TILE, tile_kernels.TILE)
    return np.outer(heights, widths)
