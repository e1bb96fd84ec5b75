"""How a kernel is measured: beside a yardstick, in turns, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from kernel_cases import VARIANTS
from pytest_benchmark.fixture import BenchmarkFixture

from fanlight.kernels import cpu

Work = Callable[[], object]
Measure = Callable[[Work, str, Work], None]

_TURNS = 25


def _seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio_in_turns(work: Work, yardstick: Work) -> float:
    """Return the median of how much longer `work` takes than `yardstick`, measured A B A B."""
    work()
    yardstick()
    return statistics.median(_seconds(work) / _seconds(yardstick) for _ in range(_TURNS))


@pytest.fixture(params=VARIANTS, ids=lambda names: "+".join(names) or "scalar")
def variant(request: pytest.FixtureRequest) -> Iterator[str]:
    """Measure once on each instruction set that this machine has, and once on none."""
    cpu.use(request.param)
    yield "+".join(request.param) or "scalar"
    cpu.use(cpu.detected())


@pytest.fixture
def measure(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Measure:
    """Measure work as a benchmark whose row ends with its ratio to a named yardstick."""

    def run(work: Work, name: str, yardstick: Work) -> None:
        ratio = ratio_in_turns(work, yardstick)
        benchmark.extra_info[f"times {name}"] = ratio
        benchmark.name = f"{request.node.name.removeprefix('test_')} = {ratio:.2f} {name}"
        benchmark(work)

    return run
