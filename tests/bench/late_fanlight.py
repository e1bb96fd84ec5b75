"""`python late_fanlight.py PART SECONDS COMMAND...`: a fanlight command, of which one part takes that much longer."""

import sys
import time
from collections.abc import Callable
from typing import Any

from fanlight.cli.app import run
from fanlight.codec.hybrid import HybridEncoder
from fanlight.codec.hybrid_decoder import HybridDecoder
from fanlight.kernels.x11_window import SharingWindow

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


if __name__ == "__main__":
    for part in PARTS[sys.argv[1]]:
        delay(*part, float(sys.argv[2]))
    sys.exit(run(sys.argv[3:]))
