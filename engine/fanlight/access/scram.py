"""SCRAM-SHA-256's key schedule (RFC 5802, RFC 7677), on hashlib and hmac alone.

The password never leaves the client: it salts and stretches it, and proves that it has the result. The host keeps a
verifier that proves nothing to another host.
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

ITERATIONS = 600_000
MOST_ITERATIONS = 2_000_000
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a host keeps of a password: enough to check a proof and to give one, not enough to make the client's."""

    stored_key: bytes
    server_key: bytes


def salt_password(password: str, salt: bytes, iterations: int) -> bytes:
    """Stretch a password; takes some tenths of a second, on purpose, with the GIL free."""
    text = unicodedata.normalize("NFKC", password).encode("utf-8")
    return hashlib.pbkdf2_hmac("sha256", text, salt, iterations)


def verifier(salted_password: bytes) -> Verifier:
    """Make the verifier of a salted password."""
    return Verifier(hashlib.sha256(_client_key(salted_password)).digest(), _hmac(salted_password, b"Server Key"))


def client_proof(salted_password: bytes, auth_message: bytes) -> bytes:
    """Prove knowledge of the password for this one handshake."""
    client_key = _client_key(salted_password)
    return _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), auth_message))


def check_proof(kept: Verifier, proof: bytes, auth_message: bytes) -> bool:
    """Check a client's proof, in constant time."""
    if len(proof) != hashlib.sha256().digest_size:
        return False
    client_key = _xor(proof, _hmac(kept.stored_key, auth_message))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), kept.stored_key)


def host_proof(kept: Verifier, auth_message: bytes) -> bytes:
    """Prove to the client that this host has the verifier of its password."""
    return _hmac(kept.server_key, auth_message)


def check_host_proof(salted_password: bytes, proof: bytes, auth_message: bytes) -> bool:
    """Check a host's proof, in constant time."""
    return hmac.compare_digest(proof, _hmac(_hmac(salted_password, b"Server Key"), auth_message))


def _client_key(salted_password: bytes) -> bytes:
    return _hmac(salted_password, b"Client Key")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
