"""A client's signature over the head of a host's audit log: that the host cannot write another history afterwards.

What is signed starts with a label of its own, so it is never a PROVE and never a certificate.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fanlight.access.identity import Identity

_LABEL = b"fanlight AUDIT v1\0"
_ECDSA = ec.ECDSA(hashes.SHA256())


def sign_head(identity: Identity, binding: bytes, session: str, head: bytes) -> bytes:
    """Sign a head as the client of a session; `binding` is SHA-256 of the host's TLS leaf."""
    return identity.key.sign(_signed(binding, session, head), _ECDSA)


def head_is_signed(public_key: bytes, signature: bytes, binding: bytes, session: str, head: bytes) -> bool:
    """Check a client's signature by the key (DER) that it has proved to hold."""
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, _signed(binding, session, head), _ECDSA)
    except InvalidSignature:
        return False
    return True


def _signed(binding: bytes, session: str, head: bytes) -> bytes:
    return _LABEL + binding + session.encode("ascii") + head
