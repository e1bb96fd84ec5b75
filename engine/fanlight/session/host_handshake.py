"""The host's half of the handshake: lets a client in by the rules, or sends it away without saying why.

HELLO is answered with who we are; PROVE must be a right signature over everything so far; METHODS is the same for
everybody; AUTH opens the session or ends in FAILED, which is the same bytes for every reason.
"""

import secrets
from abc import abstractmethod

from fanlight.access import Identity, Rules
from fanlight.access.identity import key_fingerprint, proof_is_valid
from fanlight.access.rights import effective_rights
from fanlight.access.rules import Accepted
from fanlight.errors import (
    AuthenticationFailed,
    ConnectionLost,
    FanlightError,
    Refused,
    RemoteProtocolError,
    StateError,
)
from fanlight.protocol import Role
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session.base import PASSWORD_SECONDS, BaseSession, auth_message, version_error
from fanlight.session.events import HostEvent, HostOnly, Opened
from fanlight.types import Permission


class HostHandshake(BaseSession[HostOnly]):
    """One client at the door. `binding` is SHA-256 of the TLS leaf (DER), `peer` a name for logs.

    `available` are the rights that mean something on this machine.
    """

    def __init__(
        self,
        rules: Rules,
        identity: Identity,
        binding: bytes,
        peer: str,
        now: float,
        available: frozenset[Permission] = frozenset(Permission),
    ) -> None:
        super().__init__(Role.HOST, now)
        self.peer = peer
        self.fingerprint = ""
        self._rules = rules
        self._identity = identity
        self._binding = binding
        self._available = available
        self._client_key = b""
        self._greeting = b""
        self._auth_message = b""
        self._epoch = 0

    def _handle(self, received: Received, now: float) -> list[HostEvent]:
        match received:
            case m.ClientHello(key=key):
                self._client_key, self.fingerprint = key, key_fingerprint(key)
                self._greet()
            case m.OtherVersion(version=version):
                self._greet()
                raise RemoteProtocolError(version_error("client", version))
            case m.Prove(signature=signature):
                return self._check_proof_of_key(signature, now)
            case m.Auth(method=method, proof=proof):
                return self._check_credential(method, proof, now)
            case _:
                return self._handle_open(received, now)
        return []

    @abstractmethod
    def _handle_open(self, received: Received, now: float) -> list[HostEvent]:
        """React to a message of the open session."""

    def _too_slow(self) -> FanlightError:
        return ConnectionLost("the client did not finish the handshake in time")

    def _greet(self) -> None:
        nonce, identity = secrets.token_bytes(32), self._identity.certificate_der
        self._send(m.HostHello(version=m.VERSION, nonce=nonce, identity=identity))
        self._greeting = self._connection.transcript

    def _check_proof_of_key(self, signature: bytes, now: float) -> list[HostEvent]:
        if not proof_is_valid(self._client_key, signature, self._binding, self._greeting):
            return self._refuse("the client did not prove that it holds its key for this connection")
        offer = self._rules.methods()
        self._send(m.Methods(methods=list(m.METHODS), salt=offer.salt, iterations=offer.iterations))
        self._auth_message = auth_message(self._binding, self._connection.transcript)
        self._handshake_until = now + PASSWORD_SECONDS
        return []

    def _check_credential(self, method: m.Method, proof: bytes, now: float) -> list[HostEvent]:
        if method != "password":
            return self._refuse(f"the client asked for the method {method!r}, which this host does not take")
        try:
            accepted = self._rules.check_proof(proof, self._auth_message)
        except StateError as error:
            # For the client this is one more reason that it cannot tell from the others.
            return self._fail(error)
        if accepted is None:
            return self._fail(
                AuthenticationFailed("wrong password, or unattended access is off, or no password is set")
            )
        return [self._admit(accepted, now)]

    def _admit(self, accepted: Accepted, now: float) -> Opened:
        rights = effective_rights(accepted.profile, self._available)
        name = secrets.token_hex(16)
        self._epoch = 1
        self._send(
            m.Session(
                rights=sorted(rights),
                epoch=self._epoch,
                profile=accepted.profile,
                host_proof=accepted.server_signature,
                session=name,
            )
        )
        self._open(now)
        return Opened(self.fingerprint, accepted.profile, rights, name)

    def _refuse(self, reason: str) -> list[HostEvent]:
        self._send(m.Refused())
        return [self._finish(Refused(reason))]

    def _fail(self, error: FanlightError) -> list[HostEvent]:
        self._send(m.Failed())
        return [self._finish(error)]
