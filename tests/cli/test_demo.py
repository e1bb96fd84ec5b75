"""`fanlight demo`, which is what `./dev run` runs: one command, and nothing left behind."""

import contextlib
import json
import os
import select
import signal
import subprocess
from pathlib import Path

import av
import pytest

from commands import fanlight_command, run_fanlight
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DISPLAY"}


def children(pid: int) -> set[int]:
    """Return the living children of all threads of a process; none of one that is gone."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found.update(map(int, (task / "children").read_text().split()))
    return found


def descendants(pid: int) -> set[int]:
    """Return the processes that have `pid` among their ancestors."""
    found: set[int] = set()
    todo = [pid]
    while todo:
        fresh = children(todo.pop()) - found
        found |= fresh
        todo += fresh
    return found


def name(pid: int) -> str:
    """Return the name of a process, "" of one that is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def test_a_demo_ends_by_itself_with_a_picture_and_a_line_of_json(tmp_path: Path) -> None:
    done = run_fanlight("demo", "--seconds", 3, "--listen", "127.0.0.1:0", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    summary = json.loads(lines[-1])
    assert summary["exact"] is True
    assert summary["size"] == [1920, 1080]
    assert summary["frames"] > 10
    with av.open(str(tmp_path / "out" / "screenshot.png")) as file:
        picture = next(file.decode(video=0)).to_ndarray(format="bgr24")
    assert picture.shape == (1080, 1920, 3)
    assert picture.std() > 1
    said = "\n".join(lines[:-1])
    assert "address" in said
    assert "fingerprint" in said
    assert "password" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_interrupted_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    command = fanlight_command("demo", "--listen", "127.0.0.1:0", "--out", tmp_path / "out")
    demo = subprocess.Popen(command, env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        assert select.select([demo.stdout], [], [], PATIENCE)[0]
        log = tmp_path / "out" / "host.log"
        wait_until(lambda: "session open" in log.read_text())
        started = descendants(demo.pid)
        assert "Xvfb" in map(name, started)
    finally:
        demo.send_signal(number)
        _, words = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in words
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


def test_with_a_display_the_demo_shows_that_one_in_a_window_on_another(
    xvfb: str, painter: X11Client, tmp_path: Path, start_xvfb: "object"
) -> None:
    painter.fill(0x0088CC, (0, 0, 1024, 768))
    second = start_xvfb(size=(1100, 800)).name  # type: ignore[operator]
    arguments = ("--seconds", 4, "--listen", "127.0.0.1:0", "--out", tmp_path / "out", "--viewer-display", second)
    command = fanlight_command("demo", *arguments)
    demo = subprocess.Popen(command, env=_ENVIRONMENT | {"DISPLAY": xvfb}, stdout=subprocess.PIPE, text=True)
    with X11Client(second) as beside:
        wait_until(lambda: (beside.image()[400, 550, :3] == (0xCC, 0x88, 0x00)).all())
    out, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 0
    assert json.loads(out.splitlines()[-1])["size"] == [1024, 768]


def test_a_host_that_cannot_start_is_explained(tmp_path: Path) -> None:
    first = run_fanlight("demo", "--seconds", 1, "--listen", "127.0.0.1:99999", "--out", tmp_path / "out")
    assert first.returncode == 2
    dead = run_fanlight("demo", "--seconds", 1, "--listen", "127.0.0.1:0", "--out", tmp_path / "out", display=":4091")
    assert dead.returncode == 1
    assert ":4091" in dead.stderr
    assert "Traceback" not in dead.stderr
