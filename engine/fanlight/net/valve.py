"""Between a capture and the encoder that waits for its next frame: whether it may have that frame.

An encoder that waits by itself codes a frame before any Python runs. Who is to get the update may not be ready by then,
and nothing may be coded that must wait.
"""

from fanlight.capture import Capture
from fanlight.kernels.x11 import Screen
from fanlight.types import Frame


class Valve:
    """A capture as `Encoder.encode_next` takes it: a frame that comes while this is shut is its `last`, and no more."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._is_open = True
        self.screen: Screen | None = capture.screen

    def open(self, whether: bool = True) -> None:
        """Let frames through, or not; from any thread, also while one is waited for."""
        if whether is not self._is_open:
            self._is_open = whether
            if self.screen is not None:
                self.screen.hold_back(not whether)

    @property
    def last(self) -> Frame | None:
        """The frame that came last."""
        return self._capture.last

    def next(self, timeout: float | None) -> Frame | None:
        """Wait for a frame, at most so many seconds; None also for one that came while this was shut."""
        frame = self._capture.next(timeout)
        return frame if self._is_open else None
