"""Tokens: 256 bits by which a client logs in without a password. Kept as a hash; good for the key it was issued to."""

import hashlib
import secrets
from dataclasses import dataclass

from fanlight.access.store import Store
from fanlight.access.tries import Who
from fanlight.access.voiding import void_all

TOKEN_BYTES = 32
MOST_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as its owner may see it; times are unix seconds, `used` is None before the first use."""

    fingerprint: str
    alias: str | None
    profile: str
    issued: float
    used: float | None


class Tokens:
    """The tokens in a store, one for each client key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def allowed(self) -> bool:
        """Whether new tokens are issued; those that were issued are good either way."""
        return bool(self._store.setting("saving", int))

    def allow(self, on: bool) -> None:
        """Allow or forbid clients to save their login."""
        self._store.put_setting("saving", int(on))

    def all(self) -> list[IssuedToken]:
        """Return all tokens, the oldest first."""
        rows = self._store.rows("SELECT fingerprint, alias, profile, issued, used FROM tokens ORDER BY issued")
        return [IssuedToken(*row) for row in rows]

    def clear(self) -> int:
        """Make every token and resume secret void; return how many tokens there were."""
        with self._store.changing() as db:
            count: int = db.execute("SELECT count(*) FROM tokens").fetchone()[0]
            void_all(db)
        return count

    def issue(self, who: Who, profile: str, now: float) -> bytes:
        """Make a token for a client key, in place of an older one."""
        token = secrets.token_bytes(TOKEN_BYTES)
        with self._store.changing() as db:
            db.execute("DELETE FROM tokens WHERE fingerprint = ?", (who.fingerprint,))
            db.execute(
                "DELETE FROM tokens WHERE hash NOT IN (SELECT hash FROM tokens ORDER BY issued DESC LIMIT ?)",
                (MOST_TOKENS - 1,),
            )
            values = _hash(token), who.fingerprint, who.alias, profile, now
            db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)", values)
        return token

    def check(self, who: Who, token: bytes) -> str:
        """Return the profile that a client's token opens, or "".

        What was issued under an alias is good only with that alias: one that was revoked opens nothing.
        """
        query = "SELECT profile FROM tokens WHERE hash = ? AND fingerprint = ? AND (alias IS NULL OR alias = ?)"
        rows = self._store.rows(query, _hash(token), who.fingerprint, who.alias)
        return str(rows[0][0]) if rows else ""

    def note_use(self, who: Who, now: float) -> None:
        """Note that a session opened by this client's token."""
        with self._store.changing() as db:
            db.execute("UPDATE tokens SET used = ? WHERE fingerprint = ?", (now, who.fingerprint))


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
