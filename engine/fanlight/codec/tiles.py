"""The codec of exact tiles alone."""

import numpy as np

from fanlight.codec.base import Decoder, Encoder, FrameSource, Update
from fanlight.codec.batch import area, pixels_of, touched_by
from fanlight.codec.packing import DEFAULT_LEVEL
from fanlight.codec.picture import Picture
from fanlight.codec.tile_reader import TileReader
from fanlight.codec.tile_writer import TileWriter
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Image, Size, Tiles


class TilesEncoder(Encoder):
    """Every update exact: what changed, and nothing else."""

    name = "tiles"

    def __init__(self, size: Size, *, level: object = DEFAULT_LEVEL) -> None:
        super().__init__(size)
        self._level = level
        self._shadow = Picture(self.size)
        self._writer = TileWriter(self._shadow, level)
        self._key_due = True
        # What the decoder of a fork lacks until the first update.
        self._lacks: Tiles | None = None

    def _encode(self, frame: Frame) -> Update:
        if self._lacks is not None and not self._key_due:
            return self._encode_lacking(frame, self._lacks)
        self._touched = None
        if not self._key_due:
            return self._writer.update(frame.image, frame.damage)
        update = self._writer.whole(frame.image)
        self._key_due, self._lacks = False, None
        return update

    def encode_next(self, source: FrameSource, timeout: float | None = None) -> Update | None:
        """Wait for the source's next frame and bring the decoder up to date with it."""
        screen = source.screen
        if screen is None or self._key_due or self._lacks is not None:
            return super().encode_next(source, timeout)
        self._need_open()
        update = self._writer.next(screen, timeout)
        if update is not None:
            self._touched = None
        return update

    def _look_touched(self) -> Tiles:
        return self._writer.touched

    def _encode_lacking(self, frame: Frame, lacks: Tiles) -> Update:
        """Bring besides what changed what a fork's decoder lacks."""
        batch = self._writer.plan(frame.image, frame.damage, lacks)
        np.bitwise_or(batch.tiles, lacks, out=batch.tiles)
        if not batch:
            return Update(exact=True)
        body = self._writer.send(frame.image, batch, lacks)
        self._lacks = None
        self._touched = touched_by(batch, self.size)
        return Update(body, exact=True, lane="tiles", pixels=pixels_of(batch, self.size))

    def _catch_up(self, lacks: Tiles) -> Update:
        body = self._writer.catch_up(lacks)
        key = bool(lacks.all())
        return Update(body, exact=True, key=key, lane="tiles", pixels={"tiles": area(lacks, self.size)})

    def _fork(self, lacks: Tiles) -> "TilesEncoder":
        twin = TilesEncoder(self.size, level=self._level)
        twin._shadow.repeat(self._shadow)
        twin._key_due = False
        twin._lacks = (lacks != 0).astype(np.uint8) if lacks.any() else None
        return twin

    @property
    def pending(self) -> bool:
        """Whether a fork's decoder lacks something; nothing is ever lossy."""
        return self._lacks is not None

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
        self._picture = Picture(self.size, shared=True)
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
