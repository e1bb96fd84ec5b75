"""Which cases there are, what their figures say, and which ratios are shown."""

import json
from pathlib import Path

import pytest

from fanlight.errors import UsageError
from fanlight_bench import screen
from fanlight_bench.report.tables import limit_line
from fanlight_bench.results import Figure, Limit, Row
from fanlight_bench.screen import table
from fanlight_bench.screen.case import Spent, figures
from fanlight_bench.screen.fanlight_system import Fanlight, read_ledger
from fanlight_bench.screen.floor import ScrollFloor
from fanlight_bench.screen.looks import Look, deliver
from fanlight_bench.screen.system import OwnWords, missing_commands, version_of
from fanlight_bench.screen.vnc import TigerVnc, X11Vnc


def test_systems_take_turns_under_each_workload() -> None:
    groups = screen.plan(screen.Options(workloads=("typing", "idle"), systems=("fanlight", "x11vnc")))
    assert [[(case.system, case.workload) for case in group] for group in groups] == [
        [("fanlight", "typing"), ("x11vnc", "typing")],
        [("fanlight", "idle"), ("x11vnc", "idle")],
    ]


def test_a_quick_plan_takes_about_a_minute() -> None:
    groups = screen.plan(screen.Options(quick=True))
    assert len(groups) == 2
    assert sum(case.seconds for group in groups for case in group) <= 65


def test_turns_and_sizes_have_usual_values() -> None:
    assert screen.Options(quick=True).turns < screen.Options().turns
    assert screen.Options(quick=True, turns=7).turns == 7
    groups = screen.plan(screen.Options(workloads=("idle",), systems=("fanlight",), sizes=("640x480", "800x600")))
    assert [case.settings["size"] for group in groups for case in group] == ["640x480", "800x600"]
    with pytest.raises(UsageError, match="is not a size"):
        screen.plan(screen.Options(sizes=("large",)))


@pytest.mark.parametrize("options", [screen.Options(systems=("anyvnc",)), screen.Options(workloads=("dancing",))])
def test_a_name_that_does_not_exist_lists_those_that_do(options: screen.Options) -> None:
    with pytest.raises(UsageError, match=r"There (is no|are).*(tigervnc|scroll-text)"):
        screen.plan(options)


def test_all_are_asked_for_as_many_pictures_as_are_drawn() -> None:
    options = screen.Options(workloads=("full-change",), systems=("fanlight", "tigervnc"), rate=120)
    (cases,) = screen.plan(options)
    assert [case.settings["rate"] for case in cases] == [120, 120]
    vnc = TigerVnc()
    vnc.rate = 120
    assert vnc.rate_options == ("-FrameRate", "120")
    assert Fanlight.rate == 60


def test_film_is_also_held_beside_an_encoder_alone() -> None:
    groups = screen.plan(screen.Options(workloads=("video-region", "typing")))
    assert [case.system for case in groups[0]][-1] == table.ENCODE_ALONE
    assert table.ENCODE_ALONE not in [case.system for case in groups[1]]
    asked = screen.plan(screen.Options(workloads=("video-region",), systems=("fanlight", table.ENCODE_ALONE)))
    assert [case.system for case in asked[0]] == ["fanlight", table.ENCODE_ALONE]
    without = screen.plan(screen.Options(workloads=("video-region",), systems=("fanlight",)))
    assert [case.system for case in without[0]] == ["fanlight"]


def test_a_scroll_is_also_held_beside_what_it_costs_at_least() -> None:
    groups = screen.plan(screen.Options(workloads=("scroll-text", "typing")))
    assert [case.system for case in groups[0]][-1] == table.FLOOR
    assert table.FLOOR not in [case.system for case in groups[1]]
    asked = screen.plan(screen.Options(workloads=("scroll-text",), systems=(table.FLOOR, "tigervnc")))
    assert [case.system for case in asked[0]] == ["tigervnc", table.FLOOR]
    without = screen.plan(screen.Options(workloads=("scroll-text",), systems=("fanlight",)))
    assert [case.system for case in without[0]] == ["fanlight"]


def test_what_a_scroll_costs_at_least_is_the_comparison_and_the_sending() -> None:
    found = ScrollFloor("scroll-text", (640, 480), rate=30, window=0.5, warm_up=0.1).measure()
    both = found["comparing, CPU a frame"].median + found["TLS, CPU a frame"].median
    assert found["host CPU a frame"].median == both > 0


def test_a_floor_stands_beside_the_peer_without_a_limit() -> None:
    rows = [
        row("tigervnc", "scroll-text", host_CPU_a_frame=(8.0,)),
        row(table.FLOOR, "scroll-text", host_CPU_a_frame=(1.0,)),
    ]
    floor = held(rows, "scroll: to compare and TLS alone")
    assert (floor.runs, floor.limit, floor.met) == ((0.125,), None, None)
    assert limit_line(floor) == (floor.what, "0.125", "", "of TigerVNC", "")
    assert screen.ratios([row("fanlight", "scroll-text", host_CPU_a_frame=(2.0,)), rows[1]]) == []


def test_a_full_run_types_long_enough_for_a_percentile() -> None:
    longest = {group[0].workload: group[0].seconds for group in screen.plan(screen.Options())}
    assert longest["typing"] > 2 * longest["scroll-text"]
    assert set(longest) == {line.workload for line in table.LINES}


def spent(cpu: float, wire: int | None) -> Spent:
    return Spent(dict.fromkeys(("host", "viewer", "X server", "viewer's X server", "sampler"), cpu), wire)


