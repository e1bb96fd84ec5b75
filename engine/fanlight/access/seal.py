"""Seal what the store must not give away by itself, with a key that is kept in another file: the pepper."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fanlight.errors import StateError

PEPPER_BYTES = 32
_NONCE_BYTES = 12
_MARK_LABEL = b"fanlight mark v1\0"


class Seal:
    """AES-GCM under the pepper, and a keyed hash under a key derived from it. A `label` says what is sealed."""

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) != PEPPER_BYTES:
            raise StateError(f"the pepper has {len(pepper)} bytes instead of {PEPPER_BYTES}: restore it")
        self._cipher = AESGCM(pepper)
        self._mark_key = HKDF(SHA256(), length=PEPPER_BYTES, salt=None, info=_MARK_LABEL).derive(pepper)

    def close(self, label: bytes, secret: bytes) -> bytes:
        """Return `secret` sealed, different each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, label)

    def open(self, label: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed with this pepper and label; None when it was not, or is damaged."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label)
        except (InvalidTag, ValueError):
            return None

    def mark(self, label: bytes, secret: bytes) -> bytes:
        """Return 32 bytes that tell a secret again, and serve to guess it only with the pepper."""
        return hmac.digest(self._mark_key, label + secret, "sha256")
