"""One of several viewers is stopped and goes on: what the others notice, what the host keeps, what it sees then."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from fanlight.types import Size
from fanlight_bench.link.case import Figures, LinkCase, once, percentile
from fanlight_bench.link.guest import Seen, Shown
from fanlight_bench.link.scene import Scene, finish, scene, start
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Program

STALE_SECONDS = 0.2
"""A picture that is older than this when it is shown is not the newest one."""

_OTHERS = 2
_SETTLE_SECONDS = 10.0
_AFTER_SECONDS = 3.0
_SAMPLE_SECONDS = 0.25
_PAGE = os.sysconf("SC_PAGE_SIZE")


class StoppedCase(LinkCase):
    """Three viewers, one of which gets SIGSTOP for `stop` seconds after `before` seconds in which all is well."""

    def __init__(self, workload: str, shown: str, size: Size, rate: int, before: float, stop: float) -> None:
        super().__init__(workload, shown, size, rate, _SETTLE_SECONDS + before + stop + _AFTER_SECONDS)
        self.before, self.stop = before, stop
        self.settings |= {"viewers": _OTHERS + 1, "stopped for": f"{stop:g} s"}

    def take(self) -> Figures:
        """Stop the last viewer, and let it go on."""
        with scene(self.shown, self.size, rate=self.rate) as made:
            others = [made.guest() for _ in range(_OTHERS)]
            stopped = made.guest()
            time.sleep(_SETTLE_SECONDS)
            began = time.monotonic()
            time.sleep(self.before)
            held, most, stop, go_on = self._stop(stopped, made)
            time.sleep(_AFTER_SECONDS)
            after = resident(made.host.pid)
            for guest in (*others, stopped):
                start(guest)
            seen, back = [finish(guest) for guest in others], finish(stopped)
        return {
            **noticed(seen, (began, stop), (stop, go_on)),
            **returned(back, go_on),
            "host memory while it was stopped": once((most - held) / 2**20, "MiB more"),
            "host memory after it": once((after - held) / 2**20, "MiB more"),
        }

    def _stop(self, viewer: Program, made: Scene) -> tuple[int, int, float, float]:
        """Return the host's bytes of memory before, the most while the viewer is stopped, and from when to when."""
        held = most = resident(made.host.pid)
        os.kill(viewer.pid, signal.SIGSTOP)
        began = time.monotonic()
        while time.monotonic() < began + self.stop:
            time.sleep(_SAMPLE_SECONDS)
            most = max(most, resident(made.host.pid))
        os.kill(viewer.pid, signal.SIGCONT)
        return held, most, began, time.monotonic()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has to itself or shares; ProcessLookupError when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        raise ProcessLookupError(f"there is no process {pid}") from None


def noticed(others: Sequence[Seen], before: tuple[float, float], meanwhile: tuple[float, float]) -> Figures:
    """Return how old pictures were when the others saw them, before and while one viewer was stopped."""
    found = {}
    for name, (began, end) in (("before", before), ("meanwhile", meanwhile)):
        ages = [age for seen in others for age in _ages(seen.shown, began, end)]
        found[name] = percentile(ages, 99, "picture"), percentile(ages, 50, "picture"), len(ages)
    first, then = found["before"], found["meanwhile"]
    return {
        "others' latency p50, before": once(1000 * first[1], "ms"),
        "others' latency p50, meanwhile": once(1000 * then[1], "ms"),
        "others' latency p99, before": once(1000 * first[0], "ms"),
        "others' latency p99, meanwhile": once(1000 * then[0], "ms"),
        "others' latency p99, of that before": once(then[0] / first[0], "ratio"),
    }


def _ages(shown: Sequence[Shown], began: float, end: float) -> list[float]:
    """Return the age of each new picture when it was shown."""
    ages, newest = [], 0.0
    for one in shown:
        if one.drawn is not None and one.drawn > newest:
            newest = one.drawn
            if began <= one.at < end:
                ages.append(one.at - one.drawn)
    return ages


def returned(back: Seen, went_on: float) -> Figures:
    """Return what a viewer saw from the moment on at which it went on."""
    after = [one for one in back.shown if one.at >= went_on and one.drawn is not None]
    fresh = [one for one in after if one.drawn is not None and one.at - one.drawn < STALE_SECONDS]
    if not fresh:
        raise Unavailable("the viewer that was stopped saw nothing new when it went on")
    first = fresh[0].at
    # What was on the screen already is told of again when the connection is a new one.
    known = {one.drawn for one in back.shown if one.at < went_on}
    stale = {one.drawn for one in after if one.at < first} - known
    return {
        "until the newest picture": once(1000 * (first - went_on), "ms"),
        "stale pictures shown": once(len(stale), ""),
        "reconnects": once(back.reconnects, ""),
        "digests that differ": once(back.mismatches, ""),
    }
