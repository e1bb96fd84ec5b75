"""What both ends of a session share: feeding the connection, deadlines, keep-alive, and one clean end.

Theory of operation. A session owns a Connection and lets it hand out one message at a time; `_handle` turns each
into events and answers. Whatever goes wrong, on either side, ends in exactly one Ended event, after which the session
takes no bytes and queues none; the bytes queued then are the goodbye, for the owner to write before it closes. The end
may stand behind other events in one list, so an owner that still answers those is heard and ignored.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar

from fanlight.errors import ConnectionLost, FanlightError, RemoteProtocolError
from fanlight.protocol import Connection, Denied, Role, State
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.protocol.framing import Buffer
from fanlight.session.clocks import PeerClock
from fanlight.session.events import CommonEvent, Ended
from fanlight.session.limits import DEAD_AFTER, Bucket, KeepAlive
from fanlight.types import Permission

HANDSHAKE_SECONDS = 20.0
PASSWORD_SECONDS = 120.0
REQUEST_SECONDS = 60.0

E = TypeVar("E")


class BaseSession(ABC, Generic[E]):
    """One end of one session. `now` is `time.monotonic()` seconds and never goes back."""

    def __init__(self, role: Role, now: float) -> None:
        self._connection = Connection(role)
        self._peer_name = role.peer.name.lower()
        self._handshake_until = now + HANDSHAKE_SECONDS
        self._keep_alive: KeepAlive | None = None
        self.peer_clock = PeerClock()
        self._pings = Bucket("pings", rate=2, burst=10)
        self._ended = False
        self.denied = 0

    @property
    def state(self) -> State:
        """How far the connection has come."""
        return self._connection.state

    @property
    def granted(self) -> frozenset[Permission]:
        """The rights that the session has now; none before it is open, none after its end."""
        return frozenset() if self._ended else self._connection.granted

    @property
    def ended(self) -> bool:
        """Whether nothing more comes: write what is queued, then close."""
        return self._ended

    @property
    def clock_offset(self) -> float | None:
        """How far the peer's clock is ahead; None before the first sample."""
        return self.peer_clock.offset

    def local_time(self, peer_time: float) -> float:
        """Return a time on the peer's clock as one on ours; without a sample the two are taken for the same."""
        return peer_time - (self.clock_offset or 0.0)

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        if self._ended:
            return None
        return self._keep_alive.deadline if self._keep_alive else self._handshake_until

    def receive_data(self, data: Buffer, now: float) -> list[E | CommonEvent]:
        """Feed bytes from the peer; return what they mean. No bytes raise."""
        if self._ended:
            return []
        if self._keep_alive:
            self._keep_alive.heard(now)
        self._connection.receive_data(data)
        events: list[E | CommonEvent] = []
        try:
            while not self._ended and (received := self._connection.next_event()) is not None:
                events += self._take(received, now)
        except RemoteProtocolError as error:
            events.append(self._end_with(error))
        except FanlightError as error:
            # Our own side cannot go on, the store for instance; the peer is not told why.
            events.append(self._end_with(error, said="the session cannot go on"))
        return events

    def only_acknowledges(self, data: bytes) -> bool:
        """Whether bytes from the peer, not fed yet, do no more than to acknowledge pictures, so that they may wait.

        They must be fed before any other, with the time at which they came.
        """
        return not self._ended and self._connection.only_acknowledges(data)

    def data_to_send(self) -> list[Buffer]:
        """Return what must be written, in order, and empty the queue."""
        return self._connection.data_to_send()

    def timeout(self, now: float) -> list[E | CommonEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return []
        if self._keep_alive is None:
            return [self._end_with(self._too_slow())]
        if self._keep_alive.is_dead(now):
            said = f"nothing came from the {self._peer_name} for {DEAD_AFTER:g} seconds"
            return [replace(self._end_with(ConnectionLost(said)), broken=True)]
        self._ping(now)
        return []

    def lost(self, now: float) -> list[E | CommonEvent]:
        """Say that the transport is gone."""
        if self._ended:
            return []
        stage = "without a goodbye" if self._keep_alive else "before the session was open"
        error = ConnectionLost(f"the connection to the {self._peer_name} broke {stage}")
        return [replace(self._finish(error), broken=True)]

    def end(self, reason: str, now: float) -> list[E | CommonEvent]:
        """Say goodbye with a sentence that the peer may show."""
        if self._ended:
            return []
        self._say_bye(reason)
        return [self._finish(None, reason)]

    @abstractmethod
    def _handle(self, received: Received, now: float) -> list[E | CommonEvent]:
        """React to a message that is not the same at both ends."""

    @abstractmethod
    def _too_slow(self) -> FanlightError:
        """Return what it means that the handshake's deadline has passed."""

    def _take(self, received: Received, now: float) -> list[E | CommonEvent]:
        match received:
            case m.Ping(t=t):
                self._pings.take(now)
                self._send(m.Pong(t=t, at=m.stamp(now)))
            case m.Pong() if self._keep_alive:
                sample = self._keep_alive.pong(received, now)
                self.peer_clock.measured(sample)
                return [sample]
            case m.Bye(reason=reason):
                what = "session" if self._keep_alive else "handshake"
                said = f"the {self._peer_name} ended the {what}: {m.plain(reason)}"
                return [self._finish(ConnectionLost(said))]
            case Denied():
                self.denied += 1
                return [received, *self._handle(received, now)]
            case _:
                return self._handle(received, now)
        return []

    def _send(self, message: m.Message) -> None:
        """Queue a message; after the end it is dropped."""
        if not self._ended:
            self._connection.send(message)

    def _open(self, now: float) -> None:
        """Start what an open session needs."""
        self._keep_alive = KeepAlive(now)
        self._ping(now)

    def _ping(self, now: float) -> None:
        if self._keep_alive and (ping := self._keep_alive.ping(now)):
            self._send(ping)

    def _end_with(self, error: FanlightError, said: str = "") -> Ended:
        self._say_bye(said or str(error))
        return self._finish(error)

    def _finish(self, error: FanlightError | None, reason: str = "") -> Ended:
        self._ended = True
        self._connection.close()
        return Ended(reason or str(error), error)

    def _say_bye(self, reason: str) -> None:
        if self._connection.state is not State.CLOSED:
            self._connection.send(m.Bye(reason=m.plain(reason)))


def version_error(peer: str, theirs: int) -> str:
    """Say which end is older."""
    us = "client" if peer == "host" else "host"
    age, old = ("new", f"this {us}") if theirs > m.VERSION else ("old", "it")
    return f"the {peer} is too {age}: it speaks {theirs}, this {us} {m.VERSION}; update {old}"


AUTH_LABEL = b"fanlight AUTH v1\0"


def auth_message(binding: bytes, transcript: bytes) -> bytes:
    """Return what a password proof covers: this TLS channel, and every byte up to METHODS."""
    return AUTH_LABEL + binding + transcript
