"""What the window says to the session, on the session's own thread: input, which takes a right, and what it shows."""

import asyncio
import contextlib
from collections.abc import Callable

from fanlight.errors import FanlightError
from fanlight.types import Permission
from fanlight.viewer.remote import RemoteScreen


class Controls:
    """Sends from the window's thread; after the session ended, nowhere."""

    def __init__(self, session: RemoteScreen, loop: asyncio.AbstractEventLoop) -> None:
        self._session = session
        self._loop = loop

    @property
    def allowed(self) -> bool:
        """Whether the host takes input from this session now."""
        return Permission.CONTROL in self._session.rights

    def pointer(self, x: int, y: int) -> None:
        """Move the pointer to a pixel of the picture."""
        self._call(lambda: self._session.move_pointer(x, y))

    def button(self, x: int, y: int, button: int, down: bool) -> None:
        """Press or release a button, numbered as in X11."""
        self._call(lambda: self._session.send_button(x, y, button, down))

    def wheel(self, x: int, y: int, dx: int, dy: int) -> None:
        """Turn the wheel by notches: `dx` grows to the right, `dy` downwards."""
        self._call(lambda: self._session.send_wheel(x, y, dx, dy))

    def key(self, keysym: int, down: bool) -> None:
        """Press or release the key of an X11 keysym."""
        self._call(lambda: self._session.send_key(keysym, down))

    def presented(self, seq: int, at: float) -> None:
        """Say that update `seq` is on the screen since `at`, `time.monotonic()` seconds."""
        self._call(lambda: self._session.presented(seq, at))

    def ask(self, about: Callable[[RemoteScreen], None]) -> None:
        """Let `about` look at the session, on its thread."""
        self._call(lambda: about(self._session))

    def _call(self, send: Callable[[], None]) -> None:
        # A closed loop means that the session is over; the window is about to learn of it.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_without_error, send)


def _without_error(send: Callable[[], None]) -> None:
    # What ends a session comes out of its updates, where it is reported; here it would be said twice.
    with contextlib.suppress(FanlightError):
        send()
