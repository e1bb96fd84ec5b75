"""The messages that come with every picture, packed little-endian; large parts are passed on without a copy.

They are msgspec's structs, which are made in a tenth of the time that a frozen dataclass takes.
"""

import struct
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple, Self

import msgspec

from fanlight.errors import RemoteProtocolError
from fanlight.protocol.framing import MOST_JOINED, Buffer
from fanlight.protocol.numbers import MAX_STAMP
from fanlight.types import MAX_PIXELS, MAX_SIDE, Size

MAX_CURSOR_SIDE = 512
MOST_MARKS = 32
"""Pictures that one ACK may name."""

ASKS = 8
"""The flag of a PICTURE whose ACK the host waits for."""


class Bulk(msgspec.Struct, frozen=True):
    """A message of the open session that changes neither its state nor its rights."""


class Picture(Bulk, frozen=True):
    """One update of the picture. `exact`: that is all the host shows; `update` is the codec's own.

    `proved`: `digest` is that of the exact tiles, of all of them where `exact`. `asks`: the host waits for the ACK.
    Pixels are counted by what wrote them; `quality` is the quantiser of the video, on H.264's scale, 0: there is none.
    """

    LAYOUT: ClassVar = struct.Struct("<IIIBBIIIQQQQQQ")

    seq: int
    screen: int
    input_seq: int
    exact: bool
    key: bool
    proved: bool
    quality: int
    copy_pixels: int
    tile_pixels: int
    video_pixels: int
    damaged_at: int
    captured_at: int
    encode_started_at: int
    encoded_at: int
    sent_at: int
    digest: int
    update: Buffer
    asks: bool = False

    def encode(self) -> list[Buffer]:
        """Return the body in two parts, so that the update is not copied."""
        return [self.head(), self.update]

    def head(self) -> bytes:
        """Return what stands before the update."""
        flags = self.exact | self.key << 1 | self.proved << 2 | self.asks * ASKS
        made = self.quality, self.copy_pixels, self.tile_pixels, self.video_pixels
        stamps = self.damaged_at, self.captured_at, self.encode_started_at, self.encoded_at, self.sent_at
        return self.LAYOUT.pack(self.seq, self.screen, self.input_seq, flags, *made, *stamps, self.digest)

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body; the update is a view of it."""
        if len(body) < cls.LAYOUT.size:
            raise RemoteProtocolError(f"a PICTURE of {len(body)} bytes: its header alone has {cls.LAYOUT.size}")
        seq, screen, input_seq, flags, *counted = cls.LAYOUT.unpack_from(body)
        exact, key, proved, asks = bool(flags & 1), bool(flags & 2), bool(flags & 4), bool(flags & ASKS)
        if flags > 15 or (exact and not proved) or seq == 0 or screen == 0:
            raise RemoteProtocolError(f"a PICTURE with flags {flags:#04x}, seq {seq}, screen {screen}")
        quality, copy, tiles, video, damaged, captured, started, encoded, sent, digest = counted
        if max(damaged, captured, started, encoded, sent) > MAX_STAMP:
            raise RemoteProtocolError("a PICTURE with a stamp past the end of time")
        update = body[cls.LAYOUT.size :]
        head = seq, screen, input_seq, exact, key, proved, quality, copy, tiles, video
        return cls(*head, damaged, captured, started, encoded, sent, digest, update, asks)


class PackedPicture:
    """A PICTURE that is packed once for many viewers: all but what is each one's own. It does not ask. Only sent.

    `length` is that of the body.
    """

    _OWN = struct.Struct("<IIIB")
    _SENT = struct.Struct("<Q")
    _SENT_AT = Picture.LAYOUT.size - 2 * _SENT.size

    def __init__(self, picture: Picture) -> None:
        head, update = picture.head(), picture.update
        self.length = len(head) + len(update)
        self._flags = head[self._OWN.size - 1]
        self._made = head[self._OWN.size : self._SENT_AT]
        self._end = head[self._SENT_AT + self._SENT.size :]
        self._update: tuple[Buffer, ...] = (update,)
        if self.length <= MOST_JOINED:
            self._end, self._update = b"".join((self._end, update)), ()

    def addressed(self, header: bytes, own: tuple[int, int, int], sent_at: int, *, asks: bool) -> list[Buffer]:
        """Return a viewer's frame, a small one in one piece; `own`: seq, screen and input_seq."""
        flags = self._flags | ASKS if asks else self._flags
        front = header, self._OWN.pack(*own, flags), self._made, self._SENT.pack(sent_at), self._end
        return [b"".join(front), *self._update]


