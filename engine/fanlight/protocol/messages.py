"""The messages: fields, bounds, and their bytes. What is legal when stands in table.py alone.

Control messages are JSON objects; unknown fields, missing fields and values out of bounds are refused, bytes are
base64. Bulk messages are a packed little-endian header and raw bytes. Stamps are microseconds of the sender's monotonic
clock, sequence numbers run from 1 to 0xFFFFFFFF and then again from 1.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol, Self, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from fanlight.errors import RemoteProtocolError
from fanlight.protocol.framing import Buffer
from fanlight.types import MAX_PIXELS, MAX_SIDE, Permission, Size

VERSION = 2
MAX_SEQ = 0xFFFF_FFFF
MAX_COUNT = 0xFFFF_FFFF
MAX_TEXT = 200
MAX_CURSOR_SIDE = 512
MIN_ITERATIONS, MAX_ITERATIONS = 600_000, 2_000_000
MAX_COORDINATE = 65_535
MAX_WHEEL = 32
MAX_CODECS = 32
# JSON numbers are exact up to here in every language.
MAX_STAMP = 2**53 - 1

Key32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=1, max_length=128)]
Head = Annotated[bytes, Meta(min_length=1, max_length=128)]
Certificate = Annotated[bytes, Meta(min_length=1, max_length=2048)]
Fingerprint = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Version = Annotated[int, Meta(ge=0, le=65_535)]
Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]
Stamp = Annotated[int, Meta(ge=0, le=MAX_STAMP)]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
Place = Annotated[int, Meta(ge=0, le=MAX_SIDE - 1)]
Coordinate = Annotated[int, Meta(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
Notches = Annotated[int, Meta(ge=-MAX_WHEEL, le=MAX_WHEEL)]
CodecName = Annotated[str, Meta(pattern=r"\A[a-z0-9_-]{1,32}\Z")]
SessionName = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Rights = Annotated[list[Permission], Meta(max_length=len(Permission))]
Method: TypeAlias = Literal["password", "token", "request", "resume"]
METHODS: tuple[Method, ...] = ("password", "token", "request", "resume")


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message whose body is a JSON object."""

    def encode(self) -> list[Buffer]:
        """Return the body."""
        return [msgspec.json.encode(self)]


class ClientHello(Control, frozen=True):
    """Open the handshake. `key` is the client's P-256 public key, SubjectPublicKeyInfo in DER.

    `certificate` is what a namespace has issued for that key, in DER; None: the client is known by its key alone.
    """

    version: Version
    nonce: Key32
    key: Annotated[bytes, Meta(min_length=1, max_length=256)]
    certificate: Certificate | None


class HostHello(Control, frozen=True):
    """Answer with the host's identity certificate in DER."""

    version: Version
    nonce: Key32
    identity: Certificate


class Prove(Control, frozen=True):
    """Prove that the client holds its key: an ECDSA signature in DER over binding and transcript."""

    signature: Signature


class Methods(Control, frozen=True):
    """Say how a client may log in: always all four, whatever is switched on."""

    methods: Annotated[list[Method], Meta(min_length=1, max_length=len(METHODS))]
    salt: Annotated[bytes, Meta(min_length=16, max_length=64)]
    iterations: Annotated[int, Meta(ge=MIN_ITERATIONS, le=MAX_ITERATIONS)]


class Auth(Control, frozen=True):
    """Log in.

    `proof` is SCRAM's ClientProof for "password", the secret itself for "token" and "resume", empty for "request".
    `remember` asks for a token, which the host gives or not.
    """

    method: Method
    proof: Annotated[bytes, Meta(max_length=64)]
    remember: bool


class AskCode(Control, frozen=True):
    """Ask for a two-factor code."""


class Code(Control, frozen=True):
    """Answer with a code: six digits, or a recovery code."""

    code: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z-]{6,40}\Z")]


class Connected(Control, frozen=True):
    """How the two are connected. `alias` is what a namespace vouches for, None where only the key is known."""

    tls: Text
    cipher: Text
    direct: bool
    client: Fingerprint
    alias: Text | None
    host: Fingerprint


class Session(Control, frozen=True):
    """Open the session. `host_proof` is SCRAM's ServerSignature, or 32 random bytes where no password was proved.

    What is neither in `rights` nor `unavailable` on this machine is denied. `token` logs this client in again, `resume`
    does once and for `resume_seconds`.
    """

    rights: Rights
    unavailable: Rights
    epoch: Seq
    profile: Annotated[str, Meta(min_length=1, max_length=64)]
    method: Method
    host_proof: Key32
    session: SessionName
    token: Key32 | None
    resume: Key32 | None
    resume_seconds: Annotated[int, Meta(ge=0, le=86_400)]
    connection: Connected


