"""Waiting for the next moment at which a polling backend may read; wakeable from any thread."""

import threading
import time


class Pacer:
    """Grants one turn an interval on average, and one at once after a rest."""

    def __init__(self, max_fps: int) -> None:
        self._interval = 1 / max_fps
        self._due = 0.0
        self._changed = threading.Condition()
        self._woken = False

    def wait(self, deadline: float | None) -> bool:
        """Wait for a turn and take it; False: `deadline` (`time.monotonic()`) came first, or `wake` was called."""
        with self._changed:
            while not self._woken:
                now = time.monotonic()
                if now >= self._due:
                    due = self._due + self._interval
                    self._due = due if due > now else now + self._interval
                    return True
                if deadline is not None and now >= deadline:
                    return False
                until = self._due if deadline is None else min(self._due, deadline)
                self._changed.wait(until - now)
            self._woken = False
            return False

    def wake(self) -> None:
        """Make a waiting `wait`, or else the next one, return."""
        with self._changed:
            self._woken = True
            self._changed.notify()


def deadline_of(timeout: float | None) -> float | None:
    """Return the `time.monotonic()` at which a wait of `timeout` seconds that begins now is over."""
    return None if timeout is None else time.monotonic() + max(0.0, timeout)
