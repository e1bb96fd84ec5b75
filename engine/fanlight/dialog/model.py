"""What the person at the host has before him, and what his choices mean: no window, no socket, no clock.

`take` is told how the host's sessions are, `now` is in monotonic seconds. There is one view at a time: the request
that waits, else the open sessions, else nothing. `press` answers with what is to be asked of the host, if anything;
whether that is allowed is for the host alone to decide.

A view that has just come takes nothing for GRACE_SECONDS: a key or a click that was meant for something else, or for
the view before it, must not let anybody in.
"""

from typing import Any, Literal

import msgspec

from fanlight.net.reception import DEFAULT_PROFILE, SessionFacts
from fanlight.types import Permission

GRACE_SECONDS = 0.7
_MOST_SECRET = 256

View = Literal["idle", "request", "sessions"]


class HostState(msgspec.Struct, frozen=True, kw_only=True):
    """How the sessions of a host are, as its control socket tells it."""

    sessions: list[SessionFacts] = []
    console: bool = False
    controlled: bool = False
    admin_secret: bool = False


class Model:
    """The state of one dialog. `error` is a sentence to show, `secret` what was typed of the admin secret."""

    def __init__(self) -> None:
        self.state = HostState()
        self.profile = ""
        self.off: frozenset[Permission] = frozenset()
        self.secret = ""
        self.error = ""
        self.focus = ""
        self._shown: tuple[str, ...] = ()
        self._active_at = 0.0
        self._deadline = 0.0

    # -- what is shown ---------------------------------------------------------------------------------------------

    def take(self, state: HostState, now: float) -> None:
        """Take over how the sessions are now."""
        self.state = state
        request = self.request
        if request is not None and request.seconds_left is not None:
            self._deadline = now + request.seconds_left
        shown = (self.view, request.id if request is not None else "")
        if shown != self._shown:
            self._shown = shown
            self._active_at = now + GRACE_SECONDS
            self.secret, self.error, self.off = "", "", frozenset()
            self.profile = ""
            self.focus = "reject" if request is not None else ""
        if request is not None and self.profile not in request.profiles:
            self.profile = DEFAULT_PROFILE if DEFAULT_PROFILE in request.profiles else next(iter(request.profiles), "")

    @property
    def view(self) -> View:
        """What is shown."""
        if self.request is not None:
            return "request"
        return "sessions" if self.open else "idle"

    @property
    def request(self) -> SessionFacts | None:
        """The request that waits for an answer."""
        return next((facts for facts in self.state.sessions if facts.state == "requesting"), None)

    @property
    def open(self) -> list[SessionFacts]:
        """The open sessions."""
        return [facts for facts in self.state.sessions if facts.state == "open"]

    @property
    def rights(self) -> dict[Permission, bool]:
        """The rights of the profile that is chosen, and which of them the request would get."""
        offered = self.request.profiles.get(self.profile, []) if self.request is not None else []
        return {right: right not in self.off for right in offered}

    @property
    def needs_secret(self) -> bool:
        """Whether somebody can be given more with the admin secret only: a session controls this computer."""
        gives = self.request is not None or any(facts.withdrawn for facts in self.open)
        return self.state.controlled and gives

    @property
    def may_give(self) -> bool:
        """Whether somebody can be given more at all."""
        return not self.state.controlled or (self.state.admin_secret and bool(self.secret))

    def seconds_left(self, now: float) -> float:
        """Return how long the request still waits."""
        return max(0.0, self._deadline - now)

    def is_active(self, now: float) -> bool:
        """Whether the view has been there for long enough to be meant."""
        return now >= self._active_at

    # -- what the person does --------------------------------------------------------------------------------------

    def type(self, text: str) -> None:
        """Add to the admin secret."""
        self.secret = (self.secret + text)[:_MOST_SECRET]

    def erase(self) -> None:
        """Take back the last character of the admin secret."""
        self.secret = self.secret[:-1]

    def press(self, key: str, now: float) -> dict[str, Any] | None:
        """Press a button or toggle; return what is to be asked of the host."""
        if not self.is_active(now):
            return None
        self.error = ""
        what, _, rest = key.partition(" ")
        match what:
            case "previous" | "next":
                self._choose(1 if what == "next" else -1)
            case "right" if Permission(rest) in self.rights:
                self.off ^= {Permission(rest)}
            case "accept" | "reject" if self.request is not None:
                return self._answer(self.request, what)
            case "end":
                return {"do": "end", "id": rest}
            case "switch":
                return self._switch(*rest.split(" "))
        return None

    def _choose(self, step: int) -> None:
        names = list(self.request.profiles) if self.request is not None else []
        if self.profile in names:
            self.profile = names[(names.index(self.profile) + step) % len(names)]
            # What is off in one profile says nothing of another.
            self.off = frozenset()

    def _answer(self, request: SessionFacts, what: str) -> dict[str, Any] | None:
        if what == "reject":
            return {"do": "reject", "id": request.id}
        if not self.profile or not self.may_give:
            return None
        without = sorted(right for right, on in self.rights.items() if not on)
        asked = {"do": "accept", "id": request.id, "profile": self.profile, "without": without}
        return asked | self._proof()

    def _switch(self, number: str, right: str) -> dict[str, Any] | None:
        facts = next((facts for facts in self.open if facts.id == number), None)
        if facts is None:
            return None
        if Permission(right) not in facts.withdrawn:
            return {"do": "withdraw", "id": number, "right": right}
        if not self.may_give:
            self.error = "type the admin secret first" if self.state.admin_secret else ""
            return None
        return {"do": "grant", "id": number, "right": right} | self._proof()

    def _proof(self) -> dict[str, Any]:
        if not self.state.controlled:
            return {}
        secret, self.secret = self.secret, ""
        return {"secret": secret}
