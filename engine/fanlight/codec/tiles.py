"""The lossless lane: changed tiles and moves as one stream, compressed as one batch; owns its update format.

An update is `u8 compression, u32 plain length, bytes`, little-endian, or nothing at all when nothing changed. The plain
bytes are the tile stream of docs/tile-stream.md.
"""

import struct
from dataclasses import dataclass

import numpy as np
import zstandard

from fanlight.codec.base import Decoder, Encoder, Update, checked_number
from fanlight.codec.picture import Picture
from fanlight.errors import CodecError
from fanlight.kernels import moves as move_kernels
from fanlight.kernels import stream as stream_kernels
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Image, Move, Rect, Size, Tiles

DEFAULT_LEVEL = 1

_HEADER = struct.Struct("<BI")
_PLAIN, _ZSTD = 0, 1
# A stream this short does not pay for a frame header and the call.
_LEAST_COMPRESSED = 64
# Level 19 uses a window of 8 MiB; a larger one can only be meant to cost memory.
_MOST_WINDOW = 1 << 23
# With fewer changed tiles than this, looking for a move costs more than sending them.
_LEAST_MOVED_TILES = 4
_MOST_MOVES = 16
# Nor is it looked for where less than this part of the area round all changes has changed: what scrolls lies together,
# and two letters in far corners would cost a search of the whole picture.
_SPARSEST_MOVE = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """What one update brings: moves, then tiles; `changed` counts the tiles that differed before the moves."""

    moves: tuple[Move, ...]
    tiles: Tiles
    changed: int

    def __bool__(self) -> bool:
        return bool(self.moves) or bool(self.tiles.any())


class TileWriter:
    """Finds what changed against the shadow and writes it; the shadow is what the decoder has."""

    def __init__(self, shadow: Picture, level: object = DEFAULT_LEVEL) -> None:
        checked = checked_number("level", level, 1, 19)
        self._shadow = shadow
        self._compressor = zstandard.ZstdCompressor(level=checked, write_content_size=True)

    def plan(self, image: Image, damage: tuple[Rect, ...], lossy: Tiles | None = None) -> Batch:
        """Find what changed inside the damage. Moves are applied to the shadow here and now.

        No move reads or writes a `lossy` tile, in which the decoder does not have what the shadow has.
        """
        shadow = self._shadow
        tiles = tile_kernels.no_tiles(shadow.size)
        tile_kernels.mark(tiles, damage, shadow.size)
        changed = tile_kernels.compare(shadow.image, image, tiles)
        movable = tiles if lossy is None else np.where(lossy, 0, tiles).astype(np.uint8)
        if np.count_nonzero(movable) < _LEAST_MOVED_TILES:
            return Batch((), tiles, changed)
        area = tile_kernels.rects(movable, shadow.size, limit=1)[0]
        if np.count_nonzero(movable) * _SPARSEST_MOVE < _tiles_across(area.w) * _tiles_across(area.h):
            return Batch((), tiles, changed)
        moves = move_kernels.find(shadow.image, image, area, limit=_MOST_MOVES)
        if lossy is not None:
            moves = tuple(move for move in moves if not self._touches(move, lossy))
        if moves:
            self._move(image, moves, tiles)
        return Batch(moves, tiles, changed)

    def pack(self, image: Image, batch: Batch) -> bytes:
        """Write a batch as the body of an update."""
        plain = stream_kernels.encode(image, batch.moves, batch.tiles)
        if len(plain) >= _LEAST_COMPRESSED:
            packed = self._compressor.compress(plain)
            if len(packed) < len(plain):
                return _HEADER.pack(_ZSTD, len(plain)) + packed
        return _HEADER.pack(_PLAIN, len(plain)) + plain

    def commit(self, image: Image, tiles: Tiles) -> None:
        """Take the marked tiles over into the shadow, once an update brings them."""
        tile_kernels.copy(image, self._shadow.image, tiles)
        self._shadow.touch(tiles)

    def _move(self, image: Image, moves: tuple[Move, ...], tiles: Tiles) -> None:
        """Apply the moves to the shadow and compare all they wrote anew, so a bad move costs bytes, never pixels."""
        shadow = self._shadow
        moved = tile_kernels.no_tiles(shadow.size)
        tile_kernels.mark(moved, [Rect(*move[:4]) for move in moves], shadow.size)
        move_kernels.apply(shadow.image, moves)
        shadow.touch(moved)
        np.bitwise_or(tiles, moved, out=tiles)
        tile_kernels.compare(shadow.image, image, tiles)

    def _touches(self, move: Move, lossy: Tiles) -> bool:
        x, y, w, h, src_x, src_y = move
        touched = tile_kernels.no_tiles(self._shadow.size)
        tile_kernels.mark(touched, [Rect(x, y, w, h), Rect(src_x, src_y, w, h)], self._shadow.size)
        return bool(np.any(touched[lossy != 0]))


