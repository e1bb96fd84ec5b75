"""Whole measurements on real displays: a system that is late by 200 ms, one that does not start, and fanlight."""

import sys
from pathlib import Path
from typing import ClassVar

import pytest

from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program
from fanlight_bench.screen.case import ScreenCase
from fanlight_bench.screen.fanlight_system import Fanlight
from fanlight_bench.screen.limit import Limit
from fanlight_bench.screen.system import RemoteDesktop, System, free_port
from fanlight_bench.screen.vnc import TigerVnc, X11Vnc

RELAY = str(Path(__file__).with_name("screen_relay.py"))
SIZE = (320, 240)


class Late(RemoteDesktop):
    name = "late"
    settings: ClassVar[dict[str, str | int | float]] = {"delay": 0.2}

    @classmethod
    def missing(cls) -> str | None:
        return None

    @classmethod
    def version(cls) -> str:
        return "1"

    def serve(self, source: Display, folder: Path) -> Program:
        self.port = free_port()
        self._source = source.name
        return Program([sys.executable, RELAY, "host", str(self.port)])

    def look(self, screen: Display, folder: Path) -> Program:
        width, height = screen.size
        words = ["viewer", str(self.port), self._source, str(width), str(height), str(self.settings["delay"])]
        return Program([sys.executable, RELAY, *words], screen)


class HostFails(Late):
    name = "host-fails"

    def serve(self, source: Display, folder: Path) -> Program:
        self.port = free_port()
        return Program([sys.executable, "-c", "import sys; sys.exit('no luck today')"])


class ViewerFails(Late):
    name = "viewer-fails"

    def look(self, screen: Display, folder: Path) -> Program:
        return Program([sys.executable, "-c", "import sys; sys.exit('no window today')"])


class Missing(Late):
    name = "missing"

    @classmethod
    def missing(cls) -> str | None:
        return "late-viewer not found: sudo apt-get install late"


def case(kind: type[System], workload: str = "latency-clock", size: tuple[int, int] = SIZE) -> ScreenCase:
    return ScreenCase(kind, workload, size, 30, window=1.0, warm_up=0.5)


def test_a_delay_of_200_ms_shows_as_latency_beside_the_rate() -> None:
    figures = case(Late).measure()
    assert 200 <= figures["latency p50"].median < 10_000
    assert figures["frames a second"].median > 0
    assert figures["viewer CPU a frame"].median > 0


def test_the_limit_reads_the_workload_itself() -> None:
    figures = case(Limit).measure()
    assert figures["frames a second"].median > 0
    assert 0 < figures["latency p50"].median < 2_000
    assert 0 < figures["drawing p50"].median < figures["latency p50"].median
    assert 0 < figures["look p50"].median < figures["latency p50"].median
    assert not [name for name in figures if name.startswith(("host", "viewer CPU", "bytes"))]


def test_a_workload_that_ends_gives_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [sys.executable, "-c", "import sys; sys.exit('no paint today')"]
    monkeypatch.setattr("fanlight_bench.workloads.command", lambda *_, **__: fails)
    with pytest.raises(Unavailable, match="the workload ended: no paint today"):
        case(Limit).measure()


def test_fanlight_is_measured_whole() -> None:
    figures = case(Fanlight, "typing", (640, 480)).measure()
    assert figures["frames a second"].median > 0
    assert 0 < figures["latency p50"].median <= figures["latency p99"].median <= figures["latency max"].median
    assert figures["bytes a second"].median > 0
    assert figures["ledger p50"].median > 0
    for part in ("host", "viewer", "X server"):
        assert figures[f"{part} CPU a frame"].median > 0


@pytest.mark.parametrize("kind", [TigerVnc, X11Vnc])
def test_vnc_is_measured_whole_where_it_is_installed(kind: type[System]) -> None:
    if (reason := kind.missing()) is not None:
        pytest.skip(reason)
    figures = case(kind, "typing", (640, 480)).measure()
    assert figures["frames a second"].median > 0
    assert figures["latency p50"].median > 0
    assert figures["bytes a second"].median > 0
    assert figures["host CPU a frame"].median > 0


@pytest.mark.parametrize(
    ("kind", "words"),
    [(HostFails, "no luck today"), (ViewerFails, "no window today"), (Missing, "apt-get install late")],
)
def test_a_system_that_does_not_run_gives_its_reason(kind: type[System], words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        case(kind).measure()


def test_what_does_not_come_in_time_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise TimeoutError("the first picture did not happen within 1 s")

    monkeypatch.setattr("fanlight_bench.screen.case.wait_for", late)
    with pytest.raises(Unavailable, match="limit: the first picture did not happen"):
        case(Limit).measure()


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Program] = []
    displays: list[Display] = []
    begin_program, begin_display = Program.__init__, Display.__init__

    def program(self, *arguments, **named) -> None:
        started.append(self)
        begin_program(self, *arguments, **named)

    def display(self, *arguments, **named) -> None:
        displays.append(self)
        begin_display(self, *arguments, **named)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Program, "__init__", program)
    monkeypatch.setattr(Display, "__init__", display)
    monkeypatch.setattr("fanlight_bench.screen.case._first_clock", interrupt)
    with pytest.raises(KeyboardInterrupt):
        case(Late).measure()
    assert len(started) == 4
    assert len(displays) == 2
    pids = [one.pid for one in (*started, *displays)]
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
