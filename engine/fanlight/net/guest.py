"""One client's session in the hands of the person at the host: what may be seen of it, and done about it."""

import time
from collections.abc import Callable
from contextlib import suppress

from fanlight.errors import StateError, UsageError
from fanlight.net.reception import SessionFacts
from fanlight.session import events
from fanlight.session.host_session import HostSession
from fanlight.types import Permission


class SessionGuest:
    """A session as the reception knows it; `act` is called with whatever a decision makes happen."""

    def __init__(self, session: HostSession, act: Callable[[list[events.HostEvent]], None]) -> None:
        self._session = session
        self._act = act
        self._opened: events.Opened | None = None

    def note(self, event: events.Opened) -> None:
        """Take note that the session is open."""
        self._opened = event

    @property
    def is_requesting(self) -> bool:
        """Whether it waits for a person's answer."""
        return self._session.is_requesting

    @property
    def is_open(self) -> bool:
        """Whether its session is open and not about to end."""
        return self._session.is_open

    @property
    def controls(self) -> bool:
        """Whether it may control this machine now, or whenever it likes: what it waives it can take back."""
        live = self._session.live
        return self.is_open and Permission.CONTROL in live.grantable - live.withdrawn

    @property
    def session(self) -> str:
        """The name of its session; "" until it is open."""
        return self._session.name if self._opened else ""

    def drop(self) -> None:
        """Take its connection for lost."""
        self._act(self._session.lost(time.monotonic()))

    def facts(self, number: str) -> SessionFacts:
        """Tell what a person may know of it."""
        session, opened, now = self._session, self._opened, time.monotonic()
        offers: dict[str, frozenset[Permission]] = {}
        # While the rules cannot be read nobody can be let in, and there is nothing to choose from.
        with suppress(StateError):
            offers = session.offers(now) if session.is_requesting else {}
        unavailable = session.live.unavailable
        how = session.connection()
        return SessionFacts(
            id=number,
            state="open" if opened else "requesting",
            client=session.fingerprint,
            alias=session.alias,
            address=session.peer,
            verified=how.verified,
            profiles={profile: sorted(rights) for profile, rights in offers.items()},
            seconds_left=session.answer_within(now),
            session=session.name,
            method=how.method,
            profile=session.profile,
            rights=sorted(session.granted),
            denied=sorted(frozenset(Permission) - session.granted - unavailable) if opened else [],
            unavailable=sorted(unavailable),
            withdrawn=sorted(session.live.withheld) if opened else [],
            controls=self.controls,
            tls=how.tls,
            cipher=how.cipher,
            direct=how.direct,
            host=how.host,
        )

    def accept(self, profile: str, without: frozenset[Permission]) -> None:
        """Let it in; UsageError where that cannot be."""
        self._act(self._session.accept(profile, without, time.monotonic()))

    def reject(self) -> None:
        """Send it away; UsageError where it does not ask."""
        self._act(self._session.reject(time.monotonic()))

    def dismiss(self, reason: str) -> None:
        """End its session for good."""
        self._act(self._session.end(reason, time.monotonic(), for_good=True))

    def switch(self, right: Permission, on: bool) -> None:
        """Turn the host's switch for a right; UsageError where its profile does not grant it."""
        if not self.is_open:
            raise UsageError("the session is not open yet: accept it with the rights that it shall have")
        live = self._session.live
        if on and right in live.unavailable:
            raise UsageError(f"{right} means nothing on this machine")
        if on and right not in live.grantable:
            raise UsageError(f"the profile {self._session.profile!r} does not grant {right}")
        switches = frozenset(Permission) - live.withdrawn
        switches = switches | {right} if on else switches - {right}
        self._act(self._session.set_rights(switches, time.monotonic()))

    def review(self) -> None:
        """Look at the rules again."""
        now = time.monotonic()
        # The wall clock may have been set since, or the machine has slept.
        self._session.set_wall_clock(time.time() - now)
        self._act(self._session.review(now))
