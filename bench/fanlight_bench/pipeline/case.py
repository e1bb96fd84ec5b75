"""One system under one workload: a new display, the workload in it, and a process that is measured beside it."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import mss
import numpy as np

from fanlight.types import Size
from fanlight_bench.pipeline.account import Account, Task
from fanlight_bench.pipeline.measure import READY, START
from fanlight_bench.pipeline.systems import System
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for
from fanlight_bench.results import Figure

_START_SECONDS = 30.0
_END_SECONDS = 60.0
# Starting a display, the workload and the process, and ending them.
_OVERHEAD_SECONDS = 1.5

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
    settings: dict[str, str | int | float] = field(default_factory=dict)
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.settings = {"size": f"{self.size[0]}x{self.size[1]}", **self.measured.settings, **self.settings}
        self.seconds = self.window.seconds + self.window.warmup + _OVERHEAD_SECONDS

    def measure(self) -> dict[str, Figure]:
        """Measure once; Unavailable, with the reason, for a system that cannot run here."""
        return self.account().figures()

    def account(self) -> Account:
        """Measure once; return what the process reported."""
        with Display(self.size) as display, contextlib.ExitStack() as stack:
            workload = None
            if self.measured.needs_workload:
                workload = stack.enter_context(Program(self.command(self.size, self.window.rate), display))
            child = stack.enter_context(Program(self.measured.command(self._task(display, workload)), display))
            if workload is not None:
                _wait_until_drawn(display, workload)
            _wait_until_ready(child)
            os.kill(child.pid, START)
            status = child.wait(self.window.warmup + self.window.seconds + _END_SECONDS)
            if workload is not None and workload.status is not None:
                raise Unavailable(f"the workload {self.workload} ended early: {workload.last_words()}")
            if status:
                raise Unavailable(child.last_words())
            return msgspec.json.decode(child.output().removeprefix(READY), type=Account)

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
    """Wait until the workload shows something on what was a black screen."""
    width, height = display.size
    with mss.MSS(display=display.name) as grabber:

        def is_drawn() -> bool:
            if workload.status is not None:
                raise Unavailable(f"the workload could not be shown: {workload.last_words()}")
            shot = grabber.grab({"left": 0, "top": 0, "width": width, "height": height})
            return bool(np.frombuffer(shot.raw, np.uint8).reshape(-1, 4)[:, :3].any())

        wait_for(is_drawn, _START_SECONDS, "the workload's first picture")


def _wait_until_ready(child: Program) -> None:
    def is_ready() -> bool:
        if child.status is not None:
            raise Unavailable(child.last_words())
        return child.output().startswith(READY)

    wait_for(is_ready, _START_SECONDS, "the start of the measured process")
