"""The rules of a home: whether a password opens a session and which rights it gives; which hosts are known.

Nothing is remembered between calls: every answer is read from the store, so that a running host obeys a command
given beside it at once. Verifiers are sealed with a key that is kept in another file (the pepper), so that the store
alone does not serve to guess passwords.
"""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fanlight.access import rights, scram
from fanlight.access.identity import certificate_fingerprint
from fanlight.access.scram import Verifier
from fanlight.access.store import KnownHost, Store
from fanlight.errors import SettingRefused, StateError, UsageError

MIN_PASSWORD, MAX_PASSWORD = 8, 1024
PEPPER_BYTES = 32
# Every check evaluates as many verifiers, so that its time does not tell how many passwords there are.
_SLOTS = 16
_SEAL_LABEL = b"fanlight verifier v1\0"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client needs to prove a password."""

    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A proof that was right: the profile that its password selects, and the host's answer to it."""

    profile: str
    server_signature: bytes


class Rules:
    """Answers of a host about who may come in, and of a client about whom it knows. One thread only."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        if len(pepper) != PEPPER_BYTES:
            raise StateError(f"the pepper has {len(pepper)} bytes instead of {PEPPER_BYTES}: restore it")
        self._store = store
        self._seal = AESGCM(pepper)
        self._dummies = [self._sealed("", _dummy_verifier()) for _ in range(_SLOTS)]

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    # -- unattended access -----------------------------------------------------------------------------------------

    @property
    def unattended(self) -> bool:
        """Whether a password opens a session; off until it is switched on."""
        return self._store.unattended

    def set_unattended(self, on: bool) -> None:
        """Switch unattended access on or off."""
        self._store.set_unattended(on)

    @property
    def has_password(self) -> bool:
        """Whether any profile has a password."""
        return bool(self._store.verifiers())

    def set_password(self, password: str, profile: str = rights.UNATTENDED) -> None:
        """Set the password that selects `profile`. It does not switch unattended access on.

        SettingRefused says why a password is refused, UsageError that there is no such profile.
        """
        rights.profile_rights(profile)
        _check_password(password)
        salted = scram.salt_password(password, self._store.salt, self._store.iterations)
        verifier = scram.make_verifier(salted)
        dead = self._check_unused(verifier, profile)
        self._store.put_verifier(profile, self._sealed(profile, verifier), without=dead)

    def methods(self) -> Offer:
        """Return the salt and iterations of METHODS: the same whatever is switched on."""
        return Offer(self._store.salt, self._store.iterations)

    def check_proof(self, proof: bytes, auth_message: bytes) -> Accepted | None:
        """Return what a proof opens, or None: wrong, switched off and no password are one answer for one price.

        StateError: the store cannot be read, or no verifier in it can be opened with this pepper.
        """
        on, rows = self._store.unattended, self._store.verifiers()
        slots = list(rows.items()) + [("", dummy) for dummy in self._dummies[len(rows) :]]
        found: tuple[str, Verifier] | None = None
        unreadable = 0
        for profile, sealed in slots:
            verifier = self._unsealed(profile, sealed)
            unreadable += verifier is None
            if scram.proof_matches(verifier or _ZERO, proof, auth_message) and verifier and profile:
                found = profile, verifier
        if unreadable and unreadable == len(rows):
            raise StateError("the passwords cannot be read with this pepper: restore it, or set the passwords anew")
        if found is None or not on or found[0] not in rights.PROFILES:
            return None
        return Accepted(found[0], scram.server_signature(found[1].server_key, auth_message))

    # -- known hosts -----------------------------------------------------------------------------------------------

    def known_hosts(self) -> list[KnownHost]:
        """Return all pinned hosts, by address."""
        return self._store.known_hosts()

    def known_host(self, address: str) -> KnownHost | None:
        """Return the identity that is pinned for an address."""
        return self._store.known_host(address)

    def pin_host(self, address: str, fingerprint: str, certificate: bytes, at: datetime) -> None:
        """Pin the identity of a host at first contact. IdentityError when the address is pinned to another one."""
        if certificate_fingerprint(certificate) != fingerprint:
            raise UsageError("the fingerprint to pin is not that of the certificate")
        self._store.pin_host(KnownHost(address, fingerprint, certificate, at))

    def forget_host(self, address: str) -> bool:
        """Remove a pin; False when there was none."""
        return self._store.forget_host(address)

    # -- verifiers -------------------------------------------------------------------------------------------------

    def _check_unused(self, verifier: Verifier, profile: str) -> tuple[str, ...]:
        """Refuse a password that selects another profile; return the profiles whose verifiers do not open."""
        dead = []
        for other, sealed in self._store.verifiers().items():
            known = self._unsealed(other, sealed)
            if known is None:
                dead.append(other)
            elif other != profile and secrets.compare_digest(known.stored_key, verifier.stored_key):
                raise SettingRefused(f"this password already selects the profile {other!r}: choose another")
        return tuple(dead)

    def _sealed(self, profile: str, verifier: Verifier) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        secret = verifier.stored_key + verifier.server_key
        return nonce + self._seal.encrypt(nonce, secret, _SEAL_LABEL + profile.encode())

    def _unsealed(self, profile: str, sealed: bytes) -> Verifier | None:
        try:
            nonce, secret = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            opened = self._seal.decrypt(nonce, secret, _SEAL_LABEL + profile.encode())
        except (InvalidTag, ValueError):
            return None
        return Verifier(opened[: scram.KEY_BYTES], opened[scram.KEY_BYTES :])


# Stands in for a verifier that cannot be opened; no proof is known that matches it.
_ZERO = Verifier(bytes(scram.KEY_BYTES), bytes(scram.KEY_BYTES))


def _dummy_verifier() -> Verifier:
    return Verifier(secrets.token_bytes(scram.KEY_BYTES), secrets.token_bytes(scram.KEY_BYTES))


def _check_password(password: str) -> None:
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_PASSWORD:
        raise SettingRefused(f"the password is too short: it needs at least {MIN_PASSWORD} characters")
    if len(text) > MAX_PASSWORD:
        raise SettingRefused(f"the password is too long: it may have {MAX_PASSWORD} characters")
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise SettingRefused("the password holds control characters, which cannot be typed everywhere: choose another")
