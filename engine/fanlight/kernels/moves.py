"""Rectangles that moved, applied; `kernels.shadow` finds them."""

from collections.abc import Sequence

from fanlight._native import lib
from fanlight.kernels.native import array_of, check, write_picture
from fanlight.types import Image, Move


def apply(image: Image, moves: Sequence[Move]) -> None:
    """Apply moves in place, in order; UsageError, before anything is moved, if one leaves the picture."""
    picture = write_picture(image, "image")
    given = array_of("fl_move", [tuple(move) for move in moves])
    check(lib.fl_moves_apply(picture.pixels, picture.stride, *picture.size, given, len(moves)), "applying moves")
