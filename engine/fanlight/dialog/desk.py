"""The dialog's end of the control socket: a thread that hears how the sessions are, and one that asks for things.

The window's thread never waits for the host.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import msgspec

from fanlight.dialog.model import HostState
from fanlight.errors import FanlightError, StateError
from fanlight.net.control_client import Attending, ask


class HostDesk:
    """The host that runs on a home; a context manager. `wake` is called, by other threads, where there is news.

    `console`: a person sees the window. StateError when no host runs there.
    """

    def __init__(self, home: Path, wake: Callable[[], None], *, console: bool) -> None:
        self._home = home
        self._wake = wake
        self._lock = threading.Lock()
        self._state: HostState | None = None
        self._error = ""
        self.is_open = True
        self._refused: FanlightError | None = None
        self._attending = Attending(home, console=console)
        self._threads = ThreadPoolExecutor(2, "fanlight-desk")

    def __enter__(self) -> Self:
        self._threads.submit(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._attending.close()
        self._threads.shutdown()

    def news(self) -> tuple[HostState | None, str]:
        """Return the newest state since the last call, if any, and what went wrong, or ""."""
        with self._lock:
            state, self._state = self._state, None
            error, self._error = self._error, ""
            return state, error

    def ask(self, request: dict[str, Any]) -> None:
        """Ask for something; a refusal is news."""
        self._threads.submit(self._ask, request)

    def check(self) -> None:
        """Raise what the host refused to let this window attend for, if it did."""
        if self._refused is not None:
            raise self._refused

    def _listen(self) -> None:
        try:
            for said in self._attending.states():
                state = msgspec.convert(said, HostState)
                with self._lock:
                    self._state = state
                self._wake()
        except msgspec.MsgspecError:
            self._refused = StateError(f"the host that runs on {self._home} is of another version: restart it")
        except FanlightError as error:
            self._refused = error
        finally:
            self.is_open = False
            self._wake()

    def _ask(self, request: dict[str, Any]) -> None:
        try:
            ask(self._home, request)
        except FanlightError as error:
            with self._lock:
                self._error = str(error)
        self._wake()
