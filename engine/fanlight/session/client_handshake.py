"""The client's half of the handshake: sends no proof to a host that is not trusted, believes none that has not proved.

HELLO brings the host's identity, which must have signed the TLS leaf (HostIdentity); `trust` answers it with PROVE;
METHODS brings the salt (SaltWanted); `prove` answers it with AUTH; SESSION counts only with the host's own proof of the
password.
"""

import hashlib
import secrets
from abc import abstractmethod
from datetime import datetime

from fanlight.access import Identity, scram
from fanlight.access.identity import certificate_fingerprint, leaf_signed_by
from fanlight.errors import (
    AuthenticationFailed,
    CodeNeeded,
    ConnectionLost,
    FanlightError,
    IdentityError,
    Refused,
    RemoteProtocolError,
)
from fanlight.protocol import Role, State
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session import events
from fanlight.session.base import HANDSHAKE_SECONDS, PASSWORD_SECONDS, BaseSession, auth_message, version_error
from fanlight.session.events import ClientEvent, ClientOnly


class ClientHandshake(BaseSession[ClientOnly]):
    """A client on its way in. `leaf` is the certificate (DER) that TLS has shown; `at` the date (aware)."""

    def __init__(self, identity: Identity, leaf: bytes, now: float, at: datetime) -> None:
        super().__init__(Role.CLIENT, now)
        self.fingerprint = ""
        self._identity = identity
        self._leaf = leaf
        self._at = at
        self._binding = hashlib.sha256(leaf).digest()
        self._auth_message = b""
        self._salted = b""
        self._epoch = 0
        nonce = secrets.token_bytes(32)
        self._send(m.ClientHello(version=m.VERSION, nonce=nonce, key=identity.public_key))

    def trust(self, now: float) -> None:
        """Answer HostIdentity: this is the host that is meant.

        The handshake does not wait for a person who compares fingerprints: end it, ask, and connect anew.
        """
        signature = self._identity.sign_proof(self._binding, self._connection.transcript)
        self._send(m.Prove(signature=signature))

    def prove(self, salted_password: bytes, now: float) -> None:
        """Answer SaltWanted."""
        proof = scram.client_proof(salted_password, self._auth_message)
        self._send(m.Auth(method="password", proof=proof))
        self._salted = salted_password
        self._handshake_until = now + HANDSHAKE_SECONDS

    def _handle(self, received: Received, now: float) -> list[ClientEvent]:
        match received:
            case m.OtherVersion(version=version):
                raise RemoteProtocolError(version_error("host", version))
            case m.HostHello(identity=identity):
                return self._meet(identity)
            case m.Methods():
                return [self._ask_password(received, now)]
            case m.Session():
                return [self._enter(received, now)]
            case m.Failed():
                return [self._finish(AuthenticationFailed("the host did not accept the password, or takes none"))]
            case m.Refused():
                return [self._finish(Refused("the host refused this client"))]
            case m.AskCode():
                raise CodeNeeded("the host asks for a two-factor code, which this client cannot give")
            case _:
                return self._handle_open(received, now)

    @abstractmethod
    def _handle_open(self, received: Received, now: float) -> list[ClientEvent]:
        """React to a message of the open session."""

    def _too_slow(self) -> FanlightError:
        match self.state:
            case State.PROVE:
                return IdentityError("the host's identity was not confirmed in time")
            case State.AUTH:
                return AuthenticationFailed(f"no password was given within {PASSWORD_SECONDS:g} seconds")
            case _:
                return ConnectionLost(f"the host did not finish the handshake within {HANDSHAKE_SECONDS:g} seconds")

    def _meet(self, identity: bytes) -> list[ClientEvent]:
        if not leaf_signed_by(self._leaf, identity, self._at):
            raise IdentityError("the host's TLS certificate is not a valid one of the identity that it shows")
        self.fingerprint = certificate_fingerprint(identity)
        return [events.HostIdentity(self.fingerprint, identity)]

    def _ask_password(self, methods: m.Methods, now: float) -> events.SaltWanted:
        if "password" not in methods.methods:
            raise RemoteProtocolError("the host takes no password")
        self._auth_message = auth_message(self._binding, self._connection.transcript)
        self._handshake_until = now + PASSWORD_SECONDS
        return events.SaltWanted(methods.salt, methods.iterations)

    def _enter(self, opened: m.Session, now: float) -> events.Opened:
        salted, self._salted = self._salted, b""
        if not scram.host_proof_matches(salted, opened.host_proof, self._auth_message):
            raise IdentityError("the host could not prove that it knows the password: it is not who it says")
        self._epoch = opened.epoch
        self._open(now)
        rights, profile = frozenset(opened.rights), m.plain(opened.profile)
        return events.Opened(self.fingerprint, profile, rights, opened.session)
