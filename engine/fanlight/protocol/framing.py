"""Frames: u32 little-endian length of what follows, u8 type, body. Bytes in, whole frames out.

The reader asks for the limit of a type as soon as the header stands, so that a frame that is too long or not legal is
refused before any of its body is kept. A body that lies whole in one chunk is never copied, any other one once.
"""

import struct
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fanlight.errors import RemoteProtocolError

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER = struct.Struct("<IB")
MOST_JOINED = 16 * 1024
"""So many bytes are handed over as one: TLS makes a record of each piece, and a copy costs less than that."""


class Frame(NamedTuple):
    """One frame as it came: `header` is its five bytes."""

    kind: int
    header: bytes
    body: memoryview


def pack_header(kind: int, length: int) -> bytes:
    """Return the header of a frame whose body is `length` bytes long."""
    return HEADER.pack(length + 1, kind)


class FrameReader:
    """Cuts a stream of bytes into frames. `limit` maps a type to its largest body, or raises RemoteProtocolError."""

    def __init__(self, limit: Callable[[int], int]) -> None:
        self._limit = limit
        self._chunks: deque[memoryview] = deque()
        self._header = bytearray()
        self._body: bytearray | None = None
        self._kind = 0
        self._length = 0

    def receive_data(self, data: Buffer) -> None:
        """Take bytes from the peer; bytes objects are kept as they are, others are copied."""
        if data:
            self._chunks.append(memoryview(data if isinstance(data, bytes) else bytes(data)))

    def next_frame(self) -> Frame | None:
        """Return the next whole frame, or None until more bytes come.

        RemoteProtocolError: empty, over its limit, or what `limit` raises.
        """
        if self._body is None and (frame := self._whole_frame()) is not None:
            return frame
        if self._body is None and not self._read_header():
            return None
        body = self._read_body()
        if body is None:
            return None
        frame = Frame(self._kind, bytes(self._header), body)
        self._header.clear()
        self._body = None
        return frame

    @property
    def is_between_frames(self) -> bool:
        """Whether nothing is buffered, so that the next byte begins a frame."""
        return self._body is None and not self._header and not self._chunks

    def clear(self) -> None:
        """Drop everything that is buffered."""
        self._chunks.clear()
        self._header.clear()
        self._body = None

    def _whole_frame(self) -> Frame | None:
        """Take a frame that lies whole in the first chunk, as nearly all do; None where there is none."""
        if self._header or not self._chunks:
            return None
        chunk = self._chunks[0]
        if len(chunk) < HEADER.size:
            return None
        length, kind = HEADER.unpack_from(chunk)
        end = HEADER.size - 1 + length
        if len(chunk) < end or length == 0 or length - 1 > self._limit(kind):
            return None
        if len(chunk) == end:
            self._chunks.popleft()
        else:
            self._chunks[0] = chunk[end:]
        return Frame(kind, bytes(chunk[: HEADER.size]), chunk[HEADER.size : end])

    def _read_header(self) -> bool:
        while len(self._header) < HEADER.size:
            if not self._chunks:
                return False
            self._header += self._take(HEADER.size - len(self._header))
        length, self._kind = HEADER.unpack(self._header)
        if length == 0:
            raise RemoteProtocolError("a frame of length 0: a frame holds at least its type")
        self._length = length - 1
        limit = self._limit(self._kind)
        if self._length > limit:
            raise RemoteProtocolError(
                f"a message {self._kind:#04x} of {self._length} bytes: at most {limit} are allowed"
            )
        self._body = bytearray()
        return True

    def _read_body(self) -> memoryview | None:
        assert self._body is not None
        if not self._body and self._chunks and len(self._chunks[0]) >= self._length:
            return self._take(self._length)
        while len(self._body) < self._length:
            if not self._chunks:
                return None
            self._body += self._take(self._length - len(self._body))
        return memoryview(self._body).toreadonly()

    def _take(self, most: int) -> memoryview:
        """Remove at most `most` bytes from the first chunk."""
        chunk = self._chunks.popleft()
        if len(chunk) > most:
            self._chunks.appendleft(chunk[most:])
        return chunk[:most]
