"""The displays and programs that a benchmark starts: what they cost in CPU time, and that none outlives it.

A display ends with this process in any way, kill -9 included (see `fanlight.capture.virtual`); a program gets SIGTERM
then, and its whole process group and all its descendants end with `stop`.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from fanlight.capture.virtual import VirtualDisplay
from fanlight.types import Size
from fanlight_bench.plan import Unavailable

_POLL_SECONDS = 0.005
# How long who is asked to end may take, and who is killed: that one only waits for its turn, on a machine that is busy.
_END_SECONDS, _KILLED_SECONDS = 2.0, 20.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PEER = struct.Struct("3i")

_Found = TypeVar("_Found")


class Display:
    """An Xvfb of our own; `pid` is the X server's, `environment` what programs in it need, `framebuffer` its pixels."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._display = VirtualDisplay(size)
        try:
            self.name = self._display.name
            self.environment = self._display.environment
            self.framebuffer = self._display.framebuffer
            self.pid = _server_pid(self.name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the X server; may be called again."""
        self._display.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Program:
    """A running command in a process group of its own; Unavailable where there is no such command.

    `env` is added to our environment, after the display's. What it writes is kept in files, so it never blocks. The
    thread that starts it must outlive it: the kernel ends it with that thread.
    """

    def __init__(
        self, command: Sequence[str], display: Display | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        if shutil.which(command[0]) is None:
            raise Unavailable(f"there is no command {command[0]}")
        self.command = list(command)
        self._said: tuple[bytes, bytes] | None = None
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes them
        self._process = subprocess.Popen(
            _bound_to_us(self.command),
            env={**os.environ, **(display.environment if display else {}), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        self.pid = self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> int:
        """Wait for its end; return the exit status. TimeoutError when it still runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.command[0]} did not end within {seconds:g} s") from None

    def output(self) -> bytes:
        """Return what it wrote to stdout so far."""
        return self._said[0] if self._said else _read_all(self._out.fileno())

    def last_words(self) -> str:
        """Return the last line that it wrote to stderr, or its exit status, for an error message."""
        said = self._said[1] if self._said else _read_all(self._err.fileno())
        lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
        words = next((line for line in reversed(lines) if line), None)
        return words or f"{self.command[0]} ended with status {self.status} and did not say why"

    def stop(self) -> None:
        """End it with all that it started; may be called again."""
        if self._said is not None:
            return
        known = _family(self.pid) if self._process.returncode is None else set()
        try:
            for deadly, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _KILLED_SECONDS)):
                _signal_group(self.pid, deadly)
                _signal_each(known, deadly)
                # One that was stopped by SIGSTOP gets the other signal only then.
                _signal_group(self.pid, signal.SIGCONT)
                if _ended(self._process, known, seconds):
                    return
        finally:
            self._said = _read_all(self._out.fileno()), _read_all(self._err.fileno())
            self._out.close()
            self._err.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def cpu_seconds(pid: int, children: bool = True) -> float:
    """Return the CPU time that a process used so far, user and system, all its threads.

    `children` adds living descendants, and those that it has waited for. ProcessLookupError when it is gone.
    """
    total = _own_cpu_seconds(pid)
    if not children:
        return total
    total += _waited_for_seconds(pid)
    for child in _descendants(pid):
        with contextlib.suppress(ProcessLookupError):
            total += _own_cpu_seconds(child) + _waited_for_seconds(child)
    return total


def first_thread_seconds(pid: int) -> float:
    """Return the CPU time that the first thread of a process used so far. ProcessLookupError when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    except OSError:
        raise ProcessLookupError(f"there is no process {pid}") from None


def wait_for(condition: Callable[[], _Found], seconds: float, what: str = "what was waited for") -> _Found:
    """Return the condition's value as soon as it is true; TimeoutError when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(_POLL_SECONDS)
    return found


def _server_pid(name: str) -> int:
    """Ask the kernel who listens at a display's socket."""
    with socket.socket(socket.AF_UNIX) as knock:
        knock.connect(f"/tmp/.X11-unix/X{name.lstrip(':')}")  # noqa: S108 - where X servers keep it
        pid, _, _ = _PEER.unpack(knock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(pid)


def _bound_to_us(command: list[str]) -> list[str]:
    """Make the command end with us; it keeps the pid, since setpriv becomes the command."""
    return ["setpriv", "--pdeathsig", "TERM", *command] if shutil.which("setpriv") else command


def _read_all(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _own_cpu_seconds(pid: int) -> float:
    """Read the process's CPU clock, which counts nanoseconds; its number is as clock_getcpuclockid(3) makes it."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        raise ProcessLookupError(f"there is no process {pid}") from None


def _waited_for_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        raise ProcessLookupError(f"there is no process {pid}") from None
    return (int(fields[13]) + int(fields[14])) / _TICKS


def _descendants(pid: int) -> set[int]:
    """Find all living descendants of a process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found: set[int] = set()
    queue = [pid]
    while queue:
        fresh = children.get(queue.pop(), [])
        found.update(fresh)
        queue.extend(fresh)
    return found


def _start_time(pid: int) -> str | None:
    """Return what tells a process from a later one of the same number; None when it is gone or only not waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _family(pid: int) -> set[tuple[int, str]]:
    """Return the descendants with their start times."""
    return {(child, start) for child in _descendants(pid) if (start := _start_time(child)) is not None}


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _signal_each(known: Iterable[tuple[int, str]], number: signal.Signals) -> None:
    for pid, start in known:
        if _start_time(pid) == start:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _ended(process: subprocess.Popen[bytes], known: Iterable[tuple[int, str]], seconds: float) -> bool:
    """Wait until the process, its group and its descendants are gone; return whether they are."""

    def gone() -> bool:
        done = process.poll() is not None
        return done and not _group_lives(process.pid) and all(_start_time(pid) != start for pid, start in known)

    try:
        return wait_for(gone, seconds)
    except TimeoutError:
        return False
