"""The local display: opened for software presenting, waited on without polling.

`pygame.event.wait` looks for events a thousand times a second, 3 % of a core for a window at rest. On X11 this module
sleeps on the X connection and on a socket of its own instead; elsewhere it waits as pygame does.
"""

import contextlib
import ctypes
import os
import select
import socket
from types import TracebackType

import pygame

from fanlight.errors import UsageError
from fanlight.types import Size

# SDL's input methods speak over D-Bus, and that socket is not waited on.
_LONGEST_WAIT = 0.5
_POLL = 0.002


class Display:
    """The display that windows open on; a context manager, used by one thread but for wake()."""

    def __init__(self) -> None:
        self._asleep, self._waker = socket.socketpair()
        self._asleep.setblocking(False)
        self._waker.setblocking(False)
        self._connection: int | None = None

    def __enter__(self) -> "Display":
        # Read at init. Measured: 0.08 ms to show one letter on SDL's plain surface, 8 ms through its default renderer.
        os.environ["SDL_FRAMEBUFFER_ACCELERATION"] = "0"
        os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "fanlight")
        try:
            pygame.display.init()
            pygame.font.init()
        except pygame.error as error:
            self.close()
            raise UsageError(f"no display to open a window on ({error}): set DISPLAY, or use --headless") from error
        # Someone who only watches must still find their screen locked.
        pygame.display.set_allow_screensaver(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the display and its window. No thread may call wake() any more."""
        pygame.font.quit()
        pygame.display.quit()
        self._asleep.close()
        self._waker.close()

    @property
    def size(self) -> Size:
        """Size of the first screen."""
        width, height = pygame.display.get_desktop_sizes()[0]
        return width, height

    def open_window(self, size: Size, title: str, fullscreen: bool) -> pygame.Surface:
        """Open the window, or give it another size or state; return its surface."""
        flags = pygame.FULLSCREEN if fullscreen else pygame.RESIZABLE
        try:
            pygame.display.set_caption(title)
            surface = pygame.display.set_mode(self.size if fullscreen else size, flags)
        except pygame.error as error:
            raise UsageError(f"the window cannot be opened ({error}): use --headless") from error
        self._connection = _x11_connection()
        return surface

    def wake(self) -> None:
        """Make wait() return; from any thread."""
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"\0")

    def wait(self, timeout: float) -> list[pygame.Event]:
        """Return the events that are there, or sleep until there is one, a wake() or `timeout` seconds have passed."""
        events = pygame.event.get()
        if events:
            return events
        timeout = min(max(timeout, 0.0), _LONGEST_WAIT)
        if self._connection is None:
            return self._wait_polling(timeout)
        select.select([self._connection, self._asleep.fileno()], [], [], timeout)
        self._drain()
        return pygame.event.get()

    def _wait_polling(self, timeout: float) -> list[pygame.Event]:
        """Sleep on the socket a moment at a time: what the window system has to say is not on a descriptor."""
        select.select([self._asleep.fileno()], [], [], min(timeout, _POLL))
        self._drain()
        return pygame.event.get()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._asleep.recv(4_096):
                pass


def _x11_connection() -> int | None:
    """Return the descriptor of SDL's connection to the X server; None on another window system."""
    if pygame.display.get_driver() != "x11":
        return None
    capsule = pygame.display.get_wm_info()["display"]
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    number_of = ctypes.CDLL("libX11.so.6").XConnectionNumber
    number_of.restype, number_of.argtypes = ctypes.c_int, [ctypes.c_void_p]
    return int(number_of(pointer_of(capsule, b"display")))
