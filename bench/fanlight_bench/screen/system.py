"""What a remote-desktop system must offer to be measured: a host for one display, and its viewer on another."""

import re
import shutil
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for

START_SECONDS = 30.0
_VERSION_SECONDS = 20.0


class System(ABC):
    """One system under measurement: `start`, then `host`, `viewer` and `port` are there until `stop`.

    A subclass says what it needs, and starts its two sides by `serve` and `look`.
    """

    name: ClassVar[str]
    settings: ClassVar[dict[str, str | int | float]] = {}
    """What a reader must know to judge the figures."""

    def __init__(self) -> None:
        self.port = 0
        self._programs: list[Program] = []

    @property
    def host(self) -> Program:
        """The process that captures and serves; what it starts belongs to it."""
        return self._programs[0]

    @property
    def viewer(self) -> Program:
        """The process that shows."""
        return self._programs[1]

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """Return one line that says what is missing and how it is installed; None where all is there."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the versions of host and viewer."""

    @abstractmethod
    def serve(self, source: Display, folder: Path) -> Program:
        """Start the host of `source` and set `port`, or say by `port` where it is about to listen."""

    @abstractmethod
    def look(self, screen: Display, folder: Path) -> Program:
        """Start the viewer, full screen on `screen`."""

    def start(self, source: Display, screen: Display, folder: Path) -> None:
        """Start host and viewer; files go into `folder`. Unavailable where one of them does not start."""
        if (reason := self.missing()) is not None:
            raise Unavailable(reason)
        try:
            self._programs.append(self.serve(source, folder))
            self._wait_until_it_listens()
            self._programs.append(self.look(screen, folder))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End viewer and host; may be called again."""
        while self._programs:
            self._programs.pop().stop()

    def check(self) -> None:
        """Raise Unavailable, with its last words, where host or viewer has ended."""
        for program in self._programs:
            if program.status is not None:
                raise Unavailable(f"{Path(program.command[0]).name} ended: {program.last_words()}")

    def _wait_until_it_listens(self) -> None:
        def listens() -> bool:
            self.check()
            return is_listening(self.port)

        try:
            wait_for(listens, START_SECONDS)
        except TimeoutError:
            raise Unavailable(f"{self.name} does not listen after {START_SECONDS:g} s") from None


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether a server listens on a local port, without connecting to it: VNC servers count those who come and go."""
    wanted = f"0100007F:{port:04X}"
    any_address = f"00000000:{port:04X}"
    rows = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    return any(row.split()[1] in (wanted, any_address) and row.split()[3] == "0A" for row in rows)


def missing_commands(packages: dict[str, str]) -> str | None:
    """Return which commands are not there and the Debian packages that bring them; None where all are."""
    lacking = {command: package for command, package in packages.items() if shutil.which(command) is None}
    if not lacking:
        return None
    return f"{' and '.join(lacking)} not found: sudo apt-get install {' '.join(dict.fromkeys(lacking.values()))}"


def version_of(command: Sequence[str], pattern: str) -> str:
    """Return the first group of `pattern` in what a command writes; "unknown" where it is not in it."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "unknown"
