"""Profiles: named sets of rights. A right that a profile says nothing of is as in the profile Default."""

from collections.abc import Mapping

from fanlight.access.passwords import SLOTS
from fanlight.access.rights import BUILT_IN, DEFAULT
from fanlight.access.store import Store
from fanlight.errors import SettingRefused, UsageError
from fanlight.types import Permission

# As many as passwords that one check looks at.
MOST_PROFILES = SLOTS
_MOST_LETTERS = 64


class Profiles:
    """The profiles in a store: the four that every host has, and those that were made."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, bool]:
        """Return every profile and whether it is enabled, by name."""
        return {str(name): bool(on) for name, on in self._store.rows("SELECT name, enabled FROM profiles")}

    def enabled(self) -> tuple[str, ...]:
        """Return the profiles that may be used now, Default first."""
        names = [name for name, on in self.all().items() if on]
        return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))

    def check(self, profile: str) -> None:
        """Raise UsageError when there is no such profile."""
        if profile not in self.all():
            raise UsageError(f"there is no profile {profile!r}: there are {', '.join(sorted(self.all()))}")

    def rights(self, profile: str) -> frozenset[Permission]:
        """Return what a profile grants, enabled or not."""
        standard, own = self.says(DEFAULT), self.says(profile)
        return frozenset(each for each in Permission if _first(own[each], standard[each]))

    def says(self, profile: str) -> dict[Permission, bool | None]:
        """Return what a profile itself says of each right; None: it uses the standard permission."""
        self.check(profile)
        rows = self._store.rows("SELECT permission, allowed FROM profile_rights WHERE profile = ?", profile)
        changed = {str(name): None if allowed is None else bool(allowed) for name, allowed in rows}
        factory: Mapping[Permission, bool] = BUILT_IN.get(profile, {})
        return {each: changed.get(each, factory.get(each)) for each in Permission}

    def create(self, profile: str) -> None:
        """Make a profile that grants the standard permissions."""
        check_name(profile)
        with self._store.changing() as db:
            names = self.all()
            if profile.casefold() in {name.casefold() for name in names}:
                raise SettingRefused(f"there is a profile {profile!r} already")
            if len(names) >= MOST_PROFILES:
                raise SettingRefused(f"there are {MOST_PROFILES} profiles, and there cannot be more: delete one first")
            db.execute("INSERT INTO profiles VALUES (?, 1)", (profile,))

    def delete(self, profile: str) -> None:
        """Remove a profile with its password, and the tokens and resume secrets that it opened."""
        self.check(profile)
        if profile in BUILT_IN:
            raise SettingRefused(f"the profile {profile!r} cannot be deleted: disable it instead")
        with self._store.changing() as db:
            for table in ("profile_rights", "verifiers", "tokens", "resumes"):
                db.execute(f"DELETE FROM {table} WHERE profile = ?", (profile,))  # noqa: S608
            db.execute("DELETE FROM profiles WHERE name = ?", (profile,))

    def enable(self, profile: str, on: bool) -> None:
        """Enable or disable a profile. While it is disabled, its password, tokens and resume secrets open nothing."""
        self.check(profile)
        with self._store.changing() as db:
            db.execute("UPDATE profiles SET enabled = ? WHERE name = ?", (int(on), profile))

    def set(self, profile: str, changes: Mapping[Permission, bool | None]) -> None:
        """Change what a profile says of some rights; None lets it use the standard permission again."""
        self.check(profile)
        if profile == DEFAULT and None in changes.values():
            raise SettingRefused(f"{DEFAULT!r} holds the standard permissions itself: say yes or no")
        rows = [(profile, each.value, None if on is None else int(on)) for each, on in changes.items()]
        with self._store.changing() as db:
            db.executemany("INSERT OR REPLACE INTO profile_rights VALUES (?, ?, ?)", rows)


def _first(own: bool | None, standard: bool | None) -> bool:
    return bool(standard if own is None else own)


def check_name(profile: str) -> None:
    """Raise UsageError unless a profile may bear this name."""
    if not 0 < len(profile) <= _MOST_LETTERS or not profile.isprintable() or profile != profile.strip():
        raise UsageError(
            f"a profile's name has 1 to {_MOST_LETTERS} characters that can be printed, no blank at an end"
        )
