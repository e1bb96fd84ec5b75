"""The access list: the only clients that may ask, while it is on. Everybody may while it is off.

An entry names fingerprints or aliases, with `*` for any characters and `?` for one. It must match as a whole, without
regard to case. Names of aliases have exactly one `@`, in the entry and in what it is compared with: `*@acme` can not
match `x@acme.evil`, nor `x@acme@evil`. What is compared was proved: a key's fingerprint, a certificate's alias.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fanlight.access.identity import parse_fingerprint
from fanlight.access.store import Store
from fanlight.access.tries import Who
from fanlight.errors import SettingRefused, UsageError

MOST_ENTRIES = 1_000
_ALIASES = re.compile(r"[a-z0-9._*?-]{1,64}@[a-z0-9._*?-]{1,64}")
_FINGERPRINTS = re.compile(r"[0-9a-f*?]{1,64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    pattern: str
    enabled: bool


class AccessList:
    """The list in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def on(self) -> bool:
        """Whether the list decides; off at first."""
        return bool(self._store.setting("acl", int))

    def switch(self, on: bool) -> None:
        """Switch the whole list on or off."""
        self._store.put_setting("acl", int(on))

    def entries(self) -> list[Entry]:
        """Return all entries, by pattern."""
        rows = self._store.rows("SELECT pattern, enabled FROM acl ORDER BY pattern")
        return [Entry(str(pattern), bool(enabled)) for pattern, enabled in rows]

    def names(self) -> tuple[str, ...]:
        """Return the names in the list's aliases, without wildcards; a letter or two is no name."""
        aliases = [entry.pattern for entry in self.entries() if "@" in entry.pattern]
        return tuple(word for alias in aliases for word in re.split(r"[@*?]", alias) if len(word) > 2)

    def add(self, pattern: str) -> str:
        """Add an entry, or enable it where it was; return it as it is kept."""
        kept = parse_pattern(pattern)
        with self._store.changing() as db:
            db.execute("INSERT OR REPLACE INTO acl VALUES (?, 1)", (kept,))
            if db.execute("SELECT count(*) FROM acl").fetchone()[0] > MOST_ENTRIES:
                raise SettingRefused(f"the access list holds {MOST_ENTRIES} entries: use a pattern for many")
        return kept

    def remove(self, pattern: str) -> str:
        """Remove an entry; SettingRefused when there is none."""
        return self._change(pattern, "DELETE FROM acl WHERE pattern = ?")

    def enable(self, pattern: str, on: bool) -> str:
        """Switch one entry on or off; SettingRefused when there is none."""
        return self._change(pattern, f"UPDATE acl SET enabled = {int(on)} WHERE pattern = ?")  # noqa: S608

    def refusal(self, who: Who) -> str | None:
        """Return why a client may not ask, or None."""
        if not self.on or any(entry.enabled and matches(entry.pattern, who) for entry in self.entries()):
            return None
        return "not on the access list"

    def _change(self, pattern: str, statement: str) -> str:
        kept = parse_pattern(pattern)
        with self._store.changing() as db:
            if db.execute(statement, (kept,)).rowcount == 0:
                raise SettingRefused(f"{kept} is not on the access list: `fanlight access acl list` shows what is")
        return kept


def parse_pattern(text: str) -> str:
    """Return a pattern as it is kept; UsageError when it can match nobody."""
    folded = text.strip().casefold()
    if "@" in folded:
        if _ALIASES.fullmatch(folded) is None:
            raise UsageError(f"{text[:150]!r} is no alias: write name@namespace, with * and ? as wildcards")
        return folded
    if "*" not in folded and "?" not in folded:
        return parse_fingerprint(text)
    if _FINGERPRINTS.fullmatch(folded) is None:
        raise UsageError(f"{text[:150]!r} is neither an alias (name@namespace) nor a part of a fingerprint")
    return folded


def matches(pattern: str, who: Who) -> bool:
    """Say whether an entry means this client."""
    if "@" not in pattern:
        return fnmatchcase(who.fingerprint.casefold(), pattern)
    if who.alias is None or who.alias.count("@") != 1:
        return False
    return fnmatchcase(who.alias.casefold(), pattern)
