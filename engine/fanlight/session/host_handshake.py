"""The host's half of the handshake: lets a client in by the rules, or sends it away without saying why.

HELLO is answered with who we are. PROVE must be a right signature over everything so far, by somebody who may ask;
METHODS is then the same for everybody. AUTH, and CODE where a second factor is asked for, open the session or end in
FAILED. How it says no: host_answers.py. A request for a person at the host waits for `accept` or `reject`.
"""

import secrets
from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fanlight.access import Identity, Rules
from fanlight.access.identity import key_fingerprint, proof_is_valid
from fanlight.access.tries import Tried, Who
from fanlight.errors import (
    AuthenticationFailed,
    ConnectionLost,
    FanlightError,
    IdentityError,
    Refused,
    RemoteProtocolError,
    StateError,
    UsageError,
)
from fanlight.protocol import Role
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session.base import PASSWORD_SECONDS, REQUEST_SECONDS, auth_message, version_error
from fanlight.session.events import ConnectionInfo, HostEvent, Opened, Requested
from fanlight.session.front_desk import EmptyDesk, FrontDesk
from fanlight.session.host_answers import ANSWER_SECONDS, HostAnswers
from fanlight.session.live_rights import LiveRights
from fanlight.types import Permission


@dataclass(frozen=True, slots=True)
class Door:
    """What a client meets at the host. `binding` is SHA-256 of the TLS leaf (DER), `peer` its address for logs.

    `available` are the rights that mean something on this machine, `wall_ahead` is how far the wall clock is ahead of
    the clock of the session.
    """

    rules: Rules
    identity: Identity
    binding: bytes
    peer: str
    available: frozenset[Permission] = frozenset(Permission)
    desk: FrontDesk = field(default_factory=EmptyDesk)
    wall_ahead: float = 0.0


