"""One update of the tile lane in one native call: for small ones, each call more would cost more than the update."""

import errno
import struct
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fanlight._native import ffi, lib
from fanlight.errors import UsageError
from fanlight.kernels.native import array_of, check, read_picture, write_tiles
from fanlight.kernels.shadow import Shadow
from fanlight.kernels.stream import Cache
from fanlight.types import Image, Move, Rect, Size, Tiles

TOO_MANY: Final = -1
OTHER_SIZE: Final = -2

_MEANINGS: Final = {errno.EAGAIN: TOO_MANY, errno.ESTALE: OTHER_SIZE}

HEAD: Final[int] = lib.FL_LANE_HEAD
"""Bytes before the stream that make an update of it which is not compressed: a zero, and its length as u32."""

_PIXELS = struct.Struct("=2q")
_RECT = struct.Struct("=4i")
_ROOM = 64


class Lane:
    """Updates of `shadow` and `cache`, written to `out` with HEAD bytes before them, which must have room for any.

    It remembers the image that it saw last, since a capture hands out the same array again and again. Slices of
    `written`, which begins with HEAD, are bytes; so are those of `counts`, of which all is for `pixels_of`.
    """

    def __init__(self, shadow: Shadow, cache: Cache, out: NDArray[np.uint8]) -> None:
        self._size: Final[Size] = shadow.size
        self._marks: Tiles = np.zeros_like(shadow.stale)
        self._touched: Tiles = np.zeros_like(shadow.stale)
        self._keep: Final = (shadow, cache, out)
        self.native: Final[Any] = ffi.new("fl_lane *")
        self.written: Final[Any] = ffi.buffer(ffi.from_buffer("uint8_t[]", out, require_writable=True), out.nbytes)
        self.counts: Final[Any] = ffi.buffer(ffi.addressof(self.native, "tile_pixels"), _PIXELS.size)
        self.native.shadow, self.native.cache = shadow.searchable(), cache.native
        self.native.tiles = write_tiles(self._marks, shadow.size)
        self.native.stale = write_tiles(shadow.stale, shadow.size)
        self.native.touched = write_tiles(self._touched, shadow.size)
        self.native.out = ffi.from_buffer("uint8_t[]", out, require_writable=True)
        self.native.capacity = out.nbytes
        self._image: Image | None = None
        self._pixels: Any = None
        self._stride = 0
        self._rects = bytearray(_ROOM * _RECT.size)
        self._rects_there: Any = ffi.from_buffer("fl_rect[]", self._rects)

    def update(self, image: Image, damage: tuple[Rect, ...], moves: int, most: int) -> int:
        """Write what changed inside the damage, and take it over; return its length, 0 when nothing did.

        TOO_MANY where more than `most` tiles are left after at most `moves` moves. Then these are applied to the
        shadow, and `tiles` marks what is to be written and taken.
        """
        if image is not self._image:
            self._look_at(image)
        rects = self._list(damage)
        lib.fl_lane_update(self.native, self._pixels, self._stride, rects, len(damage), moves, most)
        return self.length

    def write(self, image: Image) -> int:
        """Write what the last update found and left, of the same picture; return its length."""
        if image is not self._image:
            self._look_at(image)
        return check(lib.fl_lane_write(self.native, self._pixels, self._stride), "encoding what changed")

    def take(self) -> None:
        """Take over into the shadow what was written."""
        check(lib.fl_lane_take(self.native, self._pixels, self._stride), "taking tiles over")

    def whole(self, image: Image) -> int:
        """Write all of a picture so that it stands alone, and take it over; return its length."""
        if image is not self._image:
            self._look_at(image)
        return check(lib.fl_lane_whole(self.native, self._pixels, self._stride), "encoding a picture")

    @property
    def length(self) -> int:
        """What the last update returned; OTHER_SIZE where a capture brought a frame of another one."""
        length: int = self.native.length
        return length if length >= 0 else _MEANINGS.get(-length) or check(length, "encoding what changed")

    @property
    def moved(self) -> bool:
        """Whether the last update moves anything."""
        return bool(self.native.n_moves)

    @property
    def moves(self) -> tuple[Move, ...]:
        """The moves of the last update."""
        native = self.native
        return tuple(Move(m.x, m.y, m.w, m.h, m.src_x, m.src_y) for m in native.moves[0 : native.n_moves])

    @property
    def tiles(self) -> Tiles:
        """A copy of the marks of the last update."""
        return self._marks.copy()

    @property
    def touched(self) -> Tiles:
        """A copy of the marks of what the last update changes at the decoder: its tiles, and where its moves go."""
        return self._touched.copy()

    @property
    def differed(self) -> int:
        """How many tiles differed before the moves of the last update."""
        return int(self.native.differed)

    def _look_at(self, image: Image) -> None:
        pixels, stride, width, height = read_picture(image, "image")
        if (width, height) != self._size:
            raise UsageError(f"the pictures must have one size, not {self._size} and {(width, height)}")
        self._image, self._pixels, self._stride = image, pixels, stride

    def _list(self, damage: tuple[Rect, ...]) -> Any:
        if len(damage) > _ROOM:
            return array_of("fl_rect", [tuple(rect) for rect in damage])
        try:
            _rects(len(damage)).pack_into(self._rects, 0, *chain.from_iterable(damage))
        except struct.error as error:
            raise UsageError(f"these are not whole numbers of at most 32 bits: {error}") from error
        return self._rects_there


@lru_cache(maxsize=_ROOM + 1)
def _rects(count: int) -> struct.Struct:
    return struct.Struct(f"={4 * count}i")


def pixels_of(counts: bytes) -> tuple[int, int]:
    """Return how many pixels the tiles of an update have, and how many its moves write."""
    tiles, moved = _PIXELS.unpack(counts)
    return tiles, moved
