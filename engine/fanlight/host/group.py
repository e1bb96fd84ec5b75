"""Viewers in the same state, and the one encoder that serves them all."""

from collections.abc import Callable

import msgspec

from fanlight.codec import DEFAULT_PORTION, Encoder, FrameSource, Update
from fanlight.host.picture import Picture, Screen
from fanlight.host.viewer import Viewer
from fanlight.types import Frame, Pixels, Rect, Tiles

# Rectangles that are kept before they are merged into one: viewers that are away for long cost no memory.
_MOST_RECTS = 128


Clock = Callable[[], float]


class Made(msgspec.Struct, frozen=True, eq=False):
    """One update of a group, for whoever takes it; times as in Picture."""

    update: Update
    digest: int | None
    states: int
    damaged_at: float
    captured_at: float
    started_at: float
    ended_at: float


class Group:
    """One encoder, the viewers that have its decoder's picture, and the damage that it has not encoded."""

    def __init__(self, encoder: Encoder, serial: int, owed: "Group | Frame") -> None:
        self.encoder = encoder
        self.members: set[Viewer] = set()
        self._screen = Screen(serial, encoder.size, encoder.name)
        self.stands_alone = isinstance(owed, Frame)
        """Whether the next update needs nothing before it."""
        self._is_new = True
        # A first picture is as old as the moment it is made: nobody waited for it.
        self._damage: tuple[Rect, ...] = (Rect(0, 0, *encoder.size),)
        self._damaged_at: float | None = None
        self._states = 0
        if isinstance(owed, Group):
            self._damage, self._damaged_at = owed._damage, owed._damaged_at

    @property
    def owes(self) -> bool:
        """Whether something has been captured that the members lack."""
        return bool(self._damage) or self._is_new or self.stands_alone

    @property
    def lossy(self) -> bool:
        """Whether the members have all there is, but not yet exactly."""
        return self.encoder.pending

    @property
    def takes_in(self) -> bool:
        """Whether a viewer with another picture can be brought to this one's, and no member notices."""
        return self.encoder.can_catch_up and not self.encoder.chained

    def note(self, frame: Frame) -> None:
        """Merge a frame's damage into what the members lack."""
        self._states += 1
        if self._damaged_at is None:
            self._damaged_at = frame.damaged_at
        self._damage += frame.damage
        if len(self._damage) > _MOST_RECTS:
            self._damage = (_bounds(self._damage),)

    def refresh(self) -> None:
        """Let the next update stand alone."""
        self.encoder.refresh()
        self.stands_alone = True

    def encode(self, frame: Frame, clock: Clock) -> Made:
        """Encode what the members lack of the latest frame."""
        started_at = clock()
        # What is owed without damage, a refined picture say, is as old as this moment: nobody waited for it.
        damaged_at = started_at if self._damaged_at is None else self._damaged_at
        owed = Frame(frame.image, self._damage, damaged_at, max(damaged_at, frame.captured_at))
        states, self._states = self._states, 0
        self._damage, self._damaged_at = (), None
        self._is_new = self.stands_alone = False
        self._heed_members()
        update = self.encoder.encode(owed)
        return Made(update, self.encoder.digest, states, damaged_at, owed.captured_at, started_at, clock())

    def encode_next(self, source: FrameSource, clock: Clock, timeout: float | None = None) -> Made | None:
        """Wait for the next frame and encode it, while nothing is owed; None where the encoder did not take one."""
        self._heed_members()
        update = self.encoder.encode_next(source, timeout)
        ended_at = clock()
        frame = source.last
        if update is None or frame is None:
            return None
        at = frame.captured_at
        return Made(update, self.encoder.digest, 1, frame.damaged_at, at, at, ended_at)

    def _heed_members(self) -> None:
        quality, portion = 0, DEFAULT_PORTION
        for viewer in self.members:
            quality = max(quality, viewer.quality)
            if viewer.portion is not None:
                portion = min(portion, viewer.portion)
        if quality:
            self.encoder.set_quality(quality)
        self.encoder.portion = portion

    def catch_up(self, lacks: Tiles, clock: Clock) -> Made:
        """Make the update that brings one viewer to the picture that the members have."""
        now = clock()
        update = self.encoder.catch_up(lacks)
        return Made(update, self.encoder.digest, 0, now, now, now, clock())

    def picture(self, made: Made) -> Picture:
        """Make of an update what its viewers are sent."""
        pixels = Pixels.of(made.update.pixels)
        return Picture(
            screen=self._screen,
            update=made.update,
            exact=made.update.exact,
            key=made.update.key,
            digest=made.digest,
            quality=self.encoder.quality if pixels.video else None,
            pixels=pixels,
            states=made.states,
            damaged_at=made.damaged_at,
            captured_at=made.captured_at,
            encode_started_at=made.started_at,
            encoded_at=made.ended_at,
            shared=len(self.members),
        )


def _bounds(rects: tuple[Rect, ...]) -> Rect:
    left, top = min(r.x for r in rects), min(r.y for r in rects)
    right, bottom = max(r.x + r.w for r in rects), max(r.y + r.h for r in rects)
    return Rect(left, top, right - left, bottom - top)
