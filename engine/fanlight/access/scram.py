"""SCRAM-SHA-256 (RFC 5802, RFC 7677): prove a password without sending it, and prove that the other side knows it.

The auth message is the caller's: everything that both sides have agreed on up to now.
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from fanlight.errors import UsageError

ITERATIONS = 600_000
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a host keeps of a password: enough to check a proof, not enough to make one."""

    stored_key: bytes
    server_key: bytes


def normalise(password: str) -> bytes:
    """Return the bytes of a password, the same on every keyboard and system (NFKC, UTF-8)."""
    try:
        return unicodedata.normalize("NFKC", password).encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError("the password holds characters that are not Unicode text") from error


def salt_password(password: str, salt: bytes, iterations: int) -> bytes:
    """Stretch a password to SaltedPassword, 32 bytes; takes a good part of a second, so keep it off the event loop."""
    return hashlib.pbkdf2_hmac("sha256", normalise(password), salt, iterations)


def make_verifier(salted: bytes) -> Verifier:
    """Derive what a host keeps."""
    client_key = _hmac(salted, b"Client Key")
    return Verifier(hashlib.sha256(client_key).digest(), _hmac(salted, b"Server Key"))


def client_proof(salted: bytes, auth_message: bytes) -> bytes:
    """Return ClientProof, 32 bytes."""
    client_key = _hmac(salted, b"Client Key")
    return _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), auth_message))


def proof_matches(verifier: Verifier, proof: bytes, auth_message: bytes) -> bool:
    """Check a ClientProof; takes the same time whatever it holds."""
    # A proof of another length cannot match, but is worth the same work.
    whole = proof if len(proof) == KEY_BYTES else bytes(KEY_BYTES)
    client_key = _xor(whole, _hmac(verifier.stored_key, auth_message))
    matches = hmac.compare_digest(hashlib.sha256(client_key).digest(), verifier.stored_key)
    return matches & (len(proof) == KEY_BYTES)


def server_signature(server_key: bytes, auth_message: bytes) -> bytes:
    """Return ServerSignature, 32 bytes: the host's proof that it keeps this password's verifier."""
    return _hmac(server_key, auth_message)


def host_proof_matches(salted: bytes, signature: bytes, auth_message: bytes) -> bool:
    """Check a ServerSignature against the password that the client has proved."""
    expected = server_signature(make_verifier(salted).server_key, auth_message)
    return hmac.compare_digest(expected, signature)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
