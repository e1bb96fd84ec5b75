"""Displays of our own: private, and gone with their owner, however that ends."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fanlight.capture import open_capture, virtual, virtual_supervisor
from fanlight.capture.virtual import VirtualDisplay
from fanlight.errors import CaptureError, UsageError
from fanlight.inject import open_injector
from patience import PATIENCE
from x11_client import X11Client, is_running
from x_server import wait_until

OTHER_USER = 65534

# A daemon of the classic kind, in a session of its own, that does not even mind SIGTERM.
DAEMON = "trap '' TERM; echo $$ > {file}; exec sleep 1000"


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    with VirtualDisplay((800, 600)) as opened:
        yield opened


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def is_left_behind(display: str) -> bool:
    """Whether a socket is there that nobody listens at; another server may have taken the number by now."""
    return Path(f"/tmp/.X11-unix/X{display[1:]}").exists() and not is_running(display)


def server_of(supervisor: int) -> int:
    return next(pid for pid, line in children_of(supervisor).items() if line.startswith("Xvfb"))


def children_of(parent: int) -> dict[int, str]:
    """Living children by pid, with their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, ppid = path.read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found[int(path.parent.name)] = (path.parent / "cmdline").read_text().replace("\0", " ")
    return found


def supervisor_of(parent: int) -> int:
    return next(pid for pid, command in children_of(parent).items() if "virtual_supervisor" in command)


def daemon(tmp_path: Path) -> tuple[list[str], Path]:
    """A command that leaves a daemon behind, and the file that gets the daemon's pid."""
    file = tmp_path / "pid"
    return ["sh", "-c", f'setsid sh -c "{DAEMON.format(file=file)}" & sleep 1000'], file


def pid_in(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def test_a_display_can_be_captured_and_controlled(display: VirtualDisplay) -> None:
    with open_capture(display.name) as capture, open_injector(display.name) as injector:
        assert capture.backend == "x11"
        assert capture.size == display.size == (800, 600)
        injector.move_pointer(40, 30)
        with X11Client(display.name) as client:
            wait_until(lambda: client.pointer() == (40, 30))


def test_children_find_it_by_the_environment(display: VirtualDisplay) -> None:
    environment = {**os.environ, **display.environment}
    subprocess.run(["xsetroot", "-solid", "red"], env=environment, check=True)
    with X11Client(display.name) as client:
        assert (client.image()[..., :3] == [0, 0, 255]).all()


def test_its_secret_is_for_its_owner_only(display: VirtualDisplay) -> None:
    authority = Path(display.environment["XAUTHORITY"])
    assert stat.S_IMODE(authority.stat().st_mode) == 0o600
    assert stat.S_IMODE(authority.parent.stat().st_mode) == 0o700


def test_its_pixels_are_for_its_owner_only(display: VirtualDisplay) -> None:
    assert display.framebuffer is not None
    assert stat.S_IMODE(display.framebuffer.parent.stat().st_mode) == 0o700
    assert display.framebuffer.stat().st_size > 800 * 600 * 4


def test_without_tmpfs_there_is_no_framebuffer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "supervisor.py"
    source = Path(virtual.__file__).with_name("virtual_supervisor.py").read_text()
    fake.write_text(source.replace('"/dev/shm"', '"/proc"'))
    monkeypatch.setattr(virtual, "_SUPERVISOR", fake)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    with VirtualDisplay((64, 64)) as display:
        assert display.framebuffer is None
        assert is_running(display.name)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_other_users_cannot_open_it(display: VirtualDisplay) -> None:
    program = ["xdpyinfo", "-display", display.name]
    environment = {**os.environ, "XAUTHORITY": "/dev/null"}
    assert subprocess.run(program, env=environment, capture_output=True).returncode == 0
    stranger = ["setpriv", "--reuid", str(OTHER_USER), "--clear-groups", *program]
    assert subprocess.run(stranger, env=environment, capture_output=True).returncode != 0


def test_it_does_not_listen_on_the_network(display: VirtualDisplay) -> None:
    port = f":{6000 + int(display.name[1:]):04X}"
    sockets = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
    assert not [fields for fields in sockets if fields[1].endswith(port) and fields[3] == "0A"]


def test_a_session_runs_in_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = ["sh", "-c", f"echo $DISPLAY $XDG_SESSION_TYPE > {told}; xsetroot -solid blue && exit 3"]
    with VirtualDisplay((64, 64), command) as display:
        wait_until(lambda: display.session_status is not None)
        assert display.session_status == 3
        assert told.read_text().split() == [display.name, "x11"]
        assert is_running(display.name), "a display outlives its session"


def test_a_session_that_ends_at_once_is_heard() -> None:
    with VirtualDisplay((64, 64), ["true"]) as display:
        wait_until(lambda: display.session_status is not None)
        assert display.session_status == 0


def test_a_session_that_was_killed_says_by_what() -> None:
    with VirtualDisplay((64, 64), ["sh", "-c", "kill -KILL $$"]) as display:
        wait_until(lambda: display.session_status is not None)
        assert display.session_status == -signal.SIGKILL


def test_a_display_without_session_has_no_status(display: VirtualDisplay) -> None:
    assert display.session_status is None


def test_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    command, file = daemon(tmp_path)
    display = VirtualDisplay((64, 64), command)
    pid = pid_in(file)
    folder = Path(display.environment["XAUTHORITY"]).parent
    assert display.framebuffer is not None
    assert is_alive(pid)
    server = server_of(supervisor_of(os.getpid()))
    display.stop()
    display.stop()
    assert not is_alive(pid)
    assert not is_alive(server)
    assert not is_left_behind(display.name)
    assert not folder.exists()
    assert not display.framebuffer.parent.exists()
    assert not any("virtual_supervisor" in command for command in children_of(os.getpid()).values())


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("status", [0, int(signal.SIGKILL)])
def test_the_traces_of_a_killed_server_go_but_not_those_of_the_next_one_of_its_number(taken: bool, status: int) -> None:
    supervisor = object.__new__(virtual_supervisor.Supervisor)
    supervisor._number, supervisor._server, supervisor._ended = 59_999, 1, {1: status}
    path = Path("/tmp/.X11-unix/X59999")
    with socket.socket(socket.AF_UNIX) as next_one:
        try:
            next_one.bind(str(path))
            if not taken:
                next_one.close()
            supervisor._remove_traces()
            assert path.exists() == (taken or status == 0)
        finally:
            path.unlink(missing_ok=True)


def test_what_dies_after_the_last_look_is_waited_for_too() -> None:
    pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], os.environ)
    looks = iter([{pid}])
    steps: list[str] = []

    def victims() -> set[int]:
        steps.append("look")
        return next(looks, set())

    virtual_supervisor._end(victims, lambda: steps.append("reap"))
    assert steps[-2:] == ["look", "reap"]
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    command, file = daemon(tmp_path)
    program = (
        "import json, sys, time\nfrom fanlight.capture.virtual import VirtualDisplay\n"
        "display = VirtualDisplay((64, 64), sys.argv[1:])\n"
        "print(json.dumps([display.name, display.environment, str(display.framebuffer)]), flush=True)\n"
        "time.sleep(1000)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, *command], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    name, environment, framebuffer = json.loads(parent.stdout.readline())
    supervisor, pid = supervisor_of(parent.pid), pid_in(file)
    server = server_of(supervisor)
    assert is_running(name)
    assert Path(framebuffer).exists()
    parent.kill()
    parent.communicate()
    wait_until(lambda: not is_alive(supervisor))
    assert not is_alive(pid)
    assert not is_alive(server)
    assert not is_left_behind(name)
    assert not Path(environment["XAUTHORITY"]).parent.exists()
    assert not Path(framebuffer).parent.exists()


def test_it_ends_with_a_supervisor_that_is_killed() -> None:
    with VirtualDisplay((64, 64), ["sleep", "1000"]) as display:
        supervisor = supervisor_of(os.getpid())
        wait_until(lambda: len(children_of(supervisor)) == 2)
        children = children_of(supervisor)
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, children)))
        assert not is_left_behind(display.name)
    assert not Path(display.environment["XAUTHORITY"]).exists()
    assert display.framebuffer is not None
    assert not display.framebuffer.parent.exists()


