"""What a host uses while nothing happens: capture and the hybrid encoder, waiting for a change that does not come."""

import time

from fanlight.capture import Capture
from fanlight.codec import Encoder, open_encoder
from fanlight_bench.core.task import Figures, Task, once, open_screen

_SETTLE_SECONDS = 0.5


def measure(task: Task) -> Figures:
    """Wait; the CPU time is that of all threads of this process."""
    with open_screen(task) as capture, open_encoder("hybrid", task.sizes[0]) as encoder:
        _follow(capture, encoder, _SETTLE_SECONDS)
        began, cpu = time.monotonic(), time.process_time()
        _follow(capture, encoder, task.seconds)
        used, seconds = time.process_time() - cpu, time.monotonic() - began
    return {"process CPU": once(100 * used / seconds, "% of a core")}


def _follow(capture: Capture, encoder: Encoder, seconds: float) -> None:
    """Encode whatever comes, as the host does for a viewer that takes every update."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        frame = capture.next(left)
        if frame is not None:
            encoder.encode(frame)
