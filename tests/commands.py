"""The commands as a person runs them: processes of their own, with homes of their own."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from patience import PATIENCE

PASSWORD = "a password for tests"
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "FANLIGHT_HOME")}


def fanlight_command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "fanlight", *map(str, arguments)]


def run_fanlight(*arguments: object, stdin: str = "", display: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = _ENVIRONMENT | ({"DISPLAY": display} if display else {})
    return subprocess.run(
        fanlight_command(*arguments),
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class HostProcess:
    """A running `fanlight host`. What it logs goes to a file, so that it never waits for us."""

    process: subprocess.Popen[str]
    home: Path
    log_file: Path
    address: str = ""
    fingerprint: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


StartHost = Callable[..., HostProcess]


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[StartHost]:
    """Start hosts: start_host("--display", ":5") -> HostProcess that listens and takes PASSWORD."""
    hosts: list[HostProcess] = []

    def start(*arguments: object, listening: bool = True) -> HostProcess:
        home = tmp_path / "host"
        if not home.exists():
            assert run_fanlight("access", "password", "set", "--home", home, stdin=PASSWORD + "\n").returncode == 0
            assert run_fanlight("access", "unattended", "on", "--home", home).returncode == 0
        # A window of the host's own would stand in the pictures that tests compare.
        quiet = () if "--dialog" in arguments else ("--dialog", "no")
        log_file = tmp_path / f"host-{len(hosts)}.log"
        command = fanlight_command("host", "--json", "--home", home, "--listen", "127.0.0.1:0", *quiet, *arguments)
        with log_file.open("w") as log:
            process = subprocess.Popen(
                command, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        hosts.append(HostProcess(process, home, log_file))
        if listening:
            _wait_for_address(hosts[-1])
        return hosts[-1]

    yield start
    for host in hosts:
        if host.process.poll() is None:
            host.process.kill()
        host.process.communicate()


def _wait_for_address(host: HostProcess) -> None:
    assert host.process.stdout is not None
    if not select.select([host.process.stdout], [], [], PATIENCE)[0]:
        pytest.fail(f"the host said nothing: {host.log}")
    line = host.process.stdout.readline()
    assert line, host.log
    facts = json.loads(line)
    host.address, host.fingerprint = facts["address"], facts["fingerprint"]


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    return path
