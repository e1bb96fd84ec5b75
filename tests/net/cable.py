"""A cable that can be cut: carries bytes between a client and a host until it is, without a word to either."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Cable:
    """Connections from `address` to a port of this machine."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._writers: list[asyncio.StreamWriter] = []
        self.address = ""
        self.carried = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to_port)
        except ConnectionError:
            writer.close()
            return
        self._writers += [writer, back]
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                self.carried += len(data)
                sink.write(data)
                await sink.drain()
        sink.close()

    def lead_nowhere(self) -> None:
        """Let new connections find nobody."""
        self._to_port = 1

    def cut(self) -> None:
        """End every connection that stands, without a goodbye; new ones are carried as before."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@contextlib.asynccontextmanager
async def cable(to_port: int) -> AsyncIterator[Cable]:
    """Lay a cable to a port."""
    made = Cable(to_port)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        made.cut()
        server.close()
