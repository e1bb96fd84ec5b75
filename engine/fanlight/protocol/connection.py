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
from fanlight.protocol.framing import Buffer, Frame, FrameReader, pack_header
from fanlight.protocol.table import KINDS, TABLE, Role, Spec, State
from fanlight.types import Permission


@dataclass(frozen=True, slots=True)
class Denied:
    """A legal message that needs a right which is not granted; its body was not looked at."""

    kind: str
    needs: Permission


Event: TypeAlias = m.Message | m.OtherVersion | Denied


class Connection:
    """The protocol's state at one end. `granted` follows the SESSION and RIGHTS messages that pass through."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.state = State.CLIENT_HELLO
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
        if length > self._limit_of(kind, spec):
            raise LocalProtocolError(f"a {spec.message.__name__} of {length} bytes is over its limit")
        if not isinstance(message, m.Picture):
            _decode_own(spec, b"".join(parts))
        head = pack_header(kind, length)
        self._queue.append(head)
        self._queue.extend(part for part in parts if part)
        self._step(spec, message, head, *parts)

    def receive_data(self, data: Buffer) -> None:
        """Feed bytes from the peer; after the end, or an error, they are dropped."""
        if self.state is not State.CLOSED and not self._broken:
            self._reader.receive_data(data)

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
        queue, self._queue = self._queue, []
        return queue

    def close(self) -> None:
        """Take no more bytes and send no more messages; what is queued stays to be written."""
        self.state = State.CLOSED
        self._reader.clear()

    def _receive(self, frame: Frame) -> Event:
        spec = self._legal(frame.kind, self.role.peer)
        if spec.needs is not None and spec.needs not in self.granted:
            return Denied(spec.message.__name__, spec.needs)
        message = spec.decode(frame.body)
        self._step(spec, message, frame.header, frame.body)
        return message

    def _legal(self, kind: int, sender: Role) -> Spec:
        spec = TABLE.get(kind)
        if spec is None:
            raise RemoteProtocolError(f"there is no message {kind:#04x}: is the peer fanlight at all?")
        if sender not in spec.senders or self.state not in spec.states:
            name = spec.message.__name__
            raise RemoteProtocolError(f"{name} is not legal from a {sender.name.lower()} in state {self.state.name}")
        return spec

    def _limit(self, kind: int) -> int:
        """Return the largest body that a frame of this type may have now, from the peer."""
        return self._limit_of(kind, self._legal(kind, self.role.peer))

    def _limit_of(self, kind: int, spec: Spec) -> int:
        return min(spec.limit, self._picture_limit) if spec.message is m.Picture else spec.limit

    def _checked(self, kind: int) -> Spec:
        try:
            spec = self._legal(kind, self.role)
        except RemoteProtocolError as error:
            raise LocalProtocolError(str(error)) from error
        if spec.needs is not None and spec.needs not in self.granted:
            raise LocalProtocolError(f"{spec.message.__name__} needs the right {spec.needs}, which is not granted")
        return spec

    def _step(self, spec: Spec, message: m.Message | m.OtherVersion, *raw: Buffer) -> None:
        """Let a message that passed take effect: transcript, state, rights, picture limit."""
        if self.state is not State.SESSION:
            for part in raw:
                self._transcript.update(part)
        if spec.next is not None:
            self.state = spec.next
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
