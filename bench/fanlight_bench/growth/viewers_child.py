"""`python -m fanlight_bench.growth.viewers_child VISIT`: several viewers of one host, which count what they get."""

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

import msgspec

import fanlight
from fanlight.client import RemoteSession
from fanlight.errors import FanlightError
from fanlight_bench.pipeline.measure import READY, START
from fanlight_bench.processes import cpu_seconds, first_thread_seconds


class Visit(msgspec.Struct, frozen=True):
    """Whom to visit with how many viewers, and how long; `folder` is for their homes."""

    address: str
    fingerprint: str
    password: str
    folder: str
    viewers: int
    seconds: float
    host_pid: int


class Count(msgspec.Struct):
    """What came in the window: updates of each viewer, bytes of all, and what the host used, in seconds.

    `loop_cpu` is what of it the host's first thread used, which serves the connections.
    """

    seconds: float
    updates: list[int]
    bytes: int
    host_cpu: float
    loop_cpu: float


class Viewer:
    """One viewer: counts, and decodes as any viewer does."""

    def __init__(self, session: RemoteSession) -> None:
        self._session = session
        self.updates = self.bytes = 0
        self.has_picture = asyncio.Event()

    async def watch(self) -> None:
        """Take updates until cancelled."""
        async for update in self._session.updates():
            self.updates += update.merged
            self.bytes += update.bytes
            self.has_picture.set()


async def visit(task: Visit) -> Count:
    """Come in with all viewers, wait for the start, and count."""
    loop = asyncio.get_running_loop()
    start = asyncio.Event()
    loop.add_signal_handler(START, start.set)
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        viewers = [Viewer(await stack.enter_async_context(_session(task, number))) for number in range(task.viewers)]
        watching = [group.create_task(viewer.watch()) for viewer in viewers]
        for viewer in viewers:
            await viewer.has_picture.wait()
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await start.wait()
        count = await _count(viewers, task)
        for one in watching:
            one.cancel()
    return count


async def _count(viewers: list[Viewer], task: Visit) -> Count:
    for viewer in viewers:
        viewer.updates = viewer.bytes = 0
    began, host, loop = time.monotonic(), cpu_seconds(task.host_pid), first_thread_seconds(task.host_pid)
    await asyncio.sleep(task.seconds)
    seconds, host = time.monotonic() - began, cpu_seconds(task.host_pid) - host
    loop = first_thread_seconds(task.host_pid) - loop
    return Count(seconds, [viewer.updates for viewer in viewers], sum(viewer.bytes for viewer in viewers), host, loop)


def _session(task: Visit, number: int) -> contextlib.AbstractAsyncContextManager[RemoteSession]:
    home = Path(task.folder) / f"viewer-{number}"
    return fanlight.connect(task.address, home=home, password=task.password, trust=task.fingerprint)


def main() -> None:
    """Run as a program; what fails says why in its last line on stderr."""
    signal.signal(START, signal.SIG_IGN)
    try:
        count = asyncio.run(visit(msgspec.json.decode(sys.argv[1], type=Visit)))
    except* FanlightError as group:
        sys.exit(str(group.exceptions[0]))
    sys.stdout.buffer.write(msgspec.json.encode(count))


if __name__ == "__main__":
    main()
