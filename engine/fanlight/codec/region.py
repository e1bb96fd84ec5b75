"""One video region of the encoder: its place, its FFmpeg encoder, and whether what it shows is still film."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import numpy as np

from fanlight.codec import placement
from fanlight.codec.base import QUALITY_STEP
from fanlight.codec.heat import REST_SECONDS
from fanlight.codec.video import VideoWriter
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Image, Rect, Size, Tiles

OpenVideo = Callable[[Size, int], VideoWriter]
"""Opens an encoder for pictures of a size, with a quantiser of the codec's own scale."""

# A change of less than this share of the region, that costs little as tiles, is something that stands over the film.
_LARGE_SHARE = 1 / 8
_SMALL_BYTES = 16 << 10
_LIGHT_DENSITY = 0.25
_LIGHT_UPDATES = 3
_LOOKED_AT = 6
_WINDOW_SECONDS = 1.0
_SHRUNK = 3 / 4
# A finer quantiser is worth a key frame so often, a coarser one at once: it is asked for when the link is full.
_FINER_SECONDS = 1.0
_TILE = tile_kernels.TILE


class Verdict(Enum):
    """What an update does with a region."""

    VIDEO = auto()
    """Send a packet."""
    TILES = auto()
    """Send what changed as tiles; the region stays."""
    CLOSE = auto()
    """Send what changed as tiles, and do so from now on."""


