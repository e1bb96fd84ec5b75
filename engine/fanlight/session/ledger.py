"""The ledger: for every update, when each step of its way was done, what it took, and which input it answers.

Theory of operation. The host stamps an update until it is sent, the viewer from then on; whoever keeps the ledger moves
the other's stamps to its own clock by the offset that the session has estimated, once, when the update has arrived. An
entry is complete when it is on the viewer's screen or, where the viewer has no window, decoded; then whoever watches is
told, in order. Stages are differences of whole microseconds, so they sum to the total exactly. Everything is bounded.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, overload

import msgspec
from msgspec.structs import asdict, replace

from fanlight.protocol import messages as m
from fanlight.session.clocks import PeerClock
from fanlight.session.events import Acked, Presented
from fanlight.types import Pixels

MOST_ENTRIES = 4096
_MOST_INPUTS = 4096
# What may be on its way to a viewer, or decoded and not shown, before the ledger goes on without it.
_MOST_WAITING = 64
_HALF_CIRCLE = m.MAX_SEQ // 2

STAGES = ("capture", "wait", "encode", "send", "transit", "decode", "present")
"""What the time between two stamps was spent on, in order."""

_STAMPS = (
    "damaged_at",
    "captured_at",
    "encode_started_at",
    "encoded_at",
    "sent_at",
    "received_at",
    "decoded_at",
    "presented_at",
)


class SentUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The host's part of an entry. Stamps are seconds of the keeper's monotonic clock.

    `quality` is the quantiser of the video in it on H.264's scale, None where there is no video.
    """

    seq: int
    bytes: int
    exact: bool
    key: bool
    quality: int | None
    pixels: Pixels
    input_seq: int
    damaged_at: float
    captured_at: float
    encode_started_at: float
    encoded_at: float
    sent_at: float


class LedgerEntry(SentUpdate, frozen=True, kw_only=True):
    """One update's way. All stamps are on the keeper's clock, the other machine's put right by `offset`.

    `offset` is how far the other clock is ahead in seconds, None while that is not known: its stamps are then its own.
    `exact` says that the picture was the host's, proved by its digest. `presented_at` is None where it was not shown.
    """

    received_at: float
    decoded_at: float
    offset: float | None
    presented_at: float | None = None

    @property
    def latency(self) -> float | None:
        """Seconds from the damage at the host to the decoded picture; None while the clocks are not compared."""
        return None if self.offset is None else self.decoded_at - self.damaged_at

    @property
    def stages(self) -> dict[str, int]:
        """Microseconds by stage, without "present" where it was not shown, and "transit" where no offset is known."""
        marks = self._marks()
        found = {name: after - before for name, (before, after) in zip(STAGES, pairwise(marks), strict=False)}
        if self.offset is None:
            del found["transit"]
        return found

    @property
    def total(self) -> int | None:
        """Microseconds from the first stamp to the last, the sum of all stages; None where no offset is known."""
        marks = self._marks()
        return None if self.offset is None else marks[-1] - marks[0]

    def as_json(self) -> dict[str, Any]:
        """Return the entry ready for `json.dumps`; times in microseconds, stamps on the keeper's clock."""
        return {
            "seq": self.seq,
            "bytes": self.bytes,
            "exact": self.exact,
            "key": self.key,
            "quality": self.quality,
            "pixels": self.pixels._asdict(),
            "input_seq": self.input_seq,
            "stages": self.stages,
            "total": self.total,
            "offset": None if self.offset is None else m.stamp(self.offset),
            "stamps": dict(zip((name.removesuffix("_at") for name in _STAMPS), self._marks(), strict=False)),
        }

    def _marks(self) -> list[int]:
        times = (getattr(self, name) for name in _STAMPS)
        return [m.stamp(time) for time in times if time is not None]


@dataclass(frozen=True, slots=True)
class InputEntry:
    """One input event and the first update captured after it was injected; seconds of the viewer's clock.

    `answered_at` is when that update was on the screen or, without a window, decoded.
    """

    seq: int
    sent_at: float
    answered_by: int
    answered_at: float

    @property
    def latency(self) -> float:
        """Seconds from the event to the picture that may show what it did."""
        return self.answered_at - self.sent_at


Watch: TypeAlias = Callable[[LedgerEntry, tuple[InputEntry, ...]], None]
"""Told of each complete entry, in order, with the input that it answers."""


