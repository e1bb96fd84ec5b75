"""The picture between two threads: the session's thread changes it, the window's thread shows it.

The window reads the decoder's own picture, with the session's lock, so that no update is half done meanwhile; a copy
in between would cost as much as a whole screen that moved costs to decode. What the window has not shown yet is one
set of rectangles that merges: a slow window skips states and is never behind.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from fanlight.session.ledger import InputEntry, LedgerEntry
from fanlight.types import CursorShape, Image, Permission, PointerPlace, Rect, Size, Tiles
from fanlight.viewer.areas import bounding, clip
from fanlight.viewer.remote import RemoteScreen, RemoteUpdate
from fanlight.viewer.summary import Meter, Recent, Summary

# Beyond this many rectangles one bounding rectangle is cheaper to show.
_MOST_RECTS = 64
_ENTRIES = 120

_Around: TypeAlias = tuple[CursorShape | None, PointerPlace | None, frozenset[Permission], bool]
"""What stands beside the picture: the pointer's shape and place, our rights, whether the connection stands."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the window has to catch up with; `rects` covers the picture where it has another size than before.

    `seq` numbers the newest update in it. `states` are those of the tiles, None where they are not followed.
    """

    seq: int
    size: Size
    rects: tuple[Rect, ...]
    cursor: CursorShape | None
    pointer: PointerPlace | None
    states: Tiles | None


class Stage:
    """Holds the picture as the window may show it. Every method is safe from any thread.

    `wake` is called after each change, from the thread that made it. Time counts from `now`.
    """

    def __init__(self, wake: Callable[[], None], now: float) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._image: Image = np.zeros((1, 1, 4), np.uint8)
        self._picture_lock: AbstractContextManager[Any] = threading.Lock()
        self._rects: list[Rect] = []
        self._around: _Around = (None, None, frozenset(), True)
        self._at_once: Callable[[], bool] | None = None
        self._seq = 0
        self._follows_states = False
        self._states: Tiles | None = None
        self._entries: deque[LedgerEntry] = deque(maxlen=_ENTRIES)
        self._answers: deque[float] = deque(maxlen=_ENTRIES)
        self._meter = Meter(now)

    def show(self, session: RemoteScreen, seq: int, damage: tuple[Rect, ...]) -> None:
        """Note what an update changed in the picture, and let it be shown at once; on the session's thread."""
        with self._lock:
            self._seq = seq
            self._picture_lock = session.lock
            self._note(session.image, damage)
            at_once = self._at_once
        if at_once is None or not at_once():
            self._wake()

    def show_at_once(self, function: Callable[[], bool] | None) -> None:
        """Have a function called after each change of the picture, by the session's thread; None: no more.

        It returns whether the change is on the screen, and there is nothing to wake the window for.
        """
        with self._lock:
            self._at_once = function

    def take(self, session: RemoteScreen, update: RemoteUpdate, now: float) -> None:
        """Note what else an update brought, once it is proved; on the session's thread."""
        with self._lock:
            self._meter.add(update, session.size, now)
            around = (session.cursor, session.pointer, session.rights, session.connected)
            unchanged = around == self._around and not self._follows_states
            self._around = around
            if self._follows_states:
                self._states = session.tile_states()
        if not unchanged:
            self._wake()

    def record(self, entry: LedgerEntry, answered: tuple[InputEntry, ...]) -> None:
        """Take an entry that the ledger has completed."""
        with self._lock:
            self._entries.append(entry)
            self._answers.extend(answer.latency for answer in answered)

    def follow_states(self, session: RemoteScreen | None) -> None:
        """Take the states of the tiles with this and every later update; with None, no more."""
        with self._lock:
            self._follows_states = session is not None
            self._states = None if session is None else session.tile_states()
        self._wake()

    @property
    def size(self) -> Size:
        """Size of the picture; 1x1 before the first update."""
        with self._lock:
            return _size(self._image)

    def changes(self) -> Changes:
        """Return what changed since the last call."""
        with self._lock:
            rects, self._rects = tuple(self._rects), []
            cursor, pointer, _, _ = self._around
            return Changes(self._seq, _size(self._image), rects, cursor, pointer, self._states)

    def changed_picture(self) -> tuple[int, tuple[Rect, ...]]:
        """Take only what changed in the picture, with the number of the newest update in it."""
        with self._lock:
            rects, self._rects = tuple(self._rects), []
            return self._seq, rects

    @contextmanager
    def picture(self) -> Iterator[Image]:
        """Lend the picture, to be read only; the session's thread waits meanwhile, so copy and let go."""
        with self._lock:
            lock, image = self._picture_lock, self._image
        with lock:
            yield image

    def recent(self, now: float) -> Recent:
        """Return the last two seconds."""
        with self._lock:
            return self._meter.recent(now)

    def entries(self) -> tuple[tuple[LedgerEntry, ...], tuple[float, ...]]:
        """Return the newest of the ledger: entries, and seconds from input to picture; oldest first."""
        with self._lock:
            return tuple(self._entries), tuple(self._answers)

    def summary(self, now: float) -> Summary:
        """Return the totals, with a copy of the picture."""
        with self.picture() as image, self._lock:
            return self._meter.summary(now, image)

    def _note(self, image: Image, damage: tuple[Rect, ...]) -> None:
        bounds = Rect(0, 0, *_size(image))
        if image is not self._image:
            self._image, self._rects = image, [bounds]
            return
        for rect in damage:
            shown = clip(rect, bounds)
            if shown.w and shown.h and shown not in self._rects:
                self._rects.append(shown)
        if len(self._rects) > _MOST_RECTS:
            self._rects = [bounding(self._rects)]


def _size(image: Image) -> Size:
    return image.shape[1], image.shape[0]
