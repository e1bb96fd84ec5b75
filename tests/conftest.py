"""Fixtures that every folder may use. What tests import stands in modules of its own, for a conftest has no name."""

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from x11_client import X11Client
from x_server import StartXvfb, XServer

# No test asserts how long something takes, and none fails because the machine had other things to do.
settings.register_profile("fanlight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fanlight")


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
