"""The measured process: it says that it is ready, waits for its start, makes updates for a while, and reports.

Nothing but the measured system runs in it, so that its CPU time is the system's. What needs work to be known, such as
the pixels that an update wrote, is found out after the window.
"""

import os
import select
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from fanlight_bench.pipeline.account import Account, Task
from fanlight_bench.processes import cpu_seconds

READY = b"ready\n"
BEGUN = b"begun\n"
ENDED = b"ended\n"
"""What the process writes, in this order, and then its account."""

START = signal.SIGUSR1

_START_SECONDS = 60
_STEP_SECONDS = 0.05


class Step(NamedTuple):
    """One update: its bytes, the seconds from having the pixels to having the bytes, the pixels damaged and coded."""

    bytes: int
    wall: float
    damaged: int | None = None
    encoded: int | None = None


class Pipeline(ABC):
    """A way from the screen to bytes."""

    @abstractmethod
    def step(self, timeout: float) -> Step | None:
        """Make the next update; None when there was nothing to make within `timeout` seconds, or about that."""

    def begin(self) -> None:  # noqa: B027 - few need to know
        """Take note that the window begins."""

    def until_exact(self, stopped_at: float) -> float | None:
        """Return the seconds after `stopped_at` until the decoder's picture equals the screen; None: it cannot know."""
        return None

    def written_pixels(self) -> tuple[float | None, float | None]:
        """Return how many pixels an update of the window changed and wrote, where that is found out afterwards."""
        return None, None


def serve(open_pipeline: Callable[[Task], Pipeline], task: Task) -> None:
    """Wait for the start, measure, and write the account to stdout."""
    _wait_for_start()
    account = measure(open_pipeline(task), task)
    _say(msgspec.json.encode(account))


def measure(pipeline: Pipeline, task: Task) -> Account:
    """Warm up, count over the window, pause the workload, and see how the picture becomes exact."""
    _run(pipeline, task.warmup)
    pipeline.begin()
    _say(BEGUN)
    own, display = time.process_time(), cpu_seconds(task.display_pid, children=False)
    began = time.monotonic()
    steps = _run(pipeline, task.seconds)
    seconds = time.monotonic() - began
    own, display = time.process_time() - own, cpu_seconds(task.display_pid, children=False) - display
    _say(ENDED)
    exact = _until_exact(pipeline, task.workload_pid)
    changed, written = pipeline.written_pixels()
    return Account(
        seconds=seconds,
        updates=len(steps),
        own_cpu=own,
        display_cpu=display,
        bytes=sum(step.bytes for step in steps),
        walls=[step.wall for step in steps],
        damaged_pixels=_mean([step.damaged for step in steps if step.damaged is not None]),
        changed_pixels=changed,
        encoded_pixels=_mean([step.encoded for step in steps if step.encoded is not None]) or written,
        until_exact=exact,
    )


def _wait_for_start() -> None:
    """Wait for START by a pipe: libraries have started threads by now, and any of them may get the signal."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(START, lambda *_: None)
    _say(READY)
    if not select.select([woken], [], [], _START_SECONDS)[0]:
        sys.exit("nobody gave the start")
    signal.set_wakeup_fd(-1)


def _say(words: bytes) -> None:
    sys.stdout.buffer.write(words)
    sys.stdout.buffer.flush()


def _run(pipeline: Pipeline, seconds: float) -> list[Step]:
    steps: list[Step] = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        step = pipeline.step(min(left, _STEP_SECONDS))
        if step is not None:
            steps.append(step)
    return steps


def _until_exact(pipeline: Pipeline, workload_pid: int | None) -> float | None:
    """Pause the workload, whose last picture then stays, and let the pipeline come to rest."""
    if workload_pid is None:
        return None
    os.kill(workload_pid, signal.SIGSTOP)
    return pipeline.until_exact(time.monotonic())


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None
