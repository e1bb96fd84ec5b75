"""A report's JSON, and what a ratio says of itself."""

import msgspec
import pytest
from report_fixtures import a_second, ms, row, screen_report

from fanlight_bench.results import Ratio, Report, ratios_in_turns


def test_a_report_survives_its_json() -> None:
    made = screen_report()
    assert Report.from_json(made.to_json()) == made


@pytest.mark.parametrize("data", [b"", b"[]", b'{"benchmark": "screen"}', b'{"rows": 3}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Report.from_json(data)


def test_a_report_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        Report.from_json(screen_report().to_json().replace(b'"quick"', b'"quack"'))


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ((0.5, 0.6, 0.7), "0.60 (0.50 to 0.70)"),
        ((1.5, 1.2, 1.3), "1.30 (1.20 to 1.50)"),
        ((0.9, 1.0, 1.2), "no difference seen"),
        ((0.7, 0.8, 1.0), "no difference seen"),
        ((2.0,), "2.00 (measured once)"),
        ((1.0,), "no difference seen"),
    ],
)
def test_a_ratio_says_its_spread_or_that_there_is_none(runs: tuple[float, ...], verdict: str) -> None:
    assert Ratio("typing", "cpu", "fanlight", "other", runs).verdict() == verdict


def test_ratios_are_of_runs_in_their_order() -> None:
    ours, theirs = row("fanlight", {"cpu": ms(1, 2, 3)}), row("other", {"cpu": ms(2, 2, 2)})
    ratio = ratios_in_turns("typing", "cpu", ours, theirs)
    assert ratio is not None
    assert ratio.runs == (0.5, 1, 1.5)
    assert ratios_in_turns("typing", "rate", ours, row("other", {"rate": a_second(1)})) is None
