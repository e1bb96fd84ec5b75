"""Where video regions stand: rectangles round tiles that keep changing, apart from each other, fitted to the damage.

Two regions never have a tile in common: whatever comes as near to another as a tile is one region with it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Rect, Size, Tiles

Place = tuple["slice[int]", "slice[int]"]

_STEP: Final = 16
_TILE: Final = tile_kernels.TILE
_FILLED = 0.3
_LEAST_PIXELS = 4 * _TILE * _TILE
_NEARLY_ALL = 3 / 4


def clusters(hot: Tiles, damage: Sequence[Rect], size: Size) -> list[Rect]:
    """Return rectangles of a fair size that are largely hot; fitted to the damage, which the hot tiles lie in."""
    found = []
    for rect in _merged(tile_kernels.rects(hot, size)):
        place = tiles_of(rect)
        if np.count_nonzero(hot[place]) < _FILLED * hot[place].size:
            continue
        fitted = _fitted(rect, damage, size)
        if fitted.w * fitted.h >= _LEAST_PIXELS:
            found.append(fitted)
    return found


def arranged(live: Iterable[Rect], new: Iterable[Rect], size: Size) -> list[Rect]:
    """Return what all of these come to: those that touch are one; if they nearly fill the picture, all of it."""
    rects = [aligned(rect, size) for rect in _merged([*live, *new])]
    whole = Rect(0, 0, *size)
    if sum(rect.w * rect.h for rect in rects) >= _NEARLY_ALL * whole.w * whole.h:
        return [whole]
    return rects


def bounds(tiles: Tiles, within: Rect, size: Size) -> Rect:
    """Return the part of a rectangle that the marked tiles reach, aligned."""
    rows, columns = np.nonzero(tiles)
    x, y = int(columns.min()) * _TILE, int(rows.min()) * _TILE
    reached = Rect(x, y, int(columns.max() + 1) * _TILE - x, int(rows.max() + 1) * _TILE - y)
    return aligned(clipped(reached, within), size)


def aligned(rect: Rect, size: Size) -> Rect:
    """Grow a rectangle until its sides divide by 16 or end with the picture."""
    x, y = rect.x // _STEP * _STEP, rect.y // _STEP * _STEP
    right = min(size[0], -(-(rect.x + rect.w) // _STEP) * _STEP)
    bottom = min(size[1], -(-(rect.y + rect.h) // _STEP) * _STEP)
    return Rect(x, y, right - x, bottom - y)


def clipped(rect: Rect, within: Rect) -> Rect:
    """Return what two rectangles have in common; without area where that is nothing."""
    x, y = max(rect.x, within.x), max(rect.y, within.y)
    right, bottom = min(rect.x + rect.w, within.x + within.w), min(rect.y + rect.h, within.y + within.h)
    return Rect(x, y, max(0, right - x), max(0, bottom - y))


def union(one: Rect, other: Rect) -> Rect:
    """Return the smallest rectangle round two."""
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.w, other.x + other.w), max(one.y + one.h, other.y + other.h)
    return Rect(x, y, right - x, bottom - y)


def box(rect: Rect) -> Rect:
    """Return what the tiles cover that a rectangle touches."""
    rows, columns = tiles_of(rect)
    x, y = columns.start * _TILE, rows.start * _TILE
    return Rect(x, y, columns.stop * _TILE - x, rows.stop * _TILE - y)


def tiles_of(rect: Rect) -> Place:
    """Return the rows and the columns of the tiles that a rectangle touches."""
    return (
        slice(rect.y // _TILE, -(-(rect.y + rect.h) // _TILE)),
        slice(rect.x // _TILE, -(-(rect.x + rect.w) // _TILE)),
    )


def _merged(rects: Iterable[Rect]) -> list[Rect]:
    apart: list[Rect] = []
    for rect in rects:
        joined = rect
        # What grows may come near to one that was passed before.
        while near := [other for other in apart if _touch(joined, other)]:
            for other in near:
                apart.remove(other)
                joined = union(joined, other)
        apart.append(joined)
    return apart


def _touch(one: Rect, other: Rect) -> bool:
    """Tell whether the tiles of two rectangles overlap or stand side by side."""
    return all(
        part.start <= other_part.stop and other_part.start <= part.stop
        for part, other_part in zip(tiles_of(one), tiles_of(other), strict=True)
    )


def _fitted(rect: Rect, damage: Sequence[Rect], size: Size) -> Rect:
    """Shrink a rectangle of tiles to the damage in it, and align it."""
    inside = [part for part in (clipped(one, rect) for one in damage) if part.w and part.h]
    fitted = inside[0] if inside else rect
    for part in inside:
        fitted = union(fitted, part)
    return aligned(fitted, size)
