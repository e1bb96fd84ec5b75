"""The control socket of a running host: what `fanlight sessions` and `fanlight access` say to it, and its answers.

A unix socket in the home, 0600, for processes of the same user alone (SO_PEERCRED). One JSON object a line each way. A
lock beside it says which host of a home listens; a socket that a killed host left behind is replaced.
"""

import asyncio
import fcntl
import json
import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from fanlight.errors import FanlightError, StateError, UsageError
from fanlight.net.reception import Reception
from fanlight.types import Permission

log = logging.getLogger("fanlight")

SOCKET_FILE, LOCK_FILE = "control.sock", "control.lock"
_MOST_LINE = 16 * 1024
_MOST_ANSWER = 1024 * 1024
_MOST_CALLERS = 16
_SECONDS = 10.0
_CREDENTIALS = struct.Struct("3i")


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """What a command asks for."""


class List(Do, frozen=True, tag="list"):
    """All sessions that ask or are open."""


class Accept(Do, frozen=True, tag="accept"):
    """Let in who asks; `without` some rights of the profile."""

    id: str
    profile: str | None = None
    without: list[Permission] = []


class Reject(Do, frozen=True, tag="reject"):
    """Send away who asks."""

    id: str


class End(Do, frozen=True, tag="end"):
    """End a session for good."""

    id: str


class Grant(Do, frozen=True, tag="grant"):
    """Switch a right on, for this session."""

    id: str
    right: Permission


class Withdraw(Do, frozen=True, tag="withdraw"):
    """Switch a right off, for this session."""

    id: str
    right: Permission


class Controlled(Do, frozen=True, tag="controlled"):
    """Whether a session is open that may control this machine."""


class Review(Do, frozen=True, tag="review"):
    """The settings have changed: let live sessions feel it now."""


_decoder = msgspec.json.Decoder(List | Accept | Reject | End | Grant | Withdraw | Controlled | Review)


def answer(reception: Reception, line: bytes) -> dict[str, Any]:
    """Do what a line asks for; a refusal is an answer with the sentence and exit code of the error."""
    try:
        match _decoder.decode(line):
            case List():
                return {"sessions": msgspec.to_builtins(reception.sessions())}
            case Accept(id=number, profile=profile, without=without):
                reception.accept(number, profile, frozenset(without))
            case Reject(id=number):
                reception.reject(number)
            case End(id=number):
                reception.end(number)
            case Grant(id=number, right=right):
                reception.switch(number, right, True)
            case Withdraw(id=number, right=right):
                reception.switch(number, right, False)
            case Controlled():
                return {"controlled": reception.is_controlled}
            case Review():
                reception.review()
        return {"ok": True}
    except (msgspec.MsgspecError, ValueError) as error:
        return {"error": f"the host does not understand the request: {error}", "exit_code": UsageError.exit_code}
    except FanlightError as error:
        return {"error": str(error), "exit_code": error.exit_code}


class ControlServer:
    """The socket of one running host."""

    def __init__(self, home: Path, reception: Reception) -> None:
        self._home = home
        self._reception = reception
        self._server: asyncio.Server | None = None
        self._lock = -1
        self._callers = 0

    async def start(self) -> None:
        """Listen; StateError when another host runs on this home."""
        self._lock = _locked(self._home)
        try:
            sock = _listening(self._home)
        except OSError as error:
            self._unlock()
            raise StateError(f"{self._home / SOCKET_FILE} cannot be made: {error.strerror or error}") from error
        self._server = await asyncio.start_unix_server(self._serve, sock=sock, limit=_MOST_LINE)

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            (self._home / SOCKET_FILE).unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            if self._callers <= _MOST_CALLERS and _is_ours(writer.get_extra_info("socket")):
                async with asyncio.timeout(_SECONDS):
                    await self._answer_all(reader, writer)
        except (OSError, ValueError, TimeoutError) as error:
            # Who asks has gone, asks too much or too slowly: it is the one who notices.
            log.debug("a caller of the control socket is dropped: %s", error)
        finally:
            self._callers -= 1
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            said = answer(self._reception, line)
            writer.write(json.dumps(said).encode() + b"\n")
            await writer.drain()


def ask(home: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """Ask the host that runs on a home; None when none does. What it refuses is raised as its own error."""
    with closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.settimeout(_SECONDS)
        try:
            with _short_path(home) as path:
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
def _short_path(home: Path) -> Iterator[str]:
    """Name a home's socket by a path that is short enough for a socket address, whatever the home's length."""
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET_FILE}"
    finally:
        os.close(directory)


def _locked(home: Path) -> int:
    """Take the lock that one host of a home holds as long as it lives."""
    try:
        lock = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{home / LOCK_FILE} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StateError(f"another host runs on {home}: stop it, or give this one a home of its own") from error
    return lock


def _listening(home: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    try:
        with suppress(FileNotFoundError):
            (home / SOCKET_FILE).unlink()
        with _short_path(home) as path:
            sock.bind(path)
        # Nobody can connect before it listens, and the home itself is 0700.
        (home / SOCKET_FILE).chmod(0o600)
        sock.listen(_MOST_CALLERS)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _is_ours(sock: socket.socket) -> bool:
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(raw)
    return bool(user == os.geteuid())