class HostHandshake(HostAnswers):
    """One client at the door."""

    def __init__(self, door: Door, now: float) -> None:
        super().__init__(Role.HOST, now)
        self.peer = door.peer
        self.fingerprint = ""
        self.alias: str | None = None
        self.name = ""
        self.profile = ""
        self.live = LiveRights(frozenset(), door.available)
        self._rules = door.rules
        self._identity = door.identity
        self._binding = door.binding
        self._desk = door.desk
        self._wall_ahead = door.wall_ahead
        self._tls = ("", "")
        self._hello: m.ClientHello | None = None
        self._greeting = b""
        self._auth_message = b""
        self._auth: m.Auth | None = None
        self._tried: Tried | None = None
        self._requested_at: float | None = None
        self._epoch = 0

    # -- what the host's owner says --------------------------------------------------------------------------------

    def secured_by(self, version: str, cipher: str) -> None:
        """Take note of what TLS has agreed on."""
        self._tls = (version, cipher)

    def set_wall_clock(self, ahead: float) -> None:
        """Take note of how far the wall clock is ahead of `now` by now."""
        self._wall_ahead = ahead

    @property
    def is_requesting(self) -> bool:
        """Whether the client waits for a person's answer."""
        return self._requested_at is not None and self._answer is None and not self._ended

    def connection(self) -> ConnectionInfo:
        """Tell how the two are connected."""
        return ConnectionInfo.by(self._connected(), self._auth.method if self._auth else "")

    def offers(self, now: float) -> dict[str, frozenset[Permission]]:
        """Return the profiles that a requesting client may be let in with, and what each lets it do here."""
        offered = self._rules.profiles_offered(self._who, self._wall(now))
        return {profile: rights & self.live.available for profile, rights in offered.items()}

    def answer_within(self, now: float) -> float | None:
        """Return how many seconds a person has to answer; None where the client does not ask."""
        if not self.is_requesting or self._requested_at is None:
            return None
        return max(0.0, self._requested_at + REQUEST_SECONDS - now)

    def accept(self, profile: str, without: frozenset[Permission], now: float) -> list[HostEvent]:
        """Let a requesting client in with a profile's rights, `without` some of them for this session only.

        UsageError when there is nobody to let in, or when the profile is not offered.
        """
        self._check_requesting()
        tried = self._rules.accepted(profile, without)
        self._requested_at = None
        self.live.withdrawn = without
        try:
            return self._admit(tried, now)
        except StateError as error:
            return [self._end_with(error, said="the session cannot go on")]

    def reject(self, now: float, reason: str = "the person at the host rejected the request") -> list[HostEvent]:
        """Send a requesting client away; UsageError when there is none."""
        self._check_requesting()
        assert self._requested_at is not None
        return self._answer_at(max(now, self._requested_at + ANSWER_SECONDS), m.Refused(), Refused(reason))

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        if self.is_requesting and self._requested_at is not None:
            return self._requested_at + REQUEST_SECONDS
        return super().deadline

    def timeout(self, now: float) -> list[HostEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        if not self.is_requesting:
            return super().timeout(now)
        if self._requested_at is None or now < self._requested_at + REQUEST_SECONDS:
            return []
        self.reject(now, f"nobody answered the request within {REQUEST_SECONDS:g} seconds")
        return super().timeout(now)

    # -- what the client says --------------------------------------------------------------------------------------

    def _handle(self, received: Received, now: float) -> list[HostEvent]:
        match received:
            case m.ClientHello(key=key):
                self._hello, self.fingerprint = received, key_fingerprint(key)
                self._greet()
            case m.OtherVersion(version=version):
                self._greet()
                raise RemoteProtocolError(version_error("client", version))
            case m.Prove(signature=signature):
                return self._check_client(signature, now)
            case m.Auth():
                self._auth = received
                return self._check_credential(received, now)
            case m.Code(code=code):
                return self._check_code(code, now)
            case _:
                return self._handle_open(received, now)
        return []

    @abstractmethod
    def _handle_open(self, received: Received, now: float) -> list[HostEvent]:
        """React to a message of the open session."""

    @abstractmethod
    def _welcome(self, tried: Tried, now: float) -> None:
        """Do what comes right after SESSION."""

    def _too_slow(self) -> FanlightError:
        return ConnectionLost("the client did not finish the handshake in time")

    def _greet(self) -> None:
        nonce, identity = secrets.token_bytes(32), self._identity.certificate_der
        self._send(m.HostHello(version=m.VERSION, nonce=nonce, identity=identity))
        self._greeting = self._connection.transcript

    def _check_client(self, signature: bytes, now: float) -> list[HostEvent]:
        """Decide who it is and whether it may ask at all; everything that speaks against it looks the same."""
        assert self._hello is not None
        if not proof_is_valid(self._hello.key, signature, self._binding, self._greeting):
            unknown = Who("", None, self.peer)
            return self._turn_away(unknown, "the client did not prove that it holds its key for this connection", now)
        try:
            self.alias = self._proved_alias(now)
        except IdentityError as error:
            return self._turn_away(self._who, str(error), now)
        reason = self._rules.may_ask(self._who, self._wall(now))
        if reason is not None:
            return self._refuse(reason, now)
        if self._desk.is_full:
            return self._turn_away(self._who, "as many sessions are open as this host takes", now)
        offer = self._rules.offer()
        self._send(m.Methods(methods=list(m.METHODS), salt=offer.salt, iterations=offer.iterations))
        self._auth_message = auth_message(self._binding, self._connection.transcript)
        self._handshake_until = now + PASSWORD_SECONDS
        return []

    def _check_credential(self, auth: m.Auth, now: float) -> list[HostEvent]:
        if auth.method == "request":
            return self._ask_person(now)
        wall = self._wall(now)
        try:
            match auth.method:
                case "password":
                    tried = self._rules.password(self._who, auth.proof, self._auth_message, wall)
                case "token":
                    tried = self._rules.token(self._who, auth.proof, wall)
                case "resume":
                    tried = self._rules.resume(self._who, auth.proof, wall)
        except StateError as error:
            # For the client this is one more reason that it cannot tell from the others.
            return self._fail(error, now)
        self._tried = tried
        if tried.needs_code:
            return self._ask_code(now)
        return self._decide(tried, now)

    def _check_code(self, code: str, now: float) -> list[HostEvent]:
        assert self._tried is not None
        try:
            tried = self._rules.code(self._who, self._tried, code, self._wall(now))
        except StateError as error:
            return self._fail(error, now)
        return self._decide(tried, now)

    def _decide(self, tried: Tried, now: float) -> list[HostEvent]:
        if not tried.right:
            return self._fail(AuthenticationFailed(tried.reason), now)
        return self._admit(tried, now)

    def _ask_person(self, now: float) -> list[HostEvent]:
        desk = self._desk
        reason = self._rules.may_prompt(
            self._who, self._wall(now), window_open=desk.console_is_open, live_prompts=desk.prompts
        )
        if reason is not None:
            return self._refuse(reason, now)
        self._requested_at = now
        return [Requested(self.fingerprint, self.alias, tuple(self.offers(now)))]

    def _check_requesting(self) -> None:
        if not self.is_requesting:
            raise UsageError("this client does not wait for an answer: it has one, or has gone")

    # -- the answers -----------------------------------------------------------------------------------------------

    def _admit(self, tried: Tried, now: float) -> list[HostEvent]:
        assert self._auth is not None
        self.name, self.profile = tried.session or secrets.token_hex(16), tried.profile
        try:
            issued = self._rules.opened(
                self._who, tried, self._wall(now), remember=self._auth.remember, session=self.name
            )
        except (AuthenticationFailed, StateError) as error:
            # A setting was changed while a code was typed or a person thought.
            refuse = tried.method == "request"
            return self._refuse(str(error), now) if refuse else self._fail(error, now)
        self._set_rights(tried, now)
        self._epoch = 1
        opened = m.Session(
            rights=sorted(self.live.granted),
            unavailable=sorted(self.live.unavailable),
            epoch=self._epoch,
            profile=self.profile,
            method=tried.method,
            host_proof=tried.server_signature,
            session=self.name,
            token=issued.token,
            resume=issued.resume,
            resume_seconds=issued.resume_seconds,
            connection=self._connected(),
        )
        self._send(opened)
        self._open(now)
        self._welcome(tried, now)
        return [Opened.by(opened, self.fingerprint)]

    def _set_rights(self, tried: Tried, now: float) -> None:
        """Take a try's rights as the profile's; a session that goes on is bound by what it had, for good."""
        if tried.method == "resume":
            self.live.cap = tried.rights
        profile = self._rules.profile_rights(tried.profile, self._who, self._wall(now))
        self.live.profile = tried.rights if profile is None else profile

    def _connected(self) -> m.Connected:
        version, cipher = self._tls
        host = self._identity.fingerprint
        return m.Connected(
            tls=version, cipher=cipher, direct=True, client=self.fingerprint, alias=self.alias, host=host
        )

    def _turn_away(self, who: Who, reason: str, now: float) -> list[HostEvent]:
        self._rules.note_refusal(who, reason, self._wall(now))
        return self._refuse(reason, now)

    # -- who it is -------------------------------------------------------------------------------------------------

    @property
    def _who(self) -> Who:
        return Who(self.fingerprint, self.alias, self.peer)

    def _proved_alias(self, now: float) -> str | None:
        """Return the name that a namespace vouches for now; IdentityError when its certificate does not hold."""
        assert self._hello is not None
        if self._hello.certificate is None:
            return None
        at = datetime.fromtimestamp(self._wall(now), UTC)
        return self._rules.namespaces.alias(self._hello.certificate, self._hello.key, at)

    def _wall(self, now: float) -> float:
        return now + self._wall_ahead
