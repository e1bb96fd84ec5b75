"""The chain of the audit log: how one entry is bound to the one before it, and signed with a key that is then gone.

Entry n is a line of JSON that names the hash of entry n - 1 and the public key of entry n + 1, and is signed with the
private key of n. That key comes from a seed that only goes forward:

    seed(n + 1) = HMAC-SHA256(seed(n), "next"),    key(n) = Ed25519 from HMAC-SHA256(seed(n), "sign")

Only the newest seed is kept. Who reads it can write what comes, but sign nothing that was before; who checks needs
no secret. The signature stands last and covers the bytes before it as they are, so no canonical form is needed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fanlight.errors import UsageError

SEED_BYTES = HASH_BYTES = KEY_BYTES = 32
START = bytes(HASH_BYTES)
MAX_LINE = 64 * 1024
REPAIRED = "repaired"
"""The event of an entry that tells of a torn line before it: how many `bytes`, and their `sha256`."""
_MAX_TEXT = 4096
_SHORT_TEXT = 200
_NEXT_LABEL = b"fanlight audit next v1"
_SIGN_LABEL = b"fanlight audit sign v1"
_ENTRY_LABEL = b"fanlight audit entry v1\0"
_RESERVED = frozenset({"seq", "at", "event", "prev", "next", "sig"})
_SIGNATURE_OPENS, _SIGNATURE_CLOSES = b',"sig":"', b'"}'
_SIGNATURE_DIGITS = 128
_TAIL = len(_SIGNATURE_OPENS) + _SIGNATURE_DIGITS + len(_SIGNATURE_CLOSES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the log; nothing in it is checked but its form.

    `line` is the whole line without its end; `previous` a hash and `next_key` a public key, 32 bytes each.
    """

    seq: int
    at: float
    event: str
    fields: Mapping[str, Any]
    previous: bytes
    next_key: bytes
    line: bytes

    @property
    def hash(self) -> bytes:
        """What the next entry names this one by."""
        return hashlib.sha256(self.line).digest()

    def is_signed_by(self, key: bytes) -> bool:
        """Tell whether the entry was signed with the private key of a public one."""
        signature = self.line[-_SIGNATURE_DIGITS - len(_SIGNATURE_CLOSES) : -len(_SIGNATURE_CLOSES)]
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(
                bytes.fromhex(signature.decode("ascii")), _ENTRY_LABEL + self.line[:-_TAIL]
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def next_seed(seed: bytes) -> bytes:
    """Return the seed of the entry after that of `seed`."""
    return hmac.digest(seed, _NEXT_LABEL, "sha256")


def public_key(seed: bytes) -> bytes:
    """Return the public key of the entry of a seed, 32 bytes."""
    return _private_key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def write_entry(seed: bytes, seq: int, previous: bytes, event: str, at: float, fields: Mapping[str, Any]) -> bytes:
    """Return the line of an entry, without its end. UsageError for a field that bears the name of one of ours."""
    if clash := _RESERVED & fields.keys():
        raise UsageError(f"an audit entry's own fields cannot be named {', '.join(sorted(clash))}")
    body = _body(seed, seq, previous, event, at, _bounded(fields, _MAX_TEXT))
    if len(body) > MAX_LINE - _TAIL:
        body = _body(seed, seq, previous, event, at, {"shortened": _shortened(fields)})
    signature = _private_key(seed).sign(_ENTRY_LABEL + body).hex().encode("ascii")
    return body + _SIGNATURE_OPENS + signature + _SIGNATURE_CLOSES


def read_entry(line: bytes) -> Entry | None:
    """Read a line without its end; None when it does not have the form of an entry."""
    if len(line) > MAX_LINE or line[-_TAIL:][: len(_SIGNATURE_OPENS)] != _SIGNATURE_OPENS:
        return None
    try:
        values = json.loads(line)
        own = {name: values.pop(name) for name in _RESERVED}
        previous, key = bytes.fromhex(own["prev"]), bytes.fromhex(own["next"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    kinds = isinstance(own["at"], float) and isinstance(own["event"], str) and type(own["seq"]) is int
    if not kinds or own["seq"] < 0 or len(previous) != HASH_BYTES or len(key) != KEY_BYTES:
        return None
    return Entry(own["seq"], own["at"], own["event"], values, previous, key, line)


def _body(seed: bytes, seq: int, previous: bytes, event: str, at: float, fields: Mapping[str, Any]) -> bytes:
    values = {"seq": seq, "at": round(float(at), 3), "event": event, **fields}
    values |= {"prev": previous.hex(), "next": public_key(next_seed(seed)).hex()}
    return json.dumps(values, separators=(",", ":")).encode("ascii")[:-1]


def _bounded(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}... ({len(value)} characters)"
    if isinstance(value, Mapping):
        return {str(name): _bounded(each, most) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bounded(each, most) for each in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:most]


def _shortened(fields: Mapping[str, Any]) -> str:
    return json.dumps(_bounded(fields, _SHORT_TEXT))[: MAX_LINE // 16]


def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(seed, _SIGN_LABEL, "sha256"))
