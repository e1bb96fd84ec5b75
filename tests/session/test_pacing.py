"""The window of one viewer, the rate of its link, and how good its picture may be."""

import pytest

from fanlight.session.events import ClockSample
from fanlight.session.pacing import BEST_QUALITY, LONGEST_INTERVAL, WORST_QUALITY, RateControl, Window

INTERVAL = 1 / 60
# The viewer's clock is another one.
AHEAD = 5_000.0
MEGABIT = 125_000.0


class Link:
    """A window whose updates cross a link of so many bytes a second and seconds each way; `now` is the host's time."""

    def __init__(self, rate: float, delay: float) -> None:
        self.window = Window(INTERVAL)
        self.rate = rate
        self.delay = delay
        self.now = 0.0
        self.queued = 0.0
        self._free_at = 0.0
        self._seq = 0
        self._arriving: list[tuple[float, int]] = []
        self.window.measured(ClockSample(rtt=2 * delay, offset=AHEAD))

    def send(self, length: int) -> None:
        """Hand an update to the link."""
        self._seq += 1
        self.window.sent(self._seq, length, self.now)
        self._free_at = max(self.now, self._free_at) + length / self.rate
        self.queued = max(self.queued, self._free_at - self.now)
        self._arriving.append((self._free_at + self.delay, self._seq))

    def pass_time(self, seconds: float) -> None:
        """Let what arrives be acknowledged."""
        self.now += seconds
        while self._arriving and self._arriving[0][0] + self.delay <= self.now:
            at, seq = self._arriving.pop(0)
            self.window.acknowledged(seq, at + AHEAD, at + AHEAD, at + self.delay)


def test_a_viewer_that_never_acknowledges_closes_its_window() -> None:
    window = Window(INTERVAL)
    sent = 0
    while window.is_open and sent < 100:
        sent += 1
        window.sent(sent, 1000, now=0.0)
    assert sent == 2


def test_an_acknowledgement_covers_all_updates_before_it() -> None:
    window = Window(INTERVAL)
    window.sent(1, 1000, now=0.0)
    window.sent(2, 1000, now=0.01)
    assert not window.is_open
    assert window.unacknowledged == 2000
    window.acknowledged(2, AHEAD, AHEAD, now=0.02)
    assert window.is_open
    assert window.unacknowledged == 0


def test_the_round_trip_is_the_shortest_of_the_last_64_and_forgets_older_ones() -> None:
    window, trips = Window(INTERVAL), [((seq * 37) % 101 + 1) / 1000 for seq in range(400)]
    for seq, trip in enumerate(trips, 1):
        window.sent(seq, 1000, now=float(seq))
        window.acknowledged(seq, AHEAD, AHEAD, now=seq + trip)
        assert window.trip == pytest.approx(min(trips[max(0, seq - 64) : seq]))


def test_the_window_covers_one_round_trip() -> None:
    window = Window(INTERVAL)
    window.sent(1, 1000, now=0.0)
    window.acknowledged(1, AHEAD, AHEAD, now=0.1)
    assert window.limit == 7


def test_a_queue_on_the_way_does_not_widen_the_window() -> None:
    window = Window(INTERVAL)
    window.sent(1, 1000, now=0.0)
    window.acknowledged(1, AHEAD, AHEAD, now=0.02)
    before = window.limit
    window.sent(2, 1000, now=1.0)
    window.acknowledged(2, AHEAD, AHEAD, now=3.0)
    assert window.limit == before


def test_the_window_is_bounded_on_the_longest_way() -> None:
    window = Window(INTERVAL)
    window.sent(1, 1000, now=0.0)
    window.acknowledged(1, AHEAD, AHEAD, now=60.0)
    assert window.limit == 32


def exchange(window: Window, seq: int, now: float, length: int = 1000) -> bool:
    """Send an update, and have it acknowledged where that is asked for."""
    asks = window.asks(length, now)
    window.sent(seq, length, now, asked=asks)
    if asks:
        acknowledge(window, seq, now + 0.001)
    return asks


def acknowledge(window: Window, seq: int, at: float, decoding: float = 0.0) -> None:
    """Let the viewer receive an update at a time of our clock, and say so when it is decoded."""
    window.acknowledged(seq, at + AHEAD, at + AHEAD + decoding, at + decoding + 0.001)


def prompt_viewer(seconds: float = 0.0) -> Window:
    """Return the window of a viewer that was prompt with its first updates."""
    window = Window(INTERVAL)
    window.measured(ClockSample(rtt=0.002, offset=AHEAD))
    assert [exchange(window, seq, seconds) for seq in range(1, 9)] == [True] * 8
    return window


def test_a_prompt_viewer_is_asked_for_every_16th_acknowledgement() -> None:
    window = prompt_viewer()
    assert [exchange(window, seq, 0.0) for seq in range(9, 41)] == ([False] * 15 + [True]) * 2


def test_it_is_asked_after_64_kib_and_after_a_second() -> None:
    window = prompt_viewer()
    assert [exchange(window, seq, 0.0, 20_000) for seq in range(9, 17)] == [False, False, False, True] * 2
    assert [exchange(window, seq, seq / 4) for seq in range(20, 30)] == ([False] * 4 + [True]) * 2


