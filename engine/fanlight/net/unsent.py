"""What lies in the kernel, given to a TCP connection and not sent: as long as it does, what is newest must wait.

The kernel takes a whole update, because it says that it can take more only when an acknowledgement comes: the rest of
an update that it refused would wait for a round trip. So whoever makes updates asks how much is unsent, and makes none
above LEAST_BYTES.
"""

import fcntl
import socket
import struct

from fanlight.net import congestion

LEAST_BYTES = 16 * 1024
"""What may be unsent when another update is made: with less, a link would run dry meanwhile."""

_MOST_BYTES = 256 * 1024
_SIOCOUTQNSD = 0x894B
_COUNT = struct.Struct("i")


def prepare(sock: socket.socket) -> None:
    """Send at once, keep little unsent, and take the congestion control that fills no queues where there is one."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_BYTES)
    congestion.choose(sock)


def unsent(number: int) -> int:
    """Return the unsent bytes of the connection with this file descriptor; 0 where the kernel does not tell."""
    try:
        return int(_COUNT.unpack(fcntl.ioctl(number, _SIOCOUTQNSD, bytes(_COUNT.size)))[0])
    except OSError:
        return 0
