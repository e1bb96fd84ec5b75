"""A session without a window: decoded, counted, and told in one live line where a person watches."""

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

from rich.console import Console
from rich.live import Live
from rich.text import Text

from fanlight.viewer.remote import Connect, RemoteScreen
from fanlight.viewer.summary import Meter, Summary

_LINE_INTERVAL = 0.5


def watch(connect: Connect, seconds: float | None = None, status: bool = False) -> Summary:
    """Follow a session until it ends, `seconds` of it have passed, or Ctrl-C; return its totals.

    `status` keeps a line of figures on stderr where that is a terminal. Runs an event loop of its own. Raises what
    `connect` and the session raise, and KeyboardInterrupt for a Ctrl-C before the session is open.
    """
    return asyncio.run(_watch(connect, seconds, status and sys.stderr.isatty()))


async def _watch(connect: Connect, seconds: float | None, status: bool) -> Summary:
    async with connect() as session:
        meter = Meter(time.monotonic())
        async with _told(meter, session) if status else contextlib.nullcontext():
            interrupted = await _follow(session, meter, seconds)
        summary = meter.summary(time.monotonic(), None if 0 in session.size else session.image)
        return replace(summary, interrupted=interrupted)


async def _follow(session: RemoteScreen, meter: Meter, seconds: float | None) -> bool:
    """Return whether it was Ctrl-C that ended it."""
    limit = asyncio.timeout(seconds)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        limit.reschedule(0.0)

    try:
        async with limit:
            with _interrupts(interrupt):
                async for update in session.updates():
                    meter.add(update, session.size, time.monotonic())
    except TimeoutError:
        if not limit.expired():
            raise
    return interrupted


@contextlib.contextmanager
def _interrupts(act: Callable[[], None]) -> Iterator[None]:
    """Act on Ctrl-C instead of unwinding at once; only the main thread can have it so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, act)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


@contextlib.asynccontextmanager
async def _told(meter: Meter, session: RemoteScreen) -> AsyncIterator[None]:
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        telling = asyncio.create_task(_tell(live, meter, session))
        try:
            yield
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling


async def _tell(live: Live, meter: Meter, session: RemoteScreen) -> None:
    while True:
        line = meter.recent(time.monotonic()).line(session.codec)
        live.update(Text(f"{session.address}  ·  {line}", no_wrap=True, overflow="ellipsis"), refresh=True)
        await asyncio.sleep(_LINE_INTERVAL)
