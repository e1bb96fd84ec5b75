"""The fallback by mss against a real X server."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from capture_frames import frame_of

from fanlight.capture import Capture, open_capture
from fanlight.errors import CaptureError
from fanlight.types import Rect
from patience import PATIENCE
from x11_client import X11Client
from x_server import StartXvfb, wait_until


@pytest.fixture
def capture(xvfb: str) -> Iterator[Capture]:
    with open_capture(xvfb, backend="mss", max_fps=200) as opened:
        yield opened


def test_first_frame_is_the_whole_screen(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x123456, (100, 100, 50, 40))
    frame = frame_of(capture)
    assert frame.damage == (Rect(0, 0, 1024, 768),)
    assert frame.size == capture.size == (1024, 768)
    assert np.array_equal(frame.image, painter.image())
    assert not frame.image.flags.writeable


def test_damage_is_the_tiles_that_differ(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.fill(0xFF0000, (70, 130, 8, 16))
    frame = frame_of(capture)
    assert frame.damage == (Rect(64, 128, 64, 64),)
    assert np.array_equal(frame.image, painter.image())


def test_an_unchanged_screen_gives_no_frame(capture: Capture) -> None:
    frame_of(capture)
    # A server that has just started still draws.
    wait_until(lambda: capture.next(0.1) is None)
    assert capture.next(0.1) is None


def test_a_frame_stays_as_it_is(capture: Capture, painter: X11Client) -> None:
    first = frame_of(capture)
    before = first.image.copy()
    painter.fill(0xFF0000, (0, 0, 1024, 768))
    frame_of(capture)
    assert np.array_equal(first.image, before)


def test_resize_while_running(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.switch_monitor_off()
    for size in ((800, 600), (1024, 768)):
        painter.resize(*size)
        # mss notices only as it measures anew, so frames of the old size may come first.
        frame = next(frame for frame in capture if frame.size == size)
        assert frame.damage == (Rect(0, 0, *size),)
        assert capture.size == size


def test_a_killed_server_is_an_error(start_xvfb: StartXvfb) -> None:
    server = start_xvfb()
    with open_capture(server.name, backend="mss") as capture:
        frame_of(capture)
        server.process.kill()
        server.process.wait()
        with pytest.raises(CaptureError, match="the screen went away"):
            capture.next(PATIENCE)


def test_a_missing_library_is_named_with_its_package(xvfb: str) -> None:
    program = (
        "import ctypes.util, sys\nfind = ctypes.util.find_library\n"
        "ctypes.util.find_library = lambda name: None if name == 'xcb-render' else find(name)\n"
        "from fanlight.capture import open_capture\nfrom fanlight.errors import CaptureError\n"
        "try:\n    open_capture(sys.argv[1], backend='mss')\nexcept CaptureError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program, xvfb], check=True, capture_output=True, text=True).stdout
    assert "libxcb-render.so" in said
    assert "install libxcb1" in said
    assert "libxcb-render0" in said
