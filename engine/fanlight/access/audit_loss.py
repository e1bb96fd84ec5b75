"""Losses of the audit log that its owner has accepted: what was lost stays told in the chain that begins with it.

A log that a disk has damaged cannot be made whole, and a check goes on saying so. `Audit.accept_loss` sets what is
left of it aside, unchanged, and begins a new chain, whose first entry says what was wrong, how many entries there had
been, and the hashes of the files that were set aside; and so much of earlier losses. When that entry grows old and is
let go, the entry that tells of this repeats it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fanlight.access.audit_chain import KEY_BYTES, Entry, read_entry

LOSS = "loss accepted"
DROPPED = "dropped"
_MOST_TOLD = 16


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss as the log tells it: when it was accepted, and of which log, which had had so many entries.

    `begun` is the first public key of the lost log; b"" where even that was lost. `aside` names the directory.
    """

    at: float
    begun: bytes
    entries: int
    aside: str

    def told(self) -> dict[str, Any]:
        """Return it as fields of an entry."""
        return {"at": self.at, "instead_of": self.begun.hex(), "entries": self.entries, "set_aside": self.aside}

    @classmethod
    def read(cls, at: object, fields: Mapping[str, Any]) -> "Loss | None":
        """Read it from fields of an entry; None where they do not have the form."""
        try:
            begun = bytes.fromhex(fields["instead_of"])
            entries, aside = fields["entries"], fields["set_aside"]
        except (KeyError, TypeError, ValueError):
            return None
        if not isinstance(at, int | float) or type(entries) is not int or not isinstance(aside, str):
            return None
        return cls(float(at), begun, entries, aside) if len(begun) in (0, KEY_BYTES) else None


def losses(entries: Iterable[Entry]) -> list[Loss]:
    """Return the losses that entries tell of, each once, oldest first."""
    found: dict[tuple[float, str], Loss] = {}
    for entry in entries:
        for loss in _told_by(entry):
            if loss is not None:
                found[loss.at, loss.aside] = loss
    return sorted(found.values(), key=lambda loss: loss.at)


def losses_in(raw: bytes) -> list[dict[str, Any]]:
    """Return what a file tells of losses, as fields for the entry that tells it again; the newest of very many."""
    entries = (read_entry(line) for line in raw.split(b"\n"))
    return [loss.told() for loss in losses(entry for entry in entries if entry is not None)[-_MOST_TOLD:]]


def _told_by(entry: Entry) -> list[Loss | None]:
    if entry.event not in (LOSS, DROPPED):
        return []
    own = [Loss.read(entry.at, entry.fields)] if entry.event == LOSS else []
    earlier = entry.fields.get("losses")
    if not isinstance(earlier, list):
        return own
    return own + [Loss.read(each.get("at"), each) for each in earlier if isinstance(each, Mapping)]
