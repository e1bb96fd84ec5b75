"""Input by XTEST, as if it came from the keyboard and mouse of the X server."""

from fanlight.errors import InjectError
from fanlight.inject.base import Injector
from fanlight.kernels.x11 import Input

MAX_CLICKS = 100
"""The most wheel clicks of one call in each direction."""

_UP, _DOWN, _LEFT, _RIGHT = 4, 5, 6, 7


class XTestInjector(Injector):
    """Input for an X display, on a connection of its own."""

    def __init__(self, display: str | None = None) -> None:
        self._input = Input(display)

    def move_pointer(self, x: int, y: int) -> None:
        """Put the pointer at (x, y)."""
        self._input.move(x, y)

    def press_button(self, number: int) -> None:
        """Press a button."""
        self._input.button(number, True)

    def release_button(self, number: int) -> None:
        """Release a button."""
        self._input.button(number, False)

    def scroll(self, dx: int, dy: int) -> None:
        """Turn the wheel by clicks, at most MAX_CLICKS."""
        if max(abs(dx), abs(dy)) > MAX_CLICKS:
            raise InjectError(f"the wheel turns by at most {MAX_CLICKS} clicks at once, not {dx}, {dy}")
        self._click(_RIGHT if dx > 0 else _LEFT, abs(dx))
        self._click(_DOWN if dy > 0 else _UP, abs(dy))

    def press_key(self, keysym: int) -> None:
        """Press the key of an X keysym."""
        self._input.key(keysym, True)

    def release_key(self, keysym: int) -> None:
        """Release the key of an X keysym."""
        self._input.key(keysym, False)

    def close(self) -> None:
        """Release all that is held, and disconnect."""
        self._input.close()

    def _click(self, button: int, clicks: int) -> None:
        for _ in range(clicks):
            self._input.button(button, True)
            self._input.button(button, False)


def open_injector(display: str | None = None) -> Injector:
    """Open a display for input (None: the one in DISPLAY); InjectError says why it cannot be."""
    return XTestInjector(display)
