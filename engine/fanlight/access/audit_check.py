"""Checking an audit log: every edit, removal, swap and cut is found, and said where.

A pure function of the bytes of the files, the key file's tip and the store's anchor. Entries are checked one by one:
numbers without a gap, each naming the hash of the one before and signed with the key that the one before announced. The
last one must announce the key whose seed is kept now: that is what shows a cut, for no earlier seed exists any more.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fanlight.access.audit_chain import REPAIRED, START, Entry, next_seed, public_key, read_entry
from fanlight.access.audit_files import Tip
from fanlight.access.audit_heads import Head, countersignature_is_valid
from fanlight.access.audit_loss import DROPPED, Loss, losses
from fanlight.access.identity import key_fingerprint
from fanlight.errors import RemoteProtocolError

MOST_FAULTS = 20
# Entries that a crash may leave behind the tip: one write holds at most this many.
_MOST_BEYOND = 4


@dataclass(slots=True)
class Report:
    """What a check found.

    `entries` were read, from number `first` to `last`; `countersigned` is the newest that a peer signed. A crash left
    `repaired` torn lines, and `unfinished` bytes at the end, which the next entry repairs. The first entry was written
    `since` then (unix seconds), and `losses` before it were accepted.
    """

    entries: int = 0
    first: int | None = None
    last: int | None = None
    repaired: int = 0
    unfinished: int = 0
    countersigned: int | None = None
    faults: list[str] = field(default_factory=list)
    since: float | None = None
    losses: list[Loss] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Note what is wrong; the first MOST_FAULTS are kept."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(text)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry, where it stands, and the bytes before it that are none."""

    place: str
    entry: Entry
    torn: bytes
    bytes_before: int


def check(
    files: Sequence[tuple[str, bytes]],
    tip: Tip | None,
    anchor: Head | None,
    known: Iterable[Head] = (),
    *,
    kept_bytes: int = 0,
    key_damaged: bool = False,
) -> Report:
    """Check a log: names and bytes of its files, oldest first, and heads that it had according to others.

    Old files may be gone only where an entry tells it and at least `kept_bytes` were kept.
    """
    report = Report()
    placed, torn_end = _entries(files)
    report.losses = losses(each.entry for each in placed)
    report.since = placed[0].entry.at if placed else None
    if key_damaged:
        report.fault("the key file is damaged: what stands in the log cannot be trusted to be all of it")
    else:
        _check_start(report, placed, tip, anchor, kept_bytes)
    _check_chain(report, placed)
    _check_end(report, placed, tip, torn_end)
    by_seq = {each.entry.seq: each.entry for each in placed}
    begun = tip.begun if tip is not None else b""
    for head in [*([anchor] if anchor is not None else []), *known]:
        _check_head(report, head, by_seq, begun)
    _check_countersignatures(report, placed, by_seq, begun)
    return report


def _entries(files: Sequence[tuple[str, bytes]]) -> tuple[list[_Placed], bytes]:
    """Return the entries, and what stands after the last of them."""
    placed: list[_Placed] = []
    torn, before = b"", 0
    for name, line_number, line in _lines(files):
        entry = read_entry(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
        if entry is None:
            torn += line
        else:
            placed.append(_Placed(f"{name}:{line_number}", entry, torn, before))
            torn = b""
        before += len(line)
    return placed, torn


def _lines(files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, int, bytes]]:
    for name, raw in files:
        lines = raw.split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            yield name, number, line + b"\n"
        if lines[-1]:
            yield name, len(lines), lines[-1]


def _check_start(report: Report, placed: list[_Placed], tip: Tip | None, anchor: Head | None, kept_bytes: int) -> None:
    if tip is None:
        if placed or anchor is not None:
            report.fault("the key file is gone: what stands in the log cannot be trusted to be all of it")
        return
    if anchor is not None and anchor.begun != tip.begun:
        report.fault(f"the log was begun anew: the one before it had {anchor.seq} entries")
    if not placed:
        return
    first = placed[0].entry
    key, previous = (tip.begun, START) if first.seq == 0 else _told_start(report, placed, kept_bytes)
    if key is not None and not first.is_signed_by(key):
        report.fault(f"{placed[0].place}: entry {first.seq} was changed, or the log was begun anew")
    if previous is not None and first.previous != previous:
        report.fault(f"{placed[0].place}: entry {first.seq} does not follow what was before it")


def _told_start(report: Report, placed: list[_Placed], kept_bytes: int) -> tuple[bytes | None, bytes | None]:
    """Return key and hash that the log itself tells of its first entry, after older files were dropped."""
    first = placed[0].entry
    for each in reversed(placed):
        fields = each.entry.fields
        if each.entry.event == DROPPED and fields.get("before") == first.seq:
            if each.bytes_before < kept_bytes:
                break
            try:
                return bytes.fromhex(fields["key"]), bytes.fromhex(fields["hash"])
            except (KeyError, TypeError, ValueError):
                break
    report.fault(f"entries 0 to {first.seq - 1} are missing")
    return None, None