@pytest.mark.parametrize(("received_after", "decoding"), [(0.02, 0.0), (0.001, 0.02)])
def test_a_viewer_that_is_late_is_asked_for_all_until_it_was_prompt_with_eight(
    received_after: float, decoding: float
) -> None:
    window = prompt_viewer()
    assert [exchange(window, seq, 0.0) for seq in range(9, 24)] == [False] * 15
    for seq, at in ((24, 1.0), (25, 1.0 + INTERVAL)):
        assert window.asks(1000, at)
        window.sent(seq, 1000, at)
    acknowledge(window, 24, 1.0 + received_after, decoding)
    acknowledge(window, 25, 1.0 + INTERVAL + received_after, decoding)
    assert [exchange(window, seq, 2.0) for seq in range(26, 36)] == [True] * 7 + [False] * 3


def test_a_viewer_that_is_always_late_is_asked_for_all() -> None:
    window, asked = prompt_viewer(), [False]
    for seq in range(9, 100):
        at = seq * INTERVAL
        asks = window.asks(1000, at)
        window.sent(seq, 1000, at, asked=asks)
        if asked[-1]:
            acknowledge(window, seq - 1, at + 0.01)
        asked.append(asks)
    assert asked == [False] * 16 + [True] * 76


def test_a_prompt_viewer_that_stops_gets_what_it_may_hold_and_its_window() -> None:
    window, sent = prompt_viewer(), 0
    while window.is_open and sent < 100:
        sent += 1
        window.sent(8 + sent, 1000, 0.0, asked=window.asks(1000, 0.0))
    assert sent == 15 + window.limit


def test_the_rate_of_a_link_shows_without_filling_it() -> None:
    link = Link(10 * MEGABIT, delay=0.02)
    for step in range(60):
        link.send(100 if step % 2 else 8_000)
        link.pass_time(INTERVAL)
    assert link.window.rate is not None
    assert 0.8 < link.window.rate / (10 * MEGABIT) < 1.3


def test_what_is_on_its_way_is_bounded_in_bytes_where_the_rate_is_known() -> None:
    link = Link(10 * MEGABIT, delay=0.02)
    for _ in range(20):
        link.send(8_000)
        link.pass_time(0.1)
    link.queued = 0.0
    for _ in range(600):
        if link.window.is_open:
            link.send(60_000)
        link.pass_time(INTERVAL)
    # A round trip's worth, one interval's, and one update.
    assert link.queued <= 0.04 + INTERVAL + 60_000 / link.rate + 0.01


def test_quality_gives_way_before_the_rate_and_both_say_why() -> None:
    control = RateControl(INTERVAL)
    reasons = [control.lossy_sent(40_000, 4 * MEGABIT, now=float(step)) for step in range(10)]
    said = [reason for reason in reasons if reason]
    assert said[0].startswith(f"q {BEST_QUALITY} -> ")
    assert said[0].endswith("link 4.0 Mbit/s")
    assert "updates a second" in said[-1]
    assert control.quality == WORST_QUALITY
    assert INTERVAL < control.interval <= LONGEST_INTERVAL


def test_a_better_link_brings_the_rate_back_before_the_quality() -> None:
    control = RateControl(INTERVAL)
    for step in range(10):
        control.lossy_sent(40_000, 4 * MEGABIT, now=float(step))
    reasons = [control.lossy_sent(4_000, 1000 * MEGABIT, now=10.0 + 2 * step) for step in range(40)]
    said = [reason for reason in reasons if reason]
    assert "updates a second" in said[0]
    assert said[-1].startswith("q ")
    assert (control.quality, control.interval) == (BEST_QUALITY, INTERVAL)


def test_a_link_whose_rate_is_not_known_changes_nothing() -> None:
    control = RateControl(INTERVAL)
    assert not any(control.lossy_sent(10_000_000, None, now=float(step)) for step in range(100))
    assert control.quality == BEST_QUALITY


def test_what_fits_the_link_changes_nothing() -> None:
    control = RateControl(INTERVAL)
    assert not any(control.lossy_sent(8_000, 10 * MEGABIT, now=float(step)) for step in range(100))


def test_a_key_frame_among_small_updates_does_not_cost_quality() -> None:
    control = RateControl(INTERVAL)
    lengths = [50_000, *[8_000] * 20, 50_000, *[8_000] * 20]
    assert not any(control.lossy_sent(length, 10 * MEGABIT, now=float(step)) for step, length in enumerate(lengths))
    assert control.quality == BEST_QUALITY


def test_quality_comes_back_in_few_steps_and_stays() -> None:
    control = RateControl(INTERVAL)
    said = []
    for step in range(600):
        length = round(30_000 * 2 ** ((BEST_QUALITY - control.quality) / 6))
        rate = (4 if step < 100 else 15) * MEGABIT
        if reason := control.lossy_sent(length, rate, now=step * INTERVAL):
            said.append((step, reason))
    better = [reason for step, reason in said if step >= 100]
    assert 1 <= len(better) <= 3
    assert said[-1][0] < 500


def test_what_refines_the_picture_takes_a_moment_of_the_link() -> None:
    link = Link(10 * MEGABIT, delay=0.02)
    assert link.window.portion is None
    for _ in range(20):
        link.send(8_000)
        link.pass_time(0.1)
    assert link.window.rate is not None
    assert link.window.portion == int(link.window.rate / 50)
    slow = Link(0.1 * MEGABIT, delay=0.02)
    for _ in range(20):
        slow.send(8_000)
        slow.pass_time(1.0)
    assert slow.window.portion == 4096
