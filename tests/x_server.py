"""A real X server for a test, and waiting without sleeping blindly."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patience import PATIENCE

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
        # Another test's server may have the number by now; to connect to one that lacks XFIXES, and leave, ends it.
        socket = f"/tmp/.X11-unix/X{self.name[1:]}"
        if self.process.returncode < 0 and socket not in Path("/proc/net/unix").read_text():
            Path(socket).unlink(missing_ok=True)


StartXvfb = Callable[..., XServer]


def wait_until(condition: Condition, seconds: float = PATIENCE) -> None:
    """Return once `condition()` holds; fail the test where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what was waited for did not happen")
        time.sleep(0.005)
