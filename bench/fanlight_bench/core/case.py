"""One thing that is measured: new displays, what they show, and a process that is measured beside them."""

import contextlib
import sys
from dataclasses import dataclass

import msgspec

from fanlight.errors import CaptureError
from fanlight_bench import workloads
from fanlight_bench.core.task import Figures, Task
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.processes import Display, Program

_CHILD = "fanlight_bench.core.child"
_RATE = 60
_END_SECONDS = 60.0


@dataclass
class CoreCase:
    """A case of plan.run_in_turns: the task is given to a process that lives for one turn.

    `displays` is how many of the task's sizes get a display; the first one shows the task's workload where `shows`.
    `maps`: the captures read the displays' framebuffers, and ask the X server for no pixels.
    """

    workload: str
    task: Task
    seconds: float
    displays: int = 0
    shows: bool = False
    maps: bool = False
    system: str = "fanlight"

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {"size": size_text(self.task.sizes[0])}

    def measure(self) -> Figures:
        """Measure once; Unavailable, with the reason, where it cannot be measured here."""
        try:
            return self._measure()
        except (TimeoutError, CaptureError) as error:
            raise Unavailable(str(error)) from error

    def _measure(self) -> Figures:
        with contextlib.ExitStack() as stack:
            displays = [stack.enter_context(Display(size)) for size in self.task.sizes[: self.displays]]
            if self.shows:
                shown = workloads.command(self.task.workload, self.task.sizes[0], rate=_RATE)
                stack.enter_context(Program(shown, displays[0]))
            task = msgspec.structs.replace(
                self.task,
                displays=tuple(display.name for display in displays),
                framebuffers=tuple(map(_framebuffer, displays)) if self.maps else (),
            )
            child = stack.enter_context(Program([sys.executable, "-m", _CHILD, task.to_json()]))
            if child.wait(self.seconds + _END_SECONDS):
                raise Unavailable(child.last_words())
            return msgspec.json.decode(child.output().rpartition(b"\n")[2], type=Figures)


def _framebuffer(display: Display) -> str:
    if display.framebuffer is None:
        raise Unavailable("there is no tmpfs with room for the pixels of a virtual display")
    return str(display.framebuffer)
