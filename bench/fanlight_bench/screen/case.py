"""One system under one workload, measured once: two displays, the programs in them, and who looks."""

import contextlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.processes import Display, Program, cpu_seconds, wait_for
from fanlight_bench.results import Figure
from fanlight_bench.screen import agreement, sampler
from fanlight_bench.screen.looks import MICROS, Delivery, Record, deliver
from fanlight_bench.screen.system import System
from fanlight_bench.screen.wire import bytes_exchanged

START_SECONDS = 4.0
"""About how long displays, host and viewer take to start and to end."""

_SAMPLER_SPARE = 0.5
_SAMPLER_START_SECONDS = 20


@dataclass(frozen=True)
class Spent:
    """What the parts have used up to a moment: CPU seconds by part, and bytes that the host has sent and received."""

    cpu: dict[str, float]
    wire: int | None


@dataclass
class ScreenCase:
    """A system, a workload, a size."""

    kind: type[System]
    workload: str
    size: Size
    rate: int
    window: float
    warm_up: float

    @property
    def system(self) -> str:
        """Its name."""
        return self.kind.name

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {"size": size_text(self.size), "rate": self.rate, **self.kind.settings}

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return START_SECONDS + self.warm_up + self.window

    def measure(self) -> dict[str, Figure]:
        """Measure once; Unavailable where the system is missing, does not start or shows nothing."""
        if (reason := self.kind.missing()) is not None:
            raise Unavailable(reason)
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanlight-bench-")))
            source = stack.enter_context(Display(self.size))
            screen = stack.enter_context(Display(self.size))
            running = self.kind()
            running.rate = self.rate
            stack.callback(running.stop)
            shown_on = running.start(source, screen, folder)
            seconds = self.warm_up + self.window + _SAMPLER_SPARE
            watching = stack.enter_context(Program(sampler.command(shown_on.name, self.size, seconds)))
            # Last, so that all systems see the same part of what a workload shows.
            command = workloads.command(self.workload, self.size, self.rate, tell=True)
            drawing = stack.enter_context(Program(command, source))
            displays = {"X server": source.pid}
            if shown_on is screen:
                displays["viewer's X server"] = screen.pid
            parts = displays | running.parts | {"sampler": watching.pid}
            try:
                return self._observe(_Cast(running, drawing, watching, parts))
            except TimeoutError as error:
                raise Unavailable(f"{running.name}: {error}") from None

    def _observe(self, cast: "_Cast") -> dict[str, Figure]:
        start = _first_clock(cast) + round(self.warm_up * MICROS)
        begun = _wait_and_count(start, cast)
        ended = _wait_and_count(start + round(self.window * MICROS), cast)
        if cast.watching.wait(sampler.FIRST_CLOCK_SECONDS):
            raise Unavailable(cast.watching.last_words())
        record = msgspec.json.decode(cast.watching.output().splitlines()[-1], type=Record)
        seen = deliver(record.looks, begun[0], ended[0])
        drawings = agreement.read_drawings(cast.drawing.output())
        clocks = agreement.Clocks(seen, drawings, record.look_alone_micros)
        found = figures(seen, begun[1], ended[1], record.look_p99_micros) | agreement.split(clocks)
        return found | agreement.told(cast.running.own_words(begun[0], ended[0]), clocks)


@dataclass(frozen=True)
class _Cast:
    """Who takes part in a measurement, and the processes whose CPU time counts."""

    running: System
    drawing: Program
    watching: Program
    parts: dict[str, int]

    def check(self) -> None:
        """Raise Unavailable, with last words, where the system or the workload has ended."""
        self.running.check()
        if self.drawing.status is not None:
            raise Unavailable(f"the workload ended: {self.drawing.last_words()}")


def figures(seen: Delivery, begun: Spent, ended: Spent, look_p99_micros: int) -> dict[str, Figure]:
    """Put what was seen and used into figures. Without a frame there is no latency, and no cost of a frame."""
    found = {"frames a second": Figure((seen.frames_a_second,), "1/s", "higher")}
    if seen.drawn_a_second is not None:
        found["drawn a second"] = Figure((seen.drawn_a_second,), "1/s", "higher")
        found["delivered"] = Figure((min(100.0, 100 * seen.frames_a_second / seen.drawn_a_second),), "%", "higher")
    for name, percentile in (("latency p50", 50), ("latency p90", 90), ("latency p99", 99), ("latency max", 100)):
        latency = seen.latency(percentile)
        if latency is not None:
            found[name] = Figure((latency,), "ms")
    found["longest gap"] = Figure((seen.longest_gap,), "ms")
    found["torn frames"] = Figure((float(seen.torn),), "frames")
    found["stale frames"] = Figure((float(seen.stale),), "frames")
    used = {part: ended.cpu[part] - begun.cpu[part] for part in begun.cpu}
    wire = None if begun.wire is None or ended.wire is None else ended.wire - begun.wire
    if seen.frames:
        for part in sorted(used.keys() - {"sampler"}):
            found[f"{part} CPU a frame"] = Figure((used[part] * 1_000 / seen.frames,), "ms")
        if wire is not None:
            found["bytes a frame"] = Figure((wire / seen.frames,), "B")
    for part in sorted(used.keys() & {"host", "viewer", "sampler"}):
        found[f"{part} CPU"] = Figure((used[part] * 100 / seen.seconds,), "% of a core")
    if wire is not None:
        found["bytes a second"] = Figure((wire / seen.seconds,), "B/s")
    found["sampler look p99"] = Figure((look_p99_micros / 1_000,), "ms")
    return found


def figure_names() -> Sequence[str]:
    """Return the figures that systems are compared by."""
    return (
        "frames a second",
        "delivered",
        "latency p50",
        "latency p99",
        "host CPU a frame",
        "viewer CPU a frame",
        "X server CPU a frame",
        "bytes a frame",
    )


def _first_clock(cast: _Cast) -> int:
    """Wait for the sampler to see a clock; return when, in microseconds."""

    def said() -> bytes:
        cast.check()
        if cast.watching.status is not None:
            raise Unavailable(f"{cast.running.name} showed no picture: {cast.watching.last_words()}")
        line, end, _ = cast.watching.output().partition(b"\n")
        return line if end else b""

    return int(wait_for(said, sampler.FIRST_CLOCK_SECONDS + _SAMPLER_START_SECONDS, "the first picture"))


def _wait_and_count(moment: int, cast: _Cast) -> tuple[int, Spent]:
    """Sleep until `moment`, microseconds; return the time and what was used until then."""
    time.sleep(max(0.0, moment / MICROS - time.monotonic()))
    cast.check()
    cpu = {part: cpu_seconds(pid) for part, pid in cast.parts.items()}
    exchanged = bytes_exchanged(cast.running.port)
    return time.monotonic_ns() // 1_000, Spent(cpu, sum(exchanged) if exchanged else None)
