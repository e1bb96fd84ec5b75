"""Systems of known cost, run as the measured process: `fake_pipeline.py KIND TASK`."""

import sys
import time

import msgspec

from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.measure import Pipeline, Step, serve

INTERVAL = 1 / 30


class FakePipeline(Pipeline):
    """Thirty updates of 100 bytes a second; "sleeps" 20 ms or "burns" 15 ms over each, "halves" drops every second."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._due = time.monotonic()
        self._count = 0

    def step(self, timeout: float) -> Step | None:
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due += INTERVAL
        self._count += 1
        if self._kind == "halves" and self._count % 2:
            return None
        began = time.monotonic()
        if self._kind == "sleeps":
            time.sleep(0.02)
        if self._kind == "burns":
            burnt = time.process_time() + 0.015
            while time.process_time() < burnt:
                pass
        return Step(100, time.monotonic() - began)


if __name__ == "__main__":
    if sys.argv[1] == "fails":
        sys.exit("there is no such shoe")
    serve(lambda _: FakePipeline(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Task))
