"""Numbers as people read them."""

import pytest

from fanlight_bench.report.bar import time_left
from fanlight_bench.report.numbers import duration, number, quantity, spread
from fanlight_bench.results import Figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1.00"),
        (9.999, "10.0"),
        (0.01234, "0.0123"),
        (123.4, "123"),
        (123456.0, "123,000"),
        (-2.5, "-2.50"),
        (1e-9, "1.00e-09"),
        (float("inf"), "∞"),
        (float("nan"), "?"),
    ],
)
def test_three_digits_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.0, "ms", "12.0 ms"),
        (0.5, "", "0.500"),
        (999, "B", "999 B"),
        (1500, "B", "1.50 kB"),
        (2e6, "B/s", "2.00 MB/s"),
        (3e9, "bytes a frame", "3.00 GB a frame"),
        (1500, "Bananas", "1,500 Bananas"),
    ],
)
def test_units_fit_the_number(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_a_spread_is_said_where_there_is_one() -> None:
    assert spread(Figure((2, 1, 3), "ms")) == "1.00 to 3.00"
    assert spread(Figure((999, 2000), "bytes a frame")) == "999 bytes to 2.00 kB"
    assert spread(Figure((2, 2), "ms")) == ""
    assert spread(Figure((2,), "ms")) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 seconds"), (90, "90 seconds"), (600, "10 minutes"), (7500, "2 hours 5 minutes")],
)
def test_a_duration_is_as_exact_as_it_can_be(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_time_left_learns_from_the_time_it_took() -> None:
    assert time_left(0, 60, 0) == 60
    assert time_left(30, 60, 60) == 60
    assert time_left(60, 60, 99) == 0
