"""What a system says of its pictures, held beside drawn clocks: which pictures, what is taken off, what is caught."""

import pytest

from fanlight_bench import screen
from fanlight_bench.results import Limit, Row
from fanlight_bench.screen.agreement import Clocks, read_drawings, split, told
from fanlight_bench.screen.looks import Look, deliver
from fanlight_bench.screen.system import OwnWords

# Milliseconds: what the X server took to draw, what the way took, what the look took.
DRAWING, WAY, LOOKING = 1.5, 6.0, 0.5
FRAMES = 10
STEP = 100_000


def ten_frames(*lost: int, drawn: bool = True) -> Clocks:
    """A frame every 100 ms without those that were lost, seen 8 ms after its clock was drawn."""
    looks = [Look(at, at - 8_000, n, False) for n, at in enumerate(range(0, STEP * FRAMES, STEP)) if n not in lost]
    stamps = [STEP * n - 8_000 for n in range(FRAMES)] if drawn else []
    drawings = {stamp: stamp + round(1_000 * DRAWING) for stamp in stamps}
    return Clocks(deliver(looks, 0, STEP * FRAMES), drawings, round(1_000 * LOOKING))


def words(*latencies: float, exact: bool = True) -> list[OwnWords]:
    """A ledger of updates that were shown a little before each of the frames was seen."""
    return [OwnWords(STEP * n - 1_000, latency, 50, exact) for n, latency in enumerate(latencies)]


def held(workload: str, own: list[OwnWords], clocks: Clocks) -> Limit:
    figures = split(clocks) | told(own, clocks)
    limits = screen.limits([Row("fanlight", workload, {"size": "1920x1080"}, figures)])
    named = {"typing": "typing", "full-change": "full change"}[workload]
    return next(limit for limit in limits if limit.what.startswith(named) and "beside ledger" in limit.what)


def test_a_latency_is_drawing_the_way_and_the_look() -> None:
    found = {name: figure.median for name, figure in split(ten_frames()).items()}
    assert found == {
        "drawing p50": DRAWING,
        "display to display p50": WAY,
        "look p50": LOOKING,
        "drawing and look p50": DRAWING + LOOKING,
    }


def test_a_picture_of_which_nothing_was_told_is_not_split() -> None:
    assert split(ten_frames(drawn=False)) == {}
    assert split(ten_frames(*range(FRAMES))) == {}


def test_what_a_system_says_of_itself_stands_beside_what_was_seen() -> None:
    found = told(words(3.0, 4.0, 9.0), ten_frames())
    assert found["ledger p50"].median == 4.0
    assert found["picture bytes"].median == 150
    assert found["exact updates"].median == 100
    assert told([*words(3.0), *words(3.0, exact=False)], ten_frames())["exact updates"].median == 50
    assert told(None, ten_frames()) == {}
    assert {name: one.median for name, one in told([], ten_frames()).items()} == {"picture bytes": 0}


def test_stages_are_told_in_the_middle_of_all_that_have_them() -> None:
    own = [
        OwnWords(0, 1.0, 50, True, {"capture": 200, "encode": 1_500}),
        OwnWords(1, 1.0, 50, True, {"capture": 400, "encode": 2_500, "present": 900}),
    ]
    found = told(own, ten_frames())
    stages = {name: figure.median for name, figure in found.items() if name.startswith("stage ")}
    assert stages == {"stage capture": 0.3, "stage encode": 2.0, "stage present": 0.9}


def test_drawing_and_look_are_not_held_against_a_ledger() -> None:
    found = told(words(*[5.0] * FRAMES), ten_frames())
    assert found["drawn less ledger"].median == pytest.approx(3.0)
    assert found["display to display less ledger"].median == pytest.approx(1.0)
    assert found["display to display beside ledger, closest tenth"].median == pytest.approx(1.0)


def test_what_lies_before_a_ledger_and_what_after_it_is_told_apart() -> None:
    """Shown 1 ms before it was seen, 8 ms after its clock: 5 ms of ledger leave 2 ms before them."""
    found = told(words(*[5.0] * FRAMES), ten_frames())
    assert found["before the ledger p50"].median == pytest.approx(2.0)
    assert found["after the ledger p50"].median == pytest.approx(1.0)


def test_a_picture_is_held_beside_what_is_said_of_the_same_one() -> None:
    found = told(words(99.0, 5.0, 4.0, 3.0), ten_frames())
    assert found["display to display less ledger"].median == pytest.approx(2.0)
    far = [OwnWords(50_000, 1.0, 50, True)]
    assert "display to display less ledger" not in told(far, ten_frames())


def test_a_picture_before_which_one_is_missing_is_not_held_beside_the_first_change() -> None:
    """Frame 4 has frame 3 in it, with which its update began: the ledger says 100 ms more than the clock."""
    own = words(6.0, 6.0, 6.0, 0.0, 106.0)
    assert told(own, ten_frames(3))["display to display less ledger"].median == pytest.approx(0.0)
    every_second = ten_frames(*range(1, FRAMES, 2))
    assert "display to display less ledger" not in told(own, every_second)


def test_without_what_the_workload_tells_nothing_is_taken_off_and_nothing_held() -> None:
    assert "display to display less ledger" not in told(words(*[5.0] * FRAMES), ten_frames(drawn=False))


@pytest.mark.parametrize("workload", ["typing", "full-change"])
@pytest.mark.parametrize(("lie", "met"), [(0.0, True), (1.9, True), (-1.9, True), (2.1, False), (-2.1, False)])
def test_clock_and_ledger_may_differ_by_two_milliseconds_either_way(workload: str, lie: float, met: bool) -> None:
    assert held(workload, words(*[WAY + lie] * FRAMES), ten_frames()).met is met


@pytest.mark.parametrize("lie", [5.0, -5.0])
def test_a_ledger_that_lies_by_5_ms_is_caught(lie: float) -> None:
    limit = held("full-change", words(*[WAY + lie] * FRAMES), ten_frames())
    assert (limit.measured, limit.met) == (pytest.approx(5.0), False)


def test_what_is_taken_off_stands_beside_without_a_limit() -> None:
    clocks = ten_frames()
    figures = split(clocks) | told(words(*[WAY] * FRAMES), clocks)
    limits = screen.limits([Row("fanlight", "full-change", {"size": "1920x1080"}, figures)])
    own = next(one for one in limits if one.what == "full change: drawing and look by themselves, p50")
    assert (own.measured, own.limit) == (DRAWING + LOOKING, None)


def test_a_workload_tells_what_it_shows_and_when_it_was_drawn() -> None:
    assert read_drawings(b"100 250\n300 410\n500 5") == {100: 250, 300: 410}
    assert read_drawings(b"") == {}
