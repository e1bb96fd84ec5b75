"""The video regions of one picture: which there are, when they open, grow, shrink and close."""

import os
from collections.abc import Callable, Iterator

import numpy as np

from fanlight.codec import placement, sections
from fanlight.codec.heat import Heat
from fanlight.codec.region import Region, Verdict
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Rect, Size, Tiles

MOST_REGIONS = min(sections.MOST_REGIONS, 2 * (os.cpu_count() or 1))
"""So many as the cores bear: every one is an encoder that wants its turn in each frame."""

_LEAST_SHARE = 0.3

ALL = (1 << sections.MOST_REGIONS) - 1
"""Every region, as a mask of their numbers."""


class Regions:
    """The regions of an encoder. `tiles` marks where they are.

    `closed` is a mask of those that the decoder must still be told to close.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self._heat = Heat(size)
        self._live: list[Region] = []
        self.tiles: Tiles = tile_kernels.no_tiles(size)
        self.closed = 0

    def __iter__(self) -> Iterator[Region]:
        return iter(self._live)

    def __bool__(self) -> bool:
        return bool(self._live)

    @property
    def started(self) -> bool:
        """Whether the decoder leans on packets that it had."""
        return any(region.started for region in self._live)

    def choose(self, frame: Frame, changed: Tiles, moving: Tiles, density: Callable[[Tiles], float]) -> list[Region]:
        """Return the regions of which the update holds a packet; close those that rest, shrink those too large.

        `moving` are the changed tiles without those of film in which the same was drawn again.
        """
        chosen = []
        for region in tuple(self._live):
            verdict = region.weigh(frame, changed, moving, density)
            if verdict is Verdict.CLOSE:
                self._put_away(region, frame)
            elif verdict is Verdict.VIDEO:
                part = region.shrunk(frame)
                chosen.append(region if part is None else self._replace(region, part, frame))
        return chosen

    def open(self, frame: Frame, tiles: Tiles, cost: int, share: Callable[[Rect], float]) -> list[Region]:
        """Count an update of tiles and the bytes they cost; return the regions that are opened, or grow, for it.

        `share` tells how much of a rectangle's pixels the update changes. Where that is little, as in the strip that a
        scroll uncovers, tiles are the better way.
        """
        hot = self._heat.note(frame, tiles, cost)
        if not hot.any():
            return []
        found = placement.clusters(hot, frame.damage, self._size)
        new = [rect for rect in found if share(rect) > _LEAST_SHARE]
        if len(new) < len(found):
            self._heat.forget(hot)
        live = {region.rect: region for region in self._live}
        wanted = placement.arranged(live, new, self._size)
        if not new or len(wanted) > MOST_REGIONS:
            self._heat.forget(hot)
            return []
        for rect, region in live.items():
            if rect not in wanted:
                self._close(region)
        opened = [self._open(rect, frame) for rect in wanted if rect not in live]
        for region in opened:
            self._heat.forget(region.tiles)
        return opened

    def inherit(self, other: "Regions") -> None:
        """Have the regions of another picture, each to be started anew."""
        self._live = [region.again() for region in other]
        self._look_where()

    def note(self, damage: tuple[Rect, ...]) -> None:
        """Say where the picture changed."""
        for region in self._live:
            region.note(damage)

    def refresh(self) -> None:
        """Begin every region anew with its next packet."""
        for region in self._live:
            region.key_due = True

    def rest(self, frame: Frame) -> None:
        """Close them all, since the screen rests."""
        for region in tuple(self._live):
            self._put_away(region, frame)

    def close(self) -> None:
        """Close them all."""
        for region in tuple(self._live):
            self._close(region)

    def _put_away(self, region: Region, frame: Frame) -> None:
        """Close a region. One whose film has only stopped may go on soon."""
        if region.started and region.rests(frame):
            self._heat.keep_warm(region.tiles, frame.captured_at)
        self._close(region)

    def _open(self, rect: Rect, frame: Frame) -> Region:
        taken = {region.number for region in self._live}
        number = next(number for number in range(MOST_REGIONS) if number not in taken)
        region = Region(number, rect, self._size, frame.captured_at)
        self._live.append(region)
        self._look_where()
        return region

    def _replace(self, region: Region, rect: Rect, frame: Frame) -> Region:
        self._close(region)
        return self._open(rect, frame)

    def _close(self, region: Region) -> None:
        if region.started:
            self.closed |= 1 << region.number
        region.close()
        self._live.remove(region)
        self._look_where()

    def _look_where(self) -> None:
        self.tiles = tile_kernels.no_tiles(self._size)
        for region in self._live:
            np.bitwise_or(self.tiles, region.tiles, out=self.tiles)
