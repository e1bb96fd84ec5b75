"""Writing the lossless lane: changed tiles and moves as one stream, compressed as one batch.

An update is a stream of docs/tile-stream.md in the form of packing.py, or nothing at all when nothing changed. Both
ends have a cache of the tiles that streams overwrote.
"""

import numpy as np

from fanlight.codec.base import SmallUpdate, WholeUpdate, checked_number
from fanlight.codec.batch import Batch
from fanlight.codec.packing import DEFAULT_LEVEL, Packer
from fanlight.codec.picture import Picture
from fanlight.kernels import stream as stream_kernels
from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.lane import HEAD, OTHER_SIZE, TOO_MANY, Lane
from fanlight.kernels.native import zeros
from fanlight.kernels.x11 import NO_FRAME, Screen
from fanlight.types import MAX_PIXELS, Image, Move, Rect, Tiles

# A shorter stream without moves, as that of a letter, fits a packet as it is, and compressing it would take as long as
# all the rest; moves take many times as long to find.
_LEAST_UNMOVED = 512
_MOST_MOVES = 16
_ANY_NUMBER = MAX_PIXELS
_SHORT = HEAD + _LEAST_UNMOVED
_ALL = slice(None)
# Of a bytes object it copies the bytes once, and runs no Python.
_new = bytes.__new__
_NOTHING = SmallUpdate()
_NOTHING.lane = ""
MANY = SmallUpdate()
"""Stands for an update of more tiles than were asked for, which is not written yet."""


