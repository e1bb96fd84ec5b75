"""Resume secrets: 256 bits by which a client goes on with a session that was cut; once, for ten minutes, by its key."""

import hashlib
import secrets
from dataclasses import dataclass

from fanlight.access.store import Store
from fanlight.access.tries import Tried, Who
from fanlight.types import Permission

RESUME_BYTES = 32
RESUME_SECONDS = 600
_MINE = "hash = ? AND fingerprint = ? AND (alias IS NULL OR alias = ?)"


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
            *(_hash(secret), session, who.fingerprint, who.alias, tried.profile),
            *(_names(tried.rights), int(tried.unattended), now + RESUME_SECONDS),
        )
        with self._store.changing() as db:
            db.execute("DELETE FROM resumes WHERE until < ?", (now,))
            db.execute("INSERT OR REPLACE INTO resumes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return secret

    def take(self, who: Who, secret: bytes, now: float) -> Old | None:
        """Use a secret up; None when it is not this client's, used or too old.

        What was issued under an alias is good only with that alias: one that was revoked opens nothing.
        """
        place = _hash(secret), who.fingerprint, who.alias
        with self._store.changing() as db:
            row = db.execute(f"SELECT * FROM resumes WHERE {_MINE}", place).fetchone()  # noqa: S608
            db.execute(f"DELETE FROM resumes WHERE {_MINE}", place)  # noqa: S608
        if row is None:
            return None
        _, session, _, _, profile, rights, unattended, until = row
        # A clock that was set back must not make a secret last.
        if not until - 2 * RESUME_SECONDS < now <= until:
            return None
        return Old(session, profile, _permissions(rights), bool(unattended))

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
