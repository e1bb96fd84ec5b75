"""A picture kept beside one that changes: what differs, what moved, and taking it over."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import (
    check,
    check_same_size,
    grid,
    read_picture,
    read_tiles,
    write_hashes,
    write_picture,
    write_tiles,
    zeros,
)
from fanlight.kernels.tiles import mark
from fanlight.types import Image, Move, Rect, Size, Tiles

MAX_MOVES: int = lib.FL_MAX_MOVES

# What a search needs besides the rows that it moves the picture by.
_SLACK = 64


class Shadow:
    """A picture of `size`, black at first; one thread at a time.

    Whoever writes to `image` other than by `find` and `take` says so by `touch`. A search may let the picture begin
    elsewhere in its memory, so `image` holds only until the next. `stale` marks the tiles that changed since the digest
    was asked for.
    """

    def __init__(self, size: Size) -> None:
        rows, columns = grid(size)
        self.size = size
        # Half a picture more than it takes: pages that no slide ever reaches are not there.
        self._room = zeros(4 * size[0] * (size[1] + size[1] // 2) + _SLACK)
        self._image, self._at = self._look_at(0), 0
        self._known = np.zeros((rows, columns), np.uint8)
        self._rows = np.empty(columns * size[1], np.uint64)
        self.stale: Tiles = np.ones((rows, columns), np.uint8)
        self._mixed = np.zeros((rows, columns), np.uint64)
        self._stale_marks = write_tiles(self.stale, size)
        self._mixed_places = write_hashes(self._mixed, size)
        self._digest: Any = ffi.new("uint64_t *")
        self._work: NDArray[np.uint64] | None = None
        self._picture = write_picture(self._image, "the shadow")
        self.native: Final[Any] = ffi.new("fl_shadow *")
        self.native.pixels, self.native.stride = self._picture.pixels, self._picture.stride
        self.native.w, self.native.h = size
        self.native.rows = ffi.from_buffer("uint64_t[]", self._rows)
        self.native.known = ffi.from_buffer("uint8_t[]", self._known)

    @property
    def image(self) -> Image:
        """The picture, where it is now."""
        if self._work is None:
            return self._image
        at = self.native.pixels - self.native.room
        if at != self._at:
            self._image, self._at = self._look_at(at), at
        return self._image

    def _look_at(self, at: int) -> Image:
        width, height = self.size
        return self._room[at : at + 4 * width * height].reshape(height, width, 4)

    def find(
        self, image: Image, tiles: Tiles, lossy: Tiles | None = None, limit: int = 16
    ) -> tuple[tuple[Move, ...], int]:
        """Leave those of `tiles` marked in which `image` differs; return moves, and how many differed before them.

        The at most `limit` moves are applied to the shadow here. None touches a `lossy` tile.
        """
        if not 0 <= limit <= MAX_MOVES:
            raise UsageError(f"the limit of moves is 0 to {MAX_MOVES}, not {limit}")
        after = read_picture(image, "image")
        check_same_size(self._picture, after)
        self._need_work()
        found = ffi.new("fl_move[]", limit)
        differed = ffi.new("int32_t *")
        marks = write_tiles(tiles, self.size)
        excluded = ffi.NULL if lossy is None else read_tiles(lossy, self.size)
        result = lib.fl_shadow_find(self.native, after.pixels, after.stride, marks, excluded, found, limit, differed)
        count = check(result, "finding what changed")
        moves = tuple(Move(m.x, m.y, m.w, m.h, m.src_x, m.src_y) for m in found[0:count])
        if moves:
            mark(self.stale, [Rect(*move[:4]) for move in moves], self.size)
        return moves, differed[0]

    def take(self, image: Image, tiles: Tiles) -> None:
        """Copy the marked tiles of `image`, X bytes as 0; after a `find` it must be the same picture."""
        after = read_picture(image, "image")
        check_same_size(self._picture, after)
        result = lib.fl_shadow_take(self.native, after.pixels, after.stride, read_tiles(tiles, self.size))
        check(result, "taking tiles over")
        np.bitwise_or(self.stale, tiles, out=self.stale)

    def touch(self, tiles: Tiles) -> None:
        """Say that the marked tiles were written to from outside."""
        read_tiles(tiles, self.size)
        self._known[tiles != 0] = 0
        np.bitwise_or(self.stale, tiles, out=self.stale)

    @property
    def digest(self) -> int:
        """The digest of the picture; only tiles that changed since it was last asked for are hashed."""
        result = lib.fl_shadow_digest(self.native, self._stale_marks, self._mixed_places, self._digest)
        check(result, "hashing tiles")
        return int(self._digest[0])

    def searchable(self) -> Any:
        """Return the native shadow, with all that a search needs; it lives as long as this object."""
        self._need_work()
        return self.native

    def _need_work(self) -> None:
        """Allocate what a search works with, once there is one: most pictures are never searched."""
        if self._work is None:
            length = check(lib.fl_shadow_work(*self.size), "sizing a search")
            self._work = np.empty(-(-length // 8), np.uint64)
            self.native.work = ffi.cast("uint8_t *", ffi.from_buffer("uint64_t[]", self._work))
            self.native.room, self.native.room_size = self.native.pixels, self._room.nbytes
