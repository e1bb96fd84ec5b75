"""The messages: fields, bounds, and their bytes. What is legal when stands in table.py alone.

Control messages are JSON objects; unknown fields, missing fields and values out of bounds are refused, bytes are
base64. Those that come with every picture are in bulk.py, sequence numbers and stamps in numbers.py, and have their
names here too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from fanlight.errors import RemoteProtocolError
from fanlight.protocol.bulk import ACK_LIMIT as ACK_LIMIT
from fanlight.protocol.bulk import CURSOR_LIMIT as CURSOR_LIMIT
from fanlight.protocol.bulk import MAX_CURSOR_SIDE as MAX_CURSOR_SIDE
from fanlight.protocol.bulk import MOST_MARKS as MOST_MARKS
from fanlight.protocol.bulk import PICTURE_LIMIT as PICTURE_LIMIT
from fanlight.protocol.bulk import Ack as Ack
from fanlight.protocol.bulk import Bulk as Bulk
from fanlight.protocol.bulk import Cursor as Cursor
from fanlight.protocol.bulk import Mark as Mark
from fanlight.protocol.bulk import PackedPicture as PackedPicture
from fanlight.protocol.bulk import Picture as Picture
from fanlight.protocol.bulk import Presented as Presented
from fanlight.protocol.bulk import picture_limit as picture_limit
from fanlight.protocol.framing import Buffer
from fanlight.protocol.numbers import MAX_COUNT as MAX_COUNT
from fanlight.protocol.numbers import MAX_SEQ as MAX_SEQ
from fanlight.protocol.numbers import MAX_STAMP as MAX_STAMP
from fanlight.protocol.numbers import next_seq as next_seq
from fanlight.protocol.numbers import seconds as seconds
from fanlight.protocol.numbers import stamp as stamp
from fanlight.types import MAX_SIDE, Permission

VERSION = 4
MAX_TEXT = 200
MIN_ITERATIONS, MAX_ITERATIONS = 600_000, 2_000_000
MAX_COORDINATE = 65_535
MAX_WHEEL = 32
MAX_CODECS = 32

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


class Message(Protocol):
    """Anything with a row in the table."""

    def encode(self) -> list[Buffer]:
        """Return the body, in parts."""


Decode: TypeAlias = Callable[[memoryview], "Message | OtherVersion"]


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
