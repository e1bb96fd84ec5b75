"""Handing bytes to a transport."""

import asyncio

from fanlight.protocol.framing import Buffer

# TLS makes a record of each piece that it is given: 22 bytes and a call more. Copying this much costs less than that.
_MOST_JOINED = 16 * 1024


def write(transport: asyncio.Transport, pieces: list[Buffer]) -> None:
    """Write pieces in their order; small ones as one."""
    if sum(map(len, pieces)) <= _MOST_JOINED:
        transport.write(b"".join(pieces))
    else:
        transport.writelines(pieces)
