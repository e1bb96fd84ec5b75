"""The local pointer as the host sees it: at most one move for each frame the display shows, and always the newest."""

import pygame

from fanlight.viewer.controls import Controls
from fanlight.viewer.layout import Layout

MOVE_INTERVAL = 1 / 60

# pygame's numbers to X11's; pygame also reports the wheel as buttons 4 and 5, which MOUSEWHEEL says better.
_BUTTONS = {
    pygame.BUTTON_LEFT: 1,
    pygame.BUTTON_MIDDLE: 2,
    pygame.BUTTON_RIGHT: 3,
    pygame.BUTTON_X1: 8,
    pygame.BUTTON_X2: 9,
}

_Place = tuple[int, int]


class Mouse:
    """Turns pygame's mouse events into input; places are in the window, `now` is seconds."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._held: set[int] = set()
        self._place: _Place = (0, 0)
        self._waiting: _Place | None = None
        self._sent: _Place | None = None
        self._next_move = 0.0

    def move(self, event: pygame.Event, layout: Layout) -> None:
        """Take a MOUSEMOTION event; flush() sends it. Beside the picture it counts only while a button is down."""
        if layout.holds(*event.pos) or self._held:
            self._waiting = layout.to_remote(*event.pos)

    def button(self, event: pygame.Event, layout: Layout) -> None:
        """Take a MOUSEBUTTONDOWN or MOUSEBUTTONUP event; a press beside the picture is not sent."""
        button, down = _BUTTONS.get(event.button), event.type == pygame.MOUSEBUTTONDOWN
        if button is None or (down and not layout.holds(*event.pos)) or (not down and button not in self._held):
            return
        (self._held.add if down else self._held.remove)(button)
        self._at(layout.to_remote(*event.pos))
        self._controls.button(*self._place, button, down)

    def wheel(self, event: pygame.Event, place: _Place, layout: Layout) -> None:
        """Take a MOUSEWHEEL event at a place of the window."""
        if layout.holds(*place) and (event.x or event.y):
            self._at(layout.to_remote(*place))
            self._controls.wheel(*self._place, event.x, -event.y)

    def flush(self, now: float) -> float | None:
        """Send the newest place if a move may be sent now; return the seconds until it may, None if none waits."""
        if self._waiting is None or self._waiting == self._sent:
            self._waiting = None
            return None
        if now < self._next_move:
            return self._next_move - now
        self._next_move = now + MOVE_INTERVAL
        self.hurry()
        return None

    def hurry(self) -> None:
        """Send a place that still waits: what follows must find the pointer there."""
        if self._waiting is not None and self._waiting != self._sent:
            self._controls.pointer(*self._waiting)
            self._at(self._waiting)
        self._waiting = None

    def release_all(self) -> None:
        """Release every button that is down, where the pointer was last."""
        for button in sorted(self._held):
            self._controls.button(*self._place, button, False)
        self._held.clear()

    def forget(self) -> None:
        """Hold nothing any more without a word: the host took the right away and released the buttons itself."""
        self._held.clear()
        self._waiting = None

    def _at(self, place: _Place) -> None:
        """Note that the host has or gets the pointer there with what is sent next."""
        self._place = self._sent = place
        self._waiting = None
