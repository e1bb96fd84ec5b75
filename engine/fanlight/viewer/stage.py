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
from typing import Any

import numpy as np

from fanlight.session.ledger import InputEntry, LedgerEntry
from fanlight.types import CursorShape, Image, PointerPlace, Rect, Size, Tiles
from fanlight.viewer.remote import RemoteScreen, RemoteUpdate
from fanlight.viewer.summary import Meter, Recent, Summary

# Beyond this many rectangles one bounding rectangle is cheaper to show.
_MOST_RECTS = 64
_ENTRIES = 120


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
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None
        self._seq = 0
        self._follows_states = False
        self._states: Tiles | None = None
        self._entries: deque[LedgerEntry] = deque(maxlen=_ENTRIES)
        self._answers: deque[float] = deque(maxlen=_ENTRIES)
        self._meter = Meter(now)

    def take(self, session: RemoteScreen, update: RemoteUpdate, now: float) -> None:
        """Note what an update changed; on the session's thread."""
        with self._lock:
            self._meter.add(update, session.size, now)
            self._seq, self._cursor, self._pointer = update.seq, session.cursor, session.pointer
            self._picture_lock = session.lock
            self._note(session.image, update.damage)
            if self._follows_states:
                self._states = session.tile_states()
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
            return Changes(self._seq, _size(self._image), rects, self._cursor, self._pointer, self._states)

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
            shown = _clip(rect, bounds)
            if shown.w and shown.h and shown not in self._rects:
                self._rects.append(shown)
        if len(self._rects) > _MOST_RECTS:
            self._rects = [_bounding(self._rects)]


def _size(image: Image) -> Size:
    return image.shape[1], image.shape[0]


def _clip(rect: Rect, bounds: Rect) -> Rect:
    x0, y0 = max(rect.x, bounds.x), max(rect.y, bounds.y)
    x1, y1 = min(rect.x + rect.w, bounds.x + bounds.w), min(rect.y + rect.h, bounds.y + bounds.h)
    return Rect(x0, y0, max(0, x1 - x0), max(0, y1 - y0))


def _bounding(rects: list[Rect]) -> Rect:
    x0, y0 = min(rect.x for rect in rects), min(rect.y for rect in rects)
    x1, y1 = max(rect.x + rect.w for rect in rects), max(rect.y + rect.h for rect in rects)
    return Rect(x0, y0, x1 - x0, y1 - y0)
