"""A hybrid update while it is put together: its sections, and what they bring about."""

import numpy as np

from fanlight.codec import sections
from fanlight.codec.base import Update
from fanlight.codec.batch import Batch, pixels_of, touched_by
from fanlight.codec.region import Region
from fanlight.types import Size, Tiles


class Draft:
    """The sections so far, in their order; `touched` marks the tiles that they change."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._sections: list[bytes] = []
        self._pixels: dict[str, int] = {}
        self._tiles = self._video = False
        self.touched: Tiles | None = None

    def __bool__(self) -> bool:
        return self.touched is not None

    def __len__(self) -> int:
        return sum(map(len, self._sections))

    def add_state(self, closed: int, lossy: Tiles | None) -> None:
        """Close regions, and say what is lossy. This alone makes no update."""
        self._sections.append(sections.write_state(closed, lossy))

    def add_tiles(self, batch: Batch, body: bytes) -> None:
        """Bring a batch exactly."""
        self._sections.append(sections.write_tiles(body))
        self._tiles = True
        self._count(pixels_of(batch, self._size))
        self._touch(touched_by(batch, self._size))

    def add_video(self, region: Region, packet: bytes, *, key: bool) -> None:
        """Bring a region with loss."""
        self._sections.append(sections.write_video(region.number, region.rect, packet, key=key))
        self._video = True
        self._count({"video": region.rect.w * region.rect.h})
        self._touch(region.tiles)

    def finish(self, *, exact: bool, key: bool) -> Update:
        """Return the update."""
        lane = "both" if self._tiles and self._video else "tiles" if self._tiles else "video"
        return Update(b"".join(self._sections), exact=exact, key=key, lane=lane, pixels=self._pixels)

    def _count(self, pixels: dict[str, int]) -> None:
        for operation, count in pixels.items():
            self._pixels[operation] = self._pixels.get(operation, 0) + count

    def _touch(self, tiles: Tiles) -> None:
        self.touched = tiles if self.touched is None else np.bitwise_or(self.touched, tiles)
