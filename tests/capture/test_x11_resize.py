"""A screen that changes its size while it is captured."""

import threading

import numpy as np
import pytest
from capture_frames import RunProgram, frame_of, settle

from fanlight.capture import Capture, open_capture
from fanlight.types import Rect
from x11_client import X11Client
from x_server import wait_until


def test_resize_while_running(capture: Capture, painter: X11Client) -> None:
    painter.fill(0xABCDEF, (0, 0, 1024, 768))
    old = frame_of(capture)
    painter.switch_monitor_off()
    for size in ((800, 600), (1024, 768), (641, 333)):
        painter.resize(*size)
        wait_until(lambda size=size: capture.size == size)
        painter.fill(0x00FF00, (10, 10, 20, 20))
        frame = frame_of(capture)
        assert frame.size == size
        assert frame.damage == (Rect(0, 0, *size),)
        settle(capture, painter.image, frame)
    assert list(old.image[5, 5]) == [0xEF, 0xCD, 0xAB, 0], "a frame of the old size can still be read"


def test_resizing_without_pause_is_not_fatal(xvfb: str, capture: Capture, painter: X11Client) -> None:
    frame = frame_of(capture)
    painter.switch_monitor_off()
    done = threading.Event()

    def resize() -> None:
        with X11Client(xvfb) as client:
            for n in range(300):
                client.resize(300 + n * 53 % 700, 200 + n * 31 % 500)
                client.fill(n * 7919, (0, 0, 1024, 768))
        done.set()

    thread = threading.Thread(target=resize, daemon=True)
    thread.start()
    while not done.is_set():
        frame = capture.next(1.0) or frame
        assert frame.image.shape[:2] == frame.size[::-1]
    thread.join()
    assert settle(capture, painter.image, frame).size == painter.size()


@pytest.mark.parametrize("compare", [False, True], ids=["in place", "compared"])
def test_xrandr_while_frames_are_read(xvfb: str, run_program: RunProgram, compare: bool) -> None:
    sizes = ["640x480", "800x600", "1024x768"]
    script = "for i in 1 2 3 4 5 6; do " + "".join(f"xrandr --fb {size}; xsetroot -gray; " for size in sizes) + "done"
    with open_capture(xvfb, max_fps=1000, compare=compare) as capture, X11Client(xvfb) as client:
        client.switch_monitor_off()
        frame = frame_of(capture)
        program = run_program(xvfb, "sh", "-c", script)
        while program.poll() is None:
            frame = capture.next(0.05) or frame
            assert frame.image.shape[:2] == frame.size[::-1]
        assert program.returncode == 0
        wait_until(lambda: capture.next(0.05) is None)
        client.fill(0x00FF00, (10, 10, 20, 20))
        frame = frame_of(capture)
        assert frame.size == client.size()
        assert np.array_equal(frame.image[..., :3], client.image()[..., :3])
