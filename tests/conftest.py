"""Fixtures that every folder may use: a real X server for a test, and waiting without sleeping blindly."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from x11_client import X11Client, is_running

Condition = Callable[[], object]


_OPTIONS = ("-noreset", "-s", "0", "-extension", "SECURITY")


class XServer:
    """An Xvfb of ours; `name` is its display.

    SECURITY is off: with it, the shape of a cursor whose maker has ended, such as xsetroot's, cannot be read.
    """

    def __init__(self, size: tuple[int, int], depth: int, arguments: tuple[str, ...]) -> None:
        mode = f"{size[0]}x{size[1]}x{depth}"
        told, tells = os.pipe()
        # It must not outlive a test run that is killed.
        command = ["setpriv", "--pdeathsig", "TERM", "Xvfb", "-displayfd", str(tells), "-screen", "0", mode]
        try:
            self.process = subprocess.Popen(
                [*command, *_OPTIONS, *arguments],
                pass_fds=(tells,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(tells)
        with os.fdopen(told, "rb") as numbers:
            number = numbers.readline().strip().decode()
        self.name = f":{number}"
        if not number:
            self.stop()
            pytest.fail("Xvfb did not start")

    def stop(self) -> None:
        """End the server, stopped or not; one that was killed has left its socket behind."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if not is_running(self.name):
            Path(f"/tmp/.X11-unix/X{self.name[1:]}").unlink(missing_ok=True)


StartXvfb = Callable[..., XServer]


@pytest.fixture
def start_xvfb() -> Iterator[StartXvfb]:
    """Start Xvfbs: start_xvfb("-extension", "XTEST", size=(640, 480), depth=24) -> XServer."""
    servers: list[XServer] = []

    def start(*arguments: str, size: tuple[int, int] = (1024, 768), depth: int = 24) -> XServer:
        servers.append(XServer(size, depth, arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def xvfb(start_xvfb: StartXvfb) -> str:
    """The display name of an X server of 1024x768 that lives as long as the test."""
    return start_xvfb().name


@pytest.fixture
def painter(xvfb: str) -> Iterator[X11Client]:
    """A client of `xvfb` to draw and look with."""
    with X11Client(xvfb) as client:
        yield client


@pytest.fixture
def run_program() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start programs on a display: run_program(display, "xterm", ...); they end with the test."""
    programs: list[subprocess.Popen[bytes]] = []

    def run(display: str, *command: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "DISPLAY": display, "LC_ALL": "C.UTF-8"}
        programs.append(
            subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        )
        return programs[-1]

    yield run
    for program in programs:
        program.kill()
        program.communicate()


def wait_until(condition: Condition, seconds: float = 20.0) -> None:
    """Return once `condition()` holds; fail the test where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what was waited for did not happen")
        time.sleep(0.005)
