"""Servers that hang or die, what is left of a capture that is closed, and that nothing is left behind."""

import gc
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from capture_frames import frame_of

from fanlight.capture import Capture, open_capture
from fanlight.errors import CaptureError
from fanlight.types import Rect
from patience import PATIENCE
from x11_client import X11Client
from x_server import StartXvfb, wait_until


def use_up(capture: Capture) -> None:
    """Take frames until it ends."""
    while True:
        capture.next(None)


def test_wake_counts_for_the_next_wait_only(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    capture.wake()
    capture.wake()
    assert capture.next(None) is None
    painter.fill(0x00FF00, (10, 10, 20, 20))
    assert frame_of(capture).damage == (Rect(10, 10, 20, 20),)


def test_close_is_final_and_keeps_images(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x112233, (0, 0, 1024, 768))
    frame = frame_of(capture)
    capture.close()
    capture.close()
    capture.wake()
    assert list(frame.image[700, 1000]) == [0x33, 0x22, 0x11, 0]
    with pytest.raises(CaptureError, match="closed"):
        capture.next(0.0)


@pytest.mark.parametrize("waits", [True, False], ids=["while waiting", "while busy"])
def test_a_killed_server_is_an_error(start_xvfb: StartXvfb, waits: bool) -> None:
    server = start_xvfb()
    with open_capture(server.name) as capture:
        frame = frame_of(capture)
        killer = threading.Thread(target=server.process.kill)
        killer.start()
        if not waits:
            killer.join()
            server.process.wait()
        with pytest.raises(CaptureError, match=f"the X server of display {server.name} went away"):
            use_up(capture)
        killer.join()
        assert frame.image.shape == (768, 1024, 4)
        with pytest.raises(CaptureError, match="went away"):
            capture.next(0.0)


def test_a_stopped_server_holds_up_neither_timeout_nor_close(start_xvfb: StartXvfb) -> None:
    server = start_xvfb()
    with X11Client(server.name) as client:
        capture = open_capture(server.name)
        frame_of(capture)
        client.fill(0x00FF00, (10, 10, 20, 20))
        server.process.send_signal(signal.SIGSTOP)
        try:
            # The damage is known, but the server does not answer the read.
            assert capture.next(0.1) is None
            capture.wake()
            assert capture.next(None) is None
            capture.close()
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_a_read_that_a_stalled_server_finishes_late_is_not_lost(start_xvfb: StartXvfb) -> None:
    server = start_xvfb()
    with X11Client(server.name) as client, open_capture(server.name) as capture:
        frame_of(capture)
        client.fill(0x00FF00, (10, 10, 20, 20))
        server.process.send_signal(signal.SIGSTOP)
        try:
            assert capture.next(0.1) is None
        finally:
            server.process.send_signal(signal.SIGCONT)
        frame = frame_of(capture)
        assert frame.damage == (Rect(10, 10, 20, 20),)
        assert np.array_equal(frame.image, client.image())


def test_ctrl_c_ends_a_wait(xvfb: str) -> None:
    program = (
        "import signal, sys\nfrom fanlight.capture import open_capture\n"
        # Whoever runs the tests in the background may have had Ctrl-C ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with open_capture(sys.argv[1]) as capture:\n"
        "    capture.next(None)\n"
        "    print('waiting', flush=True)\n"
        "    while True:\n        capture.next(None)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, xvfb], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"waiting\n"

    def ended() -> bool:
        # A signal between two waits is taken at the next event only, as everywhere in Python: so press again.
        child.send_signal(signal.SIGINT)
        return child.poll() is not None

    wait_until(ended)
    # What is pressed once more may cut its last words short.
    child.communicate()
    assert child.returncode == -signal.SIGINT


def resources() -> tuple[int, int, int]:
    mappings = Path("/proc/self/maps").read_text().count("fanlight-picture")
    fds, threads = (len(list(Path("/proc/self", kind).iterdir())) for kind in ("fd", "task"))
    return fds, threads, mappings


def wait_until_no_more_than(before: tuple[int, int, int]) -> None:
    """Wait, because a thread that has been joined is listed for a moment longer."""
    wait_until(lambda: all(now <= then for now, then in zip(resources(), before, strict=True)))


def test_opening_and_closing_leaks_nothing(xvfb: str) -> None:
    with open_capture(xvfb) as capture:
        frame_of(capture)
    del capture
    before = resources()
    for _ in range(50):
        with open_capture(xvfb) as capture:
            assert capture.next(PATIENCE) is not None
        del capture
    wait_until_no_more_than(before)


def test_a_capture_that_is_dropped_leaks_nothing(xvfb: str) -> None:
    gc.collect()
    before = resources()
    capture = open_capture(xvfb)
    frame = capture.next(PATIENCE)
    assert resources() > before
    del capture, frame
    gc.collect()
    wait_until_no_more_than(before)


def test_a_capture_that_is_killed_leaks_nothing(start_xvfb: StartXvfb) -> None:
    server = start_xvfb()
    maps = Path(f"/proc/{server.process.pid}/maps")
    program = (
        "import sys, time\nfrom fanlight.capture import open_capture\ncapture = open_capture(sys.argv[1])\n"
        "capture.next(None)\nprint('captured', flush=True)\ntime.sleep(1000)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, server.name], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"captured\n"
    assert "fanlight-picture" in maps.read_text()
    child.kill()
    child.communicate()
    wait_until(lambda: "fanlight-picture" not in maps.read_text())


def test_failing_to_open_leaks_nothing(start_xvfb: StartXvfb) -> None:
    display = start_xvfb("-extension", "MIT-SHM").name
    before = resources()
    for _ in range(20):
        with pytest.raises(CaptureError):
            open_capture(display, backend="x11")
        with pytest.raises(CaptureError):
            open_capture(":54321", backend="x11")
    wait_until_no_more_than(before)
