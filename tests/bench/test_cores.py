"""Waiting for a core, as the kernel counts it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fanlight_bench.cores import Queue


@pytest.fixture
def shared_core() -> Iterator[None]:
    """A core that this thread has to share with a program that is never done."""
    allowed = os.sched_getaffinity(0)
    core = min(allowed)
    os.sched_setaffinity(0, {core})
    try:
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
            yield
            other.kill()
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.usefixtures("shared_core")
def test_who_shares_a_core_waits_for_it() -> None:
    queue = Queue()
    before = queue.micros()
    while queue.micros() < before + 1_000:
        pass


def test_a_kernel_that_does_not_count_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", refuse)
    queue = Queue()
    monkeypatch.undo()
    assert queue.micros() == 0
