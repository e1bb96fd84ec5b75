"""The commands' end of the control socket: what a command asks of the host that runs on a home."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from fanlight.errors import FanlightError, StateError

SOCKET_FILE = "control.sock"
SECONDS = 10.0
_MOST_ANSWER = 1024 * 1024


def ask(home: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """Ask the host that runs on a home; None when none does. What it refuses is raised as its own error."""
    with closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.settimeout(SECONDS)
        try:
            with short_path(home) as path:
                sock.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise StateError(f"{home / SOCKET_FILE} cannot be reached: {error.strerror or error}") from error
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
            with sock.makefile("rb") as file:
                line = file.readline(_MOST_ANSWER)
            said = json.loads(line)
        except (OSError, ValueError) as error:
            raise StateError(f"the host that runs on {home} did not answer: is it of another version?") from error
    if not isinstance(said, dict):
        raise StateError(f"the host that runs on {home} gave no answer that makes sense")
    if "error" in said:
        raise _refusal(said)
    return said


def controlled(home: Path) -> bool:
    """Whether a host runs on this home in which a session is open that may control this machine."""
    said = ask(home, {"do": "controlled"})
    return said is not None and said.get("controlled") is not False


def review(home: Path) -> None:
    """Let the live sessions of the host that runs on this home, if one does, feel a changed setting at once."""
    ask(home, {"do": "review"})


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
