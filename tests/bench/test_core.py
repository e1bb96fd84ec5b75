"""The core's figures: what is read off updates, how ratios are taken, and that a limit that is not met shows."""

import io
import struct

import numpy as np
import pytest
import zstandard
from report_fixtures import report

from fanlight.errors import CodecError, UsageError
from fanlight.types import Move
from fanlight_bench import clock, core, workloads
from fanlight_bench.core import coding, letter, motion, table
from fanlight_bench.core.copies import copied, copies
from fanlight_bench.core.letter import Taken
from fanlight_bench.core.motion import Seen
from fanlight_bench.core.task import Task, once, ratios
from fanlight_bench.report.page import render
from fanlight_bench.report.tables import show
from fanlight_bench.results import Figure, Limit, Report, Row

SIZE = (640, 400)
SOLID = struct.pack("<B4H3B", 2, 0, 0, 64, 64, 1, 2, 3)


def update(*moves: Move, packed: bool = False) -> bytes:
    plain = b"".join(struct.pack("<B6H", 1, *move) for move in moves) + SOLID
    body = zstandard.ZstdCompressor().compress(plain) if packed else plain
    return struct.pack("<BI", packed, len(plain)) + body


@pytest.mark.parametrize("packed", [False, True])
def test_copies_stand_before_everything_else(packed: bool) -> None:
    moves = [Move(0, 64, 640, 100, 0, 72), Move(8, 9, 10, 11, 12, 13)]
    assert copies(update(*moves, packed=packed)) == moves
    assert copies(update(packed=packed)) == []


def test_an_empty_update_copies_nothing() -> None:
    assert copies(b"") == []


def test_a_compression_that_is_not_known_is_refused() -> None:
    with pytest.raises(CodecError, match="compression 9"):
        copies(b"\x09\x00\x00\x00\x00")


def test_only_pixels_that_moved_count_and_each_of_them_once() -> None:
    moved = Move(200, 100, 100, 100, 200, 120)
    assert copied(moved, [], SIZE) == (0, 10_000)
    assert copied(moved, [Move(0, 0, 640, 400, 0, 0)], SIZE) == (10_000, 10_000)
    overlapping = [Move(200, 100, 60, 100, 0, 0), Move(240, 100, 20, 100, 0, 0)]
    assert copied(moved, overlapping, SIZE) == (6_000, 10_000)


def test_under_a_clock_nothing_moved() -> None:
    beside, below = clock.WIDTH, clock.HEIGHT
    assert copied(Move(0, 0, beside + 10, below, 0, below), [], SIZE) == (0, 10 * below)
    # Moved from where the clock was: it did not come along.
    assert copied(Move(0, below, beside, below, 0, 0), [], SIZE) == (0, 0)
    assert copied(Move(0, 0, 10, 10, 300, 300), [], SIZE) == (0, 0)


@pytest.mark.parametrize("name", ["scroll-text", "scroll-text-sidebar", "window-drag"])
def test_workloads_know_what_moved(name: str) -> None:
    before, after = 3, 7
    frames = [frame.copy() for frame in workloads.frames(name, SIZE, after + 1)]
    moved = workloads.moves(name, SIZE)(before, after)
    assert moved is not None
    x, y, w, h, src_x, src_y = moved
    differs = (frames[after][y : y + h, x : x + w] != frames[before][src_y : src_y + h, src_x : src_x + w]).any(axis=2)
    corners = 2 * 2 * clock.WIDTH * clock.HEIGHT
    assert w * h > SIZE[0] * SIZE[1] // 10
    assert np.count_nonzero(differs) <= corners


def test_what_only_changes_has_not_moved() -> None:
    assert workloads.moves("typing", SIZE)(0, 60) is None
    assert workloads.moves("scroll-text", SIZE)(5, 5) is None
    assert workloads.moves("window-drag", SIZE)(5, 5) is None


