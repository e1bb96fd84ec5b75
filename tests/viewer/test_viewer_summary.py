import json

import numpy as np
import pytest
from remote_fake import FakeUpdate

from fanlight.types import Rect
from fanlight.viewer.summary import Meter, percentile

DAMAGE = (Rect(0, 0, 8, 8),)
SIZE = (640, 480)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7.0], 1, 7.0),
        ([7.0], 99, 7.0),
        ([1.0, 2.0], 50, 1.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(value) for value in range(1, 101)], 99, 99.0),
        ([float(value) for value in range(1, 101)], 100, 100.0),
        ([float(value) for value in range(1, 102)], 99, 100.0),
    ],
)
def test_percentiles_are_values_that_occurred(values, percent, expected):
    assert percentile(values, percent) == expected


def filled(count: int, interval: float = 0.02, now: float = 100.0) -> Meter:
    meter = Meter(now)
    for number in range(1, count + 1):
        meter.add(FakeUpdate(DAMAGE, latency=number / 1_000, bytes=50), SIZE, now + number * interval)
    return meter


def test_totals():
    summary = filled(100).summary(102.0, None)
    assert (summary.frames, summary.bytes, summary.exact, summary.size) == (100, 5_000, True, SIZE)
    assert summary.fps == pytest.approx(50.0)
    assert (summary.latency_p50, summary.latency_p99) == (pytest.approx(0.050), pytest.approx(0.099))


def test_json_has_the_promised_shape():
    said = json.loads(json.dumps(filled(100).summary(102.0, None).as_json()))
    assert said == {
        "frames": 100,
        "fps": 50.0,
        "bytes": 5_000,
        "latency_ms": {"p50": 50.0, "p99": 99.0},
        "exact": True,
        "size": [640, 480],
    }


def test_nothing_came():
    said = Meter(5.0).summary(5.0, np.zeros((2, 2, 4), np.uint8))
    assert said.image is None
    assert said.as_json()["latency_ms"] == {"p50": None, "p99": None}
    assert (said.fps, said.exact) == (0.0, False)


@pytest.mark.parametrize("update", [FakeUpdate((), bytes=0), FakeUpdate(DAMAGE, bytes=0), FakeUpdate((), bytes=9)])
def test_pointers_resizes_and_empty_updates_are_no_pictures(update):
    meter = Meter(0.0)
    meter.add(update, SIZE, 0.5)
    summary = meter.summary(1.0, None)
    assert (summary.frames, summary.bytes, summary.latency_p50) == (0, update.bytes, None)


def test_exact_is_what_the_last_update_says():
    meter = filled(3)
    meter.add(FakeUpdate(DAMAGE, exact=False), SIZE, 101.0)
    assert not meter.summary(102.0, None).exact


def test_unknown_latencies_do_not_count():
    meter = Meter(0.0)
    for latency in (None, 0.003, None):
        meter.add(FakeUpdate(DAMAGE, latency=latency), SIZE, 0.1)
    assert meter.summary(1.0, None).latency_p99 == 0.003


def test_the_sample_is_bounded_and_keeps_the_newest():
    meter = Meter(0.0)
    for number in range(20_000):
        meter.add(FakeUpdate(DAMAGE, latency=float(number)), SIZE, 0.1)
    summary = meter.summary(1.0, None)
    assert summary.frames == 20_000
    assert summary.latency_p50 > 20_000 - 8_192


def test_the_image_is_a_copy():
    image = np.zeros((2, 2, 4), np.uint8)
    summary = filled(1).summary(101.0, image)
    image[:] = 9
    assert not summary.image.any()


def test_recent_forgets_after_two_seconds():
    meter = filled(100)
    assert meter.recent(102.0).fps == pytest.approx(50.0)
    assert meter.recent(102.0).bytes_per_second == pytest.approx(2_500.0)
    later = meter.recent(110.0)
    assert (later.fps, later.latency_p50) == (0.0, None)


def test_recent_counts_a_young_session_by_its_own_time():
    assert filled(10).recent(100.5).fps == pytest.approx(20.0)


def test_one_line_for_people():
    line = filled(100).recent(102.0).line("hybrid")
    assert line == "50 fps  ·  50.0 / 99.0 ms  ·  exact  ·  20 kbit/s  ·  hybrid  ·  640x480"
    assert "  ·  hybrid q 30  ·  " in filled(100).recent(102.0).line("hybrid", 30)
    assert "refining" in Meter(0.0).recent(1.0).line("h264")
