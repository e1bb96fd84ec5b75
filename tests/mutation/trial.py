"""Try mutants: collect the tests once, then for each mutant fork and run those that run its function, likeliest first.

A fork costs milliseconds where a new pytest costs seconds. Which test runs which functions, and how long it takes, is
seen in a run without a mistake, which all tests must pass.
"""

import gc
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.runner import runtestprotocol
from forks import Forks
from hypothesis import Phase, settings
from mutants import ROOT, Mutant, mutants
from mutmut.configuration import config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from results import Results

# These are slow and see nothing that the rest does not: an attack of a day, kill -9, a model beside the rules.
LEFT_OUT = ("killed", "attack", "model", "every_change_of_one_byte", "many_processes", "in_turn")
OPTIONS = ["-qqs", "-W", "ignore", *(f"-pno:{each}" for each in ("cacheprovider", "benchmark", "timeout"))]
HOUR = 3600.0


class Seen(NamedTuple):
    """What a run without a mistake showed: the seconds of each test, and the tests that run each function."""

    seconds: dict[str, float]
    tests: dict[str, set[str]]

    def tests_of(self, mutant: Mutant) -> list[str]:
        return sorted(self.tests.get(mutant.function, ()), key=lambda test: self.seconds[test])

    def limit(self, tests: list[str]) -> float:
        """Return the seconds after which tests wait for ever: many, for others may be at work beside us."""
        return 20 + 10 * sum(self.seconds[test] for test in tests)


class Trial:
    """The plugin of pytest that tries the mutants of modules in place of running the tests."""

    def __init__(self, modules: list[str], refused: set[str], jobs: int) -> None:
        self._modules, self._refused, self._jobs = modules, refused, jobs
        self._items: dict[str, pytest.Item] = {}
        self._seen = Seen({}, {})
        self._kills: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not any(word in item.nodeid for word in LEFT_OUT)]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()
        self._seen = self._see()
        for module in self._modules:
            self._try(module)
        return True

    def _see(self) -> Seen:
        found: list[object] = []
        forks = Forks(1)
        forks.start(self._watch, HOUR, found.append)
        forks.finish()
        if not isinstance(found[0], Seen):
            sys.exit(f"fanlight: a test of access fails without a mistake: {found[0]}")
        return found[0]

    def _watch(self, place: Path) -> Seen | str:
        """Run all tests as they are; return what was seen, or the name of one that fails."""
        set_mutant_under_test("stats")
        seen, hit = Seen({}, {}), state()._stats
        begun = time.monotonic()
        for name, failed in self._run(list(self._items), place):
            if failed:
                return name
            seen.seconds[name], begun = time.monotonic() - begun, time.monotonic()
            for function in hit:
                seen.tests.setdefault(function, set()).add(name)
            hit.clear()
        return seen

    def _run(self, tests: list[str], place: Path) -> Iterator[tuple[str, bool]]:
        items = [self._items[test] for test in tests]
        items[0].config._tmp_path_factory._basetemp = place  # type: ignore[attr-defined]
        for item, following in zip(items, [*items[1:], None], strict=True):
            # Ends a test that turns in circles, by seconds of computing.
            signal.setitimer(signal.ITIMER_PROF, 3 + 10 * self._seen.seconds.get(item.nodeid, HOUR))
            yield item.nodeid, any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))

    def _killer(self, mutant: Mutant, tests: list[str], place: Path) -> str:
        """Return the first of `tests` that fails with a mutant, or ""."""
        set_mutant_under_test(mutant.name)
        return next((name for name, failed in self._run(tests, place) if failed), "")

    def _try(self, module: str) -> None:
        results, forks, everyone = Results(module), Forks(self._jobs), mutants(module)
        self._kills = Counter(results[mutant].by for mutant in everyone)
        for mutant in everyone:
            tests = self._seen.tests_of(mutant)
            if mutant.name in self._refused:
                results.keep(mutant, "refused", [])
            elif not tests:
                results.keep(mutant, "survived", [])
            elif not results.is_known(mutant, tests):
                self._start(forks, mutant, tests, results)
        forks.finish()
        results.save()
        states = [results[mutant].state for mutant in everyone]
        counts = ", ".join(f"{states.count(each)} {each}" for each in ("refused", "killed", "survived"))
        sys.stderr.write(f"fanlight: {module}: {counts}\n")

    def _start(self, forks: Forks, mutant: Mutant, tests: list[str], results: Results) -> None:
        before = results[mutant].by
        # First what killed it before, then what has killed many of its like in little time; then the fastest.
        tests.sort(key=lambda test: (test != before, -self._kills[test] / (0.01 + self._seen.seconds[test])))

        def end(killer: object) -> None:
            # A mutant that ends pytest itself, or does not end, was noticed too.
            results.keep(mutant, "survived" if killer == "" else "killed", tests, str(killer or ""))
            results.save()
            self._kills[str(killer)] += 1

        forks.start(lambda place: self._killer(mutant, tests, place), self._seen.limit(tests), end)


def run(modules: list[str], refused: set[str], jobs: int) -> int:
    """Try the mutants of `modules`, `jobs` at a time; return the code of pytest."""
    os.chdir(ROOT)
    config()  # mutmut reads it from where we are
    # A mistake is found or not: to look for the smallest example of it would only take time.
    settings.register_profile("mutation", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")
    return pytest.main([*OPTIONS, "tests/access"], plugins=[Trial(modules, refused, jobs)])
