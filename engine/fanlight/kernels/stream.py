"""The lossless tile stream of docs/tile-stream.md, before compression."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import array_of, check, grid, read_picture, read_tiles, write_picture, write_tiles
from fanlight.types import Image, Move, Size, Tiles

MAX_MOVES: Final = 64

Bytes: TypeAlias = bytes | bytearray | memoryview


def bound(size: Size, moves: int = MAX_MOVES) -> int:
    """Return the length in bytes that no stream for a picture of this size needs to exceed."""
    rows, columns = grid(size)
    return check(lib.fl_stream_bound(moves, rows * columns), "sizing a tile stream")


def encode(image: Image, moves: Sequence[Move], tiles: Tiles) -> bytearray:
    """Write the moves, then the marked tiles of `image`, as a tile stream."""
    picture = read_picture(image, "image")
    marks = read_tiles(tiles, picture.size)
    given = array_of("fl_move", [tuple(move) for move in moves])
    capacity = check(lib.fl_stream_bound(len(moves), int(np.count_nonzero(tiles))), "sizing a tile stream")
    # The bound is far above what most streams need; pages that are never written cost nothing here.
    out = np.empty(capacity, np.uint8)
    result = lib.fl_stream_encode(
        picture.pixels,
        picture.stride,
        *picture.size,
        given,
        len(moves),
        marks,
        ffi.from_buffer("uint8_t[]", out),
        capacity,
    )
    return bytearray(out[: check(result, "encoding tiles")].data)


def decode(stream: Bytes, image: Image, tiles: Tiles) -> None:
    """Apply a tile stream to `image` and mark the tiles it touches.

    CodecError at the first operation that is damaged; what stood before it is then applied and marked.
    """
    picture = write_picture(image, "image")
    marks = write_tiles(tiles, picture.size)
    data = _bytes_of(stream)
    result = lib.fl_stream_decode(data, len(data), picture.pixels, picture.stride, *picture.size, marks)
    check(result, "decoding a tile stream")


def _bytes_of(stream: Bytes) -> Any:
    try:
        return ffi.from_buffer("uint8_t[]", stream)
    except (TypeError, ValueError, BufferError) as error:
        raise UsageError(f"a tile stream is a contiguous bytes-like object: {error}") from error
