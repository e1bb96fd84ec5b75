"""`python -m fanlight_bench.link.delay A B SECONDS`: carry packets between two interfaces, each that much later.

It works below IP, so both ends have one TCP connection whose round trip is really longer. What a network card would
still do for a packet (checksum, segments) travels along in the kernel's header.
"""

import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from fanlight_bench.pipeline.measure import READY

_SOL_PACKET, _PACKET_VNET_HDR = 263, 15
_EVERY_PROTOCOL = 3
_OUTGOING = 4
_MOST_BYTES = 128 * 1024
_MOST_WAITING = 8192
_BUFFER_BYTES = 4 * 1024 * 1024


class Line:
    """Packets in one direction, in order. More than 8192 that wait are dropped, as a wire would not keep them either.

    `take` gets a packet at a time, `give` hands out all that are due.
    """

    def __init__(self, seconds: float, give: Callable[[bytes], object]) -> None:
        self._seconds = seconds
        self._give = give
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take(self, packet: bytes, now: float) -> None:
        """Carry a packet."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((now + self._seconds, packet))

    def give(self, now: float) -> float | None:
        """Hand out what is due; return in how many seconds the next one is, None where none waits."""
        while self._waiting and self._waiting[0][0] <= now:
            self._give(self._waiting.popleft()[1])
        return self._waiting[0][0] - now if self._waiting else None


def carry(first: socket.socket, second: socket.socket, seconds: float) -> None:
    """Carry packets between two sockets for ever."""
    lines = {first: Line(seconds, _sender(second)), second: Line(seconds, _sender(first))}
    while True:
        now = time.monotonic()
        due = [wait for line in lines.values() if (wait := line.give(now)) is not None]
        ready, _, _ = select.select(list(lines), [], [], min(due, default=None))
        for one in ready:
            packet, origin = one.recvfrom(_MOST_BYTES)
            if origin[2] != _OUTGOING:
                lines[one].take(packet, time.monotonic())


def _sender(to: socket.socket) -> Callable[[bytes], object]:
    def send(packet: bytes) -> None:
        # An interface that goes away, or is full, loses packets as any does.
        with suppress(OSError):
            to.send(packet)

    return send


def _open(interface: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    found.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    found.bind((interface, 0))
    return found


def main() -> None:
    """Run as a program: say that it is there, and carry until ended."""
    first, second, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    ends = _open(first), _open(second)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    carry(*ends, seconds)


if __name__ == "__main__":
    main()
