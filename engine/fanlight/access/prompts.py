"""Requests to the person at the host: whether they are shown, and how many a client may make."""

from fanlight.access.store import Store
from fanlight.access.tries import Who
from fanlight.errors import UsageError

MODES = ("always", "window", "never")
MOST_FOR_A_KEY = 3
WITHIN_SECONDS = 600.0
# Keys cost nothing, and each request is a row.
_MOST_ROWS = 1_000


class Prompts:
    """How requests are treated, and those of the last ten minutes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def mode(self) -> str:
        """Show requests "always", only while the host's "window" is open, or "never"."""
        return self._store.setting("interactive", str)

    def set_mode(self, mode: str) -> None:
        """Choose when requests are shown."""
        if mode not in MODES:
            raise UsageError(f"{mode!r} is none of {', '.join(MODES)}")
        self._store.put_setting("interactive", mode)

    def count(self, who: Who, now: float, *, window_open: bool, live_prompts: int) -> str | None:
        """Return why a request is not shown, or None: then it is, and counts."""
        mode = self.mode
        if mode == "never":
            return "requests are never shown here"
        if mode == "window" and not window_open:
            return "requests are shown only while the host's console is open"
        if live_prompts > 0:
            return "another request is being shown"
        return self._count(who, now)

    def _count(self, who: Who, now: float) -> str | None:
        with self._store.changing() as db:
            # Also those from the future: the clock was set back since.
            db.execute("DELETE FROM prompts WHERE NOT asked BETWEEN ? AND ?", (now - WITHIN_SECONDS, now))
            if db.execute("SELECT count(*) FROM prompts").fetchone()[0] >= _MOST_ROWS:
                return "too many requests, of all clients together"
            query = "SELECT count(*) FROM prompts WHERE fingerprint = ?"
            if db.execute(query, (who.fingerprint,)).fetchone()[0] >= MOST_FOR_A_KEY:
                return f"more than {MOST_FOR_A_KEY} requests in ten minutes"
            db.execute("INSERT INTO prompts VALUES (?, ?)", (who.fingerprint, now))
        return None
