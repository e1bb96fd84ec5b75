"""When one viewer can take its next update: at most what one round trip covers may be on its way.

A viewer that reads, decodes and acknowledges sees a steady flow; one that does not closes its own window, and what
changes meanwhile merges into the one update that it gets when it is back. Nothing is ever queued for it.
"""

import math
from collections import deque

_LEAST = 2
_MOST = 32
_SAMPLES = 64


class Window:
    """The updates that are on their way to one viewer. `interval` is the shortest time between two, in seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._sent: deque[tuple[int, float]] = deque()
        self._trips: deque[float] = deque(maxlen=_SAMPLES)

    @property
    def is_open(self) -> bool:
        """Whether another update may be made now."""
        return len(self._sent) < self.limit

    @property
    def limit(self) -> int:
        """How many updates may be on their way: one, and those that one round trip covers."""
        if not self._trips:
            return _LEAST
        # The shortest of the recent trips: a queue on the way must not widen the window that feeds it.
        return max(_LEAST, min(_MOST, 1 + math.ceil(min(self._trips) / self._interval)))

    def sent(self, seq: int, now: float) -> None:
        """Note that update `seq` was handed to the transport."""
        self._sent.append((seq, now))

    def acknowledged(self, seq: int, now: float) -> None:
        """Note that the viewer has decoded every update up to `seq`."""
        while self._sent and self._sent[0][0] <= seq:
            last, at = self._sent.popleft()
            if last == seq:
                self._trips.append(now - at)
