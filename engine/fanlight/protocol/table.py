"""The one table: which message exists, who may send it in which state, with which right, how long, and what follows.

The handshake is a strict exchange: in every state but SESSION one side speaks. A state is named for the message
that it waits for; METHODS and VERDICT wait for the host, the host's verdict being SESSION, FAILED, REFUSED or ASK_CODE.

    CLIENT_HELLO -> HOST_HELLO -> PROVE -> METHODS -> AUTH -> VERDICT -> SESSION
                                              |               |  ^
                                            CLOSED       CODE -> +  or CLOSED
"""

from dataclasses import dataclass
from enum import Enum, auto

from fanlight.protocol import messages as m
from fanlight.protocol.messages import Decode, hello_decoder, json_decoder
from fanlight.types import Permission


class Role(Enum):
    """Which end of the connection one is."""

    HOST = auto()
    CLIENT = auto()

    @property
    def peer(self) -> "Role":
        """The other end."""
        return Role.CLIENT if self is Role.HOST else Role.HOST


class State(Enum):
    """How far a connection has come; the same at both ends."""

    CLIENT_HELLO = auto()
    HOST_HELLO = auto()
    PROVE = auto()
    METHODS = auto()
    AUTH = auto()
    VERDICT = auto()
    CODE = auto()
    SESSION = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Spec:
    """One row. `next` None: the state stays. `limit` is the largest body in bytes."""

    message: type[m.Message]
    decode: Decode
    senders: frozenset[Role]
    states: frozenset[State]
    needs: Permission | None
    limit: int
    next: State | None


HANDSHAKE_LIMIT = 4096
CONTROL_LIMIT = 4096

_HOST = frozenset({Role.HOST})
_CLIENT = frozenset({Role.CLIENT})
_BOTH = _HOST | _CLIENT
_OPEN = frozenset({State.SESSION})
_ALIVE = frozenset(State) - {State.CLOSED}
_VIEW, _CONTROL = Permission.VIEW, Permission.CONTROL


def _step(message: type[m.Control], sender: frozenset[Role], states: set[State], then: State) -> Spec:
    """Make the row of a handshake message."""
    return Spec(message, json_decoder(message), sender, frozenset(states), None, HANDSHAKE_LIMIT, then)


def _hello(message: type[m.ClientHello] | type[m.HostHello], sender: frozenset[Role], at: State, then: State) -> Spec:
    return Spec(message, hello_decoder(message), sender, frozenset({at}), None, HANDSHAKE_LIMIT, then)


def _control(message: type[m.Control], senders: frozenset[Role], needs: Permission | None = None) -> Spec:
    """Make the row of a JSON message of the session."""
    return Spec(message, json_decoder(message), senders, _OPEN, needs, CONTROL_LIMIT, None)


TABLE: dict[int, Spec] = {
    0x01: _hello(m.ClientHello, _CLIENT, State.CLIENT_HELLO, State.HOST_HELLO),
    0x02: _hello(m.HostHello, _HOST, State.HOST_HELLO, State.PROVE),
    0x03: _step(m.Prove, _CLIENT, {State.PROVE}, State.METHODS),
    0x04: _step(m.Methods, _HOST, {State.METHODS}, State.AUTH),
    0x05: _step(m.Auth, _CLIENT, {State.AUTH}, State.VERDICT),
    0x06: _step(m.AskCode, _HOST, {State.VERDICT}, State.CODE),
    0x07: _step(m.Code, _CLIENT, {State.CODE}, State.VERDICT),
    0x08: _step(m.Session, _HOST, {State.VERDICT}, State.SESSION),
    0x09: _step(m.Failed, _HOST, {State.VERDICT}, State.CLOSED),
    0x0A: _step(m.Refused, _HOST, {State.METHODS, State.VERDICT}, State.CLOSED),
    0x0B: Spec(m.Bye, json_decoder(m.Bye), _BOTH, _ALIVE, None, CONTROL_LIMIT, State.CLOSED),
    0x0C: _control(m.Ping, _BOTH),
    0x0D: _control(m.Pong, _BOTH),
    0x0E: _control(m.RightsChanged, _HOST),
    0x10: _control(m.Screen, _HOST, _VIEW),
    # The limit of a picture is tightened to the size of the screen that was announced (Connection).
    0x11: Spec(m.Picture, m.Picture.decode, _HOST, _OPEN, _VIEW, m.PICTURE_LIMIT, None),
    0x12: Spec(m.Cursor, m.Cursor.decode, _HOST, _OPEN, _VIEW, m.CURSOR_LIMIT, None),
    0x13: _control(m.PointerPlace, _HOST, _VIEW),
    0x18: _control(m.AuditHead, _HOST),
    0x20: Spec(m.Ack, m.Ack.decode, _CLIENT, _OPEN, None, m.ACK_LIMIT, None),
    0x21: _control(m.Refresh, _CLIENT, _VIEW),
    0x22: Spec(m.Presented, m.Presented.decode, _CLIENT, _OPEN, None, m.Presented.LAYOUT.size, None),
    0x23: _control(m.Watch, _CLIENT, _VIEW),
    0x28: _control(m.Countersign, _CLIENT),
    0x29: _control(m.Waive, _CLIENT),
    0x2A: _control(m.Leave, _CLIENT),
    0x30: _control(m.Key, _CLIENT, _CONTROL),
    0x31: _control(m.Pointer, _CLIENT, _CONTROL),
    0x32: _control(m.Button, _CLIENT, _CONTROL),
    0x33: _control(m.Wheel, _CLIENT, _CONTROL),
}

LEGAL: dict[Role, dict[State, dict[int, Spec]]] = {
    role: {
        state: {kind: spec for kind, spec in TABLE.items() if role in spec.senders and state in spec.states}
        for state in State
    }
    for role in Role
}
"""The rows that a sender may use in a state, so that a message costs one look."""

KINDS: dict[type[m.Message], int] = {spec.message: kind for kind, spec in TABLE.items()}
