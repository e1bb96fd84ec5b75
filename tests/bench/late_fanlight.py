"""`python late_fanlight.py PART SECONDS COMMAND...`: a fanlight command, of which one part takes that much longer.

The parts "damage hidden" and "window hidden" take no longer: the ledger begins that much late, or ends that much early.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fanlight.cli.app import run
from fanlight.codec.hybrid import HybridEncoder
from fanlight.codec.hybrid_decoder import HybridDecoder
from fanlight.kernels.x11_window import SharingWindow
from fanlight.session.ledger import Ledger

# Before the work or after it: what a window shows is seen at once, so it must be late by then.
BEFORE, AFTER = True, False
PARTS = {
    "encoder": ((HybridEncoder, "_encode", AFTER), (HybridEncoder, "encode_next", AFTER)),
    "decoder": ((HybridDecoder, "_decode", BEFORE),),
    "window": ((SharingWindow, "show", BEFORE),),
}


def delay(owner: Any, name: str, before: bool, seconds: float) -> None:
    """Let a function sleep before it does its work, or after it where that brought something."""
    work: Callable[..., Any] = getattr(owner, name)

    def late(*arguments: Any, **named: Any) -> Any:
        if before:
            time.sleep(seconds)
        done = work(*arguments, **named)
        if not before and done:
            time.sleep(seconds)
        return done

    setattr(owner, name, late)


def hide_damage(seconds: float) -> None:
    add = Ledger.add
    Ledger.add = lambda ledger, entry: add(ledger, replace(entry, damaged_at=entry.damaged_at + seconds))


def hide_window(seconds: float) -> None:
    presented = Ledger.presented
    Ledger.presented = lambda ledger, seq, at, **named: presented(ledger, seq, at - seconds, **named)


LIES = {"damage hidden": hide_damage, "window hidden": hide_window}


if __name__ == "__main__":
    if lie := LIES.get(sys.argv[1]):
        lie(float(sys.argv[2]))
    for part in PARTS.get(sys.argv[1], ()):
        delay(*part, float(sys.argv[2]))
    sys.exit(run(sys.argv[3:]))
