"""The window: one loop that shows what changed, sends what the user does, and sleeps in between.

The loop belongs to the thread that runs it. It learns of the session through the stage, talks to it through Controls,
and ends when the user closes the window, the time is over, or the session ends.
"""

import threading
import time
from collections.abc import Callable

import pygame

from fanlight.types import CursorShape, Size
from fanlight.viewer import cursors, keysyms
from fanlight.viewer.canvas import Canvas
from fanlight.viewer.connection import connection_lines
from fanlight.viewer.display import Display
from fanlight.viewer.graph import ledger_graph
from fanlight.viewer.keyboard import Keyboard
from fanlight.viewer.layout import fit
from fanlight.viewer.link import View
from fanlight.viewer.mouse import Mouse
from fanlight.viewer.scene import Scene

_CUT_OFF = "The connection is lost. Trying to come back ..."
_OVERLAY_INTERVAL = 0.25
_LONG = 3_600.0
_ANY_MODIFIER = pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_SHIFT | pygame.KMOD_GUI


class Window:
    """One window on one session; used by one thread, which the session's helps out with the picture."""

    def __init__(self, display: Display, view: View, fullscreen: bool) -> None:
        self._display = display
        self._stage = view.stage
        self._controls = view.controls
        self._session = view.session
        # Held by whoever paints: this thread, or the session's for a change of the picture alone.
        self._painting = threading.RLock()
        self._scene = Scene(view.stage)
        self._canvas = Canvas()
        self._keyboard = Keyboard(view.controls.key)
        self._mouse = Mouse(view.controls)
        self._allowed = view.controls.allowed
        self._fullscreen = fullscreen
        self._enlarge = False
        self._closed = False
        self._hovered = False
        self._overlay = False
        self._overlay_due = 0.0
        self._tinted = False
        self._shown = 0
        self._cursor: CursorShape | None = None
        self._remote = view.stage.size
        self._size = self._natural_size()
        self._actions = {
            pygame.K_F11: self._toggle_fullscreen,
            pygame.K_F12: self._toggle_overlay,
        }
        self._ctrl_alt_actions = {
            pygame.K_RETURN: self._toggle_fullscreen,
            pygame.K_i: self._toggle_overlay,
            pygame.K_e: self._toggle_tint,
            pygame.K_z: self._toggle_enlarge,
            pygame.K_q: self._close,
        }
        self._handlers: dict[int, Callable[[pygame.Event], None]] = {
            pygame.QUIT: lambda _: self._close(),
            pygame.WINDOWSIZECHANGED: lambda _: self._lay_out(),
            pygame.WINDOWEXPOSED: lambda _: self._repaint(),
            pygame.WINDOWFOCUSLOST: lambda _: self._release(),
            pygame.WINDOWENTER: lambda _: self._hover(True),
            pygame.WINDOWLEAVE: lambda _: self._hover(False),
            pygame.KEYDOWN: self._key_down,
            pygame.KEYUP: self._keyboard.release,
            pygame.TEXTINPUT: self._text,
            pygame.MOUSEMOTION: self._move,
            pygame.MOUSEBUTTONDOWN: self._button,
            pygame.MOUSEBUTTONUP: self._button,
            pygame.MOUSEWHEEL: self._wheel,
        }
        self._open()

    def run(self, ended: Callable[[], bool], until: float | None) -> None:
        """Show the session until the window is closed, `ended()` is true, or `time.monotonic()` reaches `until`."""
        self._stage.show_at_once(self._show_at_once)
        try:
            self._loop(ended, until)
        finally:
            self._stage.show_at_once(None)
            self._release()
            with self._painting:
                self._canvas.close()

    @property
    def how(self) -> str:
        """How the window gets its pixels to the screen."""
        return self._canvas.how

    def _loop(self, ended: Callable[[], bool], until: float | None) -> None:
        while not self._closed and not ended():
            now = time.monotonic()
            if until is not None and now >= until:
                break
            move_in = self._mouse.flush(now)
            self._show(now)
            for event in self._display.wait(self._patience(now, until, move_in)):
                if handler := self._handlers.get(event.type):
                    handler(event)

    def _patience(self, now: float, until: float | None, move_in: float | None) -> float:
        waits = [_LONG if until is None else until - now, _LONG if move_in is None else move_in]
        if self._overlay:
            waits.append(self._overlay_due - now)
        return min(waits)

    # ---- what is shown

    def _show(self, now: float) -> None:
        with self._painting:
            seq = self._catch_up()
            self._say(now)
            self._scene.present(self._canvas)
            self._note_shown(seq)

    def _show_at_once(self) -> bool:
        """Show what changed in the picture, on the session's thread; False where this one must be woken for it.

        A change of threads takes longer than all that is done here. Whoever is painting looks again when it is woken.
        """
        if not self._painting.acquire(blocking=False):
            return False
        try:
            if not self._scene.shows(self._canvas):
                return False
            seq, rects = self._stage.changed_picture()
            if not self._scene.present_at_once(self._canvas, rects):
                return False
            self._note_shown(seq)
            return True
        finally:
            self._painting.release()

    def _note_shown(self, seq: int) -> None:
        if seq != self._shown:
            self._shown = seq
            self._controls.presented(seq, time.monotonic())

    def _catch_up(self) -> int:
        """Take what the session changed: the picture, its size, the pointer, our rights; return the newest update."""
        changes = self._stage.changes()
        if changes.size != self._remote:
            self._follow(changes.size)
        self._scene.change(changes.rects)
        self._scene.tint(changes.states)
        if self._allowed != self._controls.allowed:
            self._allowed = not self._allowed
            self._keyboard.forget()
            self._mouse.forget()
        self._show_cursor(changes.cursor if self._allowed else None)
        if self._allowed and self._hovered:
            self._scene.point(None, None)
        else:
            self._scene.point(changes.cursor, changes.pointer)
        return changes.seq

    def _show_cursor(self, shape: CursorShape | None) -> None:
        if shape is not self._cursor:
            self._cursor = shape
            cursors.use(shape)

    def _say(self, now: float) -> None:
        if not self._session.connected:
            self._scene.say(_CUT_OFF)
            self._overlay_due = 0.0
        elif not self._overlay:
            self._scene.say(None)
            self._scene.draw(None)
        elif now >= self._overlay_due:
            line = self._stage.recent(now).line(self._session.codec)
            self._scene.say(f"{line}\n{connection_lines(self._session)}\nwindow by {self.how}")
            self._scene.draw(ledger_graph(*self._stage.entries(), self._scene.below_line))
            self._overlay_due = now + _OVERLAY_INTERVAL

    # ---- the window's size and state

    def _natural_size(self) -> Size:
        """Return the window's own size: the picture's where the screen has room for it, else most of the screen."""
        width, height = self._display.size
        if self._remote[0] <= width and self._remote[1] <= height:
            return self._remote
        area = fit(self._remote, (width * 9 // 10, height * 9 // 10), enlarge=False).area
        return area.w, area.h

    def _open(self) -> None:
        with self._painting:
            self._display.open_window(self._size, f"{self._session.address} - fanlight", self._fullscreen)
            cursors.use(self._cursor)
            self._canvas.open()
            self._lay_out()

    def _lay_out(self) -> None:
        with self._painting:
            self._canvas.fit()
            self._scene.lay_out(self._remote, self._canvas.size, self._enlarge)

    def _repaint(self) -> None:
        with self._painting:
            self._scene.repaint()

    def _follow(self, remote: Size) -> None:
        """Take another size of the picture; a window that nobody resized takes it too."""
        untouched = not self._fullscreen and self._canvas.size == self._size
        self._remote = remote
        if untouched and self._natural_size() != self._size:
            self._size = self._natural_size()
            self._open()
        else:
            self._lay_out()

    def _toggle_fullscreen(self) -> None:
        if not self._fullscreen:
            self._size = self._canvas.size
        self._fullscreen = not self._fullscreen
        self._release()
        self._open()

    def _toggle_enlarge(self) -> None:
        self._enlarge = not self._enlarge
        self._lay_out()

    def _toggle_overlay(self) -> None:
        self._overlay = not self._overlay
        self._overlay_due = 0.0

    def _toggle_tint(self) -> None:
        self._tinted = not self._tinted
        tinted = self._tinted
        self._controls.ask(lambda session: self._stage.follow_states(session if tinted else None))

    def _close(self) -> None:
        self._closed = True

    # ---- what the user does

    def _key_down(self, event: pygame.Event) -> None:
        action = self._action_of(event)
        if action is not None:
            action()
        elif self._allowed:
            self._mouse.hurry()
            self._keyboard.press(event)

    def _action_of(self, event: pygame.Event) -> Callable[[], None] | None:
        """Return what a key does here; such a key is not the host's."""
        if not event.mod & _ANY_MODIFIER:
            return self._actions.get(event.key)
        if event.mod & pygame.KMOD_CTRL and event.mod & pygame.KMOD_LALT:
            letter = keysyms.character_of(event.key, event.scancode, 0)
            return self._ctrl_alt_actions.get(ord(letter) if letter else event.key)
        return None

    def _text(self, event: pygame.Event) -> None:
        if self._allowed:
            self._keyboard.text(event.text)

    def _hover(self, hovered: bool) -> None:
        self._hovered = hovered

    def _move(self, event: pygame.Event) -> None:
        self._hovered = True
        if self._allowed:
            self._mouse.move(event, self._scene.layout)

    def _button(self, event: pygame.Event) -> None:
        if self._allowed:
            self._keyboard.settle()
            self._mouse.button(event, self._scene.layout)

    def _wheel(self, event: pygame.Event) -> None:
        if self._allowed:
            self._keyboard.settle()
            self._mouse.wheel(event, pygame.mouse.get_pos(), self._scene.layout)

    def _release(self) -> None:
        """Leave nothing pressed on the host."""
        if self._allowed:
            self._keyboard.release_all()
            self._mouse.release_all()
