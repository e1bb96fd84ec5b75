"""Which cases there are, what their figures say, and which ratios are shown."""

import json
from pathlib import Path

import pytest

from fanlight.errors import UsageError
from fanlight_bench import screen
from fanlight_bench.results import Figure, Row
from fanlight_bench.screen.case import Spent, figures, told
from fanlight_bench.screen.fanlight_system import ledger_latencies
from fanlight_bench.screen.looks import Look, deliver
from fanlight_bench.screen.system import missing_commands, version_of
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


def test_what_a_system_says_of_itself_stands_beside_what_was_seen() -> None:
    seen = deliver([Look(at, at - 5_000, at, False) for at in range(0, 1_000_000, 100_000)], 0, 1_000_000)
    found = told([3.0, 4.0, 9.0], seen)
    assert found["ledger p50"].median == 4.0
    assert found["drawn less ledger"].median == pytest.approx(1.0)
    assert told([], seen) == told([1.0], deliver([], 0, 1_000_000)) == {}


def test_a_ledger_tells_of_what_was_shown_in_the_window_alone(tmp_path: Path) -> None:
    lines = [
        {"total": 1_000, "stamps": {"presented": 50}},
        {"total": 2_000, "stamps": {"presented": 100}},
        {"total": 3_000, "stamps": {"decoded": 150}},
        {"total": None, "stamps": {"presented": 160}},
        {"total": 4_000, "stamps": {"presented": 199}},
        {"total": 5_000, "stamps": {"presented": 200}},
    ]
    path = tmp_path / "ledger"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"total": 6000, "sta')
    assert ledger_latencies(path, 100, 200) == [2.0, 4.0]


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
