"""The lossless tile stream of docs/tile-stream.md, before compression."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import array_of, check, grid, read_picture, read_tiles, write_picture, write_tiles
from fanlight.kernels.shadow import Shadow
from fanlight.types import TILE, Image, Move, Size, Tiles

MAX_MOVES: Final = 64
MAX_SLOTS: Final[int] = lib.FL_CACHE_MAX_SLOTS

_LEAST_SLOTS = 1024
_MOST_SLOTS = 4096
# Enough for a few pages or windows that take turns.
_PICTURES_HELD = 4

Bytes: TypeAlias = bytes | bytearray | memoryview


class Cache:
    """Tiles put aside at one end of a stream; memory is taken as tiles come, 16 KiB each, for at most `slots`."""

    def __init__(self, slots: int) -> None:
        if not 1 <= slots <= MAX_SLOTS or slots & (slots - 1):
            raise UsageError(f"a cache has a power of two of slots, up to {MAX_SLOTS}, not {slots}")
        self.slots: Final = slots
        self._memory = (
            np.zeros(slots * TILE * TILE * 4, np.uint8),
            np.zeros(slots, np.uint16),
            np.zeros(slots, np.uint64),
            np.zeros(slots * 4, np.uint16),
        )
        kinds = ("uint8_t[]", "uint16_t[]", "uint64_t[]", "uint16_t[]")
        pixels, sizes, hashes, index = (
            ffi.from_buffer(kind, array) for kind, array in zip(kinds, self._memory, strict=True)
        )
        self.native: Final[Any] = ffi.new("fl_cache *", {"slots": slots})
        self.native.pixels, self.native.sizes = pixels, sizes
        self.native.hashes, self.native.index = hashes, index

    def forget(self) -> None:
        """Name nothing that was put aside before: the next stream stands alone."""
        self.native.stored = 0

    def take_back(self) -> None:
        """Undo what the last `encode` put aside, because its stream will never reach the decoder."""
        check(lib.fl_cache_take_back(self.native), "taking a stream back")


def slots_for(size: Size) -> int:
    """Return how many slots the caches of both ends have for a picture of this size."""
    rows, columns = grid(size)
    wanted = min(max(_PICTURES_HELD * rows * columns, _LEAST_SLOTS), _MOST_SLOTS)
    return int(1 << (wanted - 1).bit_length())


def bound(size: Size, moves: int = MAX_MOVES) -> int:
    """Return the length in bytes that no stream for a picture of this size needs to exceed."""
    rows, columns = grid(size)
    return check(lib.fl_stream_bound(moves, rows * columns), "sizing a tile stream")


def encode(
    image: Image,
    moves: Sequence[Move],
    tiles: Tiles,
    cache: Cache | None = None,
    before: Image | None = None,
    lossy: Tiles | None = None,
    out: NDArray[np.uint8] | None = None,
) -> memoryview:
    """Write the moves, then the marked tiles of `image`, as a tile stream.

    Tiles that `cache` holds are named. Given `before`, which is what the decoder has after the moves but for the
    `lossy` tiles, it holds from then on what the stream overwrites. The stream is written to `out`, for those who
    write many, or to memory of its own.
    """
    picture = read_picture(image, "image")
    marks = read_tiles(tiles, picture.size)
    given = array_of("fl_move", [tuple(move) for move in moves]) if moves else ffi.NULL
    old = None if before is None else read_picture(before, "before")
    if old is not None and old.size != picture.size:
        raise UsageError(f"the pictures must have one size, not {old.size} and {picture.size}")
    if out is None:
        # The bound is far above what most streams need; pages that are never written cost nothing here.
        out = np.empty(
            check(lib.fl_stream_bound(len(moves), np.count_nonzero(tiles)), "sizing a tile stream"), np.uint8
        )
    result = lib.fl_stream_encode(
        picture.pixels,
        picture.stride,
        *picture.size,
        given,
        len(moves),
        marks,
        ffi.NULL if cache is None else cache.native,
        ffi.NULL if old is None else old.pixels,
        0 if old is None else old.stride,
        ffi.NULL if lossy is None else read_tiles(lossy, picture.size),
        ffi.from_buffer("uint8_t[]", out, require_writable=True),
        out.nbytes,
    )
    if result < 0 and cache is not None:
        cache.take_back()
    return out.data[: check(result, "encoding tiles")]


def send(
    shadow: Shadow,
    image: Image,
    moves: Sequence[Move],
    tiles: Tiles,
    cache: Cache,
    out: NDArray[np.uint8],
    *,
    lossy: Tiles | None = None,
) -> memoryview:
    """Do what `encode` does and the shadow's `take` after it, but read the picture only once.

    The decoder has what the shadow has, but for the `lossy` tiles. The stream must reach it.
    """
    picture = read_picture(image, "image")
    if picture.size != shadow.size:
        raise UsageError(f"the pictures must have one size, not {shadow.size} and {picture.size}")
    result = lib.fl_shadow_send(
        shadow.native,
        picture.pixels,
        picture.stride,
        array_of("fl_move", [tuple(move) for move in moves]) if moves else ffi.NULL,
        len(moves),
        read_tiles(tiles, picture.size),
        cache.native,
        ffi.NULL if lossy is None else read_tiles(lossy, picture.size),
        False,
        ffi.from_buffer("uint8_t[]", out, require_writable=True),
        out.nbytes,
    )
    length = check(result, "encoding tiles")
    np.bitwise_or(shadow.stale, tiles, out=shadow.stale)
    return out.data[:length]


def decode(stream: Bytes, image: Image, tiles: Tiles, cache: Cache | None = None) -> None:
    """Apply a tile stream to `image` and mark the tiles it touches.

    CodecError at the first operation that is damaged; what stood before it is then applied and marked.
    """
    picture = write_picture(image, "image")
    marks = write_tiles(tiles, picture.size)
    data = _bytes_of(stream)
    held = ffi.NULL if cache is None else cache.native
    result = lib.fl_stream_decode(data, len(data), picture.pixels, picture.stride, *picture.size, marks, held)
    check(result, "decoding a tile stream")


def _bytes_of(stream: Bytes) -> Any:
    try:
        return ffi.from_buffer("uint8_t[]", stream)
    except (TypeError, ValueError, BufferError) as error:
        raise UsageError(f"a tile stream is a contiguous bytes-like object: {error}") from error
