"""A real host in the test's own loop: TLS on loopback, a home of its own, any capture."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from fanlight.capture import Capture, open_capture
from fanlight.config import Home
from fanlight.inject import Injector
from fanlight.net.gate import RATE
from fanlight.net.server import Server, ServerOptions
from fanlight.net.tls import TlsProfile
from fanlight.net.watching import Watcher
from fanlight.types import Address

PASSWORD = "a password for tests"


class Serving:
    """A running server, and what a client needs to come in."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self.address = str(server.address)
        self.port = server.address.port
        self.fingerprint = server.fingerprint


@contextlib.asynccontextmanager
async def serving(
    home: Path,
    *,
    capture: Capture | None = None,
    injector: Injector | None = None,
    codec: str = "hybrid",
    unattended: bool = True,
    port: int = 0,
    connection_rate: float = RATE,
    tls: TlsProfile = "intermediate",
    watchers: Sequence[Watcher] = (),
) -> AsyncIterator[Serving]:
    """Serve a pattern, or `capture`, from `home`; the password is PASSWORD."""
    place = Home(home)
    rules = place.rules()
    if not rules.has_password:
        rules.set_password(PASSWORD, "Unattended Access")
    rules.set_unattended(unattended)
    with capture or open_capture("pattern:320x200", max_fps=30) as source:
        options = ServerOptions(Address("127.0.0.1", port), codec, 60, tls, connection_rate)
        server = Server(options, source, injector, place.identity(), rules, watchers)
        await server.start()
        try:
            yield Serving(server, home)
        finally:
            await server.stop()
            rules.close()
