"""One end of a connection, without I/O and without a clock: bytes in, messages out, and the other way round.

Every frame, sent or received, passes the same three checks in the same order: the row's sender and state, its limit,
its permission; only then is the body looked at. Messages are handed out one at a time, so that the session can
react to one before the next is judged.
"""

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from fanlight.errors import LocalProtocolError, RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.protocol.framing import HEADER, Buffer, Frame, FrameReader, pack_header
from fanlight.protocol.table import KINDS, LEGAL, TABLE, Role, Spec, State
from fanlight.types import Permission


@dataclass(frozen=True, slots=True)
class Denied:
    """A legal message that needs a right which is not granted; its body was not looked at."""

    kind: str
    needs: Permission


Event: TypeAlias = m.Message | m.OtherVersion | Denied


_ACK, _PICTURE = KINDS[m.Ack], KINDS[m.Picture]
_PRESENTED = pack_header(KINDS[m.Presented], m.Presented.LAYOUT.size)
_PRESENTED_BYTES = HEADER.size + m.Presented.LAYOUT.size


class Connection:
    """The protocol's state at one end. `granted` follows the SESSION and RIGHTS messages that pass through."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self._enter(State.CLIENT_HELLO)
        self.granted: frozenset[Permission] = frozenset()
        self._reader = FrameReader(self._limit)
        self._queue: list[Buffer] = []
        self._transcript = hashlib.sha256()
        self._picture_limit = 0
        self._broken = False

    @property
    def transcript(self) -> bytes:
        """SHA-256 of the raw bytes of all handshake frames so far, both directions, headers included."""
        return self._transcript.digest()

    def send(self, message: m.Message) -> None:
        """Queue a message. LocalProtocolError: not ours to send, not now, without the right, or out of bounds."""
        kind = KINDS[type(message)]
        spec = self._checked(kind)
        parts = message.encode()
        length = sum(map(len, parts))
        if length > self._limit_of(spec):
            raise LocalProtocolError(f"a {spec.message.__name__} of {length} bytes is over its limit")
        head = pack_header(kind, length)
        if kind != _PICTURE:
            _decode_own(spec, b"".join(parts))
            if not isinstance(message, m.Bulk):
                self._step(spec, message, head, *parts)
        self._queue += (head, *parts)

    def send_picture(self, picture: m.PackedPicture, own: tuple[int, int, int], sent_at: int, *, asks: bool) -> None:
        """Queue a PICTURE as `send` does; it goes to many, so no more is done here than must be."""
        spec = self._checked(_PICTURE)
        if picture.length > spec.limit or picture.length > self._picture_limit:
            raise LocalProtocolError(f"a Picture of {picture.length} bytes is over its limit")
        self._queue += picture.addressed(pack_header(_PICTURE, picture.length), own, sent_at, asks=asks)

    def receive_data(self, data: Buffer) -> None:
        """Feed bytes from the peer; after the end, or an error, they are dropped."""
        if self.state is not State.CLOSED and not self._broken:
            self._reader.receive_data(data)

    def only_acknowledges(self, data: bytes) -> bool:
        """Whether bytes from the peer, not fed yet, are one ACK, alone or with PRESENTEDs behind it."""
        if self.state is not State.SESSION or not self._reader.is_between_frames or len(data) < HEADER.size:
            return False
        length, kind = HEADER.unpack_from(data)
        end = HEADER.size - 1 + length
        if kind != _ACK or length - 1 > m.ACK_LIMIT or len(data) < end:
            return False
        behind = data[end:]
        whole = len(behind) % _PRESENTED_BYTES == 0
        return whole and all(behind.startswith(_PRESENTED, at) for at in range(0, len(behind), _PRESENTED_BYTES))

    def next_event(self) -> Event | None:
        """Return the next message, or None until more bytes come. After a RemoteProtocolError nothing more comes."""
        if self.state is State.CLOSED or self._broken:
            return None
        try:
            frame = self._reader.next_frame()
            return None if frame is None else self._receive(frame)
        except RemoteProtocolError:
            # Where a frame is wrong, nobody knows where the next one starts; a BYE may still be sent.
            self._broken = True
            self._reader.clear()
            raise

    def data_to_send(self) -> list[Buffer]:
        """Return what must be written, in order, and empty the queue."""
        if not self._queue:
            return []
        queue, self._queue = self._queue, []
        return queue

    def close(self) -> None:
        """Take no more bytes and send no more messages; what is queued stays to be written."""
        self._enter(State.CLOSED)
        self._reader.clear()

    def _enter(self, state: State) -> None:
        self.state = state
        self._ours, self._theirs = LEGAL[self.role][state], LEGAL[self.role.peer][state]

    def _receive(self, frame: Frame) -> Event:
        spec = self._theirs.get(frame.kind) or self._legal(frame.kind)
        if spec.needs is not None and spec.needs not in self.granted:
            return Denied(spec.message.__name__, spec.needs)
        message = spec.decode(frame.body)
        if not isinstance(message, m.Bulk):
            self._step(spec, message, frame.header, frame.body)
        return message

    def _limit(self, kind: int) -> int:
        """Return the largest body that a frame of this type may have now, from the peer."""
        spec = self._theirs.get(kind) or self._legal(kind)
        return spec.limit if kind != _PICTURE else self._limit_of(spec)

    def _legal(self, kind: int) -> Spec:
        spec = self._theirs.get(kind)
        if spec is None:
            raise RemoteProtocolError(self._illegal(kind, self.role.peer))
        return spec

    def _limit_of(self, spec: Spec) -> int:
        return min(spec.limit, self._picture_limit) if spec.message is m.Picture else spec.limit

    def _illegal(self, kind: int, sender: Role) -> str:
        if kind not in TABLE:
            return f"there is no message {kind:#04x}: is the peer fanlight at all?"
        name = TABLE[kind].message.__name__
        return f"{name} is not legal from a {sender.name.lower()} in state {self.state.name}"

    def _checked(self, kind: int) -> Spec:
        spec = self._ours.get(kind)
        if spec is None:
            raise LocalProtocolError(self._illegal(kind, self.role))
        if spec.needs is not None and spec.needs not in self.granted:
            raise LocalProtocolError(f"{spec.message.__name__} needs the right {spec.needs}, which is not granted")
        return spec

    def _step(self, spec: Spec, message: m.Message | m.OtherVersion, *raw: Buffer) -> None:
        """Let a message that passed take effect: transcript, state, rights, picture limit."""
        if self.state is not State.SESSION:
            for part in raw:
                self._transcript.update(part)
        if spec.next is not None:
            self._enter(spec.next)
        match message:
            case m.Session(rights=rights) | m.RightsChanged(rights=rights):
                self.granted = frozenset(rights)
            case m.Screen(width=width, height=height):
                self._picture_limit = m.picture_limit((width, height))
        if self.state is State.CLOSED:
            self._reader.clear()


def _decode_own(spec: Spec, body: Buffer) -> None:
    """Refuse to send what the peer would have to refuse."""
    try:
        spec.decode(memoryview(body))
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from error
