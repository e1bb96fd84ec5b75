"""TCP's congestion control for pictures: BBR where the kernel offers it, begun anew before it would hold back.

BBR fills no queues. But when it has seen no shorter round trip for ten seconds it lets only four packets be on their
way for 200 ms, to learn it afresh, and whatever is typed then shows that much later. A session needs none of that: it
keeps its updates below what the link carries, by acknowledgements of its own. A BBR that begins anew has a fresh round
trip, and holds nothing back that is less than the link carries.
"""

import os
import socket
from contextlib import suppress

_WANTED, _OTHER = b"bbr", b"reno"
_NAME_BYTES = 16
_FRESH_SECONDS = 8.0


def choose(sock: socket.socket) -> None:
    """Take the congestion control that fills no queues, where there is one."""
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _WANTED)


def is_offered() -> bool:
    """Whether the kernel has it."""
    with socket.socket() as sock:
        choose(sock)
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _NAME_BYTES).rstrip(b"\0") == _WANTED


class Congestion:
    """The congestion control of the connection with a file descriptor, as `choose` left it at `now`."""

    def __init__(self, number: int, now: float) -> None:
        self._number = number
        self.fresh_until = now + _FRESH_SECONDS
        """From when on `sending` has something to do."""

    def sending(self, now: float) -> None:
        """Say that an update is about to be sent; call it at whatever pace, and not at all while nothing is sent."""
        if now >= self.fresh_until:
            self.fresh_until = now + _FRESH_SECONDS
            with suppress(OSError):
                self._begin_anew()

    def _begin_anew(self) -> None:
        with socket.socket(fileno=os.dup(self._number)) as sock:
            name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _NAME_BYTES)
            if name.rstrip(b"\0") == _WANTED:
                # The kernel begins a congestion control only where another one was before.
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _OTHER)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _WANTED)
