"""Passwords of unattended access: one for each profile, and the one that matches selects the profile.

A password is kept as a SCRAM verifier, sealed with the pepper, so that the store alone does not serve to guess it.
"""

import secrets
from dataclasses import dataclass

from fanlight.access import scram
from fanlight.access.scram import Verifier
from fanlight.access.seal import Seal
from fanlight.access.store import Store
from fanlight.access.strength import MIN_NIST, MIN_PASSWORD, check_strength
from fanlight.access.voiding import void_all
from fanlight.errors import SettingRefused, StateError, UsageError

SLOTS = 16
"""How many verifiers every check evaluates, so that its time does not tell how many passwords there are."""

PRESETS = ("standard", "nist")
_LABEL = b"fanlight verifier v1\0"


@dataclass(frozen=True, slots=True)
class Found:
    """The profile that a password selects, "" when it is wrong, and the host's answer to its proof."""

    profile: str
    server_signature: bytes


class Passwords:
    """The verifiers in a store."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal
        self._dummies = [self._sealed("", _dummy_verifier()) for _ in range(SLOTS)]

    def profiles(self) -> frozenset[str]:
        """Return the profiles that have a password."""
        return frozenset(self._verifiers())

    @property
    def preset(self) -> str:
        """How long a password must be: "standard", 8 characters, or "nist", 15 as long as no code is asked too."""
        return self._store.setting("preset", str)

    def set_preset(self, preset: str) -> None:
        """Choose a preset, for the passwords that are set from now on."""
        if preset not in PRESETS:
            raise UsageError(f"there is no preset {preset!r}: there are {', '.join(PRESETS)}")
        self._store.put_setting("preset", preset)

    def set(self, password: str, profile: str, names: tuple[str, ...], *, two_factor: bool) -> str:
        """Set a profile's password and make every token and resume secret void; return a warning, or "".

        SettingRefused says why a password is refused. Verifiers that the pepper does not open are removed.
        """
        least = MIN_NIST if self.preset == "nist" and not two_factor else MIN_PASSWORD
        warning = check_strength(password, names, least)
        salted = scram.salt_password(password, self._store.salt, self._store.iterations)
        verifier = scram.make_verifier(salted)
        with self._store.changing() as db:
            dead = self._check_unused(verifier, profile)
            db.executemany("DELETE FROM verifiers WHERE profile = ?", [(name,) for name in dead])
            db.execute("INSERT OR REPLACE INTO verifiers VALUES (?, ?)", (profile, self._sealed(profile, verifier)))
            void_all(db)
        return warning

    def clear(self, profile: str) -> bool:
        """Remove a profile's password and make every token and resume secret void; False when it had none."""
        with self._store.changing() as db:
            had_one = db.execute("DELETE FROM verifiers WHERE profile = ?", (profile,)).rowcount > 0
            void_all(db)
        return had_one

    def check(self, proof: bytes, auth_message: bytes) -> Found:
        """Return what a proof selects; right, wrong and no password at all are the same work.

        StateError: no verifier can be opened with this pepper.
        """
        rows = self._verifiers()
        slots = list(rows.items()) + [("", dummy) for dummy in self._dummies[len(rows) :]]
        found = Found("", bytes(scram.KEY_BYTES))
        unreadable = 0
        for profile, sealed in slots:
            verifier = self._unsealed(profile, sealed)
            unreadable += verifier is None
            signature = scram.server_signature((verifier or _ZERO).server_key, auth_message)
            if scram.proof_matches(verifier or _ZERO, proof, auth_message) and verifier and profile:
                found = Found(profile, signature)
        if unreadable and unreadable == len(rows):
            raise StateError("the passwords cannot be read with this pepper: restore it, or set the passwords anew")
        return found

    def _check_unused(self, verifier: Verifier, profile: str) -> tuple[str, ...]:
        """Refuse a password that selects another profile; return the profiles whose verifiers do not open."""
        dead = []
        for other, sealed in self._verifiers().items():
            known = self._unsealed(other, sealed)
            if known is None:
                dead.append(other)
            elif other != profile and secrets.compare_digest(known.stored_key, verifier.stored_key):
                raise SettingRefused(f"this password already selects the profile {other!r}: choose another")
        return tuple(dead)

    def _verifiers(self) -> dict[str, bytes]:
        rows = self._store.rows("SELECT profile, sealed FROM verifiers")
        return {str(profile): bytes(sealed) for profile, sealed in rows}

    def _sealed(self, profile: str, verifier: Verifier) -> bytes:
        return self._seal.close(_LABEL + profile.encode(), verifier.stored_key + verifier.server_key)

    def _unsealed(self, profile: str, sealed: bytes) -> Verifier | None:
        opened = self._seal.open(_LABEL + profile.encode(), sealed)
        return Verifier(opened[: scram.KEY_BYTES], opened[scram.KEY_BYTES :]) if opened else None


# Stands in for a verifier that cannot be opened; no proof is known that matches it.
_ZERO = Verifier(bytes(scram.KEY_BYTES), bytes(scram.KEY_BYTES))


def _dummy_verifier() -> Verifier:
    return Verifier(secrets.token_bytes(scram.KEY_BYTES), secrets.token_bytes(scram.KEY_BYTES))
