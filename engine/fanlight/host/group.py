"""Viewers in the same state, and the one encoder that serves them all."""

from collections.abc import Callable

from fanlight.codec import Encoder, Update
from fanlight.host.picture import Picture, Screen
from fanlight.host.viewer import Viewer
from fanlight.types import Frame, Rect

# Rectangles that are kept before they are merged into one: viewers that are away for long cost no memory.
_MOST_RECTS = 128


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
        self._damage = [Rect(0, 0, *encoder.size)]
        self._damaged_at: float | None = None
        if isinstance(owed, Group):
            self._damage, self._damaged_at = list(owed._damage), owed._damaged_at

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
        if self._damaged_at is None:
            self._damaged_at = frame.damaged_at
        self._damage.extend(frame.damage)
        if len(self._damage) > _MOST_RECTS:
            self._damage = [_bounds(self._damage)]

    def refresh(self) -> None:
        """Let the next update stand alone."""
        self.encoder.refresh()
        self.stands_alone = True

    def encode(self, frame: Frame, clock: Callable[[], float]) -> tuple[Update, Frame, float]:
        """Encode what the members lack of the latest frame; also return what was owed, and when that began."""
        started_at = clock()
        # What is owed without damage, a refined picture say, is as old as this moment: nobody waited for it.
        damaged_at = started_at if self._damaged_at is None else self._damaged_at
        owed = Frame(frame.image, tuple(self._damage), damaged_at, max(damaged_at, frame.captured_at))
        self._damage, self._damaged_at = [], None
        self._is_new = self.stands_alone = False
        wanted = [viewer.quality for viewer in self.members if viewer.quality]
        if wanted:
            self.encoder.set_quality(max(wanted))
        return self.encoder.encode(owed), owed, started_at

    def picture(self, viewer: Viewer, update: Update, frame: Frame, started_at: float, ended_at: float) -> Picture:
        """Address an update to one viewer."""
        return Picture(
            screen=self._screen,
            update=update,
            digest=self.encoder.digest,
            input_seq=viewer.input_before(frame.captured_at),
            damaged_at=frame.damaged_at,
            captured_at=frame.captured_at,
            encode_started_at=started_at,
            encoded_at=ended_at,
            quality=self.encoder.quality,
            shared=len(self.members),
        )


def _bounds(rects: list[Rect]) -> Rect:
    left, top = min(r.x for r in rects), min(r.y for r in rects)
    right, bottom = max(r.x + r.w for r in rects), max(r.y + r.h for r in rects)
    return Rect(left, top, right - left, bottom - top)
