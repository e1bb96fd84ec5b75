"""Two lanes on one picture: exact tiles by default, video for the rectangles that keep changing.

Theory of operation. The shadow holds the host's pixels as they were last encoded, by either lane, and `lossy` marks the
tiles of which the decoder has only what video left of them. So every frame can be compared with the last one in both
lanes, and what the decoder shows is known exactly wherever `lossy` is not set, without decoding here. Moves never touch
a lossy tile. An update of tiles makes them exact; a packet of a region makes all tiles that the region touches lossy.

- Tiles are the rule. What keeps changing and is dear as tiles gets a video region (`heat`), a rectangle round it
  (`placement`) with an encoder of just its size. A single change, a slide or a new window, stays exact, and so does
  text that scrolls, because only what moves did not explain counts.
- In a region, an update that changes much is a packet. Smaller ones (a caret, a menu) go as exact tiles in between. A
  region closes when nothing large changed for 0.1 s, when what changes there has become cheap as tiles, or by a frame
  without damage, by which the host says that the screen rests (`region`).
- Around regions everything is tiles, in the same update, which is a row of `sections`: tiles first, so that where both
  write to a tile at the edge of a region the video stands on top.
- Lossy tiles without a region are made exact in portions (`refinement`): a full one when nothing changed, a smaller one
  beside a small change, next to nothing beside a large one. Newer changes so never wait for a long refinement.

Time is what `damaged_at` and `captured_at` say.
"""

from functools import partial

import numpy as np

from fanlight.codec import sections
from fanlight.codec.base import LOSSY, QUALITIES, REFINING, Encoder, FrameSource, SmallUpdate, Update, checked_number
from fanlight.codec.batch import Batch, whole
from fanlight.codec.draft import Draft
from fanlight.codec.film import Film
from fanlight.codec.heat import LEAST_TILES, is_dear
from fanlight.codec.packing import DEFAULT_LEVEL
from fanlight.codec.picture import Picture
from fanlight.codec.profiles import H264, region_name, region_profile
from fanlight.codec.refinement import Refinement, nearest
from fanlight.codec.region import Region
from fanlight.codec.regions import ALL, Regions
from fanlight.codec.sampling import density, share_changed
from fanlight.codec.tile_writer import MANY, TileWriter
from fanlight.codec.video import VideoWriter, check_encoder, checked_preset, checked_qp
from fanlight.errors import EncoderError
from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.lane import pixels_of
from fanlight.types import Frame, Image, Size, Tiles

_Coded = tuple[Region, bytes, bool]
"""A region, its packet, and whether that is a key frame."""

# So few changed tiles are no film, and are brought without asking what they cost.
_FEW_TILES = LEAST_TILES - 1
# Shares of a portion: what is left of it beside a change, and what even film without end may not take away.
_BESIDE = 4
_AT_LEAST = 8


