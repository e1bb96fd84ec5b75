"""What a change is like, told from a few of its tiles or rows: how dear it is as tiles, and how much of it is new."""

import numpy as np

from fanlight.codec.tile_writer import TileWriter
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Image, Rect, Tiles

_TILES = 6
_EVERY_ROW = 4


def density(writer: TileWriter, image: Image, tiles: Tiles) -> float:
    """Return how many bytes a pixel some of these tiles cost, spread over the picture."""
    marked = np.flatnonzero(tiles)
    chosen = marked[:: -(-marked.size // _TILES)]
    sample = np.zeros_like(tiles)
    sample.reshape(-1)[chosen] = 1
    return len(writer.alone(image, sample)) / (chosen.size * tile_kernels.TILE**2)


def share_changed(before: Image, after: Image, rect: Rect) -> float:
    """Return which part of a rectangle's pixels differs."""
    place = slice(rect.y, rect.y + rect.h, _EVERY_ROW), slice(rect.x, rect.x + rect.w)
    differs = (before[place][..., :3] != after[place][..., :3]).any(axis=2)
    return float(differs.mean())