def test_it_does_not_end_with_the_thread_that_started_it() -> None:
    displays: list[VirtualDisplay] = []
    thread = threading.Thread(target=lambda: displays.append(VirtualDisplay((64, 64))), daemon=True)
    thread.start()
    thread.join()
    with displays[0] as display:
        assert is_running(display.name)


def test_a_display_that_dies_takes_its_session_along(tmp_path: Path) -> None:
    command, file = daemon(tmp_path)
    with VirtualDisplay((64, 64), command) as display:
        pid = pid_in(file)
        supervisor = supervisor_of(os.getpid())
        with open_capture(display.name) as capture:
            assert capture.next(PATIENCE) is not None
            os.kill(server_of(supervisor), signal.SIGKILL)
            with pytest.raises(CaptureError, match="went away"):
                next(iter(capture))
        wait_until(lambda: not is_alive(supervisor))
        assert not is_alive(pid)
        assert not is_left_behind(display.name)


def test_several_displays_stand_side_by_side() -> None:
    with VirtualDisplay((64, 64)) as one, VirtualDisplay((65, 66)) as other:
        assert one.name != other.name
        with X11Client(one.name) as first, X11Client(other.name) as second:
            assert first.size() == (64, 64)
            assert second.size() == (65, 66)


# ---- refusals ----


def test_without_xvfb_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CaptureError, match="install the Debian package xvfb"):
        VirtualDisplay((64, 64))


def test_an_xvfb_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "Xvfb"
    fake.write_text("#!/bin/sh\necho starting >&2\necho 'Fatal server error: no memory' >&2\necho bye >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CaptureError, match="Xvfb did not start: Fatal server error: no memory"):
        VirtualDisplay((64, 64))
    assert not any("virtual_supervisor" in command for command in children_of(os.getpid()).values())


def test_a_command_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="no command 'no-such-program'"):
        VirtualDisplay((64, 64), ["no-such-program"])


@pytest.mark.parametrize("size", [(0, 64), (64, -1), (16385, 64), (16384, 16384)])
def test_a_size_that_no_screen_has_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="sides are 1 to 16384"):
        VirtualDisplay(size)
