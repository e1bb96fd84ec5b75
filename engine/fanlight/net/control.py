"""The control socket of a running host: what `fanlight sessions`, `access` and `dialog` say to it, and its answers.

A unix socket in the home, 0600, for processes of the same user alone (SO_PEERCRED). One JSON object a line each way. A
lock beside it says which host of a home listens; a socket that a killed host left behind is replaced. Who asks to
attend is told of all sessions after each change.
"""

import asyncio
import fcntl
import json
import logging
import os
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from fanlight.access import Rules
from fanlight.access.admin import check_admin_secret
from fanlight.errors import FanlightError, SettingRefused, StateError, UsageError
from fanlight.net.control_client import SECONDS, SOCKET_FILE, short_path
from fanlight.net.reception import Reception
from fanlight.types import Permission

log = logging.getLogger("fanlight")

LOCK_FILE = "control.lock"
_MOST_LINE = 16 * 1024
_MOST_CALLERS = 16
# The others of them are left for commands.
_MOST_ATTENDING = 4
_CREDENTIALS = struct.Struct("3i")


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """What a command asks for."""


class List(Do, frozen=True, tag="list"):
    """All sessions that ask or are open."""


class Accept(Do, frozen=True, tag="accept"):
    """Let in who asks; `without` some rights of the profile. `secret`: the admin's, while a session controls."""

    id: str
    profile: str | None = None
    without: list[Permission] = []
    secret: str | None = None


class Reject(Do, frozen=True, tag="reject"):
    """Send away who asks."""

    id: str


class End(Do, frozen=True, tag="end"):
    """End a session for good."""

    id: str


class Grant(Do, frozen=True, tag="grant"):
    """Switch a right on, for this session; `secret` as for Accept."""

    id: str
    right: Permission
    secret: str | None = None


class Withdraw(Do, frozen=True, tag="withdraw"):
    """Switch a right off, for this session."""

    id: str
    right: Permission


class Controlled(Do, frozen=True, tag="controlled"):
    """Whether a session is open that may control this machine."""


class Review(Do, frozen=True, tag="review"):
    """The settings have changed: let live sessions feel it now."""


class Attend(Do, frozen=True, tag="attend"):
    """Tell of all sessions now, and again after each change, until the caller goes.

    `console`: a person sees them, so that requests are shown also while that takes an open console.
    """

    console: bool = False


_decoder = msgspec.json.Decoder(List | Accept | Reject | End | Grant | Withdraw | Controlled | Review | Attend)


def _do(reception: Reception, asked: Do, *, proved: bool) -> dict[str, Any]:
    """Do what is asked for; `proved`: the admin secret came with it."""
    match asked:
        case List():
            return {"sessions": msgspec.to_builtins(reception.sessions())}
        case Accept(id=number, profile=profile, without=without):
            reception.accept(number, profile, frozenset(without), proved=proved)
        case Reject(id=number):
            reception.reject(number)
        case End(id=number):
            reception.end(number)
        case Grant(id=number, right=right):
            reception.grant(number, right, proved=proved)
        case Withdraw(id=number, right=right):
            reception.withdraw(number, right)
        case Controlled():
            return {"controlled": reception.is_controlled}
        case Review():
            reception.review()
            reception.changed()
    return {"ok": True}


class ControlServer:
    """The socket of one running host."""

    def __init__(self, home: Path, reception: Reception, rules: Rules) -> None:
        self._home = home
        self._reception = reception
        self._rules = rules
        self._server: asyncio.Server | None = None
        self._lock = -1
        self._callers = 0
        self._attending: set[asyncio.StreamWriter] = set()

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
            for writer in self._attending:
                writer.close()
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
                await self._answer_all(reader, writer)
        except (OSError, ValueError, TimeoutError, StateError) as error:
            # Who asks has gone, asks too much or too slowly: it is the one who notices.
            log.debug("a caller of the control socket is dropped: %s", error)
        finally:
            self._callers -= 1
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(SECONDS) as limit:
            while line := await reader.readline():
                said = await self._answer(line)
                if isinstance(said, Attend):
                    limit.reschedule(None)
                    await self._attend(said, reader, writer)
                    return
                writer.write(json.dumps(said).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> dict[str, Any] | Attend:
        """Do what a line asks for; a refusal is an answer with the sentence and exit code of the error."""
        try:
            asked = _decoder.decode(line)
            if isinstance(asked, Attend):
                if len(self._attending) >= _MOST_ATTENDING:
                    raise StateError("as many windows look after this host's sessions as it takes")
                return asked
            proved = isinstance(asked, Accept | Grant) and await self._proves(asked.secret)
            return _do(self._reception, asked, proved=proved)
        except (msgspec.MsgspecError, ValueError) as error:
            return {"error": f"the host does not understand the request: {error}", "exit_code": UsageError.exit_code}
        except FanlightError as error:
            return {"error": str(error), "exit_code": error.exit_code}

    async def _proves(self, secret: str | None) -> bool:
        """Whether a caller knows the admin secret; it is looked at only while it is needed.

        SettingRefused when it is wrong, or when there is none.
        """
        if not self._reception.is_controlled or secret is None:
            return False
        if not self._rules.admin.is_set:
            raise SettingRefused(
                "a session controls this computer, and there is no admin secret: withdraw its right to control first"
            )
        # Stretching a secret takes the time of several frames, and the loop belongs to the sessions.
        await asyncio.to_thread(check_admin_secret, self._rules.path, secret, time.time())
        return True

    async def _attend(self, asked: Attend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Tell of the sessions after each change until the caller goes; one that is slow hears of the newest state."""
        attendant = _Caller(asked.console)
        self._reception.attend(attendant)
        attendant.news.clear()
        self._attending.add(writer)
        gone = asyncio.create_task(_end_of(reader))
        try:
            while not gone.done():
                writer.write(json.dumps(self._state()).encode() + b"\n")
                await writer.drain()
                news = asyncio.create_task(attendant.news.wait())
                await asyncio.wait((gone, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                attendant.news.clear()
        finally:
            self._reception.dismiss(attendant)
            self._attending.discard(writer)
            gone.cancel()

    def _state(self) -> dict[str, Any]:
        reception = self._reception
        return {
            "sessions": msgspec.to_builtins(reception.sessions()),
            "console": reception.console_is_open,
            "controlled": reception.is_controlled,
            "admin_secret": self._rules.admin.is_set,
        }


async def _end_of(reader: asyncio.StreamReader) -> None:
    """Wait until the caller has gone; who attends has nothing more to say."""
    with suppress(OSError):
        await reader.read(1)


class _Caller:
    """An attendant at the other end of the socket."""

    def __init__(self, console: bool) -> None:
        self.is_console = console
        self.news = asyncio.Event()

    def changed(self) -> None:
        self.news.set()


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
        with short_path(home) as path:
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
