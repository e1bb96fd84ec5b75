"""One benchmark from its name to its report: planned first, so that its length is known before it runs."""

import dataclasses
import importlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fanlight.errors import UsageError
from fanlight_bench import machine
from fanlight_bench.plan import Case, Progress, run_in_turns
from fanlight_bench.results import Report, Row

NAMES = ("encoders", "pipeline", "screen", "growth", "core", "link")

Run = Callable[[list[list[Case]], int, Progress], tuple[list[Row], bool]]


class Planned:
    """A benchmark with its options, ready to be measured."""

    def __init__(self, name: str, options: Mapping[str, object]) -> None:
        """Plan a benchmark; UsageError where it has no such option, workload, system or size."""
        self._benchmark = load(name)
        known = {field.name for field in dataclasses.fields(self._benchmark.Options)}
        if unknown := set(options) - known:
            raise UsageError(f"{name} has no option {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
        self._options = self._benchmark.Options(**options)
        self._groups: list[list[Case]] = self._benchmark.plan(self._options)
        self.name = name
        self.turns: int = self._options.turns

    @property
    def seconds(self) -> float:
        """About how long it takes to measure."""
        return self.turns * sum(case.seconds for group in self._groups for case in group)

    @property
    def cases(self) -> int:
        """How many systems under workloads are measured, each `turns` times."""
        return sum(map(len, self._groups))

    def measure(self, progress: Progress, run: Run = run_in_turns) -> Report:
        """Measure all cases by `run`; interrupted, the report holds what was measured and is not complete."""
        report = Report(self.name, datetime.now(UTC).isoformat(timespec="seconds"), machine.describe())
        report.quick = self._options.quick
        report.tools = self._benchmark.tools()
        started = time.monotonic()
        report.rows, report.complete = run(self._groups, self.turns, progress)
        report.seconds = round(time.monotonic() - started, 1)
        report.ratios = self._benchmark.ratios(report.rows)
        if hold := getattr(self._benchmark, "limits", None):
            report.limits = hold(report.rows)
        return report


def load(name: str) -> Any:
    """Import a benchmark's module; UsageError where there is none of that name."""
    if name not in NAMES:
        raise UsageError(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"fanlight_bench.{name}")
