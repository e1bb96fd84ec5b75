"""Watches the two clocks of an X display, and no other pixel: one connection, plain X protocol, two small images.

It sleeps until XDamage says that something was drawn. Both images are asked for in one write, so the server answers
them together and no drawing comes in between.
"""

import select
import socket
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from fanlight.errors import CaptureError
from fanlight.types import Size
from fanlight_bench import clock

Stamp = tuple[int, int]
"""Microseconds and sequence number."""

_HEAD = 32
_ERROR, _REPLY = 0, 1
_GET_IMAGE, _QUERY_EXTENSION = 73, 98
_Z_PIXMAP = 2
_ALL_PLANES = 0xFFFFFFFF
_DAMAGE = b"DAMAGE"
_DAMAGE_QUERY_VERSION, _DAMAGE_CREATE, _DAMAGE_SUBTRACT = 0, 1, 3
_NON_EMPTY = 3
_SCREEN_AT = 32


class Corners:
    """The clocks of a display of `size`; CaptureError where it cannot be opened or went away."""

    def __init__(self, display: str, size: Size) -> None:
        self._display = display
        self._damaged = True
        self._socket = _connect(display)
        try:
            own, root = self._read_setup()
            subtract = self._watch_damage(own, root)
        except BaseException:
            self.close()
            raise
        images = b"".join(
            struct.pack("<BBHIhhHHI", _GET_IMAGE, _Z_PIXMAP, 5, root, *corner, _ALL_PLANES)
            for corner in clock.corners(size)
        )
        self._request = subtract + images
        self._memory = memoryview(bytearray(2 * clock.HEIGHT * clock.WIDTH * 4))
        self._pixels = np.frombuffer(self._memory, np.uint8).reshape(2, clock.HEIGHT, clock.WIDTH, 4)

    def wait(self, until: int) -> bool:
        """Return True once something was drawn that was not read yet, False at `until`, monotonic microseconds."""
        while not self._damaged:
            left = until / 1_000_000 - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return False
            self._hear(self._read(_HEAD))
        return True

    def stamps(self) -> tuple[Stamp | None, Stamp | None]:
        """Read both clocks; None for one that cannot be read."""
        self._damaged = False
        self._socket.sendall(self._request)
        half = len(self._memory) // 2
        for part in (self._memory[:half], self._memory[half:]):
            self._skip_to_reply()
            self._read_into(part)
        return clock.read_one(self._pixels[0]), clock.read_one(self._pixels[1])

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch_damage(self, own: int, root: int) -> bytes:
        """Ask to hear of drawing; return the request that makes the server tell again."""
        name = _DAMAGE + bytes(-len(_DAMAGE) % 4)
        self._socket.sendall(struct.pack("<BxHHxx", _QUERY_EXTENSION, 2 + len(name) // 4, len(_DAMAGE)) + name)
        present, opcode, self._damage_event = struct.unpack_from("<BBB", self._skip_to_reply(), 8)
        if not present:
            raise CaptureError(f"the X server of display {self._display} has no DAMAGE extension")
        self._socket.sendall(struct.pack("<BBHII", opcode, _DAMAGE_QUERY_VERSION, 3, 1, 1))
        self._skip_to_reply()
        self._socket.sendall(struct.pack("<BBHIIBxxx", opcode, _DAMAGE_CREATE, 4, own, root, _NON_EMPTY))
        return struct.pack("<BBHIII", opcode, _DAMAGE_SUBTRACT, 4, own, 0, 0)

    def _skip_to_reply(self) -> bytes:
        while (head := self._read(_HEAD))[0] != _REPLY:
            self._hear(head)
        return head

    def _hear(self, head: bytes) -> None:
        """Take an event: of damage, or one that every client gets, such as a new keyboard layout."""
        if head[0] == _ERROR:
            raise CaptureError(f"display {self._display} refused to be read: X error {head[1]}")
        self._damaged |= head[0] & 0x7F == self._damage_event

    def _read_setup(self) -> tuple[int, int]:
        """Return the first id that is ours, and the root window."""
        self._socket.sendall(struct.pack("<BxHHHHxx", 0x6C, 11, 0, 0, 0))
        status, length = struct.unpack("<BxxxxxH", self._read(8))
        body = self._read(4 * length)
        if status != 1:
            raise CaptureError(f"display {self._display} does not let us in: {body.decode('latin-1').strip()}")
        (own,) = struct.unpack_from("<I", body, 4)
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        (root,) = struct.unpack_from("<I", body, _SCREEN_AT + vendor + -vendor % 4 + 8 * formats)
        return own, root

    def _read(self, count: int) -> bytes:
        data = bytearray(count)
        self._read_into(memoryview(data))
        return bytes(data)

    def _read_into(self, part: memoryview) -> None:
        while part:
            count = self._socket.recv_into(part)
            if not count:
                raise CaptureError(f"the X server of display {self._display} went away")
            part = part[count:]


def _connect(display: str) -> socket.socket:
    number = display.rpartition(":")[2].partition(".")[0]
    path = Path("/tmp/.X11-unix") / f"X{number}"  # noqa: S108 - where X servers keep it
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise CaptureError(f"display {display} cannot be opened: {error.strerror}") from error
    return connection