class Failed(Control, frozen=True):
    """Say that the credential was not accepted, never why."""


class Refused(Control, frozen=True):
    """Say that the client may not come in, never why."""


class Bye(Control, frozen=True):
    """End the connection, with a sentence for people."""

    reason: Text


class Ping(Control, frozen=True):
    """Ask for a sign of life at `t` of the sender's clock."""

    t: Stamp


class Pong(Control, frozen=True):
    """Give `t` back, with the answering clock's time."""

    t: Stamp
    at: Stamp


class RightsChanged(Control, frozen=True):
    """Replace the session's rights; `epoch` grows by one with every change."""

    rights: Rights
    epoch: Seq


class AuditHead(Control, frozen=True):
    """Show the client the head of the host's audit log, to be countersigned; `last`: the session ends with it."""

    head: Head
    last: bool


class Countersign(Control, frozen=True):
    """Sign a head of the audit log: an ECDSA signature in DER over its bytes."""

    head: Head
    signature: Signature


class Waive(Control, frozen=True):
    """Replace the rights that the viewer itself does without."""

    rights: Rights


class Leave(Control, frozen=True):
    """Say that the client goes; the host answers with its last AuditHead, or with Bye."""


class Screen(Control, frozen=True):
    """Announce the picture that the next updates belong to; `serial` grows with every change.

    `continues`: it is the picture that the client has from the connection before, so its decoder goes on.
    """

    width: Side
    height: Side
    codec: CodecName
    serial: Seq
    continues: bool


class Point(Control, frozen=True):
    """A pixel of the picture."""

    x: Place
    y: Place


class PointerPlace(Control, frozen=True):
    """Say where the host's pointer stands; None: hidden, or outside."""

    place: Point | None


class Resumed(Control, frozen=True):
    """Name what is left of an earlier connection: its session, and the last screen and picture that were decoded."""

    session: SessionName
    screen: Seq
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)]


class Watch(Control, frozen=True):
    """Let the pictures begin: what the client can decode, best first, and what it has already."""

    codecs: Annotated[list[CodecName], Meta(min_length=1, max_length=MAX_CODECS)]
    resume: Resumed | None


class Refresh(Control, frozen=True):
    """Ask for an update that stands alone."""

    reason: Text


class Key(Control, frozen=True):
    """Press or release the key of an X keysym."""

    seq: Seq
    keysym: Annotated[int, Meta(ge=1, le=0x1FFF_FFFF)]
    down: bool


class Pointer(Control, frozen=True):
    """Move the pointer, in pixels of the picture."""

    seq: Seq
    x: Coordinate
    y: Coordinate


class Button(Control, frozen=True):
    """Press or release a button at a place: 1 left, 2 middle, 3 right, 8 back, 9 forward."""

    seq: Seq
    x: Coordinate
    y: Coordinate
    button: Annotated[int, Meta(ge=1, le=9)]
    down: bool


