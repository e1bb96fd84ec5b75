"""The whole path by its commands: a real X server, real X programs, TLS, two processes."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import fanlight
from commands import PASSWORD, StartHost, fanlight_command, password_file, run_fanlight, start_host
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

__all__ = ["password_file", "start_host"]  # Fixtures.

Run = Callable[..., subprocess.Popen[bytes]]
StartXvfb = Callable[..., Any]


def read_png(path: Path) -> NDArray[np.uint8]:
    """Return a PNG as (H, W, 3), BGR."""
    with av.open(str(path)) as file:
        return next(file.decode(video=0)).to_ndarray(format="bgr24")


def connect(host: object, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_fanlight("connect", host.address, "--headless", *arguments)  # type: ignore[attr-defined]


def test_the_decoded_picture_equals_an_independent_look_at_the_screen(
    xvfb: str, painter: X11Client, run_program: Run, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    run_program(xvfb, "xterm", "-geometry", "80x24+20+20", "-e", "echo hello; exec sleep 1000")
    wait_until(lambda: painter.image()[..., :3].any())
    host = start_host("--display", xvfb)
    painter.fill(0x336699, (600, 400, 120, 90))
    screenshot = tmp_path / "seen.png"
    done = connect(
        host,
        *("--home", tmp_path / "viewer", "--password-file", password_file, "--trust", host.fingerprint),
        *("--seconds", 2, "--json", "--screenshot", screenshot),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["exact"] is True
    assert summary["size"] == [1024, 768]
    assert summary["frames"] >= 1
    assert set(summary) == {"frames", "fps", "bytes", "latency_ms", "exact", "size", "connection"}
    assert np.array_equal(read_png(screenshot), painter.image()[..., :3])


def test_keys_typed_by_a_viewer_reach_the_program(
    xvfb: str, painter: X11Client, run_program: Run, start_host: StartHost, tmp_path: Path
) -> None:

    typed = tmp_path / "typed"
    run_program(xvfb, "xterm", "-geometry", "80x24+0+0", "-e", f"head -n 1 > {typed}")
    wait_until(lambda: painter.image()[..., :3].any())
    host = start_host("--display", xvfb)

    async def type_text() -> None:
        async with fanlight.connect(
            host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint
        ) as session:
            async for update in session.updates():
                if update.exact:
                    break
            session.move_pointer(100, 100)
            for character in "Hi, fanlight!\n":
                keysym = 0xFF0D if character == "\n" else ord(character)
                session.send_key(keysym, True)
                session.send_key(keysym, False)
            await asyncio.to_thread(wait_until, lambda: typed.exists() and typed.read_text() == "Hi, fanlight!\n")
            last = session._link.session._input_seq
            async with asyncio.timeout(PATIENCE):
                async for _ in session.updates():
                    if session.ledger[-1].input_seq == last:
                        break

    asyncio.run(type_text())


def test_keys_that_a_killed_viewer_held_are_released(
    xvfb: str, painter: X11Client, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", xvfb)
    script = tmp_path / "hold.py"
    script.write_text(
        "import asyncio, sys, fanlight\n"
        "async def main():\n"
        "    address, home, password, trust = sys.argv[1:]\n"
        "    async with fanlight.connect(address, home=home, password=password, trust=trust) as s:\n"
        "        async for update in s.updates():\n"
        "            if s.ledger: break\n"
        "        s.send_key(0xFFE1, True); s.send_button(5, 5, 1, True)\n"
        "        await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    command = [fanlight_command()[0], str(script), host.address, str(tmp_path / "viewer"), PASSWORD, host.fingerprint]
    viewer = subprocess.Popen(command)
    try:
        wait_until(lambda: painter.pressed_keys() and painter.pressed_buttons())
    finally:
        viewer.send_signal(signal.SIGKILL)
        viewer.wait()
    wait_until(lambda: not painter.pressed_keys() and not painter.pressed_buttons())
    again = connect(host, "--home", tmp_path / "viewer", "--password-file", password_file, "--seconds", 0.5, "--json")
    assert again.returncode == 0, again.stderr


def test_a_wrong_password_exits_4(xvfb: str, start_host: StartHost, tmp_path: Path) -> None:
    host = start_host("--display", xvfb)
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password\n")
    done = connect(host, "--home", tmp_path / "v", "--password-file", wrong, "--trust", host.fingerprint)
    assert done.returncode == 4
    _one_sentence(done)


def test_no_password_and_no_terminal_exits_4(xvfb: str, start_host: StartHost, tmp_path: Path) -> None:
    host = start_host("--display", xvfb)
    done = connect(host, "--home", tmp_path / "v", "--trust", host.fingerprint)
    assert done.returncode == 4
    assert "--password-file" in _one_sentence(done)


def test_an_unknown_host_exits_6_and_shows_its_fingerprint(
    xvfb: str, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", xvfb)
    done = connect(host, "--home", tmp_path / "v", "--password-file", password_file)
    assert done.returncode == 6
    assert f"--trust {host.fingerprint}" in _one_sentence(done)
    wrong = connect(host, "--home", tmp_path / "v", "--password-file", password_file, "--trust", "ab" * 32)
    assert wrong.returncode == 6
    shown = run_fanlight("identity", "show", "--json", "--home", host.home)
    assert json.loads(shown.stdout) == {"fingerprint": host.fingerprint}


def test_an_unreachable_host_exits_7(password_file: Path, tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        done = run_fanlight("connect", address, "--headless", "--home", tmp_path, "--password-file", password_file)
    assert done.returncode == 7
    assert address in _one_sentence(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ("connect",),
        ("connect", "127.0.0.1:1", "--headless", "--fullscreen"),
        ("connect", "not an address", "--headless"),
        ("connect", "127.0.0.1:1", "--headless", "--trust", "xyz"),
        ("connect", "127.0.0.1:1", "--headless", "--password-file", "/nonexistent/file"),
        ("host", "--display", ":1", "--virtual", "800x600"),
        ("host", "--virtual", "800"),
        ("host", "--listen", "nowhere:xyz"),
        ("access", "unattended", "maybe"),
        ("no-such-command",),
    ],
)
def test_a_misuse_exits_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    home = () if arguments[0] == "no-such-command" else ("--home", tmp_path / "home")
    done = run_fanlight(*arguments, *home)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_viewer_that_is_told_the_host_is_gone_exits_8(
    xvfb: str, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", xvfb)
    command = fanlight_command("connect", host.address, "--headless", "--home", tmp_path / "viewer")
    command += ["--password-file", str(password_file), "--trust", host.fingerprint]
    viewer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: "session open" in host.log)
    host.stop(signal.SIGKILL)
    _, words = viewer.communicate(timeout=PATIENCE)
    assert viewer.returncode == 8
    assert "Traceback" not in words
    assert "host" in words.splitlines()[-1]


def test_the_x_server_going_away_ends_the_host_with_a_sentence(start_xvfb: StartXvfb, start_host: StartHost) -> None:
    server = start_xvfb()
    host = start_host("--display", server.name)
    server.process.kill()
    assert host.process.wait(PATIENCE) == 1
    assert "Traceback" not in host.log
    assert host.log.splitlines()[-1].startswith("fanlight: ")


def test_a_host_without_a_display_says_what_to_do(tmp_path: Path) -> None:
    missing = run_fanlight("host", "--home", tmp_path / "home")
    assert missing.returncode == 1
    assert "--virtual" in _one_sentence(missing)
    dead = run_fanlight("host", "--home", tmp_path / "home", "--display", ":4091")
    assert dead.returncode == 1
    assert ":4091" in _one_sentence(dead)


def test_a_port_in_use_says_so(xvfb: str, start_host: StartHost) -> None:
    first = start_host("--display", xvfb)
    second = start_host("--display", xvfb, "--listen", first.address, listening=False)
    assert second.process.wait(PATIENCE) == 1
    assert "in use" in second.log.splitlines()[-1]
    assert "--listen" in second.log.splitlines()[-1]


def test_a_display_without_shared_memory_is_captured_another_way(
    start_xvfb: StartXvfb, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", start_xvfb("-extension", "MIT-SHM").name)
    assert "MIT-SHM" in host.log
    options = ("--home", tmp_path / "viewer", "--password-file", password_file, "--trust", host.fingerprint)
    done = connect(host, *options, "--seconds", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["exact"] is True


def test_a_display_without_xtest_can_be_looked_at(
    start_xvfb: StartXvfb, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", start_xvfb("-extension", "XTEST").name)
    assert "XTEST" in host.log
    options = ("--home", tmp_path / "viewer", "--password-file", password_file, "--trust", host.fingerprint)
    assert connect(host, *options, "--seconds", 1).returncode == 0
    wait_until(lambda: "session open" in host.log)
    assert "control" not in next(line for line in host.log.splitlines() if "session open" in line)


def test_a_screen_that_is_resized_is_followed(
    start_xvfb: StartXvfb, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    display = start_xvfb(size=(1024, 768)).name
    host = start_host("--display", display)
    command = fanlight_command("connect", host.address, "--headless", "--json", "--seconds", 4)
    command += ["--home", str(tmp_path / "viewer"), "--password-file", str(password_file), "--trust", host.fingerprint]
    viewer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: "session open" in host.log)
    with X11Client(display) as client:
        client.switch_monitor_off()
        client.resize(800, 600)
        out, _ = viewer.communicate(timeout=PATIENCE)
        summary = json.loads(out.splitlines()[-1])
    assert summary["size"] == [800, 600]
    assert summary["exact"] is True


def test_a_display_of_its_own_is_captured_from_its_framebuffer(
    start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--virtual", "640x480", "--", "xlogo", "-bg", "red")
    assert "mapped framebuffer" in host.log
    options = ("--home", tmp_path / "viewer", "--password-file", password_file, "--trust", host.fingerprint)
    done = connect(host, *options, "--seconds", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["exact"] is True


def test_a_host_ends_with_the_command_of_its_own_display(start_host: StartHost) -> None:
    ended = start_host("--virtual", "640x480", "--", "sleep", "1")
    assert ended.process.wait(PATIENCE) == 0
    assert "has ended" in ended.log
    failed = start_host("--virtual", "640x480", "--", "sh", "-c", "sleep 1; exit 3")
    assert failed.process.wait(PATIENCE) == 1
    assert "exit status 3" in failed.log.splitlines()[-1]
    missing = start_host("--virtual", "640x480", "--", "no-such-program", listening=False)
    assert missing.process.wait(PATIENCE) == 2
    assert "no-such-program" in missing.log.splitlines()[-1]


def _one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a failed command said: a single line, no traceback."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("fanlight: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]
