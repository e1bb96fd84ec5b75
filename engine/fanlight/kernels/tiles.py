"""64x64 tiles: marking, covering, comparing, copying and hashing them."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import (
    array_of,
    check,
    check_same_size,
    grid,
    read_picture,
    read_tiles,
    write_hashes,
    write_picture,
    write_tiles,
)
from fanlight.types import TILE, Image, Rect, Size, Tiles

__all__ = ["TILE", "all_tiles", "compare", "copy", "glance", "grid", "hashes", "mark", "no_tiles", "rects"]


def no_tiles(size: Size) -> Tiles:
    """Make the marks of a picture, none of them set."""
    return np.zeros(grid(size), np.uint8)


def all_tiles(size: Size) -> Tiles:
    """Make the marks of a picture, all of them set."""
    return _all_marks(grid(size)).copy()


@lru_cache(maxsize=16)
def _all_marks(shape: tuple[int, int]) -> Tiles:
    return np.ones(shape, np.uint8)


def mark(tiles: Tiles, rects: Iterable[Rect], size: Size) -> None:
    """Mark the tiles that the rectangles touch, clipped to the picture; other marks stay."""
    marks = write_tiles(tiles, size)
    given = [tuple(rect) for rect in rects]
    check(lib.fl_tiles_mark(array_of("fl_rect", given), len(given), *size, marks), "marking tiles")


def rects(tiles: Tiles, size: Size, limit: int = 64) -> tuple[Rect, ...]:
    """Cover the marked tiles with at most `limit` disjoint rectangles, in reading order.

    Where more would be needed, the last one takes in all the rest.
    """
    marks = read_tiles(tiles, size)
    if limit < 1:
        raise UsageError(f"the limit of rectangles is at least 1, not {limit}")
    # Runs in a row have a gap between them, so no picture needs more than this.
    room = min(limit, tiles.shape[0] * (tiles.shape[1] // 2 + 1))
    found = ffi.new("fl_rect[]", room)
    count = check(lib.fl_tiles_rects(marks, *size, found, room), "covering tiles")
    return tuple(Rect(r.x, r.y, r.w, r.h) for r in found[0:count])


def compare(before: Image, after: Image, tiles: Tiles) -> int:
    """Unmark the tiles that are equal in both pictures; return how many stay marked. Unmarked ones are not read."""
    old, new = read_picture(before, "before"), read_picture(after, "after")
    check_same_size(old, new)
    marks = write_tiles(tiles, old.size)
    result = lib.fl_tiles_compare(old.pixels, old.stride, new.pixels, new.stride, *old.size, marks)
    return check(result, "comparing tiles")


def copy(source: Image, target: Image, tiles: Tiles) -> None:
    """Copy the marked tiles; the X bytes become 0."""
    old, new = read_picture(source, "source"), write_picture(target, "target")
    check_same_size(old, new)
    marks = read_tiles(tiles, old.size)
    check(lib.fl_tiles_copy(old.pixels, old.stride, new.pixels, new.stride, *old.size, marks), "copying tiles")


def glance(image: Image, tiles: Tiles, glances: NDArray[np.uint64]) -> int:
    """Unmark the tiles in which nothing changed since the last look, as far as every 8th row tells.

    `glances`, uint64 (rows, columns), 0 at first, holds what was seen. Returns how many tiles stay marked.
    """
    picture = read_picture(image, "image")
    marks, places = write_tiles(tiles, picture.size), write_hashes(glances, picture.size)
    return check(lib.fl_tiles_glance(picture.pixels, picture.stride, *picture.size, marks, places), "looking at tiles")


def hashes(image: Image, tiles: Tiles, out: NDArray[np.uint64]) -> None:
    """Write the hash of each marked tile to its place in `out`, uint64 (rows, columns); see docs/tile-stream.md."""
    picture = read_picture(image, "image")
    marks, places = read_tiles(tiles, picture.size), write_hashes(out, picture.size)
    check(lib.fl_tiles_hash(picture.pixels, picture.stride, *picture.size, marks, places), "hashing tiles")
