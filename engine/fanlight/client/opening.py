"""One handshake from the client's side: answers what the host asks, until the session is open or has failed."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from fanlight.access import scram
from fanlight.access.identity import Identity
from fanlight.client.session import RemoteSession
from fanlight.errors import AuthenticationFailed, ConnectionLost, FanlightError, IdentityError
from fanlight.net.client_link import open_link
from fanlight.session import events
from fanlight.session.client_session import ClientSession
from fanlight.types import Address

Password = str | Callable[[], str | None]
"""A password, or a function that asks for it when it is needed and may give None."""


async def look(address: Address) -> events.HostIdentity:
    """Learn who answers at an address, as a nobody: with a key made for this look alone, and no proof sent."""
    seen: asyncio.Future[events.HostIdentity] = asyncio.get_running_loop().create_future()

    def on_event(event: events.ClientEvent) -> None:
        if seen.done():
            return
        if isinstance(event, events.HostIdentity):
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


class Opening:
    """One handshake: answers what the session asks until it is open or has failed."""

    def __init__(self, address: Address, identity: Identity, certificate: bytes, password: Password | None) -> None:
        self._address = address
        self._identity = identity
        self._certificate = certificate
        self._password = password
        self._session: RemoteSession | None = None
        self._done: asyncio.Future[RemoteSession] = asyncio.get_running_loop().create_future()
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> RemoteSession:
        """Connect and return the open session."""
        self._link = await open_link(self._address, self._certificate, self._make_session, self._on_event)
        try:
            return await self._done
        except BaseException:
            self._link.abort()
            raise

    def _make_session(self, leaf: bytes) -> ClientSession:
        return ClientSession(self._identity, leaf, time.monotonic(), datetime.now(UTC))

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
                self._answering = asyncio.get_running_loop().create_task(self._answer(event))
            case events.Opened():
                self._session = RemoteSession(self._address, self._link, event)
                self._done.set_result(self._session)
            case events.Ended(error=error):
                self._fail(error or ConnectionLost(f"{self._address} ended the connection before the session was open"))

    def _meet(self, certificate: bytes) -> None:
        if certificate != self._certificate:
            self._fail(IdentityError(f"{self._address} shows another identity than TLS proved: nothing was sent to it"))
            self._link.abort()
        else:
            self._link.session.trust(time.monotonic())

    async def _answer(self, wanted: events.SaltWanted) -> None:
        """Ask for the password where that is needed, and prove it; both off the loop, since both take long."""
        try:
            password = self._password if isinstance(self._password, str) else await self._ask()
            salted = await asyncio.to_thread(scram.salt_password, password, wanted.salt, wanted.iterations)
            self._link.session.prove(salted, time.monotonic())
            self._link.flush()
        except FanlightError as error:
            self._fail(error)

    async def _ask(self) -> str:
        password = await asyncio.to_thread(self._password) if callable(self._password) else None
        if not password:
            raise AuthenticationFailed("a password is needed and none was given: use --password-file, or a terminal")
        return password

    def _fail(self, error: FanlightError) -> None:
        if not self._done.done():
            self._done.set_exception(error)