class Wheel(Control, frozen=True):
    """Turn the wheel at a place by notches: `dx` to the right, `dy` downwards."""

    seq: Seq
    x: Coordinate
    y: Coordinate
    dx: Notches
    dy: Notches


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """A HELLO of another protocol version, of which nothing else is read."""

    version: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One update of the picture. `exact`: that is all the host shows; `update` is the codec's own.

    `proved`: `digest` is that of the exact tiles, of all of them where `exact`. Pixels are counted by what wrote them;
    `quality` is the quantiser of the video, on H.264's scale, 0: there is none.
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

    def encode(self) -> list[Buffer]:
        """Return the body in two parts, so that the update is not copied."""
        flags = self.exact | self.key << 1 | self.proved << 2
        made = self.quality, self.copy_pixels, self.tile_pixels, self.video_pixels
        stamps = self.damaged_at, self.captured_at, self.encode_started_at, self.encoded_at, self.sent_at
        head = self.LAYOUT.pack(self.seq, self.screen, self.input_seq, flags, *made, *stamps, self.digest)
        return [head, self.update]

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body; the update is a view of it."""
        if len(body) < cls.LAYOUT.size:
            raise RemoteProtocolError(f"a PICTURE of {len(body)} bytes: its header alone has {cls.LAYOUT.size}")
        seq, screen, input_seq, flags, *counted = cls.LAYOUT.unpack_from(body)
        exact, key, proved = bool(flags & 1), bool(flags & 2), bool(flags & 4)
        if flags > 7 or (exact and not proved) or seq == 0 or screen == 0:
            raise RemoteProtocolError(f"a PICTURE with flags {flags:#04x}, seq {seq}, screen {screen}")
        quality, copy, tiles, video, damaged, captured, started, encoded, sent, digest = counted
        if max(damaged, captured, started, encoded, sent) > MAX_STAMP:
            raise RemoteProtocolError("a PICTURE with a stamp past the end of time")
        update = body[cls.LAYOUT.size :]
        head = seq, screen, input_seq, exact, key, proved, quality, copy, tiles, video
        return cls(*head, damaged, captured, started, encoded, sent, digest, update)


@dataclass(frozen=True, slots=True)
class Cursor:
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


@dataclass(frozen=True, slots=True)
class Ack:
    """Say that every picture up to `seq` is decoded; stamps of the client's clock."""

    LAYOUT: ClassVar = struct.Struct("<IQQ")

    seq: int
    received_at: int
    decoded_at: int

    def encode(self) -> list[Buffer]:
        """Return the body."""
        return [self.LAYOUT.pack(self.seq, self.received_at, self.decoded_at)]

    @classmethod
    def decode(cls, body: memoryview) -> Self:
        """Read the body."""
        if len(body) != cls.LAYOUT.size:
            raise RemoteProtocolError(f"an ACK of {len(body)} bytes: it has {cls.LAYOUT.size}")
        seq, received_at, decoded_at = cls.LAYOUT.unpack(body)
        if seq == 0 or max(received_at, decoded_at) > MAX_STAMP:
            raise RemoteProtocolError(f"an ACK of seq {seq} at {received_at}, {decoded_at}")
        return cls(seq, received_at, decoded_at)


@dataclass(frozen=True, slots=True)
class Presented:
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


class Message(Protocol):
    """Anything with a row in the table."""

    def encode(self) -> list[Buffer]:
        """Return the body, in parts."""


Decode: TypeAlias = Callable[[memoryview], "Message | OtherVersion"]


def next_seq(seq: int) -> int:
    """Return the sequence number after `seq`; 0 comes before the first."""
    return seq % MAX_SEQ + 1


def stamp(seconds: float) -> int:
    """Return a time as it stands in messages: microseconds."""
    return round(seconds * 1e6)


def seconds(stamp: int) -> float:
    """Return a message's time in seconds."""
    return stamp / 1e6


def picture_limit(size: Size) -> int:
    """Return the largest PICTURE body for a picture of `size`: all its tiles raw, with a head for each."""
    columns, rows = (size[0] + 63) // 64, (size[1] + 63) // 64
    return Picture.LAYOUT.size + 65_536 + rows * columns * (64 * 64 * 4 + 64)


CURSOR_LIMIT = Cursor.LAYOUT.size + MAX_CURSOR_SIDE * MAX_CURSOR_SIDE * 4
# The longest shape, and two rows of tiles more, for sides that are no multiple of a tile.
PICTURE_LIMIT = picture_limit((MAX_SIDE, MAX_PIXELS // MAX_SIDE + 128))


def plain(text: str) -> str:
    """Return `text` cut to MAX_TEXT, without anything that a terminal or a log could take for more than text."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])


M = TypeVar("M", bound=Control)


def json_decoder(message: type[M]) -> Callable[[memoryview], M]:
    """Make the decoder of a control message; RemoteProtocolError for anything but one valid object."""
    decoder = msgspec.json.Decoder(message)

    def decode(body: memoryview) -> M:
        try:
            return decoder.decode(body)
        except (ValueError, RecursionError) as error:
            raise RemoteProtocolError(f"a {message.__name__} that does not decode: {plain(str(error))}") from error

    return decode


class _AnyHello(msgspec.Struct):
    """The one field that a HELLO of every version has."""

    version: Version


def hello_decoder(message: type[M]) -> Callable[[memoryview], M | OtherVersion]:
    """Make the decoder of a HELLO, which reads nothing but the version where that is not ours."""
    any_hello = msgspec.json.Decoder(_AnyHello)
    whole = json_decoder(message)

    def decode(body: memoryview) -> M | OtherVersion:
        try:
            theirs = any_hello.decode(body).version
        except (ValueError, RecursionError) as error:
            raise RemoteProtocolError(f"a {message.__name__} that does not decode: {plain(str(error))}") from error
        return whole(body) if theirs == VERSION else OtherVersion(theirs)

    return decode
