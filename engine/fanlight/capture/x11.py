"""The native X11 backend: woken by damage, reads only what was damaged, and never looks at a clock while idle."""

from pathlib import Path

from fanlight.capture.base import Capture
from fanlight.errors import CaptureError
from fanlight.kernels import x11
from fanlight.types import CursorShape, Frame, Monitor, PointerPlace, Size


class X11Capture(Capture):
    """An X screen, or one monitor of it, by XDamage, XShm or a mapped framebuffer, XFixes, RandR and XInput 2."""

    backend = "x11"

    def __init__(
        self,
        display: str | None,
        max_fps: int,
        *,
        framebuffer: Path | None = None,
        compare: bool = False,
        monitor: int | str | None = None,
    ) -> None:
        self._display = display
        name = _monitor_name(display, monitor) if isinstance(monitor, int) else monitor
        self.screen: x11.Screen = x11.Screen(display, max_fps, compare=compare, framebuffer=framebuffer, monitor=name)

    @property
    def how(self) -> str:  # type: ignore[override]
        """Where the pixels come from: "mapped framebuffer" or "MIT-SHM"."""
        return "mapped framebuffer" if self.screen.mapped[0] else "MIT-SHM"

    @property
    def fallback(self) -> str | None:  # type: ignore[override]
        """Why a framebuffer that was named is not read."""
        return self.screen.mapped[1] or None

    @property
    def last(self) -> Frame | None:  # type: ignore[override]
        """The frame that came last."""
        return self.screen.last

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors that the screen has now."""
        return x11.monitors(self._display)

    @property
    def size(self) -> Size:
        """Of the frame that comes next."""
        return self.screen.size

    def next(self, timeout: float | None = None) -> Frame | None:
        """Wait for a frame, at most `timeout` seconds."""
        return self.screen.next(timeout)

    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""
        self.screen.wake()

    @property
    def cursor(self) -> CursorShape | None:
        """The pointer's shape; another object only when the shape changed."""
        return self.screen.cursor

    @property
    def pointer(self) -> PointerPlace | None:
        """Where the pointer stands."""
        return self.screen.pointer

    def close(self) -> None:
        """End the capture."""
        self.screen.close()


def _monitor_name(display: str | None, number: int) -> str:
    there = x11.monitors(display)
    if not 0 <= number < len(there):
        names = ", ".join(monitor.name for monitor in there)
        raise CaptureError(f"there is no monitor {number}; counted from 0 there are {len(there)}: {names}")
    return there[number].name
