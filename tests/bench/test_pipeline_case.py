"""The pipeline benchmark shows what a system really costs, and leaves nothing running."""

import functools
import sys
from pathlib import Path

import pytest

from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.pipeline import systems
from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.case import PipelineCase, Window, _wait_for_word
from fanlight_bench.pipeline.measure import ENDED, READY
from fanlight_bench.pipeline.systems import System
from fanlight_bench.plan import Unavailable, run_in_turns
from fanlight_bench.results import Row

FAKE = Path(__file__).with_name("fake_pipeline.py")
SIZE = (640, 400)
SHORT = Window(seconds=0.6, warmup=0.0)
LONG = Window(seconds=1.0, warmup=0.0)


def fake(kind: str, needs_workload: bool = False) -> System:
    return System(kind, lambda task: [sys.executable, str(FAKE), kind, task.to_json()], needs_workload=needs_workload)


def show(name: str, size: Size, rate: int) -> list[str]:
    return workloads.command(name, size, rate=rate)


def case(system: System, workload: str = "typing", window: Window = SHORT) -> PipelineCase:
    return PipelineCase(system.name, workload, SIZE, window, system, functools.partial(show, workload))


def row(system: System) -> Row:
    rows, complete = run_in_turns([[case(system)]], 1, lambda *_: None)
    assert complete
    return rows[0]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_system_that_sleeps_shows_it_as_time_and_not_as_cpu() -> None:
    figures = case(fake("sleeps")).measure()
    assert figures["time an update"].median >= 20
    assert figures["CPU an update"].median < 10


def test_system_that_burns_shows_it_as_its_own_cpu() -> None:
    figures = case(fake("burns")).measure()
    assert 15 <= figures["CPU an update"].median < 25
    assert figures["X server CPU an update"].median < 5


def test_system_that_drops_every_second_update_shows_half_the_rate() -> None:
    group = [case(fake("steady"), window=LONG), case(fake("halves"), window=LONG)]
    rows, _ = run_in_turns([group], 1, lambda *_: None)
    steady, halves = (row.figures["updates a second"].median for row in rows)
    assert 0.35 < halves / steady < 0.65


def test_tiles_become_exact_and_change_no_more_than_they_write() -> None:
    figures = case(systems.SYSTEMS["fanlight tiles"]).measure()
    assert figures["updates a second"].median > 1
    assert 0 < figures["changed pixels"].median <= figures["encoded pixels"].median
    assert figures["until exact"].median < 5000
    assert figures["bytes an update"].median > 0


def test_lossy_video_never_says_that_it_is_exact() -> None:
    figures = case(systems.SYSTEMS["fanlight h264"]).measure()
    assert figures["encoded pixels"].median == SIZE[0] * SIZE[1]
    assert "until exact" not in figures
    assert "changed pixels" not in figures


def test_updates_of_a_still_screen_are_not_counted() -> None:
    figures = case(systems.SYSTEMS["mss + libx264"], "idle").measure()
    assert figures["updates made a second"].median > 5
    assert figures["updates a second"].median == 0
    assert "CPU an update" not in figures


def test_counted_updates_are_no_more_than_the_workload_drew() -> None:
    figures = case(systems.SYSTEMS["fanlight tiles"], "scroll-text").measure()
    assert 0 < figures["updates a second"].median <= figures["drawn frames a second"].median


@pytest.mark.parametrize("name", ["mss + libx264", "x11grab + libx264"])
def test_plain_ways_encode_whole_frames(name: str) -> None:
    figures = case(systems.SYSTEMS[name]).measure()
    assert figures["encoded pixels"].median == SIZE[0] * SIZE[1]
    assert 0 < figures["updates a second"].median < 90


def test_whole_pictures_are_encoded_beside_what_encoding_alone_takes() -> None:
    alone, fed = (case(systems.SYSTEMS[name]).measure() for name in (systems.ENCODER, systems.X11GRAB_NV12))
    for figures in (alone, fed):
        assert figures["encoded pixels"].median == SIZE[0] * SIZE[1]
        assert figures["updates made a second"].median > 5


