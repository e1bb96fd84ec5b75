"""Many viewers on one screen: what each of them lacks, and the next update that brings it up to date.

A PictureStream belongs to one viewer. It takes note of every captured frame, and is asked for an update only when
its viewer can take one; damage of the frames between merges, so what a viewer has not seen is never queued. All methods
but the two marked so are called from the one thread that captures.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fanlight.codec import Encoder, Update
from fanlight.types import Frame, Pixels, Rect, Size

# Input events that may wait for a frame; a viewer that sends more before it takes one learns of the newest.
_MOST_INPUTS = 4096
# Rectangles that a stream keeps before they are merged into one: a viewer that is away for long costs no memory.
_MOST_RECTS = 128

REST_SECONDS = 0.1
"""How long a picture must rest before what is still lossy is sent exactly."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a decoder must be opened for; `serial` grows with every change."""

    serial: int
    size: Size
    codec: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded update with its stamps, all `time.monotonic()` seconds of the host.

    `states` counts the captured states of the screen that merged into it.
    """

    screen: Screen
    update: Update
    digest: int | None
    pixels: Pixels
    input_seq: int
    states: int
    damaged_at: float
    captured_at: float
    encode_started_at: float
    encoded_at: float


class PictureStream:
    """What one viewer lacks of the screen, and the encoder that knows what it has."""

    def __init__(self, open_encoder: Callable[[Size], Encoder]) -> None:
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None
        self._serial = 0
        self._damage: list[Rect] = []
        self._damaged_at: float | None = None
        self._states = 0
        self._input_seq = 0
        self._inputs: deque[tuple[int, float]] = deque(maxlen=_MOST_INPUTS)
        self._refresh = False

    def note_input(self, seq: int, now: float) -> None:
        """Remember that an input event has been injected; from any thread."""
        self._inputs.append((seq, now))

    def ask_refresh(self) -> None:
        """Make the next update stand alone; from any thread."""
        self._refresh = True

    @property
    def owes(self) -> bool:
        """Whether the viewer lacks something that has been captured."""
        return self._encoder is None or bool(self._damage) or self._refresh

    @property
    def lossy(self) -> bool:
        """Whether the viewer has all there is, but not yet exactly."""
        return self._encoder is not None and self._encoder.pending

    def note(self, frame: Frame) -> None:
        """Merge a frame's damage into what the viewer lacks."""
        self._states += 1
        if self._encoder is None or self._encoder.size != frame.size:
            self._replace_encoder(frame)
            return
        if self._damaged_at is None:
            self._damaged_at = frame.damaged_at
        self._damage.extend(frame.damage)
        if len(self._damage) > _MOST_RECTS:
            self._damage = [_bounds(self._damage)]

    def encode(self, frame: Frame, clock: Callable[[], float]) -> Picture | None:
        """Encode what the viewer lacks of the latest frame; None when it lacks nothing."""
        if self._encoder is None:
            self._replace_encoder(frame)
        encoder = self._encoder
        assert encoder is not None
        if self._refresh:
            self._refresh = False
            encoder.refresh()
        # What is owed without damage, a first picture or a refined one, is as old as this moment: nobody waited for it.
        damaged_at = clock() if self._damaged_at is None else self._damaged_at
        captured_at = max(damaged_at, frame.captured_at)
        owed = Frame(frame.image, tuple(self._damage), damaged_at, captured_at)
        self._damage, self._damaged_at = [], None
        states, self._states = self._states, 0
        started_at = clock()
        update = encoder.encode(owed)
        if not update:
            return None
        return Picture(
            screen=Screen(self._serial, encoder.size, encoder.name),
            update=update,
            digest=encoder.digest,
            pixels=Pixels.of(getattr(update, "pixels", {})),
            input_seq=self._input_before(frame.captured_at),
            states=states,
            damaged_at=damaged_at,
            captured_at=captured_at,
            encode_started_at=started_at,
            encoded_at=clock(),
        )

    def _input_before(self, captured_at: float) -> int:
        """Return the last input event that was injected before a capture was complete."""
        while self._inputs and self._inputs[0][1] < captured_at:
            self._input_seq, _ = self._inputs.popleft()
        return self._input_seq

    def close(self) -> None:
        """Free the encoder."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None

    def _replace_encoder(self, frame: Frame) -> None:
        self._damaged_at = frame.damaged_at if self._encoder else None
        self.close()
        self._encoder = self._open_encoder(frame.size)
        self._serial += 1
        self._damage = [Rect(0, 0, *frame.size)]


def _bounds(rects: list[Rect]) -> Rect:
    left, top = min(r.x for r in rects), min(r.y for r in rects)
    right, bottom = max(r.x + r.w for r in rects), max(r.y + r.h for r in rects)
    return Rect(left, top, right - left, bottom - top)
