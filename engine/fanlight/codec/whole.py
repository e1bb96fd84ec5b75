"""Whole pictures: one packet of one profile for every frame, always lossy; the plain way, to compare with."""

import numpy as np

from fanlight.codec.base import LOSSY, QUALITIES, QUALITY_STEP, Decoder, Encoder, Update, checked_number
from fanlight.codec.picture import Picture
from fanlight.codec.profiles import Profile
from fanlight.codec.video import VideoReader, VideoWriter, checked_qp
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Image, Rect, Size, Tiles


class VideoEncoder(Encoder):
    """The whole picture in every update, always lossy: the plain way, to compare with."""

    can_catch_up = False

    def __init__(self, profile: Profile, size: Size, *, qp: object = None, **options: object) -> None:
        super().__init__(size)
        self.name = profile.name
        self._profile, self._options = profile, options
        self._qp = checked_qp(profile, qp)
        self._writer = self._open()
        self._all = tile_kernels.all_tiles(self.size)
        self._key_due = True
        # Frames fed since, and with, the last that showed something new.
        self._since_news = 0

    def _encode(self, frame: Frame) -> Update:
        self._writer.note(frame.damage)
        news = bool(frame.damage) or self._key_due
        if not (news or self.pending):
            return Update()
        packet, is_key = self._writer.encode(frame.image, key=self._key_due)
        self._since_news = 1 if news else self._since_news + 1
        self._key_due = False
        if not packet:
            return Update()
        self._touched = self._all
        return Update(packet, key=is_key, lane="video", pixels={"video": self.size[0] * self.size[1]})

    def _open(self) -> VideoWriter:
        return VideoWriter(self._profile, self.size, qp=self._qp, **self._options)

    @property
    def chained(self) -> bool:
        """Always True: every packet leans on those before it."""
        return True

    def _fork(self, lacks: Tiles) -> "VideoEncoder":
        return VideoEncoder(self._profile, self.size, qp=self._qp, **self._options)

    @property
    def quality(self) -> int | None:
        """The quantiser, on the scale of H.264."""
        return self._profile.as_h264(self._qp)

    def set_quality(self, qp: int) -> None:
        """Start again with another quantiser, unless it is much the same."""
        wanted = self._profile.from_h264(checked_number("quality", qp, *QUALITIES))
        if abs(qp - self._profile.as_h264(self._qp)) < QUALITY_STEP:
            return
        self._qp = wanted
        self._writer.close()
        self._writer = self._open()
        self._key_due = True

    def states(self) -> Tiles:
        """Return LOSSY for every tile."""
        return self._all * np.uint8(LOSSY)

    @property
    def pending(self) -> bool:
        """Whether the encoder holds the newest picture back; a lossy one is all that it brings."""
        return self._writer.held >= self._since_news > 0

    @property
    def digest(self) -> int | None:
        """Always None."""
        return None

    def refresh(self) -> None:
        """Make the next update a key frame."""
        self._key_due = True

    def close(self) -> None:
        """End the FFmpeg encoder."""
        super().close()
        self._writer.close()


class VideoDecoder(Decoder):
    """Shows the packets of a VideoEncoder."""

    def __init__(self, profile: Profile, size: Size) -> None:
        super().__init__(size)
        self.name = profile.name
        self._reader = VideoReader(profile, self.size)
        self._picture = Picture(self.size, shared=True)
        self._all = tile_kernels.all_tiles(self.size)

    def _decode(self, update: memoryview) -> None:
        if not update:
            return
        tile_kernels.copy(self._reader.decode(update), self._picture.image, self._all)
        self._picture.touch(self._all)
        self.damage = (Rect(0, 0, *self.size),)

    @property
    def image(self) -> Image:
        """The picture now, read-only."""
        return self._picture.view

    @property
    def digest(self) -> int | None:
        """Always None: no pixel of it is known to be exact."""
        return None

    def states(self) -> Tiles:
        """Return LOSSY for every tile."""
        return self._all * np.uint8(LOSSY)
