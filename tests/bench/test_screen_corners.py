"""Reading clocks off a real display, and counting the bytes of a real connection."""

import contextlib
import socket
import subprocess
import time

import numpy as np
import pytest

from fanlight.errors import CaptureError
from fanlight_bench import clock, workloads
from fanlight_bench.processes import Display, Program
from fanlight_bench.screen.corners import Corners
from fanlight_bench.screen.sampler import command
from fanlight_bench.screen.wire import bytes_exchanged
from patience import PATIENCE
from x11_client import X11Client

SIZE = (320, 240)


def soon(seconds: float = 10.0) -> int:
    return time.monotonic_ns() // 1_000 + round(seconds * 1_000_000)


def paint(client: X11Client, micros: int, seq: int) -> None:
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    clock.draw(image, micros, seq)
    for x, y, w, h in clock.corners(SIZE):
        client.fill(0, (x, y, w, h))
        white = [(i, j, 1, 1) for j in range(y, y + h) for i in range(x, x + w) if image[j, i, 0]]
        client.fill(0xFFFFFF, *white)


def settle(corners: Corners) -> None:
    """Look until nothing is drawn any more: a server that starts still draws."""
    end = time.monotonic() + 10
    while corners.wait(soon(0.5)):
        assert time.monotonic() < end
        corners.stamps()


def test_a_clock_is_read_when_it_was_drawn(start_xvfb) -> None:
    with X11Client(name := start_xvfb(size=SIZE).name) as painter, Corners(name, SIZE) as corners:
        assert corners.wait(soon())
        assert corners.stamps() == (None, None)
        paint(painter, 123_456, 7)
        assert corners.wait(soon())
        assert corners.stamps() == ((123_456, 7), (123_456, 7))


def test_a_screen_at_rest_is_not_looked_at(start_xvfb) -> None:
    with Corners(start_xvfb(size=SIZE).name, SIZE) as corners:
        settle(corners)
        assert not corners.wait(soon(0.2))


def test_a_new_keyboard_layout_disturbs_nothing(start_xvfb) -> None:
    name = start_xvfb(size=SIZE).name
    with X11Client(name) as painter, Corners(name, SIZE) as corners:
        subprocess.run(["xmodmap", "-display", name, "-e", "keycode 255 = F20"], check=True)
        paint(painter, 1, 2)
        assert corners.wait(soon())
        assert corners.stamps() == ((1, 2), (1, 2))


def test_no_display_is_one_sentence() -> None:
    with pytest.raises(CaptureError, match="display :60999 cannot be opened"):
        Corners(":60999", SIZE)


def test_a_server_that_ends_is_said(start_xvfb) -> None:
    server = start_xvfb(size=SIZE)
    with Corners(server.name, SIZE) as corners:
        settle(corners)
        server.stop()
        with pytest.raises(CaptureError, match="went away"):
            corners.wait(soon())


def test_the_sampler_sees_a_workload_directly() -> None:
    with Display(SIZE) as screen, Program(workloads.command("latency-clock", SIZE, 30), screen):
        done = subprocess.run(command(screen.name, SIZE, 0.5), capture_output=True, check=True, timeout=PATIENCE)
    begun, record = done.stdout.splitlines()
    assert begun.isdigit()
    assert record.startswith(b'{"looks":[[')


def test_the_sampler_says_what_is_wrong_in_one_sentence() -> None:
    done = subprocess.run(command(":60999", SIZE, 0.1), capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stderr == "display :60999 cannot be opened: No such file or directory\n"


def test_the_kernel_counts_what_a_server_sends_and_receives() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = server.getsockname()[1]
        assert bytes_exchanged(port) is None
        client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        peer = stack.enter_context(server.accept()[0])
        peer.sendall(bytes(5_000))
        client.sendall(bytes(70))
        assert len(client.recv(5_000, socket.MSG_WAITALL)) == 5_000
        assert len(peer.recv(70, socket.MSG_WAITALL)) == 70
        assert bytes_exchanged(port) == (5_000, 70)
