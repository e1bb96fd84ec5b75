"""What no host can do without: the same bytes by TLS to as many connections, and an answer from each, by libuv."""

import contextlib
import sys
import time
from dataclasses import dataclass

import msgspec

from fanlight_bench.hosting import says
from fanlight_bench.link.case import Figures, once
from fanlight_bench.link.floor_child import LISTENS, Echo
from fanlight_bench.link.table import PER_UPDATE
from fanlight_bench.pipeline.measure import READY
from fanlight_bench.plan import Settings, Unavailable
from fanlight_bench.processes import Program, cpu_seconds, wait_for

UPDATE_BYTES, ANSWER_BYTES = 3_500, 25
"""About what text that scrolls takes at 1280x720, and an acknowledgement."""

_START_SECONDS = 20.0
_SETTLE_SECONDS = 0.5


@dataclass
class FloorCase:
    """So many connections, each given an update of so many bytes so often, for `window` seconds."""

    system: str
    workload: str
    connections: int
    rate: int
    window: float
    update: int = UPDATE_BYTES

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {
            "rate": self.rate,
            "connections": self.connections,
            "update": f"{self.update} bytes",
            "answer": f"{ANSWER_BYTES} bytes",
        }

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return self.window + _SETTLE_SECONDS + 1

    def measure(self) -> Figures:
        """Measure once."""
        echo = Echo(self.connections, self.rate, self.update, ANSWER_BYTES)
        try:
            with contextlib.ExitStack() as stack:
                sender = stack.enter_context(Program(_command(echo)))
                wait_for(lambda: says(sender, LISTENS) and sender.output().endswith(b"\n"), _START_SECONDS, "the start")
                port = int(sender.output().removeprefix(LISTENS))
                answerer = stack.enter_context(Program(_command(msgspec.structs.replace(echo, port=port))))
                wait_for(lambda: says(answerer, READY), _START_SECONDS, "the last connection")
                time.sleep(_SETTLE_SECONDS)
                began, used = time.monotonic(), cpu_seconds(sender.pid)
                time.sleep(self.window)
                used, took = cpu_seconds(sender.pid) - used, time.monotonic() - began
        except TimeoutError as error:
            raise Unavailable(str(error)) from error
        return {PER_UPDATE: once(1000 * used / (took * self.rate), "ms")}


def _command(echo: Echo) -> list[str]:
    return [sys.executable, "-m", "fanlight_bench.link.floor_child", msgspec.json.encode(echo).decode()]
