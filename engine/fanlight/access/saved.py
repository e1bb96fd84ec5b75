"""What a client keeps to come in again: for each host, by its fingerprint, a token and the secret of a session cut off.

Only the private home keeps others from them, as it keeps the identity without which they are worth nothing.
"""

from dataclasses import dataclass

from fanlight.access.store import Store


@dataclass(frozen=True, slots=True)
class Saved:
    """What there is for one host."""

    token: bytes | None
    resume: bytes | None


class SavedLogins:
    """The saved logins in a store. Times are unix seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, host: str, now: float) -> Saved:
        """Return what may let this client in at a host now."""
        rows = self._store.rows("SELECT token, resume, until FROM saved_logins WHERE host = ?", host)
        if not rows:
            return Saved(None, None)
        token, resume, until = rows[0]
        return Saved(token, resume if until is None or now < until else None)

    def keep(self, host: str, token: bytes | None, resume: bytes | None) -> None:
        """Keep what a session brought; an older token stays where it brought none."""
        with self._store.changing() as db:
            db.execute(
                """INSERT INTO saved_logins VALUES (?1, ?2, ?3, NULL) ON CONFLICT (host) DO UPDATE SET
                    token = coalesce(?2, token), resume = ?3, until = NULL""",
                (host, token, resume),
            )

    def keep_until(self, host: str, resume: bytes, until: float) -> None:
        """Say how long the secret of a session that was cut off is still good for."""
        with self._store.changing() as db:
            db.execute("UPDATE saved_logins SET until = ? WHERE host = ? AND resume = ?", (until, host, resume))

    def forget_resume(self, host: str, resume: bytes) -> None:
        """Forget the secret of a session: it is used up, or its session has ended."""
        with self._store.changing() as db:
            db.execute("UPDATE saved_logins SET resume = NULL WHERE host = ? AND resume = ?", (host, resume))

    def forget_token(self, host: str) -> None:
        """Forget the token for a host: it does not take it any more."""
        with self._store.changing() as db:
            db.execute("UPDATE saved_logins SET token = NULL WHERE host = ?", (host,))
