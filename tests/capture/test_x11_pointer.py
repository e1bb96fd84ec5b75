"""The pointer beside the picture: its place and its shape."""

import os
import subprocess
from collections.abc import Callable

import numpy as np
from capture_frames import RunProgram, frame_of, settle, xwd

from fanlight.capture import Capture, open_capture
from fanlight.types import CursorShape, PointerPlace, Rect
from x11_client import X11Client
from x_server import StartXvfb, wait_until


def xdotool(display: str, *arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": display}, check=True)


def sees_pointer_at(capture: Capture, x: int, y: int) -> Callable[[], bool]:
    def look() -> bool:
        capture.next(0.2)
        return capture.pointer == PointerPlace(x, y)

    return look


def test_pointer_place_is_known_and_followed(xvfb: str, capture: Capture, painter: X11Client) -> None:
    assert capture.pointer == PointerPlace(*painter.pointer())
    frame_of(capture)
    xdotool(xvfb, "mousemove", "321", "123")
    wait_until(sees_pointer_at(capture, 321, 123))
    # One as a program puts the pointer, one as a mouse moves it.
    xdotool(xvfb, "mousemove_relative", "--", "-20", "7")
    wait_until(sees_pointer_at(capture, 301, 130))


def test_the_mouse_is_followed_over_windows_that_take_its_events(
    xvfb: str, capture: Capture, run_program: RunProgram
) -> None:
    first = frame_of(capture)
    run_program(xvfb, "xev", "-geometry", "600x600+0+0")
    wait_until(lambda: len(np.unique(xwd(xvfb).reshape(-1, 4), axis=0)) > 1)
    settle(capture, lambda: xwd(xvfb), first)
    xdotool(xvfb, "mousemove", "200", "200", "mousemove_relative", "11", "12")
    wait_until(sees_pointer_at(capture, 211, 212))


def test_a_pointer_moved_by_a_program_is_seen_with_the_next_frame(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.warp(77, 88)
    painter.fill(0x00FF00, (10, 10, 20, 20))
    frame_of(capture)
    assert capture.pointer == PointerPlace(77, 88)


def test_pointer_moves_do_not_hide_frames(xvfb: str, capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.fill(0x00FF00, (10, 10, 20, 20))
    subprocess.run(["xdotool", "mousemove", "400", "400"], env={**os.environ, "DISPLAY": xvfb}, check=True)
    assert frame_of(capture).damage == (Rect(10, 10, 20, 20),)
    wait_until(lambda: capture.pointer == PointerPlace(400, 400) or capture.next(0.1))


def set_cursor(display: str, name: str) -> None:
    subprocess.run(["xsetroot", "-display", display, "-cursor_name", name], check=True)


def new_cursor(capture: Capture, old: CursorShape | None) -> CursorShape:
    """The next shape that can be seen; the server shows an empty one for a moment."""

    def changed() -> bool:
        capture.next(0.2)
        return capture.cursor is not None and capture.cursor is not old and any(capture.cursor.pixels)

    wait_until(changed)
    assert capture.cursor is not None
    return capture.cursor


def test_cursor_shape_arrives_once_for_each_change(xvfb: str, capture: Capture) -> None:
    frame_of(capture)
    set_cursor(xvfb, "gumby")
    gumby = new_cursor(capture, capture.cursor)
    set_cursor(xvfb, "cross")
    cross = new_cursor(capture, gumby)
    assert gumby != cross
    for shape in (gumby, cross):
        assert len(shape.pixels) == shape.width * shape.height * 4
        assert 0 <= shape.hot_x < shape.width
        assert 0 <= shape.hot_y < shape.height
        pixels = np.frombuffer(shape.pixels, np.uint8).reshape(-1, 4)
        assert pixels[:, 3].any()
        assert (pixels[:, :3] <= pixels[:, 3:]).all(), "colours are premultiplied"
    capture.next(0.2)
    assert capture.cursor is cross


def test_a_cursor_that_may_not_be_read_is_none(start_xvfb: StartXvfb) -> None:
    display = start_xvfb("+extension", "SECURITY").name
    with open_capture(display) as capture:
        frame_of(capture)
        # Its maker ends at once, and with SECURITY the shape of what a dead client left is nobody's to read.
        set_cursor(display, "gumby")
        wait_until(lambda: capture.next(0.1) is None and capture.cursor is None)


def test_cursor_set_before_opening_is_known_at_once(xvfb: str) -> None:
    set_cursor(xvfb, "gumby")
    with open_capture(xvfb) as capture:
        assert capture.cursor is not None


def test_cursor_is_not_in_the_picture(xvfb: str, capture: Capture, painter: X11Client) -> None:
    set_cursor(xvfb, "gumby")
    painter.warp(200, 200)
    painter.fill(0x808080, (0, 0, 1024, 768))
    frame = settle(capture, painter.image, frame_of(capture))
    assert (frame.image[..., :3] == 0x80).all()
