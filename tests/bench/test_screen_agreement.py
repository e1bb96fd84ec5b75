"""The ledger against the clock that a workload draws: two measurements of the same pictures, host and window real.

Whatever this machine does besides delays the look at the viewer's screen, so the tenth of the pictures counts for which
both are closest, and of several measurements the closest. What one of them does not see, as a stage that is left out,
is missing in those too.
"""

import sys
from pathlib import Path

import pytest

from fanlight_bench.screen.case import ScreenCase
from fanlight_bench.screen.fanlight_system import Fanlight

LATE = str(Path(__file__).with_name("late_fanlight.py"))
LATE_SECONDS = 0.03
AGREED_MS = 2.0
TRIES = 4


@pytest.mark.parametrize("part", ["encoder", "decoder", "window"])
def test_ledger_and_drawn_clock_agree_wherever_time_is_spent(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "fanlight_bench.screen.fanlight_system._command",
        lambda *arguments: [sys.executable, LATE, part, str(LATE_SECONDS), *arguments],
    )
    assert any(agree() for _ in range(TRIES))


def agree() -> bool:
    found = ScreenCase(Fanlight, "typing", (640, 480), 60, window=3.0, warm_up=1.0).measure()
    assert found["ledger p50"].median >= 1000 * LATE_SECONDS
    assert found["latency p50"].median >= 1000 * LATE_SECONDS
    return found["drawn beside ledger, closest tenth"].median <= AGREED_MS
