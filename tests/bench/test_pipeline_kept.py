"""What the pipeline benchmark keeps of a stream has no gap, since an update means nothing without those before it."""

import pytest

from fanlight.codec.base import Update
from fanlight_bench.pipeline import kept
from fanlight_bench.pipeline.kept import Kept


def update(number: int, length: int = 4) -> Update:
    return Update(number.to_bytes(4, "little") * (length // 4))


def test_all_that_led_to_the_window_is_kept_and_the_first_of_it() -> None:
    made = Kept()
    for number in range(100):
        made.add(update(number))
    made.begin()
    for number in range(100, 200):
        made.add(update(number))
    assert [*made.lead, *made.window] == [update(number) for number in range(124)]
    assert len(made.lead) == 100


def test_a_lead_that_is_too_large_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST_BYTES", 100)
    made = Kept()
    for number in range(30):
        made.add(update(number))
    made.begin()
    made.add(update(99))
    assert (made.lead, made.window) == ([], [])


def test_a_window_that_is_too_large_ends_before_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST_BYTES", 100)
    made = Kept()
    made.add(update(0, 40))
    made.begin()
    for number, length in ((1, 40), (2, 40), (3, 4)):
        made.add(update(number, length))
    assert [*made.lead, *made.window] == [update(0, 40), update(1, 40)]
