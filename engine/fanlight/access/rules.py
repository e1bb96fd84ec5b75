"""The rules of coming in, read from the store each time: a running host obeys a command at once."""

import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fanlight.access import scram
from fanlight.access.rights import UNATTENDED, profile_rights
from fanlight.access.store import KnownHost, Store
from fanlight.errors import SettingRefused, StateError
from fanlight.types import Permission

LEAST_PASSWORD = 8
MOST_PASSWORD = 1024
_NONCE_BYTES = 12
_KEY_BYTES = 32
_ON = b"on"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a proof opened: a profile, its rights, and the host's own proof for the client."""

    profile: str
    rights: frozenset[Permission]
    host_proof: bytes


class Rules:
    """Who may come in. `pepper` is 32 bytes, kept apart from the store, and seals the verifiers in it."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store = store
        self._seal = AESGCM(pepper)
        # Checked when there is nothing else to check, so that an answer takes as long with and without a password.
        self._nobody = scram.Verifier(
            hmac.digest(pepper, b"nobody stored", "sha256"), hmac.digest(pepper, b"nobody server", "sha256")
        )

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    # -- unattended access -----------------------------------------------------------------------------------------

    @property
    def unattended(self) -> bool:
        """Whether a password opens a session with nobody at the host; off at first."""
        return self._store.setting("unattended") == _ON

    def set_unattended(self, on: bool) -> None:
        """Switch unattended access."""
        self._store.set_setting("unattended", _ON if on else b"off")

    @property
    def has_password(self) -> bool:
        """Whether any profile has a password."""
        return bool(self._store.passwords())

    def set_password(self, password: str, profile: str = UNATTENDED) -> None:
        """Set the password of a profile; SettingRefused says what is wrong with it."""
        profile_rights(profile)
        if len(password) < LEAST_PASSWORD:
            raise SettingRefused(f"the password is too short: it needs at least {LEAST_PASSWORD} characters")
        if len(password) > MOST_PASSWORD:
            raise SettingRefused(f"the password is too long: it has at most {MOST_PASSWORD} characters")
        salted = scram.salt_password(password, self.salt, self.iterations)
        self._store.set_password(profile, self._sealed(profile, scram.verifier(salted)))

    # -- the handshake ---------------------------------------------------------------------------------------------

    @property
    def salt(self) -> bytes:
        """The salt of all passwords of this host: the same whether or not there is one."""
        salt = self._store.setting("salt")
        if salt is None:
            raise StateError("the store has no salt: restore it, or remove it to start anew")
        return salt

    @property
    def iterations(self) -> int:
        """How often a client stretches a password."""
        return scram.ITERATIONS

    def check_password(self, proof: bytes, auth_message: bytes) -> Grant | None:
        """Return what a password's proof opens, or None; every verifier is checked, whichever matches."""
        grant = None
        kept = [(profile, self._unsealed(profile, sealed)) for profile, sealed in self._store.passwords()]
        for profile, verifier in kept or [("", self._nobody)]:
            if scram.check_proof(verifier, proof, auth_message) and profile:
                grant = Grant(profile, profile_rights(profile), scram.host_proof(verifier, auth_message))
        return grant if self.unattended else None

    # -- known hosts -----------------------------------------------------------------------------------------------

    def known_hosts(self) -> list[KnownHost]:
        """Return every host whose identity is pinned."""
        return self._store.known_hosts()

    def known_host(self, address: str) -> KnownHost | None:
        """Return the pinned identity of the host at an address."""
        return self._store.known_host(address)

    def pin_host(self, address: str, fingerprint: str, certificate: bytes) -> None:
        """Pin the identity of a host at first contact; a pinned one is never replaced."""
        self._store.pin_host(KnownHost(address, fingerprint, certificate))

    def forget_host(self, address: str) -> bool:
        """Forget a pinned host; False where there was none."""
        return self._store.forget_host(address)

    def _sealed(self, profile: str, verifier: scram.Verifier) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, verifier.stored_key + verifier.server_key, profile.encode())

    def _unsealed(self, profile: str, sealed: bytes) -> scram.Verifier:
        try:
            keys = self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], profile.encode())
        except (InvalidTag, ValueError) as error:
            raise StateError(
                f"the password of {profile!r} cannot be read: the pepper is not the one it was set with; set it anew"
            ) from error
        return scram.Verifier(keys[:_KEY_BYTES], keys[_KEY_BYTES:])
