"""The values that pass between the door and the rules: who asks, what came of a try, and what is issued.

A try is looked at twice: `reason` is for the owner alone, and a peer is told the same whatever it says.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from fanlight.types import Permission

Method = Literal["password", "token", "resume", "request"]
"""How a client asks to come in."""


@dataclass(frozen=True, slots=True)
class Who:
    """A client that has proved its key, and its alias if it has one.

    `fingerprint` has 64 lowercase hexadecimal digits; `alias` is one like "x@acme" that a certificate proves, else
    None; `address` is where it comes from, for the audit only.
    """

    fingerprint: str
    alias: str | None
    address: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client needs to prove a password."""

    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try. The session may open when it is `right`.

    `reason` is "" or why it was not right, for the owner. `needs_code`: a code must be asked for, whatever the reason.
    `rights` and `profile` mean something only when there is no reason; `session` is the session that a resume goes on
    with, else "". `server_signature` are 32 bytes, random where there is no password to answer for. `voids` counts how
    often all secrets had been made void when this was tried; `unattended`: no person said yes, so that unattended
    access must stay on.
    """

    method: Method
    reason: str
    profile: str
    rights: frozenset[Permission]
    server_signature: bytes
    needs_code: bool
    session: str
    voids: int
    unattended: bool

    @property
    def right(self) -> bool:
        """Whether nothing more is asked and nothing was wrong."""
        return not self.reason and not self.needs_code


@dataclass(frozen=True, slots=True)
class Issued:
    """Secrets for the client alone: it sends `token` to log in, and `resume` to go on after a cut. 32 bytes each."""

    token: bytes | None
    resume: bytes
    resume_seconds: int


class Journal(Protocol):
    """Where decisions are written down for the owner: the audit."""

    def append(self, event: str, now: float, **fields: object) -> object:
        """Write one entry; `now` is in unix seconds."""

    def head(self) -> bytes:
        """Return what stands for all entries so far, for a peer to sign."""

    def countersigned(self, key: bytes, head: bytes, signature: bytes, now: float, **fields: object) -> bool:
        """Write down a peer's signature of a head, by its key (DER); False, and written too, if it is wrong."""
