"""The commands' end of the control socket: what a command asks of the host that runs on a home."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from fanlight.errors import FanlightError, StateError

SOCKET_FILE = "control.sock"
SECONDS = 10.0
_MOST_ANSWER = 1024 * 1024


def ask(home: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """Ask the host that runs on a home; None when none does. What it refuses is raised as its own error."""
    sock = _connected(home)
    if sock is None:
        return None
    with closing(sock):
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
            with sock.makefile("rb") as file:
                return _understood(file.readline(_MOST_ANSWER), home)
        except OSError as error:
            raise StateError(f"the host that runs on {home} did not answer: is it of another version?") from error


class Attending:
    """A window at the socket: the states of all sessions, one after another, until the host ends.

    `console`: a person sees it. StateError when no host runs on this home. `close` may be called by any thread.
    """

    def __init__(self, home: Path, *, console: bool) -> None:
        sock = _connected(home)
        if sock is None:
            raise StateError(f"no host runs on {home}: start `fanlight host`, or name its home with --home")
        sock.settimeout(None)
        self._home = home
        self._socket = sock
        self._request = json.dumps({"do": "attend", "console": console}).encode() + b"\n"

    def states(self) -> Iterator[dict[str, Any]]:
        """Yield how all is now, and again after each change; ends with the host. What it refuses is raised."""
        # An end that is not clean is an end too: the host was killed.
        with suppress(OSError), self._socket.makefile("rb") as file:
            self._socket.sendall(self._request)
            while line := file.readline(_MOST_ANSWER):
                yield _understood(line, self._home)

    def close(self) -> None:
        """Let `states` end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def controlled(home: Path) -> bool:
    """Whether a host runs on this home in which a session is open that may control this machine."""
    said = ask(home, {"do": "controlled"})
    return said is not None and said.get("controlled") is not False


def review(home: Path) -> None:
    """Let the live sessions of the host that runs on this home, if one does, feel a changed setting at once."""
    ask(home, {"do": "review"})


def _connected(home: Path) -> socket.socket | None:
    """Connect to the host that runs on a home; None when none does."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(SECONDS)
    try:
        with short_path(home) as path:
            sock.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        sock.close()
        return None
    except OSError as error:
        sock.close()
        raise StateError(f"{home / SOCKET_FILE} cannot be reached: {error.strerror or error}") from error
    return sock


def _understood(line: bytes, home: Path) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise StateError(f"the host that runs on {home} did not answer: is it of another version?") from error
    if not isinstance(said, dict):
        raise StateError(f"the host that runs on {home} gave no answer that makes sense")
    if "error" in said:
        raise _refusal(said)
    return said


def _refusal(said: dict[str, Any]) -> FanlightError:
    error = FanlightError(str(said["error"]))
    code = said.get("exit_code")
    error.exit_code = code if isinstance(code, int) else 1
    return error


@contextmanager
def short_path(home: Path) -> Iterator[str]:
    """Name a home's socket by a path that is short enough for a socket address, whatever the home's length."""
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET_FILE}"
    finally:
        os.close(directory)
