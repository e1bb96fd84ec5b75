"""Handing bytes to a transport."""

import asyncio

from fanlight.protocol.framing import MOST_JOINED, Buffer


def write(transport: asyncio.Transport, pieces: list[Buffer]) -> None:
    """Write pieces in their order; small ones as one."""
    if len(pieces) == 1:
        transport.write(pieces[0])
    elif sum(map(len, pieces)) <= MOST_JOINED:
        transport.write(b"".join(pieces))
    else:
        transport.writelines(pieces)
