"""The demo's desktop on a real X server: it shows, it moves, and it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fanlight.cli.demo_desktop import session_command
from patience import PATIENCE
from x11_client import X11Client
from x_server import StartXvfb, XServer, wait_until


@pytest.fixture
def server(start_xvfb: StartXvfb) -> XServer:
    return start_xvfb(size=(1920, 1080))


@pytest.fixture
def desktop(server: XServer, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The running session; its folder goes to tmp_path."""
    environment = {**os.environ, "DISPLAY": server.name, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(session_command(), env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def window(display: str, title: str) -> str:
    """Return the id of the window with a title, "" while there is none."""
    search = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
    found = subprocess.run(search, env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def alive(pid: int) -> Callable[[], bool]:
    return Path(f"/proc/{pid}").exists


def test_it_shows_its_windows_and_moves(server: XServer, desktop: subprocess.Popen[bytes]) -> None:
    for title in ("pulse", "reading", "shell"):
        wait_until(lambda title=title: window(server.name, title))
    with X11Client(server.name) as looker:
        before = looker.image()
        wait_until(lambda: (looker.image() != before).any(axis=2).sum() > 1000)


def test_the_shell_has_the_keyboard(server: XServer, desktop: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: window(server.name, "shell"))
    environment = {**os.environ, "DISPLAY": server.name}

    def focused() -> str:
        asked = ["xdotool", "getwindowfocus", "getwindowname"]
        return subprocess.run(asked, env=environment, capture_output=True, text=True, check=False).stdout.strip()

    wait_until(lambda: focused() == "shell")


@pytest.mark.parametrize("way", ["asked", "display gone"])
def test_it_takes_its_programs_with_it(
    server: XServer, desktop: subprocess.Popen[bytes], tmp_path: Path, way: str
) -> None:
    wait_until(lambda: window(server.name, "shell"))
    pids = children(desktop)
    assert len(pids) == 4
    if way == "asked":
        desktop.send_signal(signal.SIGTERM)
    else:
        server.stop()
    desktop.wait(PATIENCE)
    assert not any(alive(pid)() for pid in pids)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "DISPLAY": ":0", "TMPDIR": str(tmp_path)}
    command = [sys.executable, *session_command()[1:]]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        "fanlight: the demo desktop needs blackbox: install the Debian package of that name"
    )
    assert list(tmp_path.iterdir()) == []