def test_capturing_nothing_leaves_the_x_server_to_the_workload() -> None:
    figures = case(systems.SYSTEMS[systems.NOTHING], "scroll-text").measure()
    assert figures["updates a second"].median == 0
    assert figures["X server CPU load"].median > figures["CPU load"].median


@pytest.mark.parametrize("name", systems.LIMITS)
def test_limits_need_no_workload(name: str) -> None:
    task_workloads = []
    system = systems.SYSTEMS[name]

    def command(task: Task) -> list[str]:
        task_workloads.append(task.workload_pid)
        return system.command(task)

    figures = case(System(name, command, needs_workload=False), window=Window(0.1, 0.0)).measure()
    assert figures["time an update"].median > 0
    assert task_workloads == [None]


@pytest.mark.parametrize("name", [name for name in systems.SYSTEMS if name.startswith("pixelflux")])
def test_pixelflux_where_it_is_installed(name: str) -> None:
    try:
        systems.pixelflux_python()
    except Unavailable as reason:
        pytest.skip(str(reason))
    figures = case(systems.SYSTEMS[name], "full-change", Window(0.4, 0.0)).measure()
    assert figures["updates a second"].median > 1
    assert 0 < figures["encoded pixels"].median <= SIZE[0] * SIZE[1]


def test_missing_pixelflux_is_a_row_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.chdir(tmp_path)
    found = row(systems.SYSTEMS["pixelflux jpeg"])
    assert found.figures == {}
    assert found.reason is not None
    assert "pip install pixelflux" in found.reason
    assert all(tool.name != "pixelflux" for tool in systems.tools())


def test_system_that_fails_is_a_row_with_its_own_words() -> None:
    assert row(fake("fails")).reason == "there is no such shoe"


def test_workload_that_cannot_be_shown_is_a_reason() -> None:
    broken = PipelineCase(
        "steady", "typing", SIZE, SHORT, fake("steady", needs_workload=True),
        lambda *_: [sys.executable, "-c", "raise SystemExit('no picture')"],
    )  # fmt: skip
    with pytest.raises(Unavailable, match="no picture"):
        broken.measure()


def test_interrupted_measurement_leaves_nothing_running() -> None:
    tasks: list[Task] = []

    def interrupted(task: Task) -> list[str]:
        tasks.append(task)
        raise KeyboardInterrupt

    rows, complete = run_in_turns([[case(System("steady", interrupted))]], 1, lambda *_: None)
    assert (rows, complete) == ([], False)
    assert tasks[0].workload_pid is not None
    assert not is_alive(tasks[0].workload_pid)
    assert not is_alive(tasks[0].display_pid)


def test_finished_measurement_leaves_nothing_running() -> None:
    tasks: list[Task] = []
    tiles = systems.SYSTEMS["fanlight tiles"]

    def command(task: Task) -> list[str]:
        tasks.append(task)
        return tiles.command(task)

    case(System("fanlight tiles", command), window=Window(0.2, 0.0)).measure()
    assert tasks[0].workload_pid is not None
    assert not is_alive(tasks[0].workload_pid)
    assert not is_alive(tasks[0].display_pid)


class Hasty:
    """A process that says its word and ends as soon as it is looked at."""

    said = b""

    @property
    def status(self) -> int:
        self.said = ENDED
        return 0

    def output(self) -> bytes:
        return self.said

    def last_words(self) -> str:
        return "it ended"


def test_what_ends_right_after_its_word_has_said_it() -> None:
    _wait_for_word(Hasty(), ENDED, 20.0)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="it ended"):
        _wait_for_word(Hasty(), READY, 20.0)  # type: ignore[arg-type]


def test_system_that_never_gets_ready_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanlight_bench.pipeline.case._START_SECONDS", 0.2)
    mute = System("mute", lambda _: [sys.executable, "-c", "import time; time.sleep(600)"], needs_workload=False)
    with pytest.raises(Unavailable, match="'ready' of the measured process did not happen"):
        case(mute).measure()
