"""Resume secrets: 256 bits by which a client goes on with a session that was cut; once, for ten minutes, by its key."""

import hashlib
import secrets
from dataclasses import dataclass

from fanlight.access.store import Store
from fanlight.access.tries import Tried, Who
from fanlight.types import Permission

RESUME_BYTES = 32
RESUME_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Old:
    """The session that goes on. `unattended`: no person had said yes to it."""

    session: str
    profile: str
    rights: frozenset[Permission]
    unattended: bool


class Resumes:
    """The resume secrets in a store, one for each session."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def issue(self, who: Who, tried: Tried, session: str, now: float) -> bytes:
        """Make the secret of a session, in place of an older one."""
        secret = secrets.token_bytes(RESUME_BYTES)
        values = (
            *(_hash(secret), session, who.fingerprint, tried.profile),
            *(_names(tried.rights), int(tried.unattended), now + RESUME_SECONDS),
        )
        with self._store.changing() as db:
            db.execute("DELETE FROM resumes WHERE until < ?", (now,))
            db.execute("INSERT OR REPLACE INTO resumes VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return secret

    def take(self, who: Who, secret: bytes, now: float) -> Old | None:
        """Use a secret up; None when it is not this client's, used or too old."""
        place = _hash(secret), who.fingerprint
        with self._store.changing() as db:
            row = db.execute(
                "SELECT session, profile, rights, unattended, until FROM resumes WHERE hash = ? AND fingerprint = ?",
                place,
            ).fetchone()
            db.execute("DELETE FROM resumes WHERE hash = ? AND fingerprint = ?", place)
        # A clock that was set back must not make a secret last.
        if row is None or not row[4] - 2 * RESUME_SECONDS < now <= row[4]:
            return None
        return Old(row[0], row[1], _permissions(row[2]), bool(row[3]))

    def keep(self, session: str, rights: frozenset[Permission], now: float) -> None:
        """Let the ten minutes of a session's secret begin now, and end with these rights."""
        values = _names(rights), now + RESUME_SECONDS, session
        with self._store.changing() as db:
            db.execute("UPDATE resumes SET rights = ?, until = ? WHERE session = ?", values)

    def forget(self, session: str) -> None:
        """Make the secret of a session void."""
        with self._store.changing() as db:
            db.execute("DELETE FROM resumes WHERE session = ?", (session,))


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _names(rights: frozenset[Permission]) -> str:
    return " ".join(sorted(rights))


def _permissions(names: str) -> frozenset[Permission]:
    return frozenset(each for each in Permission if each in names.split())
