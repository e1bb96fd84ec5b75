"""The client's half of the handshake: sends no proof to a host that is not trusted, believes none that has not proved.

HELLO brings the host's identity, which must have signed the TLS leaf (HostIdentity); `trust` answers it with PROVE;
METHODS brings the salt (SaltWanted); `prove`, `show_token`, `resume` or `request` answers it with AUTH; a code may be
asked for (CodeWanted); SESSION counts only with the host's own proof of the password, where one was proved.
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
from fanlight.session.base import (
    HANDSHAKE_SECONDS,
    PASSWORD_SECONDS,
    REQUEST_SECONDS,
    BaseSession,
    auth_message,
    version_error,
)
from fanlight.session.events import ClientEvent, ClientOnly

_FAILED: dict[m.Method, str] = {
    "password": "the host did not accept the password (or the code), or takes none",
    "token": "the host did not accept the saved login: log in with the password",
    "resume": "the host did not let the old session go on: log in with the password",
    "request": "the host did not accept the request",
}


class ClientHandshake(BaseSession[ClientOnly]):
    """A client on its way in. `leaf` is the certificate (DER) that TLS has shown; `at` the date (aware).

    `certificate` is what a namespace has issued for this identity's key, in DER.
    """

    def __init__(
        self, identity: Identity, leaf: bytes, now: float, at: datetime, *, certificate: bytes | None = None
    ) -> None:
        super().__init__(Role.CLIENT, now)
        self.fingerprint = ""
        self._identity = identity
        self._leaf = leaf
        self._at = at
        self._binding = hashlib.sha256(leaf).digest()
        self._auth_message = b""
        self._method: m.Method | None = None
        self._salted = b""
        self._epoch = 0
        nonce = secrets.token_bytes(32)
        key = identity.public_key
        self._send(m.ClientHello(version=m.VERSION, nonce=nonce, key=key, certificate=certificate))

    def trust(self, now: float) -> None:
        """Answer HostIdentity: this is the host that is meant.

        The handshake does not wait for a person who compares fingerprints: end it, ask, and connect anew.
        """
        signature = self._identity.sign_proof(self._binding, self._connection.transcript)
        self._send(m.Prove(signature=signature))

    def prove(self, salted_password: bytes, now: float, *, remember: bool = False) -> None:
        """Answer SaltWanted with a password; `remember` asks for a token to log in with next time."""
        proof = scram.client_proof(salted_password, self._auth_message)
        self._ask_in("password", proof, now, remember=remember)
        self._salted = salted_password

    def show_token(self, token: bytes, now: float) -> None:
        """Answer SaltWanted with a token that this host once gave to this identity."""
        self._ask_in("token", token, now)

    def resume(self, secret: bytes, now: float) -> None:
        """Answer SaltWanted with the secret of a session that was cut off."""
        self._ask_in("resume", secret, now)

    def request(self, now: float) -> None:
        """Answer SaltWanted by asking the person at the host, who has REQUEST_SECONDS."""
        self._ask_in("request", b"", now)
        self._handshake_until = now + REQUEST_SECONDS + HANDSHAKE_SECONDS

    def give_code(self, code: str, now: float) -> None:
        """Answer CodeWanted; LocalProtocolError for what is no code at all."""
        self._send(m.Code(code=code))
        self._handshake_until = now + HANDSHAKE_SECONDS

    def _ask_in(self, method: m.Method, proof: bytes, now: float, *, remember: bool = False) -> None:
        self._send(m.Auth(method=method, proof=proof, remember=remember))
        self._method = method
        self._handshake_until = now + HANDSHAKE_SECONDS

    def _handle(self, received: Received, now: float) -> list[ClientEvent]:
        match received:
            case m.OtherVersion(version=version):
                raise RemoteProtocolError(version_error("host", version))
            case m.HostHello(identity=identity):
                return self._meet(identity)
            case m.Methods():
                return [self._ask_credential(received, now)]
            case m.Session():
                return [self._enter(received, now)]
            case m.Failed():
                return [self._finish(AuthenticationFailed(_FAILED[self._method or "password"]))]
            case m.Refused():
                return [self._finish(Refused(self._refusal))]
            case m.AskCode():
                self._handshake_until = now + PASSWORD_SECONDS
                return [events.CodeWanted()]
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
            case State.CODE:
                return CodeNeeded(f"no code was given within {PASSWORD_SECONDS:g} seconds")
            case _:
                return ConnectionLost(f"the host did not finish the handshake within {HANDSHAKE_SECONDS:g} seconds")

    def _meet(self, identity: bytes) -> list[ClientEvent]:
        if not leaf_signed_by(self._leaf, identity, self._at):
            raise IdentityError("the host's TLS certificate is not a valid one of the identity that it shows")
        self.fingerprint = certificate_fingerprint(identity)
        return [events.HostIdentity(self.fingerprint, identity)]

    def _ask_credential(self, methods: m.Methods, now: float) -> events.SaltWanted:
        if "password" not in methods.methods:
            raise RemoteProtocolError("the host takes no password")
        self._auth_message = auth_message(self._binding, self._connection.transcript)
        self._handshake_until = now + PASSWORD_SECONDS
        return events.SaltWanted(methods.salt, methods.iterations)

    def _enter(self, opened: m.Session, now: float) -> events.Opened:
        self._check_host(opened)
        self._epoch = opened.epoch
        self._open(now)
        return events.Opened.by(opened, self.fingerprint)

    def _check_host(self, opened: m.Session) -> None:
        """End before anything is believed of a host that has not proved what it must, or that contradicts itself."""
        salted, self._salted = self._salted, b""
        if opened.method != self._method:
            raise RemoteProtocolError(f"the host opened the session by {opened.method}, which this client did not try")
        if self._method == "password" and not scram.host_proof_matches(salted, opened.host_proof, self._auth_message):
            raise IdentityError("the host could not prove that it knows the password: it is not who it says")
        how = opened.connection
        if (how.client, how.host) != (self._identity.fingerprint, self.fingerprint):
            raise RemoteProtocolError("the host opened the session for other keys than those of this connection")

    @property
    def _refusal(self) -> str:
        if self._method == "request":
            return "nobody let this client in: the request was rejected, or not answered, or the host takes none"
        return "the host refused this client"