class TileReader:
    """Applies the bodies that a TileWriter makes, and any that a hostile peer makes up, to a picture."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._most_plain = stream_kernels.bound(picture.size)
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)

    def decode(self, body: memoryview) -> Tiles:
        """Apply one body; return the tiles it touched."""
        plain = self._unpack(body)
        tiles = tile_kernels.no_tiles(self._picture.size)
        stream_kernels.decode(plain, self._picture.image, tiles)
        self._picture.touch(tiles)
        return tiles

    def _unpack(self, body: memoryview) -> bytes | memoryview:
        if len(body) < _HEADER.size:
            raise CodecError("a tile update is cut off in its header")
        compression, length = _HEADER.unpack_from(body)
        packed = body[_HEADER.size :]
        if length > self._most_plain:
            raise CodecError(f"a tile update of {length} bytes is more than this picture can need")
        if compression == _PLAIN:
            plain: bytes | memoryview = packed
        elif compression == _ZSTD:
            plain = self._decompress(packed, length)
        else:
            raise CodecError(f"a tile update names compression {compression}, which does not exist")
        if len(plain) != length:
            raise CodecError(f"a tile update says {length} bytes and holds {len(plain)}")
        return plain

    def _decompress(self, packed: memoryview, length: int) -> bytes:
        try:
            # Asked first, because zstandard allocates what the frame itself says, whatever limit it is given.
            said = zstandard.frame_content_size(packed)
            if said != length:
                raise CodecError(f"a tile update says {length} bytes, and its zstd frame {said}")
            return self._decompressor.decompress(packed, max_output_size=length, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise CodecError(f"a tile update does not decompress: {error}") from error


class TilesEncoder(Encoder):
    """Every update exact: what changed, and nothing else."""

    name = "tiles"

    def __init__(self, size: Size, *, level: object = DEFAULT_LEVEL) -> None:
        super().__init__(size)
        self._shadow = Picture(self.size)
        self._writer = TileWriter(self._shadow, level)
        self._key_due = True

    def _encode(self, frame: Frame) -> Update:
        key = self._key_due
        batch = whole(self.size) if key else self._writer.plan(frame.image, frame.damage)
        if not batch:
            return Update(exact=True)
        body = self._writer.pack(frame.image, batch)
        self._writer.commit(frame.image, batch.tiles)
        self._key_due = False
        return Update(body, exact=True, key=key, lane="tiles")

    @property
    def pending(self) -> bool:
        """Always False: nothing is ever lossy."""
        return False

    @property
    def digest(self) -> int | None:
        """The digest of the decoder's picture."""
        return self._shadow.digest

    def refresh(self) -> None:
        """Make the next update bring every tile."""
        self._key_due = True


class TilesDecoder(Decoder):
    """Shows the updates of a TilesEncoder."""

    name = "tiles"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._picture = Picture(self.size)
        self._reader = TileReader(self._picture)

    def _decode(self, update: memoryview) -> None:
        if update:
            self.damage = tile_kernels.rects(self._reader.decode(update), self.size)

    @property
    def image(self) -> Image:
        """The picture now, read-only."""
        return self._picture.view

    @property
    def digest(self) -> int:
        """The digest of the picture."""
        return self._picture.digest


def _tiles_across(pixels: int) -> int:
    return -(-pixels // tile_kernels.TILE)


def whole(size: Size) -> Batch:
    """Make the batch that brings a whole picture to a decoder of which nothing is known."""
    tiles = tile_kernels.all_tiles(size)
    return Batch((), tiles, tiles.size)
