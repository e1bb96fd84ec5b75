"""Two lanes on one picture: exact tiles by default, full-frame video while much of it keeps changing.

Theory of operation. The shadow holds the host's pixels as they were last encoded, by either lane, and `lossy` marks the
tiles of which the decoder has only what H.264 left of them. So every frame can be compared with the last one in both
lanes, and what the decoder shows is known exactly wherever `lossy` is not set, without decoding here. Moves never touch
a lossy tile. An update of tiles makes them exact; an update of video makes every tile lossy.

Which lane:

- Tiles are the rule. An update is *heavy* when more than a third of the tiles changed and they cost more than half
  a byte a pixel, moves considered: photographs and film do, text and plain surfaces never come near. Two or more
  heavy updates in a row, 0.04 s or more from the first damage on and with no rest above 0.1 s between them, open the
  video lane with a key frame. A single change of the whole screen, a slide or a new window, therefore stays exact.
- In the video lane, an update that changes more than an eighth of the tiles is a packet. Smaller ones (a caret, a
  menu) go as exact tiles in between. Where a sample of the changed tiles codes well three times in a row, somebody
  reads or scrolls text: back to tiles.
- The lane closes when nothing large changed for 0.1 s, or at once by a frame without damage, by which the host says
  that the screen rests.
- Out of the video lane, lossy tiles are made exact in portions: a full one when nothing changed, a small one beside
  a small change, none beside a large one. Newer changes so never wait for a long refinement. When no lossy tile is
  left, the picture is exact and has a digest again.

Time is what `damaged_at` and `captured_at` say. Rest is the span from one frame's capture to the first damage of the
next, so a slow link, which takes few updates, does not look like a resting screen.

An update is a row of `sections`.
"""

import numpy as np
from numpy.typing import NDArray

from fanlight.codec import sections
from fanlight.codec.base import LOSSY, QUALITIES, REFINING, Encoder, Update, checked_number
from fanlight.codec.picture import Picture
from fanlight.codec.profiles import H264
from fanlight.codec.tiles import DEFAULT_LEVEL, Batch, TileWriter, area, pixels_of, touched_by, whole
from fanlight.codec.video import QUALITY_STEP, VideoWriter, checked_qp
from fanlight.errors import UsageError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Rect, Size, Tiles

# The lanes' thresholds, as the module's text explains them.
_HEAVY_SHARE = 1 / 3
_HEAVY_DENSITY = 0.5
_HEAVY_UPDATES = 2
_HEAVY_SECONDS = 0.04
_LARGE_SHARE = 1 / 8
_REST_SECONDS = 0.1
_LIGHT_DENSITY = 0.25
_LIGHT_UPDATES = 3
_SAMPLE_TILES = 32
_TILE_PIXELS = tile_kernels.TILE**2

REFINED_AT_REST = 64
"""The most tiles that an update refines when the frame has no damage."""

_REFINED_BESIDE = 16


class LaneChoice:
    """Which lane the updates take. `share` is of the tiles, `density` in bytes a pixel as tiles."""

    def __init__(self) -> None:
        self.video = False
        self._heavy = 0
        self._heavy_since = 0.0
        self._heavy_at = 0.0
        self._light = 0
        self._large_at = 0.0

    def weigh_tiles(self, frame: Frame, share: float, density: float) -> None:
        """Count what an update costs as tiles; heavy ones in a row open the video lane."""
        if share <= _HEAVY_SHARE:
            return
        if density <= _HEAVY_DENSITY:
            self._heavy = 0
            return
        if self._heavy == 0 or frame.damaged_at - self._heavy_at > _REST_SECONDS:
            self._heavy, self._heavy_since = 0, frame.damaged_at
        self._heavy += 1
        self._heavy_at = frame.captured_at
        if self._heavy >= _HEAVY_UPDATES and frame.captured_at - self._heavy_since >= _HEAVY_SECONDS:
            self.video = True
            self._light = 0

    def weigh_video(self, frame: Frame, share: float, density: float) -> bool:
        """Tell whether an update of the open video lane goes as video; light or small ones in a row close the lane."""
        if share <= _LARGE_SHARE:
            if frame.captured_at - self._large_at > _REST_SECONDS:
                self.close()
            return False
        self._large_at = frame.captured_at
        self._light = self._light + 1 if density < _LIGHT_DENSITY else 0
        if self._light >= _LIGHT_UPDATES:
            self.close()
        return self.video

    def close(self) -> None:
        """Return to the tiles."""
        self.video = False
        self._heavy = 0
        self._light = 0


