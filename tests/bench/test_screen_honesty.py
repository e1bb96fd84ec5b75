"""What the sampler says of viewers that lag, drop, tear or go back: fakes on a clock of our own."""

import pytest

from fanlight.errors import CaptureError
from fanlight_bench.screen.corners import Stamp
from fanlight_bench.screen.looks import Delivery, Record, deliver
from fanlight_bench.screen.sampler import FIRST_CLOCK_SECONDS, watch

SECOND = 1_000_000
FRAME = 20_000
FRAMES = 60
START = 5 * SECOND

Picture = tuple[Stamp | None, Stamp | None]
Change = tuple[int, Picture]


class FakeScreen:
    """A screen that changes at given moments, and the clock by which it does.

    Looking at it takes `look` microseconds, and the first time after a change what the server still draws besides.
    """

    def __init__(self, changes: list[Change], look: int = 0, still_drawing: int = 0) -> None:
        self._changes = sorted(changes, key=lambda change: change[0])
        self._picture: Picture = (None, None)
        self._look = look
        self._still_drawing = still_drawing
        self._drawing = 0
        self.now = START

    def wait(self, until: int) -> bool:
        if not self._changes or self._changes[0][0] >= until:
            self.now = until
            return False
        moment, self._picture = self._changes.pop(0)
        self.now = max(self.now, moment)
        self._drawing = self._still_drawing
        return True

    def stamps(self) -> Picture:
        self.now += self._look + self._drawing
        self._drawing = 0
        return self._picture


def drawn_at(seq: int) -> int:
    return START + seq * FRAME


def whole(seq: int) -> Picture:
    return (drawn_at(seq), seq), (drawn_at(seq), seq)


def torn(seq: int) -> Picture:
    """The top is of a frame, the bottom of the one before."""
    return (drawn_at(seq), seq), (drawn_at(seq - 1), seq - 1)


def record(changes: list[Change]) -> Record:
    screen = FakeScreen(changes)
    return watch(screen, lambda: screen.now, 10.0, lambda seen: None)


def delivered(changes: list[Change]) -> Delivery:
    """What was seen while frames 10 to 59 were drawn."""
    return deliver(record(changes).looks, drawn_at(10), drawn_at(FRAMES))


def prompt(delay: int = 1_000) -> list[Change]:
    return [(drawn_at(seq) + delay, whole(seq)) for seq in range(FRAMES)]


def test_a_prompt_viewer_delivers_every_frame() -> None:
    seen = delivered(prompt())
    assert seen.frames_a_second == pytest.approx(50)
    assert seen.drawn_a_second == pytest.approx(50)
    assert (seen.latency(50), seen.latency(100)) == (1.0, 1.0)
    assert (seen.torn, seen.stale) == (0, 0)


def test_a_delay_of_20_ms_shows_as_20_ms() -> None:
    seen = delivered(prompt(delay=20_000))
    assert seen.latency(50) == seen.latency(99) == 20.0
    assert seen.frames_a_second == pytest.approx(50, abs=1)


def test_a_viewer_that_drops_every_second_frame_shows_half_the_rate() -> None:
    seen = delivered([change for seq, change in enumerate(prompt()) if seq % 2])
    assert seen.frames_a_second == pytest.approx(25)
    assert seen.drawn_a_second == pytest.approx(50)


def test_stale_frames_show_as_latency() -> None:
    """Every frame arrives at once, and again, 300 ms later, over what is newer."""
    changes = prompt() + [(drawn_at(seq) + 300_500, whole(seq)) for seq in range(FRAMES)]
    seen = delivered(changes)
    assert seen.stale > 30
    assert seen.latency(100) == 300.5
    assert (seen.latency(90) or 0) > 300


def test_a_viewer_that_is_behind_shows_all_its_latency() -> None:
    seen = delivered(prompt(delay=400_000))
    assert seen.latency(50) == 400.0
    assert seen.stale == 0


def test_a_frame_shown_twice_counts_once() -> None:
    seen = delivered(
        [change for moment, picture in prompt() for change in ((moment, picture), (moment + 5_000, picture))]
    )
    assert seen.frames_a_second == pytest.approx(50)


def test_a_frozen_viewer_shows_as_a_gap() -> None:
    seen = delivered([change for seq, change in enumerate(prompt()) if not 20 <= seq < 45])
    assert seen.longest_gap == 26 * FRAME / 1_000
    assert seen.frames == 25


def test_a_viewer_that_stops_shows_as_a_gap_to_the_end() -> None:
    seen = delivered(prompt()[:30])
    assert seen.longest_gap == pytest.approx(31 * FRAME / 1_000, abs=FRAME / 1_000)


def test_torn_frames_are_counted_and_not_delivered() -> None:
    seen = delivered([(drawn_at(seq) + 1_000, torn(seq) if seq % 2 else whole(seq)) for seq in range(FRAMES)])
    assert seen.torn == 25
    assert seen.frames_a_second == pytest.approx(25)


def test_a_viewer_that_always_tears_delivers_nothing() -> None:
    seen = delivered([(drawn_at(seq) + 1_000, torn(seq)) for seq in range(1, FRAMES)])
    assert seen.torn == 50
    assert seen.frames == 0
    assert seen.latency(50) is None


def test_a_picture_that_is_being_painted_is_not_torn() -> None:
    changes = [
        change
        for seq in range(1, FRAMES)
        for change in ((drawn_at(seq) + 1_000, torn(seq)), (drawn_at(seq) + 3_000, whole(seq)))
    ]
    seen = delivered(changes)
    assert seen.torn == 0
    assert seen.latency(50) == 3.0


def test_a_clock_of_which_one_cannot_be_read_delivers_nothing() -> None:
    seen = delivered(
        [(moment, (first, None) if seq > 20 else (first, first)) for seq, (moment, (first, _)) in enumerate(prompt())]
    )
    assert seen.frames == 11


def test_what_was_seen_before_the_span_is_not_new_in_it() -> None:
    seen = delivered([*prompt()[:10], (drawn_at(20), whole(9)), (drawn_at(21), whole(8))])
    assert (seen.frames, seen.stale) == (0, 1)


def test_a_screen_without_a_clock_is_refused() -> None:
    with pytest.raises(CaptureError, match=f"within {FIRST_CLOCK_SECONDS} s"):
        record([(START + 1_000, (None, None))])


def test_the_time_counts_from_the_first_clock() -> None:
    screen = FakeScreen([(START, (None, None)), *[(moment + 3 * SECOND, picture) for moment, picture in prompt()]])
    begun: list[int] = []
    seen = watch(screen, lambda: screen.now, 0.5, begun.append)
    assert begun == [START + 3 * SECOND + 1_000]
    assert len(seen.looks) == 25


def test_what_a_look_takes_by_itself_is_without_what_the_server_still_draws() -> None:
    screen = FakeScreen(prompt(), look=400, still_drawing=3_000)
    seen = watch(screen, lambda: screen.now, 10.0, lambda seen: None)
    assert seen.look_alone_micros == 400
    assert seen.look_p99_micros == 3_400
    assert (len(seen.looks), seen.samples) == (FRAMES, FRAMES)


def test_a_picture_that_a_second_look_finds_is_no_look_by_itself() -> None:
    class Restless(FakeScreen):
        def stamps(self) -> Picture:
            self.wait(START + 10 * SECOND)
            return super().stamps()

    screen = Restless(prompt(), look=400)
    seen = watch(screen, lambda: screen.now, 10.0, lambda seen: None)
    assert seen.look_alone_micros == 0
    assert [look.seq for look in seen.looks] == sorted({look.seq for look in seen.looks})
