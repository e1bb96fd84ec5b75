"""Runs one Xvfb, and a session in it, for a parent that may die at any moment.

A program of its own (standard library only), and not a preexec hook of the parent, for three reasons. PR_SET_PDEATHSIG
follows the *thread* that forked, so in a program with threads it fires too early; here the parent's life is the other
end of stdin, whose EOF the kernel guarantees, kill -9 or not. As child subreaper this process inherits whatever the
session leaves behind, daemons included, and can end it. And it outlives the parent, so that Xvfb can be asked to end,
which removes its socket and lock. Were this process itself killed, its children get SIGTERM by PR_SET_PDEATHSIG, which
is right here: there is one thread.

The display's pixels lie in a file on tmpfs, in a folder that only its owner can enter, so that who captures the display
maps them and the server need not copy any.

stdin: nothing; EOF or SIGTERM means end. stdout: lines of JSON, {"display", "authority", "cookie", "framebuffer"} (a
path, or null where there is no tmpfs for it) or {"error"} first, {"session": exit status} when the command has ended.
"""

import contextlib
import ctypes
import json
import os
import secrets
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

_START_SECONDS = 20.0
# How long who is asked to end may take, and who is killed: that one only waits for its turn, on a machine that is busy.
_END_SECONDS, _KILLED_SECONDS = 2.0, 10.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FAMILY_WILD = 0xFFFF
# What the file holds beside the pixels: a header and a colour map, with room to spare.
_FRAMEBUFFER_EXTRA_BYTES = 64 * 1024
_PROTOCOL = b"MIT-MAGIC-COOKIE-1"

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class StartError(Exception):
    """Why the display cannot run, in a sentence."""


class Supervisor:
    """The display, its session and the folder that holds its secret."""

    def __init__(self, size: str, command: list[str]) -> None:
        self._size = size
        self._command = command
        self._folder = Path(tempfile.mkdtemp(prefix="fanlight-display-"))
        self._authority = self._folder / "Xauthority"
        self._log = self._folder / "Xvfb.log"
        self._pixels = _folder_for_pixels(size)
        self._server = 0
        self._session = 0
        self._number: int | None = None
        self._ended: dict[int, int] = {}

    def run(self) -> None:
        """Serve until the parent ends, the display dies or we are told to stop."""
        woken, wakes = os.pipe()
        for end in (woken, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for noticed in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(noticed, lambda *_: None)
        cookie = secrets.token_bytes(16)
        self._authority.touch(mode=0o600)
        self._authority.write_bytes(_authority_entry(cookie))
        self._number = self._start_server()
        environment = self._environment(self._number)
        framebuffer = str(self._pixels / "Xvfb_screen0") if self._pixels else None
        authority = str(self._authority)
        _say(display=f":{self._number}", authority=authority, cookie=cookie.hex(), framebuffer=framebuffer)
        if self._command:
            self._session = _spawn(self._command, environment, os.open("/dev/null", os.O_RDONLY), 2, 2)
        self._watch(woken)

    def end(self) -> None:
        """End the session and all that it left behind, then the display, then its traces."""
        _end(lambda: _descendants() - {self._server}, self._reap)
        _end(_descendants, self._reap)
        self._remove_traces()
        for folder in filter(None, (self._folder, self._pixels)):
            shutil.rmtree(folder, ignore_errors=True)

    def _start_server(self) -> int:
        told, tells = os.pipe()
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT, 0o600)
        os.set_inheritable(tells, True)
        arguments = ["-displayfd", str(tells), "-screen", "0", f"{self._size}x24", "-auth", str(self._authority)]
        # Blank screens and resets are for real monitors and logins.
        arguments += ["-nolisten", "tcp", "-noreset", "-s", "0", "-dpms", "+extension", "RANDR"]
        # With SECURITY nobody may read the shape of a cursor whose maker has ended, such as xsetroot's.
        arguments += ["-extension", "SECURITY"]
        if self._pixels:
            arguments += ["-fbdir", str(self._pixels)]
        null = os.open("/dev/null", os.O_RDWR)
        self._server = _spawn(["Xvfb", *arguments], dict(os.environ), null, null, log)
        for fd in (tells, log, null):
            os.close(fd)
        return self._read_number(told)

    def _read_number(self, told: int) -> int:
        text = b""
        deadline = time.monotonic() + _START_SECONDS
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([told, 0], [], [], max(0.0, deadline - time.monotonic()))
            if 0 in ready:
                raise StartError("the program that wanted a display is gone")
            chunk = os.read(told, 16) if ready else b""
            if not chunk:
                raise StartError(f"Xvfb did not start: {self._last_words()}")
            text += chunk
        os.close(told)
        return int(text)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._log.read_text("utf-8", "replace").splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
        return (errors or lines or ["it did not say why"])[-1]

    def _environment(self, number: int) -> dict[str, str]:
        """Make the session's, from which no program finds the Wayland desktop that we were started from."""
        environment = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}
        display = {"DISPLAY": f":{number}", "XAUTHORITY": str(self._authority), "XDG_SESSION_TYPE": "x11"}
        return environment | display

    def _watch(self, woken: int) -> None:
        told = False
        while True:
            ready, _, _ = select.select([0, woken], [], [])
            signals = os.read(woken, 64) if woken in ready else b""
            self._reap()
            if self._session in self._ended and not told:
                _say(session=os.waitstatus_to_exitcode(self._ended[self._session]))
                told = True
            if 0 in ready or signal.SIGTERM in signals or self._server in self._ended:
                return

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in (self._server, self._session):
                    self._ended[pid] = status

    def _remove_traces(self) -> None:
        """Remove what an Xvfb that was killed leaves, unless the number is another server's by now.

        One that ends by itself removes it. Nobody is asked who listens: that would be a connection to a stranger, and
        there are servers that end when it is closed.
        """
        if self._number is None or not os.WIFSIGNALED(self._ended.get(self._server, 0)):
            return
        socket = f"/tmp/.X11-unix/X{self._number}"  # noqa: S108 - where X servers keep it
        if not _is_bound(socket):
            Path(socket).unlink(missing_ok=True)
            Path(f"/tmp/.X{self._number}-lock").unlink(missing_ok=True)  # noqa: S108 - where X servers keep it


