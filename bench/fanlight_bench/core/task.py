"""What a measured process is told, and how its figures come back."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from fanlight.capture import Capture, open_capture
from fanlight.errors import CaptureError
from fanlight.types import Size
from fanlight_bench.results import Figure


class Task(msgspec.Struct, frozen=True):
    """What to measure: `kind` is the module that does it, which takes of the rest what it needs.

    `displays` show `sizes`, in this order; `framebuffers` hold their pixels, and where they are given they are mapped.
    `workload` is what is shown, or drawn off screen.
    """

    kind: str
    sizes: tuple[Size, ...]
    displays: tuple[str, ...] = ()
    framebuffers: tuple[str, ...] = ()
    workload: str = ""
    seconds: float = 0.0
    samples: int = 1

    def to_json(self) -> str:
        """Return the task as an argument for a process."""
        return msgspec.json.encode(self).decode()


def open_screen(task: Task, number: int = 0) -> Capture:
    """Capture one of the task's displays; CaptureError where a framebuffer that is given cannot be mapped."""
    framebuffer = Path(task.framebuffers[number]) if task.framebuffers else None
    capture = open_capture(task.displays[number], backend="x11", framebuffer=framebuffer)
    if framebuffer is not None and capture.fallback is not None:
        capture.close()
        raise CaptureError(capture.fallback)
    return capture


Figures = dict[str, Figure]


def once(value: float, unit: str, better: str = "lower") -> Figure:
    """Return a figure of one turn."""
    return Figure((value,), unit, better)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return how each of our measurements stands to the other that was taken beside it."""
    return [a / b for a, b in zip(ours, theirs, strict=True) if b]
