"""The native X11 backend: woken by damage, reads only what was damaged, and never looks at a clock while idle."""

from fanlight.capture.base import Capture
from fanlight.kernels.x11 import Screen
from fanlight.types import CursorShape, Frame, PointerPlace, Size


class X11Capture(Capture):
    """An X screen by XDamage, XShm, XFixes, RandR and XInput 2."""

    backend = "x11"

    def __init__(self, display: str | None, max_fps: int) -> None:
        self._screen = Screen(display, max_fps)

    @property
    def size(self) -> Size:
        """Of the frame that comes next."""
        return self._screen.size

    def next(self, timeout: float | None = None) -> Frame | None:
        """Wait for a frame, at most `timeout` seconds."""
        return self._screen.next(timeout)

    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""
        self._screen.wake()

    @property
    def cursor(self) -> CursorShape | None:
        """The pointer's shape; another object only when the shape changed."""
        return self._screen.cursor

    @property
    def pointer(self) -> PointerPlace | None:
        """Where the pointer stands."""
        return self._screen.pointer

    def close(self) -> None:
        """End the capture."""
        self._screen.close()
