"""Growth: the line that is fitted, the pixels that change, and costs that grow with them."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from fanlight.codec import Encoder, Update
from fanlight.errors import UsageError
from fanlight.types import Frame, Rect
from fanlight_bench import growth
from fanlight_bench.growth import change, fit, place
from fanlight_bench.growth.change import CaptureCase, EncodeCase, changed_area
from fanlight_bench.growth.place import PlaceCase
from fanlight_bench.growth.viewers import ViewersCase
from fanlight_bench.pipeline.case import Window
from fanlight_bench.results import Figure, Row

SIZE = (1920, 1080)
SMALL = (640, 400)


def test_line_finds_what_is_fixed_and_what_grows() -> None:
    assert fit.line([0, 1, 2, 4], [3, 5, 7, 11]) == pytest.approx((3, 2, 1))


def test_line_says_how_badly_it_fits() -> None:
    assert fit.line([0, 1, 2, 3], [0, 5, 0, 5])[2] < 0.5
    assert fit.line([0, 1, 2], [4, 4, 4]) == pytest.approx((4, 0, 1))


def test_costs_stand_at_their_shares_with_their_line() -> None:
    figures = fit.cost_figures((0.0, 0.005, 1.0), (0, 1_000_000, 2_000_000), (1.0, 3.0, 5.0))
    medians = {name: figure.median for name, figure in figures.items()}
    assert medians == pytest.approx(
        {"at 0 %": 1, "at 0.5 %": 3, "at 100 %": 5, "fixed (a)": 1, "a changed megapixel (b)": 2, "R²": 1}
    )


def test_changed_area_is_the_share_of_the_tiles() -> None:
    assert changed_area(SIZE, 0.0) == ()
    assert changed_area(SIZE, 1.0) == (Rect(0, 0, 1920, 1080),)
    assert changed_area(SIZE, 1 / 510) == (Rect(0, 0, 64, 64),)
    assert changed_area(SIZE, 18 / 510) == (Rect(0, 0, 64, 1080), Rect(64, 0, 64, 64))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.77, 0.99, 1.0])
@pytest.mark.parametrize("size", [SIZE, (100, 70)])
def test_changed_area_lies_within_the_picture_and_never_overlaps(size: tuple[int, int], share: float) -> None:
    touched = np.zeros((size[1], size[0]), int)
    for x, y, w, h in changed_area(size, share):
        assert x + w <= size[0]
        assert y + h <= size[1]
        touched[y : y + h, x : x + w] += 1
    assert touched.max(initial=0) <= 1


class FakeEncoder(Encoder):
    """Burns 10 ms of CPU for each megapixel of damage that really changed."""

    name = "fake"

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(size)
        self._before = np.zeros((size[1], size[0], 4), np.uint8)

    def _encode(self, frame: Frame) -> Update:
        changed = sum(
            rect.w * rect.h
            for rect in frame.damage
            if (frame.image[rect.y, rect.x] != self._before[rect.y, rect.x]).any()
        )
        self._before[:] = frame.image
        until = time.process_time() + changed / 1e8
        while time.process_time() < until:
            pass
        return Update()

    @property
    def pending(self) -> bool:
        return False

    @property
    def digest(self) -> int | None:
        return None

    def refresh(self) -> None:
        pass


def test_encoder_of_known_cost_shows_its_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = np.full((1080, 1920, 4), 10, np.uint8), np.full((1080, 1920, 4), 20, np.uint8)
    monkeypatch.setattr(change, "_two_pictures", lambda *_: (first, second))
    monkeypatch.setattr(change, "open_encoder", lambda _, size: FakeEncoder(size))
    case = EncodeCase("fake", "changed text", SIZE, "fake", "text", (0.0, 0.25, 0.5, 0.75, 1.0), 3)
    figures = case.measure()
    assert 9.5 < figures["a changed megapixel (b)"].median < 20
    assert figures["R²"].median > 0.8
    assert figures["at 100 %"].median >= 20
    assert case.settings["capture"] == "not included"


def test_tiles_cost_more_for_all_of_a_picture_than_for_nothing() -> None:
    figures = EncodeCase("fanlight tiles", "changed film", SMALL, "tiles", "film", (0.0, 0.5, 1.0), 3).measure()
    assert figures["at 0 %"].median < figures["at 100 %"].median
    assert figures["a changed megapixel (b)"].median > 0


def test_small_change_is_measured_in_one_place_and_in_two() -> None:
    figures = PlaceCase("fanlight tiles", "a small change", SIZE, "tiles", 3).measure()
    assert set(figures) == {"side by side", "in two corners"}
    assert all(0 < figure.median < 1000 for figure in figures.values())


class PlacedEncoder(FakeEncoder):
    """Burns 20 ms where the damage reaches down."""

    def _encode(self, frame: Frame) -> Update:
        until = time.process_time() + (0.02 if any(rect.y > 500 for rect in frame.damage) else 0)
        while time.process_time() < until:
            pass
        return Update()


def test_encoder_whose_cost_depends_on_the_place_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "open_encoder", lambda _, size: PlacedEncoder(size))
    figures = PlaceCase("fake", "a small change", SIZE, "fake", 3).measure()
    assert figures["in two corners"].median >= 20
    assert figures["side by side"].median < 10


def test_capture_is_included_when_a_display_is_drawn_on() -> None:
    window = Window(seconds=0.5, warmup=0.1, rate=20)
    case = CaptureCase("fanlight tiles", "changed film", SMALL, "fanlight tiles", (0.5, 1.0), window)
    figures = case.measure()
    assert figures["at 50 %"].median > 0
    assert figures["at 100 %"].median > 0
    assert case.settings["capture"] == "included"


def test_host_serves_two_viewers_and_its_cpu_time_is_counted() -> None:
    figures = ViewersCase("fanlight host, 2 viewers", "viewers", 2, SMALL, 1.0, 15).measure()
    assert 0 < figures["updates a second, slowest viewer"].median <= figures["updates a second"].median < 40
    assert figures["bytes a second"].median > 0
    assert figures["host CPU an update and viewer"].median <= figures["host CPU an update"].median
    assert not left_behind()


def left_behind() -> list[str]:
    """Find hosts and viewers of a benchmark that still run, other than those of tests beside us."""
    ours = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid() and ("fanlight host" in command or "viewers_child" in command):
            ours.append(command)
    return ours


def test_plan_covers_both_sizes_both_contents_and_all_viewers() -> None:
    groups = growth.plan(growth.Options())
    labels = [group[0].workload for group in groups]
    assert labels == [
        "changed text, 1920x1080",
        "changed film, 1920x1080",
        "changed text, 3840x2160",
        "changed film, 3840x2160",
        "a small change, 1920x1080",
        "a small change, 3840x2160",
        "changed film with capture, 1920x1080",
        "changed film with capture, 3840x2160",
        "viewers",
    ]
    assert [case.settings["viewers"] for case in groups[-1]] == [1, 2, 4, 8]


def test_quick_plan_is_short_and_keeps_the_turns_that_are_asked_for() -> None:
    options = growth.Options(quick=True)
    assert sum(case.seconds for group in growth.plan(options) for case in group) * options.turns < 120
    assert growth.Options(quick=True, turns=4).turns == 4


def test_size_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="WIDTHxHEIGHT"):
        growth.plan(growth.Options(sizes=("huge",)))


def test_ratios_say_what_more_viewers_cost() -> None:
    rows = [
        Row(f"fanlight host, {count}", "viewers", figures={"host CPU an update": Figure((ms, ms), "ms")})
        for count, ms in ((1, 4.0), (8, 12.0))
    ]
    (ratio,) = growth.ratios(rows)
    assert (ratio.system, ratio.against, ratio.runs) == ("fanlight host, 8", "fanlight host, 1", (3.0, 3.0))
    assert growth.ratios([]) == []
