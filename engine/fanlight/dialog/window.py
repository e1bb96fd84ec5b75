"""The dialog's window: one loop that shows the model, gives it what the person does, and sleeps in between.

It stands over other windows. One that is kept for a host is hidden while there is nothing to show, or while the person
has opened another one; one that a person has opened is there until he closes it.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import pygame

from fanlight.dialog.model import HostState, Model
from fanlight.dialog.paint import paint
from fanlight.dialog.panel import Panel, lay_out
from fanlight.types import Size
from fanlight.viewer.display import Display

_LONG = 3_600.0
_FROM_EDGE = 48


class Desk(Protocol):
    """The host, as the window knows it."""

    def news(self) -> tuple[HostState | None, str]:
        """Return the newest state since the last call, if any, and what went wrong, or ""."""

    @property
    def is_open(self) -> bool:
        """Whether the host is there."""

    def ask(self, request: dict[str, Any]) -> None:
        """Ask for something; what comes of it is news."""


class DialogWindow:
    """The window over `display`; used by one thread. `kept`: it is kept for a host, and hides."""

    def __init__(self, display: Display, desk: Desk, *, kept: bool) -> None:
        self._display = display
        self._desk = desk
        self._kept = kept
        self._model = Model()
        self._closed = False
        self._view: str = ""
        self._painted: tuple[Panel, str] | None = None
        self._panel = lay_out(self._model, 0.0)
        self._window = pygame.Window(self._panel.title, self._panel.size, hidden=True, always_on_top=True)
        self._handlers: dict[int, Callable[[pygame.Event], None]] = {
            pygame.QUIT: lambda _: self._close(),
            pygame.WINDOWCLOSE: lambda _: self._close(),
            pygame.WINDOWEXPOSED: lambda _: self._repaint(),
            pygame.KEYDOWN: self._key,
            pygame.TEXTINPUT: self._text,
            pygame.MOUSEBUTTONDOWN: self._click,
        }

    def run(self) -> None:
        """Show what the host says until it ends, or the person closes the window."""
        while not self._closed and self._desk.is_open:
            now = time.monotonic()
            self._catch_up(now)
            self._show(now)
            for event in self._display.wait(self._patience(now)):
                if handler := self._handlers.get(event.type):
                    handler(event)
        self._window.destroy()

    def _patience(self, now: float) -> float:
        if self._model.view != "request":
            return _LONG
        left = self._model.seconds_left(now)
        # Until the next second is over, or the view becomes active.
        return min(left % 1 + 0.01, 0.1 if not self._model.is_active(now) else 1.0)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _catch_up(self, now: float) -> None:
        state, error = self._desk.news()
        if state is not None:
            self._model.take(state, now)
        if error:
            self._model.error = error

    def _show(self, now: float) -> None:
        view = self._model.view
        if self._kept and (view == "idle" or self._model.state.console):
            if self._view:
                self._window.hide()
                self._view = ""
            return
        self._panel = lay_out(self._model, now)
        if self._model.focus not in self._panel.keys and self._model.is_active(now):
            self._model.focus = ""
        if self._window.size != self._panel.size:
            self._window.size = self._panel.size
            self._painted = None
        if view != self._view:
            self._bring_up(view)
        if self._painted != (self._panel, self._model.focus):
            paint(self._panel, self._model.focus, self._window.get_surface())
            self._window.flip()
            self._painted = (self._panel, self._model.focus)

    def _bring_up(self, view: str) -> None:
        """Show the window where its view belongs: a request in the middle, sessions at the upper right."""
        self._view = view
        self._window.title = self._panel.title
        self._window.position = _place(view, self._panel.size, self._display.size)
        self._window.show()
        self._window.restore()
        if view == "request":
            self._window.focus()
        self._painted = None

    def _repaint(self) -> None:
        self._painted = None

    def _close(self) -> None:
        """Answer a request with no; close a window that a person has opened, put away one that is kept."""
        if self._model.request is not None:
            self._press("reject")
        elif self._kept:
            self._window.minimize()
        if not self._kept:
            self._closed = True

    # -- what the person does --------------------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        if key == "secret":
            self._model.focus = key
            return
        request = self._model.press(key, time.monotonic())
        if request is not None:
            self._desk.ask(request)

    def _click(self, event: pygame.Event) -> None:
        if event.button != pygame.BUTTON_LEFT:
            return
        widget = self._panel.at(*event.pos)
        if widget is not None:
            self._model.focus = widget.key
            self._press(widget.key)

    def _key(self, event: pygame.Event) -> None:
        focus = self._model.focus
        if event.key == pygame.K_TAB:
            self._move_focus(-1 if event.mod & pygame.KMOD_SHIFT else 1)
        elif event.key in (pygame.K_RIGHT, pygame.K_DOWN):
            self._move_focus(1)
        elif event.key in (pygame.K_LEFT, pygame.K_UP):
            self._move_focus(-1)
        elif event.key == pygame.K_ESCAPE:
            if self._model.request is not None:
                self._press("reject")
        elif focus == "secret":
            self._edit_secret(event)
        elif event.key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE) and focus:
            self._press(focus)

    def _edit_secret(self, event: pygame.Event) -> None:
        if event.key == pygame.K_BACKSPACE:
            self._model.erase()
        elif event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            self._move_focus(1)

    def _text(self, event: pygame.Event) -> None:
        if self._model.focus == "secret":
            self._model.type(event.text)

    def _move_focus(self, step: int) -> None:
        keys = self._panel.keys
        if not keys:
            return
        focus = self._model.focus
        start = keys.index(focus) if focus in keys else (-1 if step > 0 else 0)
        self._model.focus = keys[(start + step) % len(keys)]


def _place(view: str, size: Size, screen: Size) -> tuple[int, int]:
    middle = (max(0, screen[0] - size[0]) // 2, max(0, screen[1] - size[1]) // 2)
    if view == "sessions":
        return max(0, screen[0] - size[0] - _FROM_EDGE), min(_FROM_EDGE, middle[1])
    return middle