class HybridEncoder(Encoder):
    """Exact tiles, or full-frame video while most of the picture keeps changing; exact again when it rests."""

    name = "hybrid"

    def __init__(
        self,
        size: Size,
        *,
        video: object = True,
        level: object = DEFAULT_LEVEL,
        qp: object = H264.qp,
        preset: object = H264.preset,
    ) -> None:
        super().__init__(size)
        if not isinstance(video, bool):
            raise UsageError(f"video is True or False, not {video!r}")
        self._shadow = Picture(self.size)
        self._tiles = TileWriter(self._shadow, level)
        self._lossy = tile_kernels.no_tiles(self.size)
        self._lossy_left = 0
        self._may_video = video
        self._level, self._preset = level, preset
        self._qp = self._wanted_qp = checked_qp(H264, qp)
        # Opened now, although it is needed later, so that a machine without x264 says so when the encoder is opened.
        self._video = self._open_video() if video else None
        self._lane = LaneChoice()
        self._key_due = True
        self._video_key_due = True
        self._state_due = False
        # What the decoder of a fork lacks until the first update.
        self._lacks: Tiles | None = None

    def _encode(self, frame: Frame) -> Update:
        if not frame.damage:
            self._lane.close()
        if self._video is not None:
            self._video.note(frame.damage)
        if self._key_due and not self._lane.video:
            return self._send_tiles(frame, whole(self.size))
        batch = self._tiles.plan(frame.image, frame.damage, self._lossy)
        if self._lacks is not None:
            np.bitwise_or(batch.tiles, self._lacks, out=batch.tiles)
        share = batch.changed / batch.tiles.size
        if self._lane.video and self._lane.weigh_video(frame, share, self._sampled_density(frame, batch)):
            return self._encode_video(frame, batch)
        if self._key_due:
            return self._send_tiles(frame, whole(self.size))
        return self._encode_tiles(frame, batch, share)

    @property
    def pending(self) -> bool:
        """Whether some tiles are still lossy."""
        return self._lossy_left > 0

    @property
    def chained(self) -> bool:
        """Whether video runs."""
        return self._lane.video

    @property
    def digest(self) -> int | None:
        """The digest of the tiles of the decoder's picture that are not lossy."""
        return self._shadow.digest_without(self._lossy) if self._lossy_left else self._shadow.digest

    @property
    def quality(self) -> int | None:
        """The quantiser that video is, or will be, coded with."""
        return self._wanted_qp

    def set_quality(self, qp: int) -> None:
        """Code video with another quantiser; where it runs, from a key frame on, and only if it differs enough."""
        self._wanted_qp = checked_number("quality", qp, *QUALITIES)

    def states(self) -> Tiles:
        """Return EXACT, REFINING or LOSSY for each tile."""
        return self._lossy * np.uint8(LOSSY if self._lane.video else REFINING)

    def refresh(self) -> None:
        """Make the next update bring every tile, or a key frame while video is on."""
        self._key_due = True
        self._video_key_due = True
        self._state_due = True
        self._tiles.forget()

    def _catch_up(self, lacks: Tiles) -> Update:
        body = sections.write_tiles(self._tiles.catch_up(lacks)) + sections.write_state(self._lossy, all_closed=True)
        pixels = {"tiles": area(lacks, self.size)}
        return Update(body, exact=not self._lossy_left, key=bool(lacks.all()), lane="tiles", pixels=pixels)

    def _fork(self, lacks: Tiles) -> "HybridEncoder":
        twin = HybridEncoder(self.size, video=False, level=self._level, qp=self._qp, preset=self._preset)
        twin._may_video = self._may_video
        twin._wanted_qp = self._wanted_qp
        twin._shadow.repeat(self._shadow)
        twin._key_due = False
        twin._state_due = True
        twin._lacks = (lacks != 0).astype(np.uint8) if lacks.any() else None
        # No move may read what the decoder lacks, no more than what it has with loss.
        np.bitwise_or(self._lossy, lacks != 0, out=twin._lossy)
        twin._lossy_left = int(np.count_nonzero(twin._lossy))
        return twin

    def close(self) -> None:
        """Free the video encoder."""
        super().close()
        self._video = None

    def _encode_tiles(self, frame: Frame, batch: Batch, share: float) -> Update:
        if share > _LARGE_SHARE:
            body = self._tiles.pack(frame.image, batch, self._lossy)
            if self._may_video:
                self._lane.weigh_tiles(frame, share, len(body) / (batch.changed * _TILE_PIXELS))
                if self._lane.video:
                    self._tiles.take_back()
                    return self._encode_video(frame, batch)
            return self._send_tiles(frame, batch, body)
        if self._lossy_left and not self._lane.video:
            self._add_lossy(batch.tiles, _REFINED_BESIDE if batch else REFINED_AT_REST)
        return self._send_tiles(frame, batch)

    def _send_tiles(self, frame: Frame, batch: Batch, body: bytes | None = None) -> Update:
        if not batch:
            return Update(exact=not self._lossy_left)
        if body is None:
            body = self._tiles.pack(frame.image, batch, self._lossy, key=self._key_due)
        head = self._state()
        self._tiles.commit(frame.image, batch.tiles)
        self._lossy[batch.tiles != 0] = 0
        self._lossy_left = int(np.count_nonzero(self._lossy))
        if not (self._lossy_left or self._lane.video):
            # An idle x264 holds some frames; the next video starts with a key frame anyway.
            self._video = None
        key, self._key_due = self._key_due, False
        self.touched = touched_by(batch, self.size)
        data, pixels = head + sections.write_tiles(body), pixels_of(batch, self.size)
        return Update(data, exact=not self._lossy_left, key=key, lane="tiles", pixels=pixels)

    def _encode_video(self, frame: Frame, batch: Batch) -> Update:
        if self._video is None or abs(self._wanted_qp - self._qp) >= QUALITY_STEP:
            self._qp = self._wanted_qp
            self._video = self._open_video()
            self._video_key_due = True
        packet, key = self._video.encode(frame.image, key=self._video_key_due)
        head = self._state()
        self._tiles.commit(frame.image, batch.tiles)
        self._lossy[:] = 1
        self._lossy_left = self._lossy.size
        self._key_due = self._video_key_due = False
        self.touched = tile_kernels.all_tiles(self.size)
        data = head + sections.write_video(0, Rect(0, 0, *self.size), packet, key=key)
        return Update(data, key=key, lane="video", pixels={"video": self.size[0] * self.size[1]})

    def _state(self) -> bytes:
        """Write the state where the decoder may have another one, and settle what it lacked."""
        if not self._state_due:
            return b""
        self._state_due, self._lacks = False, None
        return sections.write_state(self._lossy, all_closed=True)

    def _open_video(self) -> VideoWriter:
        return VideoWriter(H264, self.size, qp=self._qp, preset=self._preset)

    def _sampled_density(self, frame: Frame, batch: Batch) -> float:
        """Return how many bytes a pixel some of the changed tiles cost as tiles, spread over the picture."""
        changed = np.flatnonzero(batch.tiles)
        if not changed.size:
            return 0.0
        chosen = changed[:: -(-changed.size // _SAMPLE_TILES)]
        sample = tile_kernels.no_tiles(self.size)
        sample.reshape(-1)[chosen] = 1
        return len(self._tiles.alone(frame.image, sample)) / (chosen.size * _TILE_PIXELS)

    def _add_lossy(self, tiles: Tiles, most: int) -> None:
        chosen = np.flatnonzero((self._lossy != 0) & (tiles == 0))
        tiles.reshape(-1)[self._nearest(chosen)[:most]] = 1

    def _nearest(self, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Put the indexes of tiles in order of their distance from the pointer."""
        if self.near is None or chosen.size < 2:
            return chosen
        rows, columns = np.divmod(chosen, self._lossy.shape[1])
        x, y = self.near.x / tile_kernels.TILE - 0.5, self.near.y / tile_kernels.TILE - 0.5
        return chosen[np.argsort((columns - x) ** 2 + (rows - y) ** 2, kind="stable")]
