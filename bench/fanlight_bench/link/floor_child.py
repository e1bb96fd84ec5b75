"""`python -m fanlight_bench.link.floor_child ECHO`: sends updates to connections by TLS, or answers each of them."""

import asyncio
import ssl
import sys
from datetime import UTC, datetime
from typing import cast

import msgspec

from fanlight.access.identity import Identity
from fanlight.net.loop import run
from fanlight.net.tls import host_context
from fanlight_bench.pipeline.measure import READY

LISTENS = b"listens on "


class Echo(msgspec.Struct, frozen=True):
    """What is sent, how often, to how many. With a `port` this is the side that answers."""

    connections: int
    rate: int
    update: int
    answer: int
    port: int = 0


class Sender(asyncio.Protocol):
    """A connection that is given updates, and whose answers are dropped."""

    def __init__(self, everyone: list[asyncio.Transport]) -> None:
        self._everyone = everyone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part."""
        self._everyone.append(cast(asyncio.Transport, transport))


class Answerer(asyncio.Protocol):
    """Answers every whole update."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._missing = echo.update
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of where answers go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Count, and answer."""
        self._missing -= len(data)
        while self._missing <= 0 and self._transport is not None:
            self._missing += self._echo.update
            self._transport.write(bytes(self._echo.answer))


async def send(echo: Echo) -> None:
    """Say where this listens, wait for the connections, and send until ended."""
    everyone: list[asyncio.Transport] = []
    now = datetime.now(UTC)
    context = host_context(Identity.create(now).leaf(now))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sender(everyone), "127.0.0.1", 0, ssl=context)
    _say(LISTENS + str(server.sockets[0].getsockname()[1]).encode() + b"\n")
    update, due = bytes(echo.update), loop.time()
    while True:
        due += 1 / echo.rate
        await asyncio.sleep(due - loop.time())
        for transport in everyone:
            transport.write(update)


async def answer(echo: Echo) -> None:
    """Connect, say so, and answer until ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    loop = asyncio.get_running_loop()
    for _ in range(echo.connections):
        await loop.create_connection(lambda: Answerer(echo), "127.0.0.1", echo.port, ssl=context)
    _say(READY)
    await loop.create_future()


def _say(words: bytes) -> None:
    sys.stdout.buffer.write(words)
    sys.stdout.buffer.flush()


def main() -> None:
    """Run as a program, until it is ended."""
    echo = msgspec.json.decode(sys.argv[1], type=Echo)
    run(answer(echo) if echo.port else send(echo))


if __name__ == "__main__":
    main()
