"""What sessions tell their owner. Times are seconds; those of a peer are on the peer's monotonic clock.

What comes with every picture is a msgspec struct, which is made in a tenth of the time that a frozen dataclass takes.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from fanlight.channels.input import Input
from fanlight.errors import FanlightError
from fanlight.protocol import Denied
from fanlight.protocol.framing import Buffer
from fanlight.protocol.messages import Connected, Mark, Session, plain
from fanlight.types import CursorShape, Permission, Pixels, PointerPlace, Size

__all__ = [
    "Acked",
    "AuditShown",
    "ClientEvent",
    "ClientOnly",
    "ClockSample",
    "CodeWanted",
    "CommonEvent",
    "ConnectionInfo",
    "Cursor",
    "Denied",
    "Ended",
    "HostEvent",
    "HostIdentity",
    "HostOnly",
    "InputEvent",
    "Opened",
    "Picture",
    "Pointer",
    "Presented",
    "RefreshWanted",
    "Requested",
    "RightsChanged",
    "SaltWanted",
    "Screen",
    "Secrets",
    "WatchWanted",
]


@dataclass(frozen=True, slots=True)
class Secrets:
    """What logs this client in again: `token` until the host clears it, `resume` once and for `resume_seconds`."""

    token: bytes | None
    resume: bytes | None
    resume_seconds: int


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """How the two are connected, the same at both ends.

    `method` is what let the client in. It is verified by its namespace as `alias`, or, with None, by its key alone.
    `client` and `host` are fingerprints of 64 lowercase hexadecimal digits. `direct`: without a relay between.
    """

    tls: str
    cipher: str
    direct: bool
    method: str
    alias: str | None
    client: str
    host: str

    @property
    def verified(self) -> str:
        """How the host knows the client: by its "namespace", or by its "key" alone."""
        return "namespace" if self.alias else "key"

    @classmethod
    def by(cls, how: Connected, method: str) -> "ConnectionInfo":
        """Make it of what a SESSION message says."""
        alias = None if how.alias is None else plain(how.alias)
        return cls(plain(how.tls), plain(how.cipher), how.direct, method, alias, how.client, how.host)


@dataclass(frozen=True, slots=True)
class Opened:
    """The session is open. `fingerprint` is the peer's, `session` names the session on both ends.

    What is neither in `rights` nor `unavailable` on the host is denied. `secrets` are for the client alone to keep.
    """

    fingerprint: str
    profile: str
    rights: frozenset[Permission]
    session: str
    unavailable: frozenset[Permission]
    connection: ConnectionInfo
    secrets: Secrets = field(repr=False)

    @classmethod
    def by(cls, message: Session, fingerprint: str) -> "Opened":
        """Make the event of a SESSION message."""
        connection = ConnectionInfo.by(message.connection, message.method)
        return cls(
            fingerprint,
            plain(message.profile),
            frozenset(message.rights),
            message.session,
            frozenset(message.unavailable),
            connection,
            Secrets(message.token, message.resume, message.resume_seconds),
        )


@dataclass(frozen=True, slots=True)
class Requested:
    """A client asks the person at the host to be let in: answer with `accept` or `reject`.

    `alias` is proved, None where only the key is known. `profiles` are those to choose from.
    """

    fingerprint: str
    alias: str | None
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes. `reason` is a sentence; `error` is None where this side ended the session itself.

    `broken`: nobody meant it to end, the connection is gone.
    """

    reason: str
    error: FanlightError | None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One measurement: round trip, and how far the peer's clock is ahead of ours."""

    rtt: float
    offset: float


@dataclass(frozen=True, slots=True)
class InputEvent:
    """Input to inject, with places inside the picture."""

    message: Input


class Acked(msgspec.Struct, frozen=True):
    """Every picture up to `seq` is decoded: both times on the viewer's clock; `at` is when we were told, on ours.

    `earlier` are the marks of pictures before it that came with it, as they stood in the message.
    """

    seq: int
    received_at: float
    decoded_at: float
    at: float
    earlier: tuple[Mark, ...] = ()


class Presented(msgspec.Struct, frozen=True):
    """Every picture up to `seq` is on the viewer's screen since `at` of the viewer's clock."""

    seq: int
    at: float


@dataclass(frozen=True, slots=True)
class RefreshWanted:
    """The viewer needs an update that stands alone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a client has of an earlier connection: its session's name, and the last screen and picture decoded."""

    session: str
    screen: int
    seq: int


@dataclass(frozen=True, slots=True)
class WatchWanted:
    """The viewer takes pictures from now on, in one of these codecs, best first; `resume` is what it has already."""

    codecs: tuple[str, ...]
    resume: Resumed | None


@dataclass(frozen=True, slots=True)
class HostIdentity:
    """The host has shown who it is; the client answers with `trust`, or ends. `certificate` is DER."""

    fingerprint: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class SaltWanted:
    """The host waits for a credential: answer with `prove(scram.salt_password(password, salt, iterations))`.

    Or with `show_token`, `resume` or `request`.
    """

    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The host asks for a two-factor code: answer with `give_code`."""


@dataclass(frozen=True, slots=True)
class AuditShown:
    """The host showed the head of its audit log, which is countersigned already: keep it, to compare the next with."""

    head: bytes


@dataclass(frozen=True, slots=True)
class Screen:
    """The next pictures are of this size and codec: open a new decoder, or go on with the one of before."""

    size: Size
    codec: str
    serial: int
    continues: bool


class Picture(msgspec.Struct, frozen=True):
    """An update for the decoder. `exact`: with it, the decoder's picture is the host's.

    `digest` is that of the tiles which are then exact; None where the codec knows none. `input_seq` is the last input
    that was injected before the capture; 0: none. `quality` is the quantiser of the video in it on H.264's scale, None
    where there is no video. `asks`: the host waits for the acknowledgement. Times are on the host's clock.
    """

    seq: int
    screen: int
    input_seq: int
    exact: bool
    key: bool
    quality: int | None
    pixels: Pixels
    damaged_at: float
    captured_at: float
    encode_started_at: float
    encoded_at: float
    sent_at: float
    digest: int | None
    update: Buffer
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The pointer's shape; None: hidden."""

    shape: CursorShape | None


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the host's pointer stands; None: hidden or outside."""

    place: PointerPlace | None


@dataclass(frozen=True, slots=True)
class RightsChanged:
    """The session's rights from now on."""

    rights: frozenset[Permission]
    epoch: int


CommonEvent: TypeAlias = ClockSample | Denied | Ended
HostOnly: TypeAlias = Requested | Opened | InputEvent | Acked | Presented | RefreshWanted | WatchWanted | RightsChanged
ClientOnly: TypeAlias = (
    HostIdentity | SaltWanted | CodeWanted | Opened | AuditShown | Screen | Picture | Cursor | Pointer | RightsChanged
)
HostEvent: TypeAlias = HostOnly | CommonEvent
ClientEvent: TypeAlias = ClientOnly | CommonEvent