def _check_chain(report: Report, placed: list[_Placed]) -> None:
    before: Entry | None = None
    for each in placed:
        entry = each.entry
        report.entries += 1
        if each.torn or entry.event == REPAIRED:
            _check_repair(report, each)
        if before is not None:
            _check_follows(report, each, before)
        before = entry
    if placed:
        report.first, report.last = placed[0].entry.seq, placed[-1].entry.seq


def _check_follows(report: Report, each: _Placed, before: Entry) -> None:
    entry, wanted = each.entry, before.seq + 1
    if entry.seq > wanted:
        missing = f"entry {wanted} is" if entry.seq == wanted + 1 else f"entries {wanted} to {entry.seq - 1} are"
        report.fault(f"{each.place}: {missing} missing")
    elif entry.seq < wanted:
        report.fault(f"{each.place}: entry {entry.seq} stands after entry {before.seq}: moved, or written twice")
    elif not entry.is_signed_by(before.next_key):
        report.fault(f"{each.place}: entry {entry.seq} was changed")
    elif entry.previous != before.hash:
        report.fault(f"{each.place}: entry {before.seq}, before this one, was changed")


def _check_repair(report: Report, each: _Placed) -> None:
    """Compare what stands before an entry with what it tells of it: both, neither, or somebody changed one."""
    fields, torn = each.entry.fields, each.torn
    told = fields.get("bytes"), fields.get("sha256")
    if each.entry.event != REPAIRED:
        report.fault(f"{each.place}: {len(torn)} bytes before entry {each.entry.seq} are no entry")
    elif told != (len(torn), hashlib.sha256(torn).hexdigest()):
        report.fault(f"{each.place}: the torn line before entry {each.entry.seq} was changed")
    else:
        report.repaired += 1


def _check_end(report: Report, placed: list[_Placed], tip: Tip | None, torn: bytes) -> None:
    """Compare the end of the log with the key that is kept; a crash may have left more, never less."""
    if tip is None:
        return
    last = placed[-1].entry if placed else None
    written = last.seq + 1 if last is not None else 0
    if written < tip.seq:
        report.fault(f"the log ends after {written} entries, and {tip.seq} were written: the others are cut off")
        return
    report.unfinished = len(torn)
    if b"\n" in torn:
        report.fault(f"{len(torn)} bytes at the end are no entry")
    seed = tip.seed
    for _ in range(min(written - tip.seq, _MOST_BEYOND)):
        seed = next_seed(seed)
    if last is None:
        return
    if last.next_key != public_key(seed):
        report.fault(f"entry {last.seq}, the last, does not fit the key that is kept: it, or the key, was replaced")
    if written == tip.seq and last.hash != tip.previous:
        report.fault(f"entry {last.seq}, the last, was changed")


def _check_head(report: Report, head: Head, by_seq: dict[int, Entry], begun: bytes) -> None:
    if head.seq == 0:
        return
    entry = by_seq.get(head.seq - 1)
    oldest = min(by_seq, default=0)
    if head.begun != begun:
        accepted = any(loss.begun == head.begun for loss in report.losses)
        whose = "the log whose loss was accepted" if accepted else "another log than this one"
        report.fault(f"a head of {head.seq} entries belongs to {whose}")
    elif entry is None and head.seq - 1 >= oldest:
        report.fault(f"the log had {head.seq} entries, and has not all of them now")
    elif entry is not None and entry.hash != head.hash:
        report.fault(f"entry {head.seq - 1} was changed: a head that was kept elsewhere has another hash")


def _check_countersignatures(report: Report, placed: list[_Placed], by_seq: dict[int, Entry], begun: bytes) -> None:
    for each in placed:
        if each.entry.event != "countersigned":
            continue
        fields = each.entry.fields
        try:
            key, raw, signature = (bytes.fromhex(fields[name]) for name in ("key", "head", "signature"))
            head = Head.from_bytes(raw)
        except (KeyError, TypeError, ValueError, RemoteProtocolError):
            report.fault(f"{each.place}: the countersignature does not decode")
            continue
        if fields.get("client") != key_fingerprint(key) or not countersignature_is_valid(key, raw, signature):
            report.fault(f"{each.place}: the countersignature is wrong")
            continue
        signed = by_seq.get(head.seq - 1)
        if head.begun != begun:
            # Shown before a loss was accepted, and signed after it.
            if head.begun not in {loss.begun for loss in report.losses}:
                report.fault(f"{each.place}: a peer signed the head of another log than this one")
        elif signed is not None and signed.hash != head.hash:
            report.fault(f"{each.place}: a peer signed another entry {head.seq - 1} than the one that stands here")
        elif head.seq:
            report.countersigned = head.seq - 1
