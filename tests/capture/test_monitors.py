"""One monitor of several, as a source of its own."""

import collections
import os
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from capture_frames import frame_of

from fanlight.capture import Capture, monitors, open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.errors import CaptureError, UsageError
from fanlight.types import Monitor, PointerPlace, Rect
from x11_client import X11Client
from x_server import wait_until

RIGHT = Rect(600, 100, 424, 500)


def xrandr(display: str, *arguments: str) -> None:
    subprocess.run(["xrandr", "--display", display, *arguments], check=True, capture_output=True)


def set_monitor(display: str, name: str, area: Rect, output: str = "none") -> None:
    xrandr(display, "--setmonitor", name, f"{area.w}/100x{area.h}/100+{area.x}+{area.y}", output)


@pytest.fixture
def two(xvfb: str) -> str:
    """A display with the monitors left, of its one output, and right."""
    set_monitor(xvfb, "left", Rect(0, 0, 600, 768), "screen")
    set_monitor(xvfb, "right", RIGHT)
    return xvfb


@pytest.fixture(params=[False, True], ids=["in place", "compared"])
def right(request: pytest.FixtureRequest, two: str) -> Iterator[Capture]:
    with open_capture(two, max_fps=1000, monitor="right", compare=request.param) as opened:
        yield opened


def part(client: X11Client, area: Rect) -> np.ndarray:
    return client.image()[area.y : area.y + area.h, area.x : area.x + area.w, :3]


def test_monitors_are_listed(two: str) -> None:
    there = {monitor.name: monitor for monitor in monitors(two)}
    assert there["right"] == Monitor("right", RIGHT, primary=False)
    assert there["left"].area == Rect(0, 0, 600, 768)
    with open_capture(two) as capture:
        assert set(capture.monitors) == set(there.values())


def test_a_display_without_server_has_no_monitors() -> None:
    with pytest.raises(CaptureError, match="no X server answers"):
        monitors(":54321")


def test_only_its_own_pixels_and_damage_come(right: Capture, painter: X11Client) -> None:
    frame = frame_of(right)
    assert frame.size == right.size == (RIGHT.w, RIGHT.h)
    assert frame.damage == (Rect(0, 0, RIGHT.w, RIGHT.h),)
    painter.fill(0xFF0000, (0, 0, 600, 768))
    assert right.next(0.1) is None
    painter.fill(0x00FF00, (590, 90, 30, 40))
    frame = frame_of(right)
    assert frame.damage == (Rect(0, 0, 20, 30),)
    assert np.array_equal(frame.image[..., :3], part(painter, RIGHT))
    painter.fill(0x0000FF, (1000, 580, 300, 300))
    frame = frame_of(right)
    assert frame.damage == (Rect(400, 480, 24, 20),)
    assert np.array_equal(frame.image[..., :3], part(painter, RIGHT))


def test_the_pointer_is_relative_and_none_outside(two: str, right: Capture) -> None:
    environment = {**os.environ, "DISPLAY": two}
    subprocess.run(["xdotool", "mousemove", "700", "300"], env=environment, check=True)
    wait_until(lambda: right.next(0.1) or right.pointer == PointerPlace(100, 200))
    subprocess.run(["xdotool", "mousemove", "100", "300"], env=environment, check=True)
    wait_until(lambda: right.next(0.1) or right.pointer is None)


def test_a_number_names_one_too(two: str) -> None:
    numbers = [monitor.name for monitor in monitors(two)]
    with open_capture(two, monitor=numbers.index("right")) as capture:
        assert capture.size == (RIGHT.w, RIGHT.h)
    with pytest.raises(CaptureError, match=r"no monitor 7; counted from 0 there are 2: left, right|right, left"):
        open_capture(two, monitor=7)


@pytest.mark.parametrize("area", [Rect(10, 20, 424, 500), Rect(0, 0, 300, 200)], ids=["moved", "resized"])
def test_one_that_moves_or_changes_size_goes_on(right: Capture, painter: X11Client, area: Rect) -> None:
    painter.fill(0x123456, (0, 0, 300, 300))
    frame_of(right)
    painter.move_monitor("right", *area)
    frame = frame_of(right)
    assert frame.damage == (Rect(0, 0, area.w, area.h),)
    assert frame.size == (area.w, area.h)
    assert np.array_equal(frame.image[..., :3], part(painter, area))


def test_one_that_is_unplugged_ends_the_capture_in_words(two: str, right: Capture) -> None:
    frame_of(right)
    xrandr(two, "--delmonitor", "right")
    with pytest.raises(CaptureError, match=f"the monitor right of display {two} went away"):
        collections.deque(right, maxlen=0)


def test_one_that_is_not_there_is_refused(two: str) -> None:
    with pytest.raises(CaptureError, match=f"display {two} has no monitor middle"):
        open_capture(two, monitor="middle")


def test_a_monitor_of_a_mapped_framebuffer() -> None:
    with VirtualDisplay((1024, 768)) as display:
        set_monitor(display.name, "right", RIGHT)
        with (
            open_capture(display.name, framebuffer=display.framebuffer, monitor="right") as capture,
            X11Client(display.name) as client,
        ):
            assert capture.how == "mapped framebuffer"
            frame_of(capture)
            client.fill(0x00FF00, (590, 90, 30, 40))
            frame = frame_of(capture)
            assert frame.damage == (Rect(0, 0, 20, 30),)
            assert np.array_equal(frame.image[..., :3], part(client, RIGHT))


def test_where_there_are_no_monitors_to_choose_that_is_said(xvfb: str) -> None:
    with pytest.raises(CaptureError, match="whole screen only"):
        open_capture(xvfb, backend="mss", monitor=0)
    with pytest.raises(UsageError, match="no monitors"):
        open_capture("pattern:64x64", monitor=0)
