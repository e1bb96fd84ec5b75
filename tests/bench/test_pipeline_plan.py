"""The pipeline benchmark's plan: what is measured beside what, which names there are, and which ratios are shown."""

import pytest

from fanlight.errors import UsageError
from fanlight_bench import pipeline, workloads
from fanlight_bench.pipeline import systems, table
from fanlight_bench.pipeline.account import Account
from fanlight_bench.results import Figure, Row


def test_all_systems_take_turns_under_each_workload_and_size() -> None:
    groups = pipeline.plan(pipeline.Options(workloads=("idle", "typing"), sizes=("1280x720", "1920x1080")))
    assert [{case.workload for case in group} for group in groups] == [
        {"idle at 1280x720"},
        {"idle at 1920x1080"},
        {"typing at 1280x720"},
        {"typing at 1920x1080"},
    ]
    names = [case.system for case in groups[0]]
    assert names[:3] == ["fanlight hybrid", "fanlight tiles", "fanlight h264"]
    assert {"pixelflux h264", "mss + libx264", "x11grab + libx264", "limit: memcpy"} <= set(names)
    assert all(case.settings["size"] == "1280x720" for case in groups[0])


def test_full_run_covers_all_workloads() -> None:
    groups = pipeline.plan(pipeline.Options())
    assert [group[0].workload for group in groups] == [*workloads.names(), table.UNPACED]


def test_more_pictures_are_drawn_than_anybody_encodes_where_throughput_is_the_question() -> None:
    paced, unpaced = pipeline.plan(pipeline.Options(workloads=("full-change",), rate=30))
    assert {case.window.rate for case in paced} == {30}
    assert {case.window.rate for case in unpaced} == {240}
    assert {case.system for case in unpaced} == set(table.UNPACED_SYSTEMS)
    assert not {systems.ENCODER, systems.X11GRAB_NV12} & {case.system for case in paced}
    assert pipeline.plan(pipeline.Options(workloads=("idle",), systems=(systems.ENCODER,))) == []
    rows = [
        Row(table.HYBRID, table.UNPACED, figures={"updates a second": Figure((96.0, 120.0), "1/s", "higher")}),
        Row(table.X11GRAB, table.UNPACED, figures={"updates a second": Figure((80.0, 80.0), "1/s", "higher")}),
    ]
    held = {limit.what: limit for limit in pipeline.limits(rows)}
    assert held["full change, unpaced: updates a second"].runs == (1.2, 1.5)
    assert held["full change, unpaced: updates a second"].met
    assert "was not measured" in str(held["video region: CPU an update"].reason)


def test_quick_run_is_planned_to_end_within_two_minutes() -> None:
    options = pipeline.Options(quick=True)
    assert options.turns >= 2
    assert sum(case.seconds for group in pipeline.plan(options) for case in group) * options.turns < 120


def test_turns_that_are_asked_for_are_kept() -> None:
    assert pipeline.Options(quick=True, turns=7).turns == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (pipeline.Options(systems=("fanlihgt",)), "fanlight hybrid"),
        (pipeline.Options(workloads=("tpying",)), "typing"),
        (pipeline.Options(sizes=("big",)), "WIDTHxHEIGHT"),
    ],
)
def test_name_that_does_not_exist_is_refused_with_those_that_do(options: pipeline.Options, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        pipeline.plan(options)


def test_update_figures_are_left_out_where_there_was_no_update() -> None:
    account = Account(seconds=2.0, updates=0, own_cpu=0.1, display_cpu=0.0, bytes=0, walls=[])
    figures = account.figures()
    assert figures["updates a second"].median == 0
    assert figures["CPU load"].median == pytest.approx(5)
    assert "CPU an update" not in figures
    assert "until exact" not in figures


def test_figures_are_in_their_units() -> None:
    account = Account(
        seconds=2.0, updates=4, own_cpu=0.1, display_cpu=0.02, bytes=800, walls=[0.001, 0.003, 0.5], until_exact=0.25
    )
    figures = {name: figure.median for name, figure in account.figures().items()}
    assert figures["updates a second"] == 2
    assert figures["CPU an update"] == pytest.approx(25)
    assert figures["X server CPU an update"] == pytest.approx(5)
    assert figures["bytes an update"] == 200
    assert figures["time an update"] == pytest.approx(3)
    assert figures["until exact"] == pytest.approx(250)


def test_updates_without_a_new_picture_are_a_cost_and_no_merit() -> None:
    account = Account(seconds=1.0, updates=60, own_cpu=0.6, display_cpu=0.0, bytes=600, walls=[], drawn=2)
    figures = {name: figure.median for name, figure in account.figures().items()}
    assert figures["updates a second"] == 2
    assert figures["updates made a second"] == 60
    assert figures["CPU an update"] == pytest.approx(300)
    assert figures["bytes an update"] == 300


def load(system: str, workload: str, *runs: float) -> Row:
    names = ("CPU an update",) if system.startswith("limit") else ("CPU load",)
    if system == "fanlight hybrid":
        names = ("CPU load", "CPU an update")
    return Row(system, workload, figures={name: Figure(runs, "") for name in names})


def test_ratios_pair_turns_and_stay_within_a_workload() -> None:
    rows = [
        load("fanlight hybrid", "idle", 1, 2),
        load("fanlight tiles", "idle", 8, 8),
        load("mss + libx264", "idle", 2, 2),
        load("limit: memcpy", "idle", 0.5, 0.5),
        load("mss + libx264", "typing", 4, 4),
    ]
    found = {(ratio.workload, ratio.figure, ratio.against): ratio.runs for ratio in pipeline.ratios(rows)}
    assert found == {
        ("idle", "CPU load", "mss + libx264"): (0.5, 1.0),
        ("idle", "CPU an update", "limit: memcpy"): (2.0, 4.0),
    }


def test_tools_name_versions() -> None:
    tools = {tool.name: tool.version for tool in pipeline.tools()}
    assert {"fanlight", "mss", "Xvfb"} <= tools.keys()
    assert all(tools.values())