def test_share_is_of_updates_whose_pictures_are_known() -> None:
    half = Move(0, 64, SIZE[0] // 2, SIZE[1] - 128, 0, 72)
    seen = [Seen(update(), 0), Seen(update(half), 1), Seen(update(), None), Seen(update(), 3)]
    figures = motion.share(seen, Task("motion", (SIZE,), workload="scroll-text"))
    assert figures["moved pixels as COPY"].median == pytest.approx(50, abs=0.5)
    assert figures["updates looked at"].median == 25


def test_share_is_left_out_where_no_clock_could_be_read() -> None:
    figures = motion.share([Seen(update(), None)] * 3, Task("motion", (SIZE,), workload="scroll-text"))
    assert set(figures) == {"updates looked at"}


def test_ratios_are_of_what_was_taken_side_by_side() -> None:
    assert ratios([1.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == [1.0, 2.0, 3.0]


def test_letter_is_held_to_the_grab_beside_it() -> None:
    smaller = Taken(awaited=[1e-4, 2e-4, 4e-4], captured=[1e-5, 2e-5, 9e-5], in_two=[3e-4] * 3, ready=[5e-5] * 3)
    larger = Taken(awaited=[2e-4, 2e-4, 4e-4], captured=[1e-5, 2e-5, 9e-5], in_two=[3e-4] * 3, ready=[6e-5] * 3)
    figures = letter.figures(smaller, larger, [1e-3, 1e-3, 1e-3])
    medians = {name: figure.median for name, figure in figures.items()}
    assert medians["letter"] == pytest.approx(200)
    assert medians["letter until captured"] == pytest.approx(20)
    assert medians["letter by two calls"] == pytest.approx(300)
    assert medians["letter that lay ready, 4K"] == pytest.approx(60)
    assert medians["letter to mss.grab"] == pytest.approx(0.2)
    assert medians["4K to 1080p"] == pytest.approx(1.0)


def test_picture_is_held_to_the_png_with_fewer_bytes() -> None:
    runs = coding.Runs()
    runs.bytes = {"encode": 80, "decode": 0, "memcpy": 0, "zstd": 0, "png none": 200, "png mixed": 100}
    runs.seconds = {
        "encode": [0.1],
        "decode": [0.05],
        "memcpy": [0.01],
        "zstd": [0.04],
        "png none": [1.0],
        "png mixed": [3.0],
    }
    figures = coding.figures(runs, (1000, 1000))
    assert figures["bytes to PNG's"].median == pytest.approx(0.8)
    assert figures["speed to PNG's"].median == pytest.approx(30)
    assert figures["to copy the picture and compress its stream"].median == pytest.approx(60)
    assert figures["encode"].median == pytest.approx(10)
    assert figures["decode"].median == pytest.approx(20)


def held(rows: list[Row], what: str) -> Limit:
    return next(limit for limit in table.held(rows) if limit.what == what)


IDLE = "idle, process CPU"


def idle(*runs: float) -> Row:
    return Row("fanlight", table.IDLE, figures={"process CPU": Figure(runs, "% of a core")})


def test_limit_is_held_to_the_median_of_the_turns() -> None:
    assert held([idle(0.9, 0.1, 0.2)], IDLE).met is True
    lost = held([idle(0.9, 0.1, 0.3)], IDLE)
    assert (lost.met, lost.measured, lost.runs, lost.reason) == (False, 0.3, (0.9, 0.1, 0.3), None)


def test_share_must_be_reached_and_not_kept_below() -> None:
    what = "window drag: moved pixels as COPY"
    for share, met in ((98.0, True), (97.9, False)):
        row = Row("fanlight", table.DRAG, figures={"moved pixels as COPY": once(share, "%", "higher")})
        assert held([row], what).met is met


def test_what_could_not_be_measured_says_why_and_is_not_met() -> None:
    limit = held([Row("fanlight", table.IDLE, reason="there is no Xvfb")], IDLE)
    assert (limit.met, limit.measured, limit.reason) == (None, None, "there is no Xvfb")
    assert held([], IDLE).reason == "it was not measured in this run"


def peers(*theirs: float, reason: str | None = None) -> list[Row]:
    ours = Row(table.OURS, "typing", figures={table.PER_UPDATE: Figure((1.0, 1.0, 2.0), "ms")})
    figures = {table.PER_UPDATE: Figure(theirs, "ms")} if theirs else {}
    return [ours, Row(table.PIXELFLUX, "typing", figures=figures, reason=reason)]


def test_peer_is_held_beside_turn_by_turn() -> None:
    limit = held(peers(10.0, 20.0, 10.0), "typing: CPU an update")
    assert limit.runs == (0.1, 0.05, 0.2)
    assert limit.met is True


def test_peer_that_is_not_here_says_how_to_get_it() -> None:
    limit = held(peers(reason="pip install pixelflux"), "typing: CPU an update")
    assert (limit.met, limit.reason) == (None, "pip install pixelflux")
    assert "was not measured" in str(held(peers()[:1], "typing: CPU an update").reason)


def lost_report() -> Report:
    limits = table.held([idle(0.9, 0.8, 1.0), Row("fanlight", table.LETTER, reason="<nobody> could type")])
    return report(idle(0.9, 0.8, 1.0), benchmark="core", limits=limits)


def test_people_see_which_limit_is_not_met() -> None:
    out = io.StringIO()
    show(lost_report(), out)
    line = next(line for line in out.getvalue().splitlines() if IDLE in line)
    assert "0.900 (0.800 to 1.00)" in line
    assert "NO" in line
    assert "typed letter, 4K over 1080p: <nobody> could type" in out.getvalue()


def test_page_has_the_limits_and_the_reasons() -> None:
    page = render(lost_report())
    assert "Measured beside its limit" in page
    assert "<td>NO</td>" in page
    assert "&lt;nobody&gt; could type" in page


def test_limits_survive_the_way_through_json() -> None:
    made = lost_report()
    assert Report.from_json(made.to_json()).limits == made.limits


def test_quick_plan_is_short_and_every_line_has_its_case() -> None:
    options = core.Options(quick=True)
    cases = [case for group in core.plan(options) for case in group]
    assert sum(case.seconds for case in cases) * options.turns <= 60
    assert {line.workload for line in table.LINES} == {case.workload for case in cases}
    assert core.Options(quick=True, turns=4).turns == 4


def test_larger_screen_has_twice_the_sides() -> None:
    cases = [case for group in core.plan(core.Options(size="640x400")) for case in group]
    sizes = {case.workload: case.settings["size"] for case in cases}
    assert (sizes[table.IDLE], sizes[table.IDLE_LARGE]) == ("640x400", "1280x800")


@pytest.mark.parametrize(("size", "said"), [("huge", "WIDTHxHEIGHT"), ("160x120", "cannot be drawn")])
def test_size_that_is_none_or_too_small_is_refused(size: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        core.plan(core.Options(size=size))
