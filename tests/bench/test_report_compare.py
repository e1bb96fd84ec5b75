"""Who is better where: the cases that no report may leave out, and those that are none."""

import pytest
from report_fixtures import a_second, ms, report, row, screen_report

from fanlight_bench.report.compare import Comparison, comparisons, label, scenes
from fanlight_bench.results import Figure, Report


def outcomes(made: Report) -> dict[tuple[str, str, str], str]:
    def of(one: Comparison) -> str:
        return "won" if one.is_won else "lost" if one.is_lost else "even"

    return {(one.name, one.ours.system, one.theirs.system): of(one) for one in comparisons(made)}


def test_every_figure_is_held_beside_the_other_tool() -> None:
    assert outcomes(screen_report()) == {
        ("frames a second", "fanlight", "slowvnc"): "won",
        ("latency p50", "fanlight", "slowvnc"): "won",
        ("host CPU a frame", "fanlight", "slowvnc"): "lost",
        ("longest gap", "fanlight", "slowvnc"): "even",
    }


def test_a_loss_beside_nothing_is_a_loss() -> None:
    made = report(row("fanlight", {"torn frames": ms(1, 3)}), row("other", {"torn frames": ms(0, 0)}))
    (one,) = comparisons(made)
    assert one.is_lost
    assert one.times_better == float("inf")


@pytest.mark.parametrize(
    ("ours", "theirs", "times"), [(ms(30, 30), ms(10, 10), 3), (a_second(10, 10), a_second(40, 40), 4)]
)
def test_a_loss_says_how_large_it_is(ours: Figure, theirs: Figure, times: float) -> None:
    (one,) = comparisons(report(row("fanlight", {"x": ours}), row("other", {"x": theirs})))
    assert one.is_lost
    assert one.times_better == times


def test_limits_other_scenes_and_the_measuring_itself_are_not_compared() -> None:
    made = report(
        row("fanlight hybrid", {"cpu": ms(9, 9), "sampler CPU": ms(9, 9)}),
        row("fanlight tiles", {"cpu": ms(1, 1)}),
        row("limit: memcpy", {"cpu": ms(1, 1)}),
        row("other", {"cpu": ms(1, 1)}, workload="scroll-text"),
        row("other", {"cpu": ms(1, 1)}, size="1x1"),
        row("other", {"sampler CPU": ms(1, 1)}),
    )
    assert comparisons(made) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "compared"), [(40.0, 40.0, True), (40.0, 39.0, False), (100.0, 46.0, True), (100.0, 44.0, False)]
)
def test_encoders_are_compared_by_cost_where_the_other_is_good_enough(
    ours: float, theirs: float, compared: bool
) -> None:
    def figures(psnr: float, cpu: float) -> dict[str, Figure]:
        return {"psnr": Figure((psnr,), "dB", "higher"), "cpu": ms(cpu, cpu)}

    best, point = row("h264", figures(110, 3), qp=1), row("h264", figures(theirs, 1), qp=20)
    made = report(row("hybrid", figures(ours, 2)), best, point, benchmark="encoders")
    held = [one.theirs.settings["qp"] for one in comparisons(made) if one.is_lost]
    assert held == ([20] if compared else [])


def test_an_encoder_that_is_never_as_good_is_compared_at_its_best() -> None:
    points = [row("h264", {"psnr": Figure((30.0 + q,), "dB", "higher"), "bytes": ms(q, q)}, qp=q) for q in (1, 2, 3)]
    ours = row("tiles", {"psnr": Figure((100.0,), "dB", "higher"), "bytes": ms(9, 9)})
    (one,) = comparisons(report(ours, *points, benchmark="encoders"))
    assert one.is_lost
    assert one.theirs.settings["qp"] == 3


def test_a_system_that_failed_halfway_is_compared_by_the_runs_it_had() -> None:
    made = report(row("fanlight", {"cpu": ms(4)}), row("other", {"cpu": ms(2, 100, 100)}))
    (one,) = comparisons(made)
    assert one.is_lost
    assert one.times_better == 2


def test_a_label_tells_apart_what_would_be_called_alike() -> None:
    rows = [row("h264", {}, qp=20, preset="fast"), row("h264", {}, qp=30, preset="fast"), row("tiles", {}, zstd=1)]
    assert [label(one, rows) for one in rows] == ["h264 qp 20", "h264 qp 30", "tiles"]


def test_a_scene_is_said_once() -> None:
    named = report(row("fanlight", {}), row("fanlight", {}, workload="typing at 640x360"))
    assert list(map(str, scenes(named))) == ["typing, 640x360, 60 a second", "typing at 640x360, 60 a second"]
