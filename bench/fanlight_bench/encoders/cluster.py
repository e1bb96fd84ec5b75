"""The same cases on a dask.distributed cluster: each worker measures whole scenes, and says which machine it is.

A scene stays on one worker with all its turns, since only figures of one machine can be held beside each other. A
worker gets one scene at a time, whatever its number of threads.
"""

import platform
from collections.abc import Callable
from typing import Any

import msgspec
from distributed import Client, as_completed, get_worker

from fanlight.errors import Unreachable
from fanlight_bench.plan import Case, Progress, run_in_turns
from fanlight_bench.results import Row

_CONNECT_SECONDS = 10

Run = Callable[[list[list[Case]], int, Progress], tuple[list[Row], bool]]


def on(address: str) -> Run:
    """Return what measures on the cluster of a scheduler ("tcp://HOST:PORT") in place of `run_in_turns`.

    Unreachable where no scheduler answers, or it has no worker.
    """

    def run(groups: list[list[Case]], turns: int, progress: Progress) -> tuple[list[Row], bool]:
        with _connect(address) as client:
            return _Sweep(client, groups, turns, progress).run()

    return run


def measure_group(group: list[Case], turns: int) -> list[Row]:
    """Measure one group on this worker; its machine is named in every row."""
    rows, _ = run_in_turns([group], turns, lambda label, done, total: None)
    name = f"{platform.node()}, worker {get_worker().name}"
    return [msgspec.structs.replace(row, worker=name) for row in rows]


def _connect(address: str) -> Any:
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=_CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise Unreachable(f"no dask scheduler answers at {address}: {error}") from error
    if not client.scheduler_info(n_workers=-1)["workers"]:
        client.close()  # type: ignore[no-untyped-call]
        raise Unreachable(f"the dask scheduler at {address} has no workers: start one with: dask worker {address}")
    return client


class _Sweep:
    """Hands groups to idle workers until all are measured."""

    def __init__(self, client: Any, groups: list[list[Case]], turns: int, progress: Progress) -> None:
        self._client = client
        self._groups = groups
        self._turns = turns
        self._progress = progress
        self._waiting = list(range(len(groups)))
        self._running: dict[Any, tuple[int, str]] = {}
        self._rows: dict[int, list[Row]] = {}

    def run(self) -> tuple[list[Row], bool]:
        """Return the rows in the order of the plan; KeyboardInterrupt keeps every group that is whole."""
        finished = as_completed(loop=self._client.loop)  # type: ignore[no-untyped-call]
        complete = True
        try:
            for worker in self._client.scheduler_info(n_workers=-1)["workers"]:
                self._hand_out(worker, finished)
            for future in finished:
                self._take(future)
                self._hand_out(self._running.pop(future)[1], finished)
        except KeyboardInterrupt:
            complete = False
            self._client.cancel(list(self._running))
        self._report("done")
        return [row for number in sorted(self._rows) for row in self._rows[number]], complete

    def _hand_out(self, worker: str, finished: Any) -> None:
        if not self._waiting:
            return
        number = self._waiting.pop(0)
        # Another worker may take it over only where this one is lost.
        future = self._client.submit(
            measure_group, self._groups[number], self._turns, workers=[worker], allow_other_workers=True, pure=False
        )
        self._running[future] = (number, worker)
        self._report(self._groups[number][0].workload)
        finished.add(future)

    def _take(self, future: Any) -> None:
        number, _ = self._running[future]
        error = future.exception()
        if error is None:
            self._rows[number] = future.result()
            return
        reason = f"its worker failed: {error or type(error).__name__}"
        self._rows[number] = [
            Row(case.system, case.workload, case.settings, reason=reason) for case in self._groups[number]
        ]

    def _report(self, label: str) -> None:
        seconds = [self._turns * sum(case.seconds for case in group) for group in self._groups]
        self._progress(label, sum(seconds[number] for number in self._rows), sum(seconds))
