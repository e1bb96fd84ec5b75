"""A short run of tests/fuzz/fuzz_counting.py."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))

import fuzz_counting


def test_no_guess_is_free_when_the_host_is_killed(path):
    assert fuzz_counting.run(path, 20, random.Random(1)) > 20


def test_the_check_sees_a_guess_that_was_not_counted(path, monkeypatch):
    monkeypatch.setattr(fuzz_counting, "counted", lambda _: {b"g": 0, b"c": 0})
    try:
        fuzz_counting.run(path, 20, random.Random(1))
    except AssertionError:
        return
    raise RuntimeError("a free guess was not seen")
