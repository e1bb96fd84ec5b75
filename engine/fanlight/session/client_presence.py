"""An open session's standing at the client: what it does without, the host's audit log, and how it leaves."""

from datetime import datetime

from fanlight.access import Identity
from fanlight.access.audit_heads import countersign
from fanlight.errors import ConnectionLost, FanlightError
from fanlight.protocol import State
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session.client_handshake import ClientHandshake
from fanlight.session.events import AuditShown, ClientEvent, Ended
from fanlight.session.limits import Bucket
from fanlight.types import Permission

LEAVE_SECONDS = 2.0
_LEFT = "the viewer has left"


class ClientPresence(ClientHandshake):
    """A client, from the door to its last Bye."""

    def __init__(
        self, identity: Identity, leaf: bytes, now: float, at: datetime, *, certificate: bytes | None = None
    ) -> None:
        super().__init__(identity, leaf, now, at, certificate=certificate)
        self._leaving_until: float | None = None
        self._heads = Bucket("heads of the audit log", rate=1, burst=4)

    def waive(self, rights: frozenset[Permission]) -> None:
        """Do without these rights, and only these, from now on; the host answers with what is left."""
        self._send(m.Waive(rights=sorted(rights)))

    def leave(self, now: float) -> list[ClientEvent]:
        """End the session on purpose: it is not resumed. The host has LEAVE_SECONDS to say goodbye."""
        if self.state is not State.SESSION:
            return self.end(_LEFT, now)
        if self._leaving_until is None:
            self._leaving_until = now + LEAVE_SECONDS
            self._send(m.Leave())
        return []

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        if self._ended or self._leaving_until is None:
            return super().deadline
        return self._leaving_until

    def timeout(self, now: float) -> list[ClientEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        if self._leaving_until is None:
            return super().timeout(now)
        return self.end(_LEFT, now) if now >= self._leaving_until else []

    def _handle_open(self, received: Received, now: float) -> list[ClientEvent]:
        if isinstance(received, m.AuditHead):
            self._heads.take(now)
            signature = countersign(self._identity, received.head)
            self._send(m.Countersign(head=received.head, signature=signature))
            return [AuditShown(received.head)]
        return []

    def _finish(self, error: FanlightError | None, reason: str = "") -> Ended:
        if self._leaving_until is not None and isinstance(error, ConnectionLost):
            return super()._finish(None, _LEFT)
        return super()._finish(error, reason)
