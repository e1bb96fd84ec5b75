"""One handshake from the client's side: answers what the host asks, until the session is open or has failed."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fanlight.access import scram
from fanlight.access.identity import Identity
from fanlight.client.session import RemoteSession
from fanlight.errors import AuthenticationFailed, CodeNeeded, ConnectionLost, FanlightError, IdentityError
from fanlight.net.client_link import open_link
from fanlight.session import events
from fanlight.session.client_session import ClientSession
from fanlight.types import Address

Password = str | Callable[[], str | None]
"""A password, or a function that asks for it when it is needed and may give None."""

Code = str | Callable[[], str | None]
"""A two-factor code, or a function that asks for it when it is needed and may give None."""


@dataclass(frozen=True, slots=True)
class ByPassword:
    """Log in with a password; `remember` asks the host for a token."""

    password: Password | None
    remember: bool


@dataclass(frozen=True, slots=True)
class BySecret:
    """Log in with what an earlier session brought: its token, or the secret to resume it."""

    token: bytes | None = None
    resume: bytes | None = None


@dataclass(frozen=True, slots=True)
class ByRequest:
    """Ask the person at the host."""


Credential = ByPassword | BySecret | ByRequest


async def look(address: Address) -> events.HostIdentity:
    """Learn who answers at an address, as a nobody: with a key made for this look alone, and no proof sent."""
    seen: asyncio.Future[events.HostIdentity] = asyncio.get_running_loop().create_future()

    def on_event(event: events.ClientEvent) -> None:
        if seen.done():
            return
        if isinstance(event, events.HostIdentity):
            with suppress(asyncio.InvalidStateError):
                seen.set_result(event)
        elif isinstance(event, events.Ended):
            seen.set_exception(event.error or ConnectionLost(f"{address} hung up before it said who it is"))

    nobody = Identity.create(datetime.now(UTC))
    link = await open_link(
        address, None, lambda leaf: ClientSession(nobody, leaf, time.monotonic(), datetime.now(UTC)), on_event
    )
    try:
        return await seen
    finally:
        link.session.end("only looked", time.monotonic())
        link.flush()
        link.close()
        await link.gone


@dataclass(frozen=True, slots=True)
class Caller:
    """Who comes in where: `host` is the pinned certificate of the host, `alias` that of this identity (both DER)."""

    address: Address
    identity: Identity
    host: bytes
    alias: bytes | None


class Opening:
    """One handshake: answers what the session asks until it is open or has failed.

    `returning` is a session that lost its connection, and goes on in this one.
    """

    def __init__(
        self,
        caller: Caller,
        credential: Credential,
        code: Code | None,
        on_audit: Callable[[bytes], None],
        returning: RemoteSession | None = None,
    ) -> None:
        self._returning = returning
        self._caller = caller
        self._on_audit = on_audit
        self._credential = credential
        self._code = code
        self._session: RemoteSession | None = None
        self._done: asyncio.Future[RemoteSession] = asyncio.get_running_loop().create_future()
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> RemoteSession:
        """Connect and return the open session."""
        self._link = await open_link(self._caller.address, self._caller.host, self._make_session, self._on_event)
        try:
            return await self._done
        except BaseException:
            self._link.abort()
            raise

    def _make_session(self, leaf: bytes) -> ClientSession:
        caller = self._caller
        now, today = time.monotonic(), datetime.now(UTC)
        return ClientSession(caller.identity, leaf, now, today, certificate=caller.alias)

    def _on_event(self, event: events.ClientEvent) -> None:
        if self._session is not None:
            self._session.take(event)
            return
        if self._done.done():
            # It failed, or nobody waits any more: what still comes in means nothing.
            return
        match event:
            case events.HostIdentity(certificate=certificate):
                self._meet(certificate)
            case events.SaltWanted():
                self._start(self._answer(event))
            case events.CodeWanted():
                self._start(self._give_code())
            case events.Opened():
                self._session = self._admitted(event)
                # Ctrl-C comes between any two steps, and cancels what is waited for.
                with suppress(asyncio.InvalidStateError):
                    self._done.set_result(self._session)
            case events.Ended(error=error):
                address = self._caller.address
                self._fail(error or ConnectionLost(f"{address} ended the connection before the session was open"))

    def _admitted(self, opened: events.Opened) -> RemoteSession:
        if self._returning is None:
            return RemoteSession(self._caller.address, self._link, opened, self._on_audit)
        self._returning.adopt(self._link, opened)
        return self._returning

    def _meet(self, certificate: bytes) -> None:
        if certificate != self._caller.host:
            address = self._caller.address
            self._fail(IdentityError(f"{address} shows another identity than TLS proved: nothing was sent to it"))
            self._link.abort()
        else:
            self._link.session.trust(time.monotonic())

    def _start(self, answer: Coroutine[Any, Any, None]) -> None:
        self._answering = asyncio.get_running_loop().create_task(answer)

    async def _answer(self, wanted: events.SaltWanted) -> None:
        """Answer METHODS. Asking a person and stretching a password are off the loop, since both take long."""
        session = self._link.session
        try:
            match self._credential:
                case ByPassword(password=password, remember=remember):
                    text = await _asked(password)
                    if not text:
                        raise AuthenticationFailed(_NOTHING_TO_PROVE)
                    salted = await asyncio.to_thread(scram.salt_password, text, wanted.salt, wanted.iterations)
                    session.prove(salted, time.monotonic(), remember=remember)
                case BySecret(token=bytes(token)):
                    session.show_token(token, time.monotonic())
                case BySecret(resume=bytes(resume)):
                    session.resume(resume, time.monotonic())
                case _:
                    session.request(time.monotonic())
            self._link.flush()
        except FanlightError as error:
            self._fail(error)

    async def _give_code(self) -> None:
        try:
            code = await _asked(self._code)
            if not code:
                raise CodeNeeded(_NO_CODE_GIVEN)
            self._link.session.give_code(code.strip().replace(" ", ""), time.monotonic())
            self._link.flush()
        except FanlightError as error:
            self._fail(error)

    def _fail(self, error: FanlightError) -> None:
        if not self._done.done():
            self._done.set_exception(error)


_NOTHING_TO_PROVE = (
    "a password is needed and none was given: use --password-file, a terminal, or --request to ask the person there"
)
_NO_CODE_GIVEN = "a two-factor code is needed and none was given: use --code-file, or a terminal"


async def _asked(secret: str | Callable[[], str | None] | None) -> str | None:
    return await asyncio.to_thread(secret) if callable(secret) else secret
