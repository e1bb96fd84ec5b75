"""One system under one workload: a new display, the workload in it, and a process that is measured beside it."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import mss
import numpy as np

from fanlight.types import Size
from fanlight_bench import clock
from fanlight_bench.pipeline.account import Account, Task
from fanlight_bench.pipeline.measure import BEGUN, ENDED, READY, START
from fanlight_bench.pipeline.systems import System
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.processes import Display, Program, wait_for
from fanlight_bench.results import Figure

_START_SECONDS = 30.0
_END_SECONDS = 60.0
# Starting a display and the process, and ending them; and what a workload adds.
_OVERHEAD_SECONDS = 0.8
_WORKLOAD_SECONDS = 1.0

MakeCommand = Callable[[Size, int], list[str]]
"""The workload's command for a size and rate."""


@dataclass(frozen=True)
class Window:
    """How long is measured, after how long a warm-up, and how many updates a second are asked for."""

    seconds: float
    warmup: float
    rate: int = 60


@dataclass
class PipelineCase:
    """A case of plan.run_in_turns. Each turn starts from nothing, so that all systems see the same from the start."""

    system: str
    workload: str
    size: Size
    window: Window
    measured: System
    command: MakeCommand

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {"size": size_text(self.size), **self.measured.settings}

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        workload = _WORKLOAD_SECONDS if self.measured.needs_workload else 0.0
        return self.window.seconds + self.window.warmup + _OVERHEAD_SECONDS + workload

    def measure(self) -> dict[str, Figure]:
        """Measure once; Unavailable, with the reason, for a system that cannot run here."""
        try:
            return self.account().figures()
        except TimeoutError as error:
            raise Unavailable(str(error)) from error

    def account(self) -> Account:
        """Measure once; return what the process reported."""
        with Display(self.size) as display, contextlib.ExitStack() as stack:
            workload = None
            if self.measured.needs_workload:
                workload = stack.enter_context(Program(self.command(self.size, self.window.rate), display))
            child = stack.enter_context(Program(self.measured.command(self._task(display, workload)), display))
            if workload is not None:
                _wait_until_drawn(display, workload)
            _wait_for_word(child, READY, _START_SECONDS)
            os.kill(child.pid, START)
            return self._follow(child, display, workload)

    def _follow(self, child: Program, display: Display, workload: Program | None) -> Account:
        """Look at the workload's clock when the window begins and ends; return what the process reports."""
        _wait_for_word(child, BEGUN, self.window.warmup + _START_SECONDS)
        before = _drawn(display) if workload else None
        _wait_for_word(child, ENDED, self.window.seconds + _START_SECONDS)
        after = _drawn(display) if workload else None
        status = child.wait(_END_SECONDS)
        if workload is not None and workload.status is not None:
            raise Unavailable(f"the workload {self.workload} ended early: {workload.last_words()}")
        if status:
            raise Unavailable(child.last_words())
        account = msgspec.json.decode(child.output().rpartition(ENDED)[2], type=Account)
        if before is not None and after is not None:
            account.drawn = after - before
        return account

    def _task(self, display: Display, workload: Program | None) -> Task:
        return Task(
            width=self.size[0],
            height=self.size[1],
            seconds=self.window.seconds,
            warmup=self.window.warmup,
            rate=self.window.rate,
            display=display.name,
            display_pid=display.pid,
            workload_pid=workload.pid if workload else None,
        )


def _wait_until_drawn(display: Display, workload: Program) -> None:
    """Wait until the workload shows its clock, which it draws with its first picture."""

    def is_drawn() -> bool:
        if workload.status is not None:
            raise Unavailable(f"the workload could not be shown: {workload.last_words()}")
        return _drawn(display) is not None

    wait_for(is_drawn, _START_SECONDS, "the workload's first picture")


def _wait_for_word(child: Program, word: bytes, seconds: float) -> None:
    """Wait until the process has written `word`; Unavailable, with its last words, where it ends before."""

    def has_said() -> bool:
        # In this order: one that says it and ends has said it.
        ended = child.status is not None
        if word in child.output():
            return True
        if ended:
            raise Unavailable(child.last_words())
        return False

    wait_for(has_said, seconds, f"the word {word.decode().strip()!r} of the measured process")


def _drawn(display: Display) -> int | None:
    """Return how many pictures the workload has shown so far, by its clock; None where it shows none."""
    corners = clock.corners(display.size)
    with mss.MSS(display=display.name) as grabber:
        shots = [grabber.grab({"left": x, "top": y, "width": w, "height": h}) for x, y, w, h in corners]
    # The two clocks side by side are a picture of their own, so the rest need not be read.
    pictures = [np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4) for shot in shots]
    reading = clock.read(np.hstack(pictures))
    return reading.seq if reading else None