class Cursor(Bulk, frozen=True):
    """The pointer's shape: `pixels` is BGRA, premultiplied; 0 x 0 hides it."""

    LAYOUT: ClassVar = struct.Struct("<HHHH")

    width: int
    height: int
    hot_x: int
    hot_y: int
    pixels: Buffer

    def encode(self) -> list[Buffer]:
        """Return the body in two parts."""
        return [self.LAYOUT.pack(self.width, self.height, self.hot_x, self.hot_y), self.pixels]

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body, checking that the picture has the size it says and the hot spot lies in it."""
        if len(body) < cls.LAYOUT.size:
            raise RemoteProtocolError(f"a CURSOR of {len(body)} bytes: its header alone has {cls.LAYOUT.size}")
        width, height, hot_x, hot_y = cls.LAYOUT.unpack_from(body)
        pixels = body[cls.LAYOUT.size :]
        if max(width, height) > MAX_CURSOR_SIDE or (width == 0) != (height == 0):
            raise RemoteProtocolError(f"a CURSOR of {width}x{height}: sides are 1 to {MAX_CURSOR_SIDE}, or both 0")
        if len(pixels) != width * height * 4:
            raise RemoteProtocolError(f"a CURSOR of {width}x{height} with {len(pixels)} bytes of pixels")
        if hot_x >= max(width, 1) or hot_y >= max(height, 1):
            raise RemoteProtocolError(f"a CURSOR of {width}x{height} with its hot spot at ({hot_x}, {hot_y})")
        return cls(width, height, hot_x, hot_y, pixels)


class Mark(NamedTuple):
    """When a picture was received and decoded: stamps of the client's clock."""

    seq: int
    received_at: int
    decoded_at: int


# As Mark._make, but no Python runs for each.
_mark_of: Callable[[tuple[int, ...]], Mark] = partial(tuple.__new__, Mark)


class Ack(Bulk, frozen=True):
    """Say that every picture up to the last of `marks` is decoded, and when those were that are named, in order."""

    LAYOUT: ClassVar = struct.Struct("<IQQ")

    marks: tuple[Mark, ...]

    def encode(self) -> list[Buffer]:
        """Return the body."""
        return [b"".join(self.LAYOUT.pack(*mark) for mark in self.marks)]

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body, of 1 to MOST_MARKS marks."""
        if not body or len(body) > MOST_MARKS * cls.LAYOUT.size or len(body) % cls.LAYOUT.size:
            raise RemoteProtocolError(f"an ACK of {len(body)} bytes: it has {cls.LAYOUT.size} for each of its pictures")
        marks = tuple(map(_mark_of, cls.LAYOUT.iter_unpack(body)))
        for seq, received_at, decoded_at in marks:
            if seq == 0 or max(received_at, decoded_at) > MAX_STAMP:
                raise RemoteProtocolError(f"an ACK of seq {seq} at {received_at}, {decoded_at}")
        return cls(marks)


class Presented(Bulk, frozen=True):
    """Say that every picture up to `seq` is on the viewer's screen since `at` of the client's clock."""

    LAYOUT: ClassVar = struct.Struct("<IQ")

    seq: int
    at: int

    def encode(self) -> list[Buffer]:
        """Return the body."""
        return [self.LAYOUT.pack(self.seq, self.at)]

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body."""
        if len(body) != cls.LAYOUT.size:
            raise RemoteProtocolError(f"a PRESENTED of {len(body)} bytes: it has {cls.LAYOUT.size}")
        seq, at = cls.LAYOUT.unpack(body)
        if seq == 0 or at > MAX_STAMP:
            raise RemoteProtocolError(f"a PRESENTED of seq {seq} at {at}")
        return cls(seq, at)


def picture_limit(size: Size) -> int:
    """Return the largest PICTURE body for a picture of `size`: all its tiles raw, with a head for each."""
    columns, rows = (size[0] + 63) // 64, (size[1] + 63) // 64
    return Picture.LAYOUT.size + 65_536 + rows * columns * (64 * 64 * 4 + 64)


ACK_LIMIT = MOST_MARKS * Ack.LAYOUT.size
CURSOR_LIMIT = Cursor.LAYOUT.size + MAX_CURSOR_SIDE * MAX_CURSOR_SIDE * 4
# The longest shape, and two rows of tiles more, for sides that are no multiple of a tile.
PICTURE_LIMIT = picture_limit((MAX_SIDE, MAX_PIXELS // MAX_SIDE + 128))