class Region:
    """A rectangle that film runs in. `tiles` marks those that it touches, of which `border` are not wholly inside."""

    def __init__(self, number: int, rect: Rect, size: Size, opened_at: float) -> None:
        self.number: Final = number
        self.rect: Final = rect
        self.tiles: Final = tile_kernels.no_tiles(size)
        self.tiles[placement.tiles_of(rect)] = 1
        self._strips = _strips(rect, size)
        self._outer = placement.box(rect)
        self.border: Final = tile_kernels.no_tiles(size)
        for _, place in self._strips:
            self.border[place] = 1
        self.key_due = True
        self._size = size
        self._count = int(np.count_nonzero(self.tiles))
        self._writer: VideoWriter | None = None
        self._qp = 0
        self._finer_at = opened_at + _FINER_SECONDS
        self._large_at = opened_at
        self._light = self._unweighed = 0
        self._active = tile_kernels.no_tiles(size)
        self._active_since = opened_at

    @property
    def started(self) -> bool:
        """Whether the decoder has had a packet of it."""
        return self._writer is not None

    def again(self) -> "Region":
        """Return a region in the same place that starts anew."""
        return Region(self.number, self.rect, self._size, self._large_at)

    def note(self, damage: tuple[Rect, ...]) -> None:
        """Say where the picture changed."""
        if self._writer is not None:
            parts = (placement.clipped(rect, self.rect) for rect in damage)
            x, y = self.rect.x, self.rect.y
            self._writer.note([Rect(p.x - x, p.y - y, p.w, p.h) for p in parts if p.w and p.h])

    def weigh(self, frame: Frame, changed: Tiles, moving: Tiles, density: Callable[[Tiles], float]) -> Verdict:
        """Tell what an update does that changes these tiles of the picture; `density` tells their cost as tiles.

        A film that is drawn again and again, and does not move, comes to rest as well: until then it costs packets.
        """
        if not self._is_large(changed & self.tiles, density):
            return Verdict.CLOSE if self.rests(frame) else Verdict.TILES
        inside = moving & self.tiles
        if self.started:
            if not self._is_large(inside, density):
                return Verdict.CLOSE if self.rests(frame) else Verdict.VIDEO
            self._large_at = frame.captured_at
            if self._is_light(inside, density):
                return Verdict.CLOSE
        np.bitwise_or(self._active, inside, out=self._active)
        return Verdict.VIDEO

    def _is_large(self, tiles: Tiles, density: Callable[[Tiles], float]) -> bool:
        count = int(np.count_nonzero(tiles))
        if count == 0 or count > _LARGE_SHARE * self._count:
            return count > 0
        return density(tiles) * count * _TILE * _TILE >= _SMALL_BYTES

    def _is_light(self, inside: Tiles, density: Callable[[Tiles], float]) -> bool:
        """Tell whether three large updates in a row were cheap as tiles; one in six is looked at while none was."""
        self._unweighed += 1
        if self._light or self._unweighed >= _LOOKED_AT:
            self._unweighed = 0
            self._light = self._light + 1 if density(inside) < _LIGHT_DENSITY else 0
        return self._light >= _LIGHT_UPDATES

    def rests(self, frame: Frame) -> bool:
        """Whether nothing large has changed for a while."""
        return frame.captured_at - self._large_at > REST_SECONDS

    def shrunk(self, frame: Frame) -> Rect | None:
        """Return where the film has stood for a second, if that is much less than the region."""
        if frame.captured_at - self._active_since < _WINDOW_SECONDS or not self._active.any():
            return None
        part = placement.bounds(self._active, self.rect, self._size)
        self._active[:] = 0
        self._active_since = frame.captured_at
        return part if part.w * part.h <= _SHRUNK * self.rect.w * self.rect.h else None

    def encode(self, frame: Frame, open_video: OpenVideo, qp: int) -> tuple[bytes, bool]:
        """Return the packet and whether it is a key frame; empty where the encoder holds the frame back."""
        if self._writer is None or self._is_worth_a_key(qp, frame):
            self._qp, self._finer_at = qp, frame.captured_at + _FINER_SECONDS
            self.close()
            self._writer = open_video((self.rect.w, self.rect.h), qp)
            self.key_due = True
        x, y, w, h = self.rect
        packet, key = self._writer.encode(frame.image[y : y + h, x : x + w], key=self.key_due)
        self.key_due = False
        return packet, key

    def _is_worth_a_key(self, qp: int, frame: Frame) -> bool:
        if abs(qp - self._qp) < QUALITY_STEP:
            return False
        return qp > self._qp or frame.captured_at >= self._finer_at

    def changed_outside(self, before: Image, after: Image, damage: tuple[Rect, ...]) -> Tiles:
        """Mark the tiles of the border that differ where the region is not."""
        tiles = tile_kernels.no_tiles(self._size)
        if not any(self._is_outside(rect) for rect in damage):
            return tiles
        for (rows, columns), place in self._strips:
            old, new = before[rows, columns], after[rows, columns]
            differs = tile_kernels.all_tiles((new.shape[1], new.shape[0]))
            tile_kernels.compare(old, new, differs)
            np.bitwise_or(tiles[place], differs, out=tiles[place])
        return tiles

    def _is_outside(self, damage: Rect) -> bool:
        """Tell whether damage reaches the region's tiles where it is not."""
        part = placement.clipped(damage, self._outer)
        return part.w > 0 and part.h > 0 and placement.clipped(part, self.rect) != part

    def close(self) -> None:
        """Free the encoder."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


_Strip = tuple[tuple[slice, slice], tuple[slice, slice]]


def _strips(rect: Rect, size: Size) -> list[_Strip]:
    """Return what the region's tiles have outside of it: the pixels, and the tiles they are in, for each side."""
    rows, columns = placement.tiles_of(rect)
    left, top = columns.start * _TILE, rows.start * _TILE
    right, bottom = min(columns.stop * _TILE, size[0]), min(rows.stop * _TILE, size[1])
    sides = [
        ((slice(top, bottom), slice(left, rect.x)), (rows, slice(columns.start, columns.start + 1))),
        ((slice(top, bottom), slice(rect.x + rect.w, right)), (rows, slice(columns.stop - 1, columns.stop))),
        ((slice(top, rect.y), slice(left, right)), (slice(rows.start, rows.start + 1), columns)),
        ((slice(rect.y + rect.h, bottom), slice(left, right)), (slice(rows.stop - 1, rows.stop), columns)),
    ]
    return [(pixels, tiles) for pixels, tiles in sides if all(part.start < part.stop for part in pixels)]