class Ledger(Sequence[LedgerEntry]):
    """The last 4096 entries, oldest first. Input events are known where they were sent: at the viewer's end."""

    def __init__(self) -> None:
        self._entries: deque[LedgerEntry] = deque(maxlen=MOST_ENTRIES)
        self._inputs: deque[InputEntry] = deque(maxlen=_MOST_INPUTS)
        self._unanswered: deque[tuple[int, float]] = deque(maxlen=_MOST_INPUTS)
        self._watches: list[Watch] = []
        self._shows = False
        self._waiting = 0

    @property
    def inputs(self) -> tuple[InputEntry, ...]:
        """The last 4096 input events that were answered, oldest first."""
        return tuple(self._inputs)

    @overload
    def __getitem__(self, index: int) -> LedgerEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LedgerEntry]: ...
    def __getitem__(self, index: int | slice) -> LedgerEntry | Sequence[LedgerEntry]:
        return tuple(self._entries)[index] if isinstance(index, slice) else self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def watch(self, watch: Watch) -> None:
        """Tell `watch` of every entry that becomes complete from now on."""
        self._watches.append(watch)

    def expect_window(self) -> None:
        """Say that updates are shown from now on: entries are complete when they are."""
        self._shows = True

    def add(self, entry: LedgerEntry) -> None:
        """Take an update that is decoded."""
        self._entries.append(entry)
        self._waiting += 1
        if not self._shows:
            self.finish()
        elif self._waiting > _MOST_WAITING:
            self._complete_oldest()

    def presented(self, seq: int, at: float, *, theirs: bool = False) -> None:
        """Say that every update up to `seq` is on the screen since `at`; the first time says that there is one.

        `theirs`: by the other machine's clock, which is put right as the other stamps of an entry were.
        """
        self._shows = True
        while self._waiting and _reached(self._entries[-self._waiting].seq, seq):
            entry = self._entries[-self._waiting]
            ahead = (entry.offset or 0.0) if theirs else 0.0
            self._entries[-self._waiting] = replace(entry, presented_at=at - ahead)
            self._complete_oldest()

    def input_sent(self, seq: int, at: float) -> None:
        """Note that an input event was sent."""
        self._unanswered.append((seq, at))

    def finish(self) -> None:
        """Wait for no more stamps: complete what is there."""
        while self._waiting:
            self._complete_oldest()

    def reconnected(self) -> None:
        """Begin to count anew, as updates and input do in another connection."""
        self.finish()
        self._unanswered.clear()

    def _complete_oldest(self) -> None:
        entry = self._entries[-self._waiting]
        self._waiting -= 1
        answered = tuple(self._answer(entry))
        self._inputs.extend(answered)
        for watch in self._watches:
            watch(entry, answered)

    def _answer(self, entry: LedgerEntry) -> list[InputEntry]:
        at = entry.decoded_at if entry.presented_at is None else entry.presented_at
        found: list[InputEntry] = []
        while entry.input_seq and self._unanswered and _reached(self._unanswered[0][0], entry.input_seq):
            seq, sent_at = self._unanswered.popleft()
            found.append(InputEntry(seq, sent_at, entry.seq, at))
        return found


class HostLedger:
    """One viewer's ledger at the host: fed with what is sent, and with what the viewer says of it."""

    def __init__(self) -> None:
        self.entries = Ledger()
        self._on_the_way: deque[SentUpdate] = deque(maxlen=_MOST_WAITING)

    def sent(self, update: SentUpdate) -> None:
        """Note that an update was handed to the transport."""
        self._on_the_way.append(update)

    def acknowledged(self, acked: Acked, clock: PeerClock) -> None:
        """Take the viewer's stamps, by its clock. What it skipped has none, and no entry."""
        for mark in acked.earlier:
            self._arrived(mark.seq, m.seconds(mark.received_at), m.seconds(mark.decoded_at), clock)
        self._arrived(acked.seq, acked.received_at, acked.decoded_at, clock)

    def presented(self, presented: Presented) -> None:
        """Take the viewer's stamp of its window."""
        self.entries.presented(presented.seq, presented.at, theirs=True)

    def _arrived(self, seq: int, received_at: float, decoded_at: float, clock: PeerClock) -> None:
        while self._on_the_way and _reached(self._on_the_way[0].seq, seq):
            update = self._on_the_way.popleft()
            if update.seq == seq:
                clock.went(update.sent_at, received_at)
                offset = clock.offset
                ahead = offset or 0.0
                self.entries.add(arrived(update, received_at - ahead, decoded_at - ahead, offset))


def arrived(update: SentUpdate, received_at: float, decoded_at: float, offset: float | None) -> LedgerEntry:
    """Make the entry of an update that is decoded; all stamps on one clock."""
    return LedgerEntry(**asdict(update), received_at=received_at, decoded_at=decoded_at, offset=offset)


def _reached(seq: int, last: int) -> bool:
    """Whether `seq` is `last` or before it, on the circle of sequence numbers."""
    return (last - seq) % m.MAX_SEQ < _HALF_CIRCLE
