"""What each further viewer costs the host: one `fanlight host` on a display, several viewers in one other process."""

import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.growth.viewers_child import Count, Visit
from fanlight_bench.hosting import START_SECONDS, says, serve
from fanlight_bench.pipeline.measure import READY, START
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.processes import Display, Program, wait_for
from fanlight_bench.results import Figure

WORKLOAD = "scroll-text"

_END_SECONDS = 60.0
_OVERHEAD_SECONDS = 1.0
# Every viewer hashes the password anew, hundreds of thousands of times.
_VIEWER_SECONDS = 0.5
# In their first two seconds sessions compare clocks eight times, and viewers are asked for each acknowledgement.
_SETTLE_SECONDS = 3.0


@dataclass
class ViewersCase:
    """`viewers` viewers of one host, for `window` seconds; the rate is low enough for all of them to keep up."""

    system: str
    workload: str
    viewers: int
    size: Size
    window: float
    rate: int

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {
            "size": size_text(self.size),
            "workload": WORKLOAD,
            "rate": self.rate,
            "viewers": self.viewers,
        }

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return self.window + _SETTLE_SECONDS + _OVERHEAD_SECONDS + _VIEWER_SECONDS * self.viewers

    def measure(self) -> dict[str, Figure]:
        """Measure once; Unavailable, with the reason, where the host or its viewers cannot run."""
        try:
            count = self._count()
        except TimeoutError as error:
            raise Unavailable(str(error)) from error
        per_viewer = sorted(count.updates)
        median = per_viewer[len(per_viewer) // 2]
        figures = {
            "host CPU load": Figure((100 * count.host_cpu / count.seconds,), "% of a core"),
            "updates a second": Figure((median / count.seconds,), "1/s", "higher"),
            "updates a second, slowest viewer": Figure((per_viewer[0] / count.seconds,), "1/s", "higher"),
            "bytes a second": Figure((count.bytes / count.seconds,), "B/s"),
        }
        if median:
            figures["host CPU an update"] = Figure((1000 * count.host_cpu / median,), "ms")
            figures["host CPU an update, connections"] = Figure((1000 * count.loop_cpu / median,), "ms")
            figures["host CPU an update and viewer"] = Figure((1000 * count.host_cpu / sum(per_viewer),), "ms")
        return figures

    def _count(self) -> Count:
        with contextlib.ExitStack() as stack:
            display = stack.enter_context(Display(self.size))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanlight-bench-")))
            stack.enter_context(Program(workloads.command(WORKLOAD, self.size, rate=self.rate), display))
            host = stack.enter_context(serve(display, folder / "host"))
            visit = Visit(
                host.address, host.fingerprint, host.password, str(folder), self.viewers, self.window, host.pid
            )
            command = [sys.executable, "-m", "fanlight_bench.growth.viewers_child", msgspec.json.encode(visit).decode()]
            child = stack.enter_context(Program(command))
            wait_for(lambda: says(child, READY), START_SECONDS, "the viewers' first pictures")
            time.sleep(_SETTLE_SECONDS)
            os.kill(child.pid, START)
            if child.wait(self.window + _END_SECONDS):
                raise Unavailable(child.last_words())
            return msgspec.json.decode(child.output().removeprefix(READY), type=Count)
