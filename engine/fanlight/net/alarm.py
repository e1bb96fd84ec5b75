"""A deadline that moves: one timer of the loop, set anew only when the deadline comes nearer."""

import asyncio
import time
from collections.abc import Callable


class Alarm:
    """Calls `ring` at or after the deadline that was set last; `ring` may come early and must look at the clock."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0

    def set(self, deadline: float | None) -> None:
        """Ring at `deadline` (`time.monotonic()` seconds), or, with None, not at all."""
        if deadline is None:
            self.cancel()
        elif self._timer is None or deadline < self._at:
            self.cancel()
            self._at = deadline
            self._timer = self._loop.call_later(max(0.0, deadline - time.monotonic()), self._expire)

    def cancel(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._ring()
