"""One connection to a host, as the client sees it: opens TLS, feeds the session, hands its events on."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from typing import cast

from fanlight.errors import IdentityError, Unreachable
from fanlight.net.alarm import Alarm
from fanlight.net.tls import client_context, explain
from fanlight.net.writing import write
from fanlight.session import events
from fanlight.session.client_session import ClientSession
from fanlight.types import Address

_CONNECT_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0

MakeSession = Callable[[bytes], ClientSession]
"""Makes the session for the host's leaf certificate (DER)."""

OnEvent = Callable[[events.ClientEvent], None]


class ClientLink(asyncio.Protocol):
    """The transport and the session of one connection; every event goes to `on_event`, on the loop."""

    def __init__(self, make_session: MakeSession, on_event: OnEvent) -> None:
        self._make_session = make_session
        self._on_event = on_event
        self._session: ClientSession | None = None
        self._transport: asyncio.Transport | None = None
        self._alarm = Alarm(self._timeout)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def session(self) -> ClientSession:
        """The session; it stands as soon as the link is open."""
        assert self._session is not None
        return self._session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make the session, bound to the leaf that TLS has shown."""
        self._transport = cast(asyncio.Transport, transport)
        if (sock := self._transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        leaf = self._transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self._session = self._make_session(leaf)
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Feed the session and hand on what the bytes mean."""
        self._hand_on(self.session.receive_data(data, time.monotonic()))

    def connection_lost(self, error: Exception | None) -> None:
        """Let the session say how it ended."""
        self._alarm.cancel()
        if self._session is not None:
            self._hand_on(self._session.lost(time.monotonic()))
        if not self.gone.done():
            self.gone.set_result(None)

    def flush(self) -> None:
        """Write what the session has to say, and be there when its next deadline comes."""
        if self._transport is None or self._transport.is_closing():
            return
        data = self.session.data_to_send()
        if data:
            write(self._transport, data)
        if self.session.ended:
            self._transport.close()
        self._alarm.set(self.session.deadline)

    def close(self) -> None:
        """Close the transport once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _hand_on(self, happened: list[events.ClientEvent]) -> None:
        for event in happened:
            self._on_event(event)
        self.flush()

    def _timeout(self) -> None:
        self._hand_on(self.session.timeout(time.monotonic()))


async def open_link(
    address: Address, identity_der: bytes | None, make_session: MakeSession, on_event: OnEvent
) -> ClientLink:
    """Connect to `address`, trusting only `identity_der` (None: whoever answers, to look at its identity)."""
    context = client_context(identity_der)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, link = await loop.create_connection(
                lambda: ClientLink(make_session, on_event),
                address.host,
                address.port,
                ssl=context,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
    except ssl.SSLCertVerificationError as error:
        raise IdentityError(_changed(address)) from error
    except ssl.SSLError as error:
        raise Unreachable(f"something answers at {address}, but it is no fanlight host: {explain(error)}") from error
    except TimeoutError as error:
        raise Unreachable(f"{address} does not answer: check the address and the network") from error
    except (ConnectionResetError, BrokenPipeError) as error:
        raise Unreachable(f"something at {address} hung up before TLS stood: is it a fanlight host?") from error
    except socket.gaierror as error:
        raise Unreachable(f"{address.host} is not known to this network: check the name") from error
    except OSError as error:
        raise Unreachable(_unreachable(address, error)) from error
    return link


def _changed(address: Address) -> str:
    return (
        f"{address} is not the host that it was: its identity has changed, so nothing was sent to it. If it was set up "
        f"anew on purpose, run `fanlight identity forget {address}` and compare the new fingerprint"
    )


def _unreachable(address: Address, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {address}: start `fanlight host` there, or check the address"
    return f"{address} cannot be reached: {error.strerror or error}"
