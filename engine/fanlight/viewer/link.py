"""The session's thread: an event loop of its own that opens the session and lays its updates on the stage."""

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fanlight.net.loop import run
from fanlight.viewer.controls import Controls
from fanlight.viewer.remote import Connect, RemoteScreen
from fanlight.viewer.stage import Stage


@dataclass(frozen=True, slots=True)
class View:
    """What the window's thread has of an open session; of `session` itself, only its names and rights."""

    session: RemoteScreen
    stage: Stage
    controls: Controls


class Link:
    """One session on another thread. run() is that thread's whole work; the rest is for the window's thread.

    What `connect` and the session raise comes out of run(). `opened` is set once the picture's size is known, or run()
    ends; `view` is None until then. `wake` is called from this thread after each change.
    """

    def __init__(self, connect: Connect, wake: Callable[[], None]) -> None:
        self._connect = connect
        self._wake = wake
        self._lock = threading.Lock()
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.opened = threading.Event()
        self.view: View | None = None

    def run(self) -> None:
        """Open the session and follow it until it ends or stop() is called."""
        try:
            run(self._main())
        finally:
            self.opened.set()

    def stop(self) -> None:
        """End the session; run() returns when it has ended cleanly."""
        with self._lock:
            self._stopped = True
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _main(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            await self._follow()
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        finally:
            with self._lock:
                self._loop = None

    async def _follow(self) -> None:
        async with self._connect() as session:
            stage = Stage(self._wake, time.monotonic())
            view = View(session, stage, Controls(session, asyncio.get_running_loop()))
            session.ledger.expect_window()
            session.ledger.watch(stage.record)
            session.follow_picture(functools.partial(stage.show, session))
            async for update in session.updates():
                if 0 not in session.size:
                    stage.take(session, update, time.monotonic())
                    self.view = view
                    self.opened.set()
