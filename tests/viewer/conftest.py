"""A real X server for the window, and hands and eyes on it that are not the viewer's own."""

import contextlib
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import mss
import numpy as np
import pytest
from remote_fake import SCREEN, FakeScreen, wait_until

from fanlight import viewer
from fanlight.types import Image
from fanlight.viewer import Summary


@contextlib.contextmanager
def x_server() -> Iterator[str]:
    read_end, write_end = os.pipe()
    # It must not outlive a test process that crashed.
    command = ["setpriv", "--pdeathsig", "KILL", "Xvfb", "-displayfd", str(write_end), "-nolisten", "tcp", "-noreset"]
    command += ["-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        assert select.select([read_end], [], [], 20)[0], "Xvfb did not start"
        yield ":" + os.read(read_end, 16).decode().strip()
    finally:
        os.close(read_end)
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def window_display() -> Iterator[str]:
    """The name of a display with no window manager and nothing else on it."""
    with x_server() as display:
        yield display


@pytest.fixture(scope="session")
def managed_display() -> Iterator[str]:
    """The name of a display with openbox on it."""
    with x_server() as display:
        environment = {**os.environ, "DISPLAY": display}
        command = ["setpriv", "--pdeathsig", "KILL", "openbox", "--sm-disable"]
        manager = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

        def manages() -> bool:
            question = ["xprop", "-root", "_NET_CLIENT_LIST"]
            answer = subprocess.run(question, env=environment, check=True, capture_output=True, text=True, timeout=20)
            return "window id" in answer.stdout

        try:
            wait_until(manages, "the window manager is there")
            yield display
        finally:
            manager.terminate()
            manager.wait(10)


@dataclass
class Desk:
    """What a person at the display does and sees; for the test's thread, while the viewer runs in the main one."""

    display: str
    remote: FakeScreen

    def do(self, *words: object) -> str:
        """Run one xdotool command and return what it printed."""
        environment = {**os.environ, "DISPLAY": self.display}
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=20).stdout

    def window(self) -> str:
        found: list[str] = []

        def look() -> bool:
            with contextlib.suppress(subprocess.CalledProcessError):
                found[:] = self.do("search", "--onlyvisible", "--class", "fanlight").split()
            return len(found) == 1

        wait_until(look, "the window is there")
        return found[0]

    def place(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the window."""
        lines = dict(
            line.split("=") for line in self.do("getwindowgeometry", "--shell", self.window()).split() if "=" in line
        )
        return int(lines["X"]), int(lines["Y"]), int(lines["WIDTH"]), int(lines["HEIGHT"])

    def point(self, x: int, y: int) -> None:
        """Put the pointer at a place of the window."""
        left, top, _, _ = self.place()
        self.do("mousemove", left + x, top + y)

    def see(self) -> Image:
        """What the screen shows where the window is, the fourth byte as 0."""
        left, top, width, height = self.place()
        with mss.MSS(display=self.display) as eye:
            shot = eye.grab({"left": left, "top": top, "width": width, "height": height})
        image = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4).copy()
        image[:, :, 3] = 0
        return image

    def sees(self, expected: Image) -> None:
        wait_until(lambda: np.array_equal(self.see(), expected), "the window shows the picture")

    def got(self, *what: object) -> None:
        wait_until(lambda: what in self.remote.sent, f"the session got {what}; it got {self.remote.sent[-10:]}")


Play = Callable[[Desk], None]


@pytest.fixture
def keys_up(window_display: str) -> Iterator[None]:
    """Leaves no key or button of the display down after a test that held some."""
    yield
    environment = {**os.environ, "DISPLAY": window_display}
    command = ["xdotool", "keyup", "h", "keyup", "x", "keyup", "shift", "mouseup", "1"]
    subprocess.run(command, env=environment, check=True, timeout=20)


Show = Callable[..., Summary]


@pytest.fixture
def show(window_display: str, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Show a fake screen in a window while `play` acts in a thread of its own; then end the session."""
    return shower(window_display, monkeypatch)


@pytest.fixture
def show_managed(managed_display: str, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Like `show`, on the display with a window manager."""
    return shower(managed_display, monkeypatch)


def shower(display: str, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)

    def run(remote: FakeScreen, play: Play, **options: object) -> Summary:
        desk = Desk(display, remote)
        desk.do("mousemove", 0, 0)

        def act() -> None:
            try:
                desk.window()
                play(desk)
            finally:
                remote.end()

        with ThreadPoolExecutor(1) as threads:
            acting = threads.submit(act)
            summary = viewer.show(remote.connect, **options)
        acting.result()
        return summary

    return run
