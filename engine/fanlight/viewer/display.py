"""The local display: opened for software presenting, waited on without polling.

`pygame.event.wait` looks for events a thousand times a second, 3 % of a core for a window at rest. Where SDL's own
wait can be reached it is used instead: it sleeps until the window system or another thread has something to say.
"""

import contextlib
import ctypes
import math
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import pygame

from fanlight.errors import UsageError
from fanlight.types import Size

# SDL reads them at init. Measured: 0.08 ms to show one letter on its plain surface, 8 ms through its default renderer.
_HINTS = {
    "SDL_FRAMEBUFFER_ACCELERATION": "0",
    "SDL_VIDEO_X11_WMCLASS": "fanlight",
    # Both suit games: colours by a colour map of our own, and a desktop without its compositor while we are there.
    "SDL_VIDEO_X11_NODIRECTCOLOR": "1",
    "SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR": "0",
}
# SDL's wait hears neither signals nor input methods, which speak over D-Bus.
_LONGEST_WAIT = 0.5
_SDL = re.compile(r"/\S*/libSDL2-2[^/]*\.so[^/]*$", re.MULTILINE)


class Display:
    """The display that windows open on; a context manager, used by one thread but for wake()."""

    def __init__(self) -> None:
        # Held while the display opens and closes, because wake() may come at any time.
        self._lock = threading.Lock()
        self._open = False
        self._woken = False
        self._sleep = _wait_of_sdl() or _wait_of_pygame
        self._fullscreen = False
        self._place: tuple[int, int] | None = None

    def __enter__(self) -> "Display":
        os.environ.update(_HINTS)
        if sys.platform == "linux":
            # Without a display SDL would go on to one that nobody sees. Wayland's desktops serve X11 too.
            os.environ.setdefault("SDL_VIDEODRIVER", "x11")
        try:
            self._init()
        except pygame.error as error:
            self.close()
            raise UsageError(
                f"no display to open a window on ({error}): set DISPLAY to one, or use --headless"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the display and its window; fonts stay, for others in this program may have some."""
        with self._lock:
            self._open = False
            pygame.display.quit()

    @property
    def size(self) -> Size:
        """Size of the first screen."""
        width, height = pygame.display.get_desktop_sizes()[0]
        return width, height

    def open_window(self, size: Size, title: str, fullscreen: bool) -> None:
        """Open the window, or give it another size or state."""
        try:
            if fullscreen:
                self._fill_screen()
            else:
                self._take(size)
        except pygame.error as error:
            raise UsageError(f"the window cannot be opened ({error}): use --headless") from error
        pygame.display.set_caption(title)
        self._fullscreen = fullscreen

    def wake(self) -> None:
        """Make wait() return; from any thread."""
        with self._lock:
            if self._open and not self._woken:
                # Set first: the event may be taken, and this be reset by that, before post() has returned.
                self._woken = True
                # A queue that is full wakes by itself.
                with contextlib.suppress(pygame.error):
                    pygame.event.post(pygame.Event(pygame.USEREVENT))

    def wait(self, timeout: float) -> list[pygame.Event]:
        """Return the events that are there, or sleep until there is one, a wake() or `timeout` seconds have passed."""
        events = pygame.event.get()
        if not events and timeout > 0:
            self._sleep(math.ceil(min(timeout, _LONGEST_WAIT) * 1_000))
            events = pygame.event.get()
        self._woken = False
        return events

    def _fill_screen(self) -> None:
        if pygame.display.get_surface() is not None and not self._fullscreen:
            self._place = pygame.display.get_window_position()
            self._begin_anew()
        pygame.display.set_mode(self.size, pygame.FULLSCREEN)

    def _take(self, size: Size) -> None:
        if self._fullscreen:
            self._begin_anew()
            if self._place is not None:
                pygame.display.set_window_position(self._place)
        pygame.display.set_mode(size, pygame.RESIZABLE)

    def _begin_anew(self) -> None:
        """Close the window: SDL changes an open one to or from full screen only with a window manager's help."""
        with self._lock:
            self._open = False
            pygame.display.quit()
        self._init()

    def _init(self) -> None:
        with self._lock:
            pygame.display.init()
            pygame.font.init()
            pygame.display.set_icon(_icon())
            # Someone who only watches must still find their screen locked.
            pygame.display.set_allow_screensaver(True)
            self._woken = False
            self._open = True


def _wait_of_sdl() -> Callable[[int], object] | None:
    """Return SDL's wait for milliseconds, which leaves the event in its queue; None where SDL is not found."""
    try:
        found = _SDL.search(Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    if found is None:
        return None
    # The library that pygame has loaded, by its path: the loader gives the same one again.
    wait = ctypes.CDLL(found.group()).SDL_WaitEventTimeout
    wait.restype, wait.argtypes = ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]
    return lambda milliseconds: wait(None, milliseconds)


def _wait_of_pygame(milliseconds: int) -> None:
    event = pygame.event.wait(milliseconds)
    if event.type != pygame.NOEVENT:
        pygame.event.post(event)


def _icon() -> pygame.Surface:
    """Draw a fanlight: the half-round window over a door."""
    icon = pygame.Surface((64, 64), pygame.SRCALPHA)
    foot, light, frame = (32, 50), (250, 205, 110), (60, 45, 35)
    pygame.draw.circle(icon, light, foot, 30, draw_top_left=True, draw_top_right=True)
    pygame.draw.circle(icon, frame, foot, 30, 4, draw_top_left=True, draw_top_right=True)
    for tip in ((2, 50), (11, 29), (32, 20), (53, 29), (62, 50)):
        pygame.draw.line(icon, frame, foot, tip, 4)
    pygame.draw.circle(icon, frame, foot, 10, draw_top_left=True, draw_top_right=True)
    return icon
