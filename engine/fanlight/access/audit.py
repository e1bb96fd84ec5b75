"""The audit log: what happened at the door, written so that nobody can change it later without being found out.

`append` is durable: when it returns, the entry is on disk. A host and the commands given beside it write in turn. The
head (the number and hash of the newest entry) is countersigned by peers and kept by them. `audit_check` finds what
was changed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fanlight.access.audit_chain import HASH_BYTES, KEY_BYTES, REPAIRED, next_seed, public_key, read_entry, write_entry
from fanlight.access.audit_files import AuditFiles, Tip
from fanlight.access.audit_heads import Head, anchor, countersignature_is_valid, keep_anchor, replace_anchor
from fanlight.access.audit_loss import DROPPED, LOSS, Loss, losses_in
from fanlight.access.identity import key_fingerprint
from fanlight.access.store import Store

MAX_FILE = 1024 * 1024
KEPT_FILES = 8
# Ends a torn line, so that one which lacks nothing but its end does not pass for an entry either.
_TORN = b" torn\n"


class Audit:
    """The log in a private directory, anchored in a store. Every method may raise StateError."""

    def __init__(self, directory: Path | str, store: Store | None = None) -> None:
        self.files = AuditFiles(Path(directory))
        self._store = store

    def append(self, event: str, now: float, **fields: Any) -> None:
        """Write an entry: what happened, when (unix seconds), and fields of texts, numbers, or lists of them."""
        with self.files.locked():
            tip = self._current_tip(now)
            if tip.size >= MAX_FILE:
                tip = self._start_new_file(tip, now)
            tip = self._write(tip, [(event, fields)], now)
        # Not under the lock: who has the store may be waiting for it.
        if self._store is not None:
            keep_anchor(self._store, Head(tip.begun, tip.seq, tip.previous))

    def head(self) -> bytes:
        """Return what peers sign, HEAD_BYTES bytes."""
        with self.files.locked():
            tip = self.files.tip()
        if tip is None:
            return Head(bytes(KEY_BYTES), 0, bytes(HASH_BYTES)).to_bytes()
        return Head(tip.begun, tip.seq, tip.previous).to_bytes()

    def countersigned(self, key: bytes, head: bytes, signature: bytes, now: float, **fields: Any) -> bool:
        """Write down a peer's signature of a head of ours, by its key (DER); False, and written too, if it is wrong."""
        right = countersignature_is_valid(key, head, signature)
        event = "countersigned" if right else "countersignature wrong"
        self.append(
            event, now, **fields, client=key_fingerprint(key), key=key.hex(), head=head.hex(), signature=signature.hex()
        )
        return right

    def accept_loss(self, faults: Sequence[str], now: float) -> str:
        """Set what is left of a damaged log aside, and begin a new one that tells of it; return where it lies now.

        `faults` are what a check has found.
        """
        with self.files.locked():
            old, _ = self.files.tip_or_damage()
            anchored = anchor(self._store) if self._store is not None else None
            earlier = losses_in(b"".join(raw for _, raw in self.files.content()))
            aside, hashes = self.files.next_aside(), self.files.left()
            known = old or anchored
            loss = Loss(now, known.begun if known else b"", known.seq if known else 0, aside)
            told = {name: value for name, value in loss.told().items() if name != "at"}
            told |= {"losses": earlier} if earlier else {}
            raw, tip = _signed(Tip.new(), [(LOSS, {**told, "files": hashes, "faults": list(faults)})], now)
            self.files.replace_all(hashes, aside, raw, tip)
        if self._store is not None:
            replace_anchor(self._store, Head(tip.begun, tip.seq, tip.previous))
        return aside

    def _current_tip(self, now: float) -> Tip:
        """Return where the log ends, after what a crash, or somebody, left behind is taken over or written down."""
        tip = self.files.tip()
        if tip is None:
            return self._begin(now)
        if self.files.newest_size() == 0 and self.files.is_full(tip.first):
            tip = replace(tip, first=tip.seq, size=0)
        rest = self.files.after(tip.size)
        if rest is None:
            return self._note_missing(tip, now)
        tip, torn = _adopted(tip, rest)
        if not torn:
            return tip
        end = b"" if torn.endswith(b"\n") else _TORN
        noted = {"bytes": len(torn) + len(end), "sha256": hashlib.sha256(torn + end).hexdigest()}
        return self._write(replace(tip, size=tip.size + len(torn)), [(REPAIRED, noted)], now, lead=end)

    def _begin(self, now: float) -> Tip:
        """Begin a log. Whatever stands in the files without a key is left for the check to find."""
        tip = Tip.new()
        self.files.save_tip(tip)
        size = self.files.newest_size()
        lost = anchor(self._store) if self._store is not None else None
        told = {"instead_of": lost.begun.hex(), "entries": lost.seq} if lost is not None else {}
        return self._write(replace(tip, size=size), [("begun", told)], now, lead=b"\n" if size else b"")

    def _note_missing(self, tip: Tip, now: float) -> Tip:
        size = self.files.newest_size()
        lead = b"\n" if size else b""
        return self._write(replace(tip, size=size), [("found shorter", {"had": tip.size, "has": size})], now, lead=lead)

    def _write(self, tip: Tip, events: list[tuple[str, dict[str, Any]]], now: float, lead: bytes = b"") -> Tip:
        raw, tip = _signed(tip, events, now, lead)
        self.files.append(raw)
        self.files.save_tip(tip)
        return tip

    def _start_new_file(self, tip: Tip, now: float) -> Tip:
        """Set the full file aside, and let go of the oldest ones, which the log tells."""
        self.files.set_aside(tip.first)
        tip = replace(tip, first=tip.seq, size=0)
        self.files.save_tip(tip)
        names = self.files.full_files()
        oldest, kept = names[:-KEPT_FILES], names[-KEPT_FILES:]
        if oldest:
            start = read_entry(self.files.read(kept[0]).split(b"\n", 1)[0])
            last = read_entry(self.files.read(oldest[-1]).rstrip(b"\n").rsplit(b"\n", 1)[-1])
            # Where these cannot be read somebody changed them: they stay, for the check to find.
            if start is not None and last is not None:
                told = {"before": start.seq, "hash": start.previous.hex(), "key": last.next_key.hex()}
                lost = losses_in(b"".join(self.files.read(each) for each in oldest))
                tip = self._write(tip, [(DROPPED, told | ({"losses": lost} if lost else {}))], now)
                self.files.remove(oldest)
        return tip


def _signed(tip: Tip, events: list[tuple[str, dict[str, Any]]], now: float, lead: bytes = b"") -> tuple[bytes, Tip]:
    """Make the entries that come next, after `lead`; return their bytes, and where the log ends with them."""
    raw = lead
    for event, fields in events:
        line = write_entry(tip.seed, tip.seq, tip.previous, event, now, fields)
        raw += line + b"\n"
        tip = replace(tip, seq=tip.seq + 1, seed=next_seed(tip.seed), previous=hashlib.sha256(line).digest())
    return raw, replace(tip, size=tip.size + len(raw))


def _adopted(tip: Tip, rest: bytes) -> tuple[Tip, bytes]:
    """Take over the valid entries in what follows the tip; return the new tip, and what is left."""
    while rest:
        line, end, after = rest.partition(b"\n")
        entry = read_entry(line) if end else None
        if entry is None or (entry.seq, entry.previous) != (tip.seq, tip.previous):
            break
        if not entry.is_signed_by(public_key(tip.seed)):
            break
        size = tip.size + len(line) + 1
        tip = replace(tip, seq=tip.seq + 1, seed=next_seed(tip.seed), previous=entry.hash, size=size)
        rest = after
    return tip, rest
