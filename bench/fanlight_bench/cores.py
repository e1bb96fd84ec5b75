"""How long a thread was ready to run and no core was free for it, as the kernel counts it.

A program hears late of what it waits for where others hold the cores. What it measures by itself then is longer than
what took place, by just this time.
"""

import os


class Queue:
    """The time that the thread which makes it has waited for a core so far; always 0 where the kernel does not say."""

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._file = -1

    def micros(self) -> int:
        """Return the microseconds until now."""
        return int(os.pread(self._file, 64, 0).split()[1]) // 1_000 if self._file >= 0 else 0
