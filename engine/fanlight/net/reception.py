"""The sessions of a host as its person sees them: who asks, who is inside, and what may be done about it.

Every session that asks for a person or is open has a number, which stays its own as long as the host runs. The control
socket and the console speak to nothing else.

While a session controls this computer, whoever answers here may be its viewer. So what gives somebody more, accept and
grant, then needs the proof of the admin secret; what takes away never does.
"""

import logging
from typing import Literal, Protocol

import msgspec

from fanlight.errors import SettingRefused, StateError, UsageError
from fanlight.types import Permission

log = logging.getLogger("fanlight")

MOST_SESSIONS = 128
DEFAULT_PROFILE = "Default"


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as `fanlight sessions list` shows it. `alias` is proved; None: the client is known by its key alone.

    `denied` holds what the profile, the host or the viewer keeps off, `unavailable` what means nothing here, and
    `withdrawn` what the host has switched off for this session and can give back. While it asks, `profiles` are those
    to choose from, with the rights that each would give, and `seconds_left` tells how long the person has. `controls`:
    it may control this machine, now or whenever it likes.
    """

    id: str
    state: Literal["requesting", "open"]
    client: str
    alias: str | None
    address: str
    verified: str
    profiles: dict[str, list[Permission]]
    seconds_left: float | None
    session: str
    method: str
    profile: str
    rights: list[Permission]
    denied: list[Permission]
    unavailable: list[Permission]
    withdrawn: list[Permission]
    controls: bool
    tls: str
    cipher: str
    direct: bool
    host: str


class Guest(Protocol):
    """One client, as the reception knows it."""

    @property
    def is_requesting(self) -> bool:
        """Whether it waits for a person's answer."""

    @property
    def is_open(self) -> bool:
        """Whether its session is open and not about to end."""

    @property
    def controls(self) -> bool:
        """Whether it may control this machine now, or whenever it likes: what it waives it can take back."""

    @property
    def session(self) -> str:
        """The name of its session; "" until it is open."""

    def drop(self) -> None:
        """Take its connection for lost."""

    def facts(self, number: str) -> SessionFacts:
        """Tell what a person may know of it."""

    def accept(self, profile: str, without: frozenset[Permission]) -> None:
        """Let it in; UsageError where that cannot be."""

    def reject(self) -> None:
        """Send it away; UsageError where it does not ask."""

    def dismiss(self, reason: str) -> None:
        """End its session for good."""

    def switch(self, right: Permission, on: bool) -> None:
        """Turn the host's switch for a right; UsageError where its profile does not grant it."""

    def review(self) -> None:
        """Look at the rules again."""


class Attendant(Protocol):
    """Who looks after the sessions: a console, a window, or what opens one."""

    @property
    def is_console(self) -> bool:
        """Whether a person has it open, so that requests are seen as they come."""

    def changed(self) -> None:
        """Take note that a session, or an attendant, came, went or changed; `sessions` tells how they are now."""


class Reception:
    """The desk of one host. All methods belong to the loop's thread."""

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}
        self._last = 0
        self._attendants: list[Attendant] = []

    # -- what the handshake asks -----------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether no further session can be opened."""
        return sum(guest.is_open for guest in self._guests.values()) >= MOST_SESSIONS

    @property
    def console_is_open(self) -> bool:
        """Whether a person sees requests as they come."""
        return any(attendant.is_console for attendant in self._attendants)

    @property
    def prompts(self) -> int:
        """How many requests wait for an answer."""
        return sum(guest.is_requesting for guest in self._guests.values())

    # -- what the links say ----------------------------------------------------------------------------------------

    def enter(self, guest: Guest) -> None:
        """Take in a client that asks, or whose session is open; once for each."""
        if guest.is_open:
            self._drop_double(guest)
        if guest not in self._guests.values():
            self._last += 1
            number = str(self._last)
            self._guests[number] = guest
            if guest.is_requesting:
                who = name(guest.facts(number))
                log.info("%s asks to be let in: `fanlight sessions accept %s` or `reject %s`", who, number, number)
        self.changed()

    def leave(self, guest: Guest) -> None:
        """Forget a client that has gone."""
        if guest in self._guests.values():
            self._guests = {number: each for number, each in self._guests.items() if each is not guest}
            self.changed()

    def changed(self) -> None:
        """Tell all attendants that something has changed."""
        for attendant in tuple(self._attendants):
            attendant.changed()

    # -- what the person says --------------------------------------------------------------------------------------

    def attend(self, attendant: Attendant) -> None:
        """Tell an attendant of every change from now on."""
        self._attendants.append(attendant)
        self.changed()

    def dismiss(self, attendant: Attendant) -> None:
        """Tell an attendant nothing any more."""
        self._attendants.remove(attendant)
        self.changed()

    def sessions(self) -> list[SessionFacts]:
        """Return all that ask or are inside, in the order in which they came."""
        return [guest.facts(number) for number, guest in self._guests.items() if guest.is_open or guest.is_requesting]

    @property
    def is_controlled(self) -> bool:
        """Whether a session is open that may control this machine."""
        return any(guest.controls for guest in self._guests.values())

    def accept(
        self,
        number: str,
        profile: str | None,
        without: frozenset[Permission] = frozenset(),
        *,
        proved: bool = False,
    ) -> None:
        """Let in who asks; `proved`: the admin secret was given. SettingRefused where it is needed."""
        guest = self._guest(number)
        self._check_may_widen(proved)
        guest.accept(profile or DEFAULT_PROFILE, without)
        self.changed()

    def reject(self, number: str) -> None:
        """Send away who asks."""
        self._guest(number).reject()
        self.changed()

    def end(self, number: str) -> None:
        """End a session for good, or reject who asks."""
        guest = self._guest(number)
        if guest.is_requesting:
            guest.reject()
        else:
            guest.dismiss("the person at the host closed it")
        self.changed()

    def grant(self, number: str, right: Permission, *, proved: bool = False) -> None:
        """Give back a right for this session only; `proved` as in `accept`."""
        guest = self._guest(number)
        self._check_may_widen(proved)
        guest.switch(right, True)
        self.changed()

    def withdraw(self, number: str, right: Permission) -> None:
        """Take away a right for this session only."""
        self._guest(number).switch(right, False)
        self.changed()

    def review(self) -> None:
        """Let every session look at the rules again; what cannot be read now is looked at the next time."""
        for guest in tuple(self._guests.values()):
            try:
                guest.review()
            except StateError as error:
                log.warning("the rules cannot be read: %s", error)

    def _check_may_widen(self, proved: bool) -> None:
        if self.is_controlled and not proved:
            raise SettingRefused(
                "a session controls this computer: give the admin secret, which `fanlight sessions accept` and `grant` "
                "ask for, or withdraw its right to control first"
            )

    def _drop_double(self, guest: Guest) -> None:
        """Drop the old connection of a session that goes on in another one: it is dead, only not known to be."""
        for other in tuple(self._guests.values()):
            if other is not guest and other.session == guest.session != "":
                other.drop()

    def _guest(self, number: str) -> Guest:
        guest = self._guests.get(number)
        if guest is None or not (guest.is_open or guest.is_requesting):
            raise UsageError(f"there is no session {number[:20]!r}: `fanlight sessions list` shows those there are")
        return guest


def name(facts: SessionFacts) -> str:
    """Say who a client is, and whether that is proved."""
    return facts.alias or f"{facts.client} (not verified)"
