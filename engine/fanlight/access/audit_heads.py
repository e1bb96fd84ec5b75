"""Heads of audit logs: what peers sign of a log, and what both sides keep, so that a log cannot shrink unseen."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fanlight.access.audit_chain import HASH_BYTES, KEY_BYTES
from fanlight.access.identity import Identity, spki
from fanlight.access.store import Store
from fanlight.errors import RemoteProtocolError

_HEAD_LABEL = b"fanlight audit head v1\0"
_SEQ_BYTES = 8
HEAD_BYTES = len(_HEAD_LABEL) + KEY_BYTES + _SEQ_BYTES + HASH_BYTES
_ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Head:
    """A state of a log: the public key it began with, how many entries it has, and the hash of the last of them."""

    begun: bytes
    seq: int
    hash: bytes

    def to_bytes(self) -> bytes:
        """Return what peers sign."""
        return _HEAD_LABEL + self.begun + self.seq.to_bytes(_SEQ_BYTES, "big") + self.hash

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Head":
        """Read what `to_bytes` wrote; RemoteProtocolError when it is anything else."""
        if len(raw) != HEAD_BYTES or not raw.startswith(_HEAD_LABEL):
            raise RemoteProtocolError("this is not the head of an audit log")
        rest = raw[len(_HEAD_LABEL) :]
        seq = int.from_bytes(rest[KEY_BYTES : KEY_BYTES + _SEQ_BYTES], "big")
        return cls(rest[:KEY_BYTES], seq, rest[KEY_BYTES + _SEQ_BYTES :])


def countersign(identity: Identity, head: bytes) -> bytes:
    """Sign the head of a peer's log; RemoteProtocolError when it is none, so that nothing else is ever signed."""
    Head.from_bytes(head)
    return identity.key.sign(head, _ECDSA)


def countersignature_is_valid(key: bytes, head: bytes, signature: bytes) -> bool:
    """Check a countersignature by the peer's public key (DER)."""
    try:
        Head.from_bytes(head)
        public = load_der_public_key(key)
        if not isinstance(public, ec.EllipticCurvePublicKey) or spki(public) != key:
            return False
        public.verify(signature, head, _ECDSA)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, RemoteProtocolError):
        return False
    return True


def keep_anchor(store: Store, head: Head) -> None:
    """Keep a head of our own log in the store; one of a log that began with another key does not replace it."""
    with store.changing() as db:
        db.execute(
            "INSERT INTO audit_anchor VALUES (1, ?1, ?2, ?3) "
            "ON CONFLICT (one) DO UPDATE SET seq = ?2, hash = ?3 WHERE begun = ?1 AND seq < ?2",
            (head.begun, head.seq, head.hash),
        )


def replace_anchor(store: Store, head: Head) -> None:
    """Keep the head of the log that begins where a lost one ended, in the place of that one's."""
    with store.changing() as db:
        db.execute("INSERT OR REPLACE INTO audit_anchor VALUES (1, ?, ?, ?)", (head.begun, head.seq, head.hash))


def anchor(store: Store) -> Head | None:
    """Return the head of our own log that the store holds."""
    rows = store.rows("SELECT begun, seq, hash FROM audit_anchor")
    return Head(bytes(rows[0][0]), int(rows[0][1]), bytes(rows[0][2])) if rows else None


def keep_receipt(store: Store, host: str, head: bytes, now: float) -> str | None:
    """Keep the head of a host's log that we signed, by the host's fingerprint; return what is wrong with it, or None.

    A log that began anew, or has fewer entries than we signed before, has lost some. The old head is kept then.
    """
    new = Head.from_bytes(head)
    with store.changing() as db:
        row = db.execute("SELECT begun, seq, hash FROM audit_receipts WHERE host = ?", (host,)).fetchone()
        if row is not None:
            fault = _went_back(Head(bytes(row[0]), int(row[1]), bytes(row[2])), new)
            if fault is not None:
                return fault
        db.execute(
            "INSERT OR REPLACE INTO audit_receipts VALUES (?, ?, ?, ?, ?)", (host, new.begun, new.seq, new.hash, now)
        )
    return None


def receipts(store: Store) -> list[tuple[str, Head, float]]:
    """Return what hosts' heads we signed last: fingerprint, head, and when."""
    rows = store.rows("SELECT host, begun, seq, hash, at FROM audit_receipts ORDER BY host")
    return [(str(host), Head(bytes(begun), int(seq), bytes(hash_)), float(at)) for host, begun, seq, hash_, at in rows]


def forget_receipt(store: Store, host: str) -> bool:
    """Forget the head of a host's log, so that the next one is not compared with it; False when there was none."""
    with store.changing() as db:
        return db.execute("DELETE FROM audit_receipts WHERE host = ?", (host,)).rowcount > 0


def _went_back(old: Head, new: Head) -> str | None:
    if new.begun != old.begun:
        return "the host's audit log was begun anew since the last session"
    if new.seq < old.seq:
        return f"the host's audit log has {new.seq} entries, and had {old.seq} in the last session"
    if new.seq == old.seq and new.hash != old.hash:
        return "the host's audit log was changed since the last session"
    return None
