"""A real X server for the window, and hands and eyes on it that are not the viewer's own."""

import contextlib
import os
import select
import struct
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
from patience import PATIENCE
from x11_client import X11Client


@contextlib.contextmanager
def x_server(*options: str) -> Iterator[str]:
    read_end, write_end = os.pipe()
    # It must not outlive a test process that crashed.
    command = ["setpriv", "--pdeathsig", "KILL", "Xvfb", "-displayfd", str(write_end), "-nolisten", "tcp", "-noreset"]
    command += ["-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24", *options]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        assert select.select([read_end], [], [], PATIENCE)[0], "Xvfb did not start"
        yield ":" + os.read(read_end, 16).decode().strip()
    finally:
        os.close(read_end)
        server.terminate()
        server.wait(PATIENCE)


@contextlib.contextmanager
def managed_x_server() -> Iterator[str]:
    """A server with the window manager that the demo has."""
    with x_server() as display:
        environment = {**os.environ, "DISPLAY": display}
        command = ["setpriv", "--pdeathsig", "KILL", "blackbox"]
        manager = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def manages() -> bool:
            question = ["xprop", "-root", "_NET_WORKAREA"]
            answer = subprocess.run(
                question, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE
            )
            return "=" in answer.stdout

        try:
            wait_until(manages, "the window manager is there")
            yield display
        finally:
            manager.terminate()
            manager.wait(PATIENCE)


class Closer(X11Client):
    """Says to a window what a window manager says when its close button is pressed."""

    def close_window(self, window: int) -> None:
        message = struct.pack(
            "<BBHIIII12x", 33, 32, 0, window, self._atom(b"WM_PROTOCOLS"), self._atom(b"WM_DELETE_WINDOW"), 0
        )
        self._send(25, 0, struct.pack("<II", window, 0) + message)
        self.sync()

    def _atom(self, name: bytes) -> int:
        padded = name + bytes(-len(name) % 4)
        reply = self._ask(16, 0, struct.pack("<Hxx", len(name)) + padded)
        (atom,) = struct.unpack_from("<I", reply, 8)
        return int(atom)


@dataclass
class Desk:
    """What a person at the display does and sees; for the test's thread, while the viewer runs in the main one."""

    display: str
    remote: FakeScreen

    def do(self, *words: object) -> str:
        """Run one xdotool command and return what it printed."""
        environment = {**os.environ, "DISPLAY": self.display}
        command = ["xdotool", *map(str, words)]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE
        ).stdout

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

    def close(self) -> None:
        with Closer(self.display) as closer:
            closer.close_window(int(self.window()))

    @contextlib.contextmanager
    def covered(self, x: int, y: int, width: int, height: int) -> Iterator[None]:
        """Have a part of the window under another one."""
        left, top, _, _ = self.place()
        with X11Client(self.display) as over:
            over.make_window(left + x, top + y, width, height)
            yield

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


Show = Callable[..., Summary]


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
