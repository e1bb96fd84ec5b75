"""`python late_fanlight.py PART SECONDS COMMAND...`: a fanlight command, of which one part takes that much longer."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import pygame

from fanlight.cli.app import run
from fanlight.codec.hybrid import HybridEncoder
from fanlight.codec.hybrid_decoder import HybridDecoder

PARTS = {
    "encoder": (HybridEncoder, "_encode"),
    "decoder": (HybridDecoder, "_decode"),
    "window": (pygame.display, "update"),
}


def delay(owner: Any, name: str, seconds: float) -> None:
    """Let a function sleep before it does its work."""
    work: Callable[..., Any] = getattr(owner, name)

    def late(*arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return work(*arguments, **named)

    setattr(owner, name, late)


if __name__ == "__main__":
    delay(*PARTS[sys.argv[1]], float(sys.argv[2]))
    sys.exit(run(sys.argv[3:]))