def _folder_for_pixels(size: str) -> Path | None:
    """Make a folder of our own in memory that has room for a screen; None where there is no such place."""
    width, height = map(int, size.split("x"))
    for place in ("/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "")):  # noqa: S108 - the folder in it is ours alone
        with contextlib.suppress(OSError):
            room = os.statvfs(place)
            if _is_tmpfs(place) and room.f_bavail * room.f_frsize > width * height * 4 + _FRAMEBUFFER_EXTRA_BYTES:
                return Path(tempfile.mkdtemp(prefix="fanlight-pixels-", dir=place))
    return None


def _is_tmpfs(place: str) -> bool:
    """Look up the file system that holds a place: the deepest mount above it, of those on one spot the last."""
    path = Path(place).resolve()
    deepest, kind = -1, ""
    for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines():
        mount, found = line.split()[1:3]
        if path.is_relative_to(mount) and len(Path(mount).parts) >= deepest:
            deepest, kind = len(Path(mount).parts), found
    return kind == "tmpfs"


def _is_bound(socket: str) -> bool:
    """Whether any process has a socket of that name, in the file system or beside it."""
    names = (line.rpartition(" ")[2] for line in Path("/proc/net/unix").read_text("utf-8", "replace").splitlines())
    return any(name.lstrip("@") == socket for name in names)


def _authority_entry(cookie: bytes) -> bytes:
    """Make an Xauthority file that fits whatever number the display gets."""
    fields = (b"", b"", _PROTOCOL, cookie)
    return struct.pack(">H", _FAMILY_WILD) + b"".join(struct.pack(">H", len(field)) + field for field in fields)


def _spawn(command: list[str], environment: dict[str, str], stdin: int, stdout: int, stderr: int) -> int:
    """Start a child in a session of its own that ends when we do."""
    us = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        _restore_signals()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != us:
            os._exit(1)
        for target, source in enumerate((stdin, stdout, stderr)):
            os.dup2(source, target)
        os.execvpe(command[0], command, environment)  # noqa: S606 - the command is the caller's
    except OSError as error:
        os.write(2, f"fanlight: cannot run {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _restore_signals() -> None:
    """Undo what Python and we set up, of which programs inherit a part; from here on SIGTERM is deadly."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _descendants() -> set[int]:
    """Find the pids of all our children and theirs, but for those that are dead and not reaped."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found: set[int] = set()
    queue = [os.getpid()]
    while queue:
        fresh = children.get(queue.pop(), [])
        found.update(fresh)
        queue.extend(fresh)
    return found


def _end(victims: Callable[[], set[int]], reap: Callable[[], None]) -> None:
    for deadly, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _KILLED_SECONDS)):
        signalled: set[int] = set()
        deadline = time.monotonic() + seconds
        while (living := victims()) and time.monotonic() < deadline:
            for pid in living - signalled:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, deadly)
            signalled |= living
            time.sleep(0.01)
            reap()
    # Whoever died since is no victim any more, but would be left for another to wait for.
    reap()


def _say(**facts: object) -> None:
    """Tell the parent; it may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, (json.dumps(facts) + "\n").encode())


def main() -> NoReturn:
    """Run as `virtual_supervisor.py WIDTHxHEIGHT [COMMAND...]`."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    supervisor = Supervisor(sys.argv[1], sys.argv[2:])
    try:
        supervisor.run()
    except StartError as error:
        _say(error=str(error))
    finally:
        supervisor.end()
    os._exit(0)


if __name__ == "__main__":
    main()
