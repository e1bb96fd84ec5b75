"""The sessions of a host as its person sees them: who asks, who is inside, and what may be done about it.

Every session that asks for a person or is open has a number, which stays its own as long as the host runs. The control
socket and the console speak to nothing else.
"""

import logging
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from fanlight.errors import StateError, UsageError
from fanlight.types import Permission

log = logging.getLogger("fanlight")

MOST_SESSIONS = 128
DEFAULT_PROFILE = "Default"


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as `fanlight sessions list` shows it. `alias` is proved; None: the client is known by its key alone.

    `denied` holds what neither the profile, the host nor the viewer switched on, `unavailable` what means nothing here.
    """

    id: str
    state: Literal["requesting", "open"]
    client: str
    alias: str | None
    address: str
    verified: str
    profiles: list[str]
    session: str
    method: str
    profile: str
    rights: list[Permission]
    denied: list[Permission]
    unavailable: list[Permission]
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
    def rights(self) -> frozenset[Permission]:
        """What it may do now."""

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


class Reception:
    """The desk of one host. All methods belong to the loop's thread."""

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}
        self._last = 0
        self._watchers: list[Callable[[SessionFacts], None]] = []

    # -- what the handshake asks -----------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether no further session can be opened."""
        return sum(guest.is_open for guest in self._guests.values()) >= MOST_SESSIONS

    @property
    def console_is_open(self) -> bool:
        """Whether a person sees requests as they come."""
        return bool(self._watchers)

    @property
    def prompts(self) -> int:
        """How many requests wait for an answer."""
        return sum(guest.is_requesting for guest in self._guests.values())

    # -- what the links say ----------------------------------------------------------------------------------------

    def enter(self, guest: Guest) -> None:
        """Take in a client that asks, or whose session is open; once for each."""
        if guest.is_open:
            self._drop_double(guest)
        if guest in self._guests.values():
            return
        self._last += 1
        number = str(self._last)
        self._guests[number] = guest
        if guest.is_requesting:
            facts = guest.facts(number)
            log.info("%s asks to be let in: `fanlight sessions accept %s` or `reject %s`", name(facts), number, number)
            for watch in self._watchers:
                watch(facts)

    def leave(self, guest: Guest) -> None:
        """Forget a client that has gone."""
        self._guests = {number: each for number, each in self._guests.items() if each is not guest}

    # -- what the person says --------------------------------------------------------------------------------------

    def watch(self, console: Callable[[SessionFacts], None]) -> None:
        """Open a console: it is told of every request from now on."""
        self._watchers.append(console)

    def unwatch(self, console: Callable[[SessionFacts], None]) -> None:
        """Close a console."""
        self._watchers.remove(console)

    def sessions(self) -> list[SessionFacts]:
        """Return all that ask or are inside, in the order in which they came."""
        return [guest.facts(number) for number, guest in self._guests.items() if guest.is_open or guest.is_requesting]

    @property
    def is_controlled(self) -> bool:
        """Whether a session is open that may control this machine."""
        return any(Permission.CONTROL in guest.rights for guest in self._guests.values())

    def accept(self, number: str, profile: str | None, without: frozenset[Permission] = frozenset()) -> None:
        """Let in who asks."""
        self._guest(number).accept(profile or DEFAULT_PROFILE, without)

    def reject(self, number: str) -> None:
        """Send away who asks."""
        self._guest(number).reject()

    def end(self, number: str) -> None:
        """End a session for good, or reject who asks."""
        guest = self._guest(number)
        if guest.is_requesting:
            guest.reject()
        else:
            guest.dismiss("the person at the host ended the session")

    def switch(self, number: str, right: Permission, on: bool) -> None:
        """Grant or withdraw a right for this session only."""
        self._guest(number).switch(right, on)

    def review(self) -> None:
        """Let every session look at the rules again; what cannot be read now is looked at the next time."""
        for guest in tuple(self._guests.values()):
            try:
                guest.review()
            except StateError as error:
                log.warning("the rules cannot be read: %s", error)

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
