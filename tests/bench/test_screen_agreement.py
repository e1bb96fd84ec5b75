"""The ledger against the clock that a workload draws: two measurements of the same pictures, host and window real.

Whatever this machine does besides moves one of them or the other, so the tenth of the pictures counts for which both
are closest, and of several measurements the closest. What one of them does not see, as a stage that is left out, is
missing in those too.
"""

import sys
from pathlib import Path

import pytest

from fanlight_bench import screen
from fanlight_bench.results import Figure, Row
from fanlight_bench.screen.case import ScreenCase
from fanlight_bench.screen.fanlight_system import Fanlight

LATE = str(Path(__file__).with_name("late_fanlight.py"))
LATE_SECONDS = 0.03
HIDDEN_SECONDS = 0.005
AGREED_MS = 2.0
LINE = "typing: drawn clock, less drawing and look, beside ledger, p50"
TRIES = 4


def use(part: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "fanlight_bench.screen.fanlight_system._command",
        lambda *arguments: [sys.executable, LATE, part, str(seconds), *arguments],
    )


def measure() -> dict[str, Figure]:
    return ScreenCase(Fanlight, "typing", (640, 480), 60, window=3.0, warm_up=1.0).measure()


@pytest.mark.parametrize("part", ["encoder", "decoder", "window"])
def test_ledger_and_drawn_clock_agree_wherever_time_is_spent(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(part, LATE_SECONDS, monkeypatch)
    assert any(agree() for _ in range(TRIES))


def agree() -> bool:
    found = measure()
    assert found["ledger p50"].median >= 1000 * LATE_SECONDS
    assert found["latency p50"].median >= 1000 * LATE_SECONDS
    return found["display to display beside ledger, closest tenth"].median <= AGREED_MS


@pytest.mark.parametrize("part", ["damage hidden", "window hidden"])
def test_a_ledger_that_hides_5_ms_is_caught(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(part, HIDDEN_SECONDS, monkeypatch)
    assert any(is_caught() for _ in range(TRIES))


def is_caught() -> bool:
    limits = screen.limits([Row(Fanlight.name, "typing", {"size": "640x480"}, measure())])
    return next(limit for limit in limits if limit.what == LINE).met is False