class TileWriter:
    """Finds what changed against the shadow and writes it; the shadow is what the decoder has."""

    def __init__(self, shadow: Picture, level: object = DEFAULT_LEVEL) -> None:
        checked = checked_number("level", level, 1, 19)
        self._shadow = shadow
        self._packer = Packer(checked)
        self._cache = stream_kernels.Cache(stream_kernels.slots_for(shadow.size))
        # Pages of it that no stream has needed yet are not there. It starts with room for the header.
        memory = zeros(HEAD + stream_kernels.bound(shadow.size))
        self._room = memory[HEAD:]
        self._body = self._room.data
        self._lane = Lane(shadow, self._cache, memory)
        self._written, self._counts = self._lane.written, self._lane.counts

    def update(self, image: Image, damage: tuple[Rect, ...]) -> SmallUpdate:
        """Plan, pack and commit at once, for a decoder that has no lossy tile.

        It must reach the decoder. Empty: nothing changed.
        """
        length = self._lane.update(image, damage, _MOST_MOVES, _ANY_NUMBER)
        return self._finish(length) or _NOTHING

    def update_few(self, image: Image, damage: tuple[Rect, ...], most: int) -> SmallUpdate:
        """Do what `update` does if at most `most` tiles are left after the moves; MANY: there are more."""
        length = self._lane.update(image, damage, _MOST_MOVES, most)
        return MANY if length == TOO_MANY else self._finish(length) or _NOTHING

    def next(self, screen: Screen, timeout: float | None) -> SmallUpdate | None:
        """Do what `update` does with the next frame of a screen, which is then its `last`; None: none came for us."""
        length = screen.next_update(timeout, self._lane, _MOST_MOVES, _ANY_NUMBER)
        if 0 < length < _SHORT:
            update = _new(SmallUpdate, self._written[:length])
            update.counts = self._counts[_ALL]
            return update
        return None if length == NO_FRAME else self._finish(self._lane.length)

    def next_few(self, screen: Screen, timeout: float | None, most: int) -> SmallUpdate | None:
        """Do what `update_few` does with the next frame of a screen, as `next` does."""
        if screen.next_update(timeout, self._lane, _MOST_MOVES, most) == NO_FRAME:
            return None
        length = self._lane.length
        return MANY if length == TOO_MANY else self._finish(length)

    def whole(self, image: Image) -> WholeUpdate:
        """Bring all of a picture to a decoder of which nothing is known. It must reach the decoder."""
        length = self._lane.whole(image)
        update = _new(WholeUpdate, self._packer.pack(self._body[:length]))
        update.counts = self._counts[_ALL]
        return update

    def write_many(self, image: Image) -> SmallUpdate:
        """Write what was MANY, of the same image.

        It must reach the decoder and be taken, by `take_many` or `commit`; or be taken back.
        """
        return self._finish(self._lane.write(image)) or _NOTHING

    def take_many(self) -> None:
        """Take over into the shadow what `write_many` wrote."""
        self._lane.take()

    @property
    def last(self) -> Batch:
        """What the last `update`, or `update_few`, found."""
        return Batch(self._lane.moves, self._lane.tiles, self._lane.differed)

    @property
    def touched(self) -> Tiles:
        """Fresh marks of what the last `update`, or `update_few`, changes at the decoder."""
        return self._lane.touched

    @property
    def changed(self) -> int:
        """How many tiles differed before the moves in the last `update` or `update_few`."""
        return self._lane.differed

    def _finish(self, length: int) -> SmallUpdate | None:
        """Make an update of what the lane wrote; None: nothing, since the frame has another size."""
        if length >= (1 if self._lane.moved else _LEAST_UNMOVED):
            update = _new(SmallUpdate, self._packer.pack(self._body[:length]))
        elif length > 0:
            update = SmallUpdate(self._written[: HEAD + length])
        else:
            return None if length == OTHER_SIZE else _NOTHING
        update.counts = self._counts[_ALL]
        return update

    def plan(
        self, image: Image, damage: tuple[Rect, ...], lossy: Tiles | None = None, film: Tiles | None = None
    ) -> Batch:
        """Find what changed inside the damage. Moves are applied to the shadow here and now.

        No move reads or writes a `lossy` tile, in which the decoder does not have what the shadow has. Those of `film`,
        lossy as well, are not compared: where they are damaged, they count as changed.
        """
        tiles = tile_kernels.no_tiles(self._shadow.size)
        tile_kernels.mark(tiles, damage, self._shadow.size)
        if film is None:
            return Batch(*self._found(image, tiles, lossy))
        damaged = tiles & film
        np.bitwise_xor(tiles, damaged, out=tiles)
        if not tiles.any():
            return Batch((), damaged, int(np.count_nonzero(damaged)))
        moves, _, changed = self._found(image, tiles, lossy)
        np.bitwise_or(tiles, damaged, out=tiles)
        return Batch(moves, tiles, changed + int(np.count_nonzero(damaged)))

    def _found(self, image: Image, tiles: Tiles, lossy: Tiles | None) -> tuple[tuple[Move, ...], Tiles, int]:
        moves, changed = self._shadow.find(image, tiles, lossy, _MOST_MOVES)
        return moves, tiles, changed

    def pack(self, image: Image, batch: Batch, lossy: Tiles | None = None, *, key: bool = False) -> bytes:
        """Write a batch as the body of an update, before it is committed; with `key` one that needs nothing earlier.

        It must reach the decoder, or be taken back.
        """
        if key:
            self._cache.forget()
        before = None if key else self._shadow.image
        return self._packer.pack(self._stream(image, batch, self._cache, before, lossy))

    def send(self, image: Image, batch: Batch, lossy: Tiles) -> bytes:
        """Do what `pack` and `commit` do, at once. It must reach the decoder."""
        stream = stream_kernels.send(
            self._shadow, image, batch.moves, batch.tiles, self._cache, self._room, lossy=lossy
        )
        return self._packer.pack(stream)

    def take_back(self) -> None:
        """Undo the last `pack`, because its body will never reach the decoder."""
        self._cache.take_back()

    def forget(self) -> None:
        """Name no tile from before: a decoder that starts now must do without."""
        self._cache.forget()

    def alone(self, image: Image, tiles: Tiles) -> bytes:
        """Write a body that brings these tiles of `image` to any decoder, whatever it had before."""
        return self._packer.pack(self._stream(image, Batch((), tiles, 0)))

    def catch_up(self, lacks: Tiles) -> bytes:
        """Write a body for a decoder that has all of the shadow but `lacks`; name no tile from before to any, since."""
        self.forget()
        return self.alone(self._shadow.image, lacks)

    def _stream(
        self,
        image: Image,
        batch: Batch,
        cache: stream_kernels.Cache | None = None,
        before: Image | None = None,
        lossy: Tiles | None = None,
    ) -> memoryview:
        return stream_kernels.encode(image, batch.moves, batch.tiles, cache, before, lossy, self._room)

    def commit(self, image: Image, tiles: Tiles) -> None:
        """Take the marked tiles over into the shadow, once an update brings them."""
        self._shadow.take(image, tiles)
