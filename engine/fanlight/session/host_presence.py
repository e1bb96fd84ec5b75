"""An open session's standing at the host: its rights, its trace in the audit log, and how it is ended.

Rights change by the host's switches, by what the viewer waives and by `review`, which looks at the rules again.
Whatever ends a session takes its rights at once. Where the host keeps an audit log, the viewer then has
FAREWELL_SECONDS to countersign its head, before Bye.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from fanlight.access.tries import Tried
from fanlight.errors import ConnectionLost, FanlightError, IdentityError, RemoteProtocolError, StateError
from fanlight.protocol import State
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.protocol.framing import Buffer
from fanlight.session.events import Ended, HostEvent, RightsChanged
from fanlight.session.host_handshake import Door, HostHandshake
from fanlight.session.limits import Bucket
from fanlight.types import Permission

FAREWELL_SECONDS = 1.0
# Which rule it was stays with the host: its log and its audit log have the reason.
_ASK_THE_OWNER = "its owner can tell why"
_KEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Farewell:
    """An end that waits for the last countersignature."""

    until: float
    reason: str
    said: str


class HostPresence(HostHandshake):
    """One client, from the door to its last Bye."""

    def __init__(self, door: Door, now: float) -> None:
        super().__init__(door, now)
        self._audit = door.rules.audit
        self._heads: deque[bytes] = deque()
        self._farewell: _Farewell | None = None
        self._kept_at = now
        self._end_noted = False
        self._waivers = Bucket("changes of the viewer's own rights", rate=2, burst=10)

    # -- what the host's owner says --------------------------------------------------------------------------------

    def set_rights(self, rights: frozenset[Permission], now: float) -> list[HostEvent]:
        """Leave the host's switches on for `rights` alone; what the profile does not grant stays off.

        StateError when a right that is given back cannot be written down; nothing has changed then.
        """
        before = self.live.withdrawn
        self.live.withdrawn = frozenset(Permission) - rights
        try:
            return self._change_rights("the host", now)
        except StateError:
            self.live.withdrawn = before
            raise

    def review(self, now: float) -> list[HostEvent]:
        """Look at the rules again: what has been revoked or disabled since ends the session or loses its rights."""
        if not self.is_open:
            return []
        try:
            self._proved_alias(now)
        except IdentityError as error:
            return self.end(str(error), now, said=_ASK_THE_OWNER, for_good=True)
        profile = self._rules.profile_rights(self.profile, self._who, self._wall(now))
        if profile is None:
            reason = f"the profile {self.profile!r} is disabled, or the policy keeps this client out now"
            return self.end(reason, now, said=_ASK_THE_OWNER, for_good=True)
        self.live.profile = profile
        if now >= self._kept_at + _KEEP_SECONDS:
            self._keep(now)
        return self._change_rights("the profile", now)

    def end(self, reason: str, now: float, *, said: str = "", for_good: bool = False) -> list[HostEvent]:
        """End the session, or the handshake; the peer is told `said`, or else the reason.

        `for_good`: it cannot be resumed.
        """
        if not self.is_open:
            return [] if self._farewell else super().end(said or reason, now)
        # The session ends whether or not the disk has room to say so.
        with suppress(StateError):
            if for_good:
                self._rules.ended(self.name)
            else:
                self._keep(now)
            self._note_end(reason, now)
            if self._audit is not None:
                return self._ask_last_countersign(_Farewell(now + FAREWELL_SECONDS, reason, said or reason))
        return self._end_saying(reason, said or reason)

    # -- time and bytes --------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        return self._farewell.until if self._farewell and not self._ended else super().deadline

    def timeout(self, now: float) -> list[HostEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        if self._farewell is None:
            return self._noted(super().timeout(now), now)
        return self._say_farewell(self._farewell) if now >= self._farewell.until and not self._ended else []

    def receive_data(self, data: Buffer, now: float) -> list[HostEvent]:
        """Feed bytes from the peer; return what they mean. No bytes raise."""
        return self._noted(super().receive_data(data, now), now)

    def lost(self, now: float) -> list[HostEvent]:
        """Say that the transport is gone."""
        return self._noted(super().lost(now), now)

    # -- what the client says --------------------------------------------------------------------------------------

    def _handle_open(self, received: Received, now: float) -> list[HostEvent]:
        match received:
            case m.Waive(rights=rights):
                self._waivers.take(now)
                self.live.waived = frozenset(rights)
                return self._change_rights("the viewer", now)
            case m.Countersign():
                return self._countersigned(received, now)
            case m.Leave():
                return self.end("the viewer has left", now, for_good=True)
        return []

    def _welcome(self, tried: Tried, now: float) -> None:
        self._note(
            "session opened",
            now,
            client=self.fingerprint,
            alias=self.alias,
            method=tried.method,
            profile=self.profile,
            rights=sorted(self.granted),
        )
        self._keep(now)
        self._show_head(last=False)

    # -- rights ----------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the session is open and not about to end."""
        return self.state is State.SESSION and not self._ended and self._farewell is None

    def _change_rights(self, by: str, now: float) -> list[HostEvent]:
        granted = self.live.granted
        if not self.is_open or granted == self.granted:
            return []
        if granted - self.granted:
            # Nothing is granted that cannot be written down; what is taken away is taken away at once.
            self._note_rights(granted, by, now)
            return self._tell_rights(granted)
        happened = self._tell_rights(granted)
        with suppress(StateError):
            self._note_rights(granted, by, now)
        return happened

    def _note_rights(self, granted: frozenset[Permission], by: str, now: float) -> None:
        self._note("rights changed", now, by=by, rights=sorted(granted))
        self._keep(now)

    def _tell_rights(self, granted: frozenset[Permission]) -> list[HostEvent]:
        self._epoch = m.next_seq(self._epoch)
        self._send(m.RightsChanged(rights=sorted(granted), epoch=self._epoch))
        return [RightsChanged(granted, self._epoch)]

    def _keep(self, now: float) -> None:
        """Let what the client may resume with be good from here; what it waives, it waives for this time only."""
        self._kept_at = now
        live = self.live
        self._rules.lives(self.name, (live.profile & live.cap) - live.withdrawn, self._wall(now))

    # -- the audit log ---------------------------------------------------------------------------------------------

    def _note(self, event: str, now: float, **fields: object) -> None:
        if self._audit is not None:
            self._audit.append(event, self._wall(now), session=self.name, **fields)

    def _show_head(self, *, last: bool) -> None:
        if self._audit is not None:
            head = self._audit.head()
            self._heads.append(head)
            self._send(m.AuditHead(head=head, last=last))

    def _countersigned(self, message: m.Countersign, now: float) -> list[HostEvent]:
        assert self._hello is not None
        head = self._heads.popleft() if self._heads else b""
        if self._audit is None or message.head != head:
            raise RemoteProtocolError("a countersignature of a head of the audit log that was not shown")
        key, signature = self._hello.key, message.signature
        if not self._audit.countersigned(key, head, signature, self._wall(now), session=self.name):
            raise RemoteProtocolError("a countersignature of the audit log that is not right")
        return self._say_farewell(self._farewell) if self._farewell and not self._heads else []

    def _noted(self, happened: list[HostEvent], now: float) -> list[HostEvent]:
        """Note an end that came by itself: of the connection, by a breach, or by the viewer's Bye."""
        for event in happened:
            if isinstance(event, Ended) and self.name and not self._end_noted:
                with suppress(StateError):
                    if isinstance(event.error, ConnectionLost):
                        self._keep(now)
                    self._note_end(event.reason, now)
        return happened

    def _note_end(self, reason: str, now: float) -> None:
        self._end_noted = True
        self._note("session ended", now, reason=reason)

    # -- the end ---------------------------------------------------------------------------------------------------

    def _ask_last_countersign(self, farewell: _Farewell) -> list[HostEvent]:
        self._show_head(last=True)
        self._farewell = farewell
        return self._tell_rights(frozenset())

    def _finish(self, error: FanlightError | None, reason: str = "") -> Ended:
        if self._farewell and isinstance(error, ConnectionLost):
            return super()._finish(None, self._farewell.reason)
        return super()._finish(error, reason)

    def _say_farewell(self, farewell: _Farewell) -> list[HostEvent]:
        return self._end_saying(farewell.reason, farewell.said)

    def _end_saying(self, reason: str, said: str) -> list[HostEvent]:
        self._say_bye(said)
        return [self._finish(None, reason)]