def test_costs_are_of_a_delivered_frame() -> None:
    seen = deliver([Look(at, at - 5_000, at, False) for at in range(0, 1_000_000, 100_000)], 0, 1_000_000)
    found = figures(seen, spent(2.0, 1_000), spent(2.5, 6_000), 100)
    assert found["frames a second"].median == 10
    assert found["latency p50"].median == 5.0
    assert found["host CPU a frame"].median == pytest.approx(50)
    assert found["host CPU"].median == pytest.approx(50)
    assert found["bytes a frame"].median == 500


def test_a_ledger_tells_of_what_was_shown_in_the_window_alone(tmp_path: Path) -> None:
    totals = [(1_000, {"presented": 50}), (2_000, {"presented": 100}), (3_000, {"decoded": 150})]
    totals += [(None, {"presented": 160}), (4_000, {"presented": 199}), (5_000, {"presented": 200})]
    rest = {"bytes": 7, "exact": True, "stages": {"send": 5}}
    lines = [{"total": total, "stamps": stamps, **rest} for total, stamps in totals]
    path = tmp_path / "ledger"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"total": 6000, "sta')
    stages = {"send": 5}
    assert read_ledger(path, 100, 200) == [OwnWords(100, 2.0, 7, True, stages), OwnWords(199, 4.0, 7, True, stages)]


def test_without_a_frame_there_is_no_latency_but_the_rate_is_nought() -> None:
    found = figures(deliver([], 0, 1_000_000), spent(0, None), spent(0.1, None), 0)
    assert found["frames a second"].median == 0
    assert not [name for name in found if name.startswith("latency") or "a frame" in name or "bytes" in name]


def test_ratios_set_fanlight_against_each_other_system_under_the_same_workload_and_size() -> None:
    def row(system: str, workload: str, size: str, latency: float) -> Row:
        return Row(system, workload, {"size": size}, {"latency p50": Figure((latency,), "ms")})

    rows = [
        row("fanlight", "typing", "640x480", 5.0),
        row("x11vnc", "typing", "640x480", 20.0),
        row("x11vnc", "typing", "64x48", 20.0),
        row("x11vnc", "idle", "640x480", 20.0),
        row("limit", "typing", "640x480", 1.0),
        Row("tigervnc", "typing", {"size": "640x480"}, reason="not found"),
    ]
    found = screen.ratios(rows)
    assert [(one.system, one.against, one.figure, one.runs) for one in found] == [
        ("fanlight", "x11vnc", "latency p50", (0.25,))
    ]


def test_what_is_missing_names_the_package_that_brings_it() -> None:
    assert missing_commands({"sh": "dash"}) is None
    assert missing_commands({"no-such-vnc": "vnc", "sh": "dash", "nor-this": "vnc"}) == (
        "no-such-vnc and nor-this not found: sudo apt-get install vnc"
    )


def test_a_version_is_read_from_what_a_program_says() -> None:
    assert version_of(["sh", "-c", "echo tool version 1.2 >&2"], r"version ([\d.]+)") == "1.2"
    assert version_of(["no-such-vnc"], r"(.)") == "unknown"


def test_the_tools_name_fanlight_and_how_it_is_set() -> None:
    named = {tool.name: tool for tool in screen.tools()}
    assert "codec: hybrid" in named["fanlight"].settings


def test_without_the_peers_the_report_still_names_fanlight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert TigerVnc.missing() == (
        "X0tigervnc and xtigervncviewer not found: sudo apt-get install tigervnc-scraping-server tigervnc-viewer"
    )
    assert X11Vnc.missing() == "x11vnc and xtigervncviewer not found: sudo apt-get install x11vnc tigervnc-viewer"
    assert [tool.name for tool in screen.tools()] == ["fanlight"]


def held(rows: list[Row], what: str) -> Limit:
    return next(limit for limit in screen.limits(rows) if limit.what == what)


def row(system: str, workload: str, size: str = "1920x1080", **figures: tuple[float, ...]) -> Row:
    named = {name.replace("_", " "): Figure(runs, "") for name, runs in figures.items()}
    return Row(system, workload, {"size": size}, named)


def test_figures_are_held_to_limits_beside_the_peer_turn_by_turn() -> None:
    rows = [
        row("fanlight", "scroll-text", latency_p50=(3.0, 4.0), frames_a_second=(60.0, 59.7), exact_updates=(100, 100)),
        row("tigervnc", "scroll-text", latency_p50=(10.0, 10.0)),
        row("fanlight", "scroll-text", "640x480", latency_p50=(99.0,)),
    ]
    p50 = held(rows, "scroll: p50")
    assert (p50.runs, p50.met) == ((0.3, 0.4), False)
    assert held(rows, "scroll: frames a second").met
    assert held(rows, "scroll: exact updates").met
    assert "not measured in this run" in str(held(rows, "drag: p50").reason)
    absent = Row("tigervnc", "scroll-text", {"size": "1920x1080"}, reason="X0tigervnc not found")
    assert held([rows[0], absent], "scroll: p50").reason == "X0tigervnc not found"
    assert all(limit.met is None for limit in screen.limits([]))


def test_the_host_is_held_beside_an_encoder_alone() -> None:
    rows = [
        row("fanlight", "video-region", host_CPU_a_frame=(3.0,)),
        row(table.ENCODE_ALONE, "video-region", capture_and_encode_CPU_a_frame=(6.0,)),
    ]
    assert held(rows, "video region: host CPU a frame").runs == (0.5,)


def test_an_idle_host_is_held_to_nothing_sent() -> None:
    rows = [row("fanlight", "idle", picture_bytes=(0.0,), host_CPU=(0.2,))]
    assert held(rows, "idle: picture bytes").met
    assert held(rows, "idle: host CPU").met
    assert not held([row("fanlight", "idle", picture_bytes=(1.0,))], "idle: picture bytes").met
