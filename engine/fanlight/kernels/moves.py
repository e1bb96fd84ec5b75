"""Rectangles that moved: finding and applying them."""

from collections.abc import Sequence

import numpy as np

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import array_of, check, check_same_size, read_picture, write_picture
from fanlight.types import Image, Move, Rect


def find(before: Image, after: Image, area: Rect, limit: int = 16) -> tuple[Move, ...]:
    """Find vertical moves inside `area`, to be applied in this order.

    Each turns pixels of `before` into those of `after`, and none reads what one before it wrote.
    """
    old, new = read_picture(before, "before"), read_picture(after, "after")
    check_same_size(old, new)
    if limit < 1:
        raise UsageError(f"the limit of moves is at least 1, not {limit}")
    scratch = np.empty(lib.FL_MOVES_SCRATCH * old.height // 8, np.uint64)
    found = ffi.new("fl_move[]", limit)
    result = lib.fl_moves_find(
        old.pixels,
        old.stride,
        new.pixels,
        new.stride,
        *old.size,
        array_of("fl_rect", [tuple(area)]),
        ffi.from_buffer("uint8_t[]", scratch),
        found,
        limit,
    )
    count = check(result, "finding moves")
    return tuple(Move(m.x, m.y, m.w, m.h, m.src_x, m.src_y) for m in found[0:count])


def apply(image: Image, moves: Sequence[Move]) -> None:
    """Apply moves in place, in order; UsageError, before anything is moved, if one leaves the picture."""
    picture = write_picture(image, "image")
    given = array_of("fl_move", [tuple(move) for move in moves])
    check(lib.fl_moves_apply(picture.pixels, picture.stride, *picture.size, given, len(moves)), "applying moves")