class HybridEncoder(Encoder):
    """Exact tiles, and video in regions that keep changing; exact again when they rest.

    `fallback` says why video is no longer used, once its encoder has failed at work.
    """

    def __init__(
        self,
        size: Size,
        *,
        video: object = True,
        level: object = DEFAULT_LEVEL,
        qp: object = None,
        preset: object = None,
    ) -> None:
        super().__init__(size)
        self._profile = region_profile(video)
        codec = self._profile or H264
        self.name = region_name(codec)
        self.fallback: str | None = None
        self._qp, self._preset = checked_qp(codec, qp), checked_preset(codec, preset)
        self._level = level
        if self._profile is not None:
            # Long before it is needed, so that a machine without it says so when this is opened.
            check_encoder(codec.name)
        self._shadow = Picture(self.size)
        self._tiles = TileWriter(self._shadow, level)
        self._film = Film(self._shadow)
        self._regions = Regions(self.size)
        self._refinement = Refinement()
        self._lossy = tile_kernels.no_tiles(self.size)
        self._lossy_left = 0
        self._key_due = True
        # Set where the decoder may have regions and marks of which this encoder knows nothing.
        self._state_due = False
        # Set where an encoder holds a packet back, so that its tiles are lossy without the decoder's knowing.
        self._marks_due = False
        # What the decoder of a fork lacks until the first update.
        self._lacks: Tiles | None = None

    def _encode(self, frame: Frame) -> Update:
        if not frame.damage:
            self._regions.rest(frame)
        if not self._is_plain():
            self._regions.note(frame.damage)
            return self._encode_found(frame, self._find(frame))
        return self._encode_plain(frame, self._tiles.update_few(frame.image, frame.damage, _FEW_TILES))

    def encode_next(self, source: FrameSource, timeout: float | None = None) -> Update | None:
        """Wait for the source's next frame and bring the decoder up to date with it."""
        screen = source.screen
        if screen is None or not self._is_plain():
            return super().encode_next(source, timeout)
        self._need_open()
        found = self._tiles.next_few(screen, timeout, _FEW_TILES)
        frame = screen.last
        if found is None or frame is None:
            return None
        return self._encode_plain(frame, found)

    def _encode_plain(self, frame: Frame, found: SmallUpdate) -> Update:
        """Encode what was found while all is exact; unless it may be film, as a scroll is not, nothing is weighed."""
        if found is not MANY:
            return self._tell(found)
        found = self._tiles.write_many(frame.image)
        if is_dear(pixels_of(found.counts)[0], len(found)):
            return self._encode_found(frame, self._tiles.last, found)
        self._tiles.take_many()
        return self._tell(found)

    def _encode_found(self, frame: Frame, batch: Batch, body: bytes | None = None) -> Update:
        """Choose the lanes for what was found, and encode it; `body` is its tiles, if they are packed."""
        chosen = self._choose(frame, batch)
        lane = self._tile_lane(frame, batch, chosen)
        if self._may_open(lane):
            body = body or self._tiles.pack(frame.image, lane, self._lossy)
            left = self._film.left(self._regions.tiles)
            share = partial(share_changed, self._shadow.image, frame.image)
            opened = self._regions.open(frame, lane.tiles, len(body), share)
            if opened:
                self._tiles.take_back()
                chosen = [region for region in self._regions if region in chosen or region in opened]
                lane, body = self._tile_lane(frame, batch, chosen), None
                for region in opened:
                    # Round a new region the shadow cannot tell what changed where another one has just ended.
                    np.bitwise_or(lane.tiles, left & region.border, out=lane.tiles)
        coded = self._code(frame, chosen)
        if coded is None:
            if body is not None:
                self._tiles.take_back()
            lane, body, coded = self._tile_lane(frame, batch, []), None, []
        return self._send(frame, batch, lane, body, coded)

    def _choose(self, frame: Frame, batch: Batch) -> list[Region]:
        """Return the regions that are to be packets. What only stands where film has ended is left to be refined."""
        if not self._regions:
            return []
        film = batch.tiles & self._lossy & self._regions.tiles
        standing = self._film.standing(frame.image, film)
        chosen = self._regions.choose(
            frame, batch.tiles, batch.tiles ^ standing, lambda tiles: density(self._tiles, frame.image, tiles)
        )
        batch.tiles[standing > self._regions.tiles] = 0
        return chosen

    def _is_plain(self) -> bool:
        """Tell whether all is exact and nothing is due, so that a small change is one call."""
        return not (self._lossy_left or self._regions or self._key_due or self._state_due or self._regions.closed)

    def _tell(self, found: SmallUpdate) -> Update:
        """Make the update of a small change."""
        self._touched = None
        if not found:
            return found
        update = SmallUpdate(sections.write_tiles(found))
        update.counts = found.counts
        return update

    def _look_touched(self) -> Tiles:
        return self._tiles.touched

    def _find(self, frame: Frame) -> Batch:
        """Find what the decoder lacks; everything, where the update is to stand alone."""
        if self._key_due and not self._regions:
            return whole(self.size)
        film = self._lossy & self._regions.tiles if self._regions else None
        batch = self._tiles.plan(frame.image, frame.damage, self._lossy, film)
        if self._lacks is not None:
            np.bitwise_or(batch.tiles, self._lacks, out=batch.tiles)
        return batch

    def _tile_lane(self, frame: Frame, batch: Batch, chosen: list[Region]) -> Batch:
        """Return what goes as tiles: all but what lies in the chosen regions."""
        if not (chosen or self._key_due):
            return batch
        lane = whole(self.size) if self._key_due else Batch(batch.moves, batch.tiles.copy(), batch.changed)
        for region in chosen:
            around = region.border
            if not self._key_due:
                around = region.changed_outside(self._shadow.image, frame.image, frame.damage)
                if self._lacks is not None:
                    around |= self._lacks & region.border
            lane.tiles[region.tiles != 0] = 0
            np.bitwise_or(lane.tiles, around, out=lane.tiles)
        return lane

    def _may_open(self, lane: Batch) -> bool:
        return self._profile is not None and not self._key_due and int(np.count_nonzero(lane.tiles)) >= LEAST_TILES

    def _code(self, frame: Frame, chosen: list[Region]) -> list[_Coded] | None:
        """Encode the regions. None where their encoder fails: all video ends with that, since tiles do without."""
        try:
            return [(region, *region.encode(frame, self._open_video, self._qp)) for region in chosen]
        except EncoderError as error:
            self.fallback = str(error)
            self._profile = None
            self._regions.close()
            return None

    def _open_video(self, size: Size, qp: int) -> VideoWriter:
        assert self._profile is not None
        return VideoWriter(self._profile, size, qp=qp, preset=self._preset)

    def _send(self, frame: Frame, batch: Batch, lane: Batch, body: bytes | None, coded: list[_Coded]) -> Update:
        draft = Draft(self.size)
        self._add_state(draft)
        if lane:
            if body is None:
                body = self._tiles.pack(frame.image, lane, self._lossy, key=self._key_due)
            draft.add_tiles(lane, body)
            self._tiles.commit(frame.image, lane.tiles)
            self._film.took(lane.tiles)
            self._mark(lane.tiles, 0)
        self._follow(frame.image, batch, coded)
        self._add_video(draft, coded)
        if self._lossy_left and not self._key_due:
            self._refine(batch, draft)
        if not draft:
            return Update(exact=not self._lossy_left)
        if self._marks_due:
            draft.add_state(0, self._lossy)
        key, self._key_due = self._key_due, False
        assert draft.touched is not None
        self._touched = draft.touched
        self._state_due = self._marks_due = False
        self._lacks, self._regions.closed = None, 0
        return draft.finish(exact=not self._lossy_left, key=key)

    def _follow(self, image: Image, batch: Batch, coded: list[_Coded]) -> None:
        """Note what the shadow does not follow, and take over into it what film has left behind."""
        for region, _, _ in coded:
            self._film.ran(batch.tiles & region.tiles)
        if self._regions or self._lossy_left:
            self._film.catch_up(image, self._regions.tiles)

    def _add_state(self, draft: Draft) -> None:
        if self._state_due:
            draft.add_state(ALL, self._lossy)
        elif self._regions.closed:
            draft.add_state(self._regions.closed, None)

    def _add_video(self, draft: Draft, coded: list[_Coded]) -> None:
        for region, packet, key in coded:
            if packet:
                draft.add_video(region, packet, key=key)
            else:
                self._marks_due = True
            self._mark(region.tiles, 1)

    def _refine(self, batch: Batch, draft: Draft) -> None:
        """Add a portion of lossy tiles, if there is room."""
        budget = max(self.portion // _BESIDE - len(draft), self.portion // _AT_LEAST) if batch else self.portion
        waiting = (self._lossy > self._regions.tiles).view(np.uint8)
        if not waiting.any():
            return
        count = self._refinement.count(budget)
        while True:
            part = Batch((), nearest(waiting, count, self.near), 0)
            # Of the shadow, since the frame may hold more than its damage says.
            body = self._tiles.pack(self._shadow.image, part, self._lossy)
            self._refinement.learn(int(np.count_nonzero(part.tiles)), len(body))
            if len(body) <= 2 * budget or count == 1:
                break
            self._tiles.take_back()
            count = max(1, count // 2)
        draft.add_tiles(part, body)
        self._mark(part.tiles, 0)

    def _mark(self, tiles: Tiles, lossy: int) -> None:
        if lossy:
            np.bitwise_or(self._lossy, tiles, out=self._lossy)
        elif self._lossy_left:
            self._lossy[tiles != 0] = 0
        self._lossy_left = int(np.count_nonzero(self._lossy))

    @property
    def pending(self) -> bool:
        """Whether some tiles are still lossy, or a fork's decoder lacks them."""
        return self._lossy_left > 0

    @property
    def chained(self) -> bool:
        """Whether video runs."""
        return self._regions.started

    @property
    def digest(self) -> int | None:
        """The digest of the tiles of the decoder's picture that are not lossy."""
        return self._shadow.digest_without(self._lossy) if self._lossy_left else self._shadow.digest

    @property
    def quality(self) -> int | None:
        """The quantiser that video is, or will be, coded with, on the scale of H.264."""
        return None if self._profile is None else self._profile.as_h264(self._qp)

    def set_quality(self, qp: int) -> None:
        """Code video with another quantiser: new regions at once, running ones if it differs enough for a key frame."""
        wanted = checked_number("quality", qp, *QUALITIES)
        if self._profile is not None:
            self._qp = self._profile.from_h264(wanted)

    def states(self) -> Tiles:
        """Return EXACT, REFINING or LOSSY for each tile."""
        return np.where(self._regions.tiles, np.uint8(LOSSY), np.uint8(REFINING)) * self._lossy

    def refresh(self) -> None:
        """Make the next update bring every tile, or a key frame for those under video."""
        self._key_due = self._state_due = True
        self._regions.refresh()
        self._tiles.forget()

    def _catch_up(self, lacks: Tiles) -> Update:
        draft = Draft(self.size)
        # Where a fork is to go on with film, its next update brings a key frame.
        tiles = np.where(self._film.behind, np.uint8(0), lacks)
        draft.add_tiles(Batch((), tiles, 0), self._tiles.catch_up(tiles))
        draft.add_state(ALL, self._lossy)
        return draft.finish(exact=not self._lossy_left, key=bool(lacks.all()))

    def _fork(self, lacks: Tiles) -> "HybridEncoder":
        video = False if self._profile is None else self._profile.name
        twin = HybridEncoder(self.size, video=video, level=self._level)
        twin.name, twin.fallback = self.name, self.fallback
        twin._qp, twin._preset = self._qp, self._preset
        twin.near, twin.portion = self.near, self.portion
        twin._shadow.repeat(self._shadow)
        twin._film.repeat(self._film)
        twin._regions.inherit(self._regions)
        twin._key_due = False
        twin._state_due = True
        twin._lacks = (lacks != 0).astype(np.uint8) if lacks.any() else None
        # No move may read what the decoder lacks, no more than what it has with loss.
        np.bitwise_or(self._lossy, lacks != 0, out=twin._lossy)
        twin._lossy_left = int(np.count_nonzero(twin._lossy))
        return twin

    def close(self) -> None:
        """Free the video encoders."""
        super().close()
        self._regions.close()
