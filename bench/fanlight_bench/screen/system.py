"""What a remote-desktop system must offer to be measured: a host for one display, and its viewer on another."""

import re
import shutil
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for

START_SECONDS = 30.0
_VERSION_SECONDS = 20.0
# As /proc/net/tcp has them.
_ESTABLISHED, _LISTENING = "01", "0A"


@dataclass(frozen=True)
class OwnWords:
    """What a system says itself of a picture: when it was shown, in microseconds, and how old it was, in milliseconds.

    `exact`: it was the host's, pixel for pixel. `stages`: what the parts of its way took, in order, in microseconds.
    """

    shown: int
    latency: float
    bytes: int
    exact: bool
    stages: Mapping[str, int] = field(default_factory=dict)


class System(ABC):
    """One system under measurement: `start`, then `parts` and `port` are there until `stop`.

    `rate` is how many pictures a second it is asked for at most.
    """

    name: ClassVar[str]
    settings: ClassVar[dict[str, str | int | float]] = {}
    """What a reader must know to judge the figures."""

    rate = 60
    port = 0
    """The TCP port of its connection, of which the bytes are counted; 0: there is none."""

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """Return one line that says what is missing and how it is installed; None where all is there."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the versions of all that takes part."""

    @property
    @abstractmethod
    def parts(self) -> dict[str, int]:
        """The processes whose CPU time is its cost, by "host" and "viewer"; what they start belongs to them."""

    @abstractmethod
    def start(self, source: Display, screen: Display, folder: Path) -> Display:
        """Start it, with its files in `folder`; return the display where `source` is now seen, full screen.

        Unavailable where a part of it does not start.
        """

    @abstractmethod
    def check(self) -> None:
        """Raise Unavailable, with its last words, where a part of it has ended."""

    def own_words(self, start: int, end: int) -> Sequence[OwnWords] | None:
        """Return what it says of the pictures that it showed from `start` to `end`, microseconds; None: it is mute."""
        return None

    @abstractmethod
    def stop(self) -> None:
        """End all that was started; may be called again."""


class RemoteDesktop(System):
    """A host for one display and a viewer on another, each a program; a subclass starts them by `serve` and `look`."""

    def __init__(self) -> None:
        self._programs: list[Program] = []

    @abstractmethod
    def serve(self, source: Display, folder: Path) -> Program:
        """Start the host of `source`, and set `port` to where it listens, or will."""

    @abstractmethod
    def look(self, screen: Display, folder: Path) -> Program:
        """Start the viewer, full screen on `screen`."""

    @property
    def parts(self) -> dict[str, int]:
        """The host and the viewer."""
        return {part: program.pid for part, program in zip(("host", "viewer"), self._programs, strict=True)}

    def start(self, source: Display, screen: Display, folder: Path) -> Display:
        """Start the host, then the viewer, and wait until they are connected."""
        self._programs.append(self.serve(source, folder))
        self._wait_for(_LISTENING, "does not listen")
        self._programs.append(self.look(screen, folder))
        self._wait_for(_ESTABLISHED, "has no viewer")
        return screen

    def check(self) -> None:
        """Raise Unavailable where host or viewer has ended."""
        for program in self._programs:
            if program.status is not None:
                raise Unavailable(f"{_title(program)} ended: {program.last_words()}")

    def stop(self) -> None:
        """End viewer and host."""
        while self._programs:
            self._programs.pop().stop()

    def _wait_for(self, state: str, failure: str) -> None:
        def reached() -> bool:
            self.check()
            return _has_socket(self.port, state)

        try:
            wait_for(reached, START_SECONDS)
        except TimeoutError:
            raise Unavailable(f"{self.name} {failure} after {START_SECONDS:g} s") from None


def _title(program: Program) -> str:
    """Return what a reader calls a program."""
    name, *words = program.command
    return " ".join([words[1], *words[2:3]]) if words[:1] == ["-m"] else Path(name).name


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _has_socket(port: int, state: str) -> bool:
    """Whether a socket of a local port is in a state. Nobody connects to find out: VNC servers count who comes."""
    rows = (row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    return any(int(row[1].rpartition(":")[2], 16) == port and row[3] == state for row in rows)


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
