"""The event loop of the host and of the window: libuv's where there is one, whose TLS costs a third less.

Not for a main thread in which a signal may raise: libuv's TLS takes that for an error of the connection.
"""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's coroutine to its end, as asyncio.run would."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)
