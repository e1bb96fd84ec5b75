"""The updates that are kept of a stream, to find out afterwards what they wrote."""

from fanlight.codec.base import Update

_MOST_UPDATES = 24
_MOST_BYTES = 64 << 20


class Kept:
    """All that led to the window, and the first of those in it; without a gap, since each needs those before it.

    Where what led there is more than 64 MiB, nothing is kept.
    """

    def __init__(self) -> None:
        self.lead: list[Update] = []
        self.window: list[Update] = []
        self._bytes = 0
        self._is_over = False
        self._has_begun = False

    def begin(self) -> None:
        """Take note that the window begins."""
        self._has_begun = True

    def add(self, update: Update) -> None:
        """Keep an update, if none before it was left out."""
        if self._is_over or len(self.window) >= _MOST_UPDATES:
            return
        self._bytes += len(update)
        if self._bytes > _MOST_BYTES:
            self._is_over = True
            if not self._has_begun:
                self.lead.clear()
        else:
            (self.window if self._has_begun else self.lead).append(update)
