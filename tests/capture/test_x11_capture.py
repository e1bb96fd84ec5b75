"""Native X11 capture against a real X server, looked at by clients that share no code with it."""

import gc
import itertools
import os
import random
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fanlight.capture import Capture, open_capture
from fanlight.errors import CaptureError
from fanlight.types import CursorShape, Frame, PointerPlace, Rect
from x11_client import X11Client
from x_server import StartXvfb, wait_until

RunProgram = Callable[..., subprocess.Popen[bytes]]

WHOLE = (Rect(0, 0, 1024, 768),)


@pytest.fixture
def capture(xvfb: str) -> Capture:
    with open_capture(xvfb, backend="x11", max_fps=1000) as opened:
        yield opened


def frame_of(capture: Capture) -> Frame:
    """The next frame; the pointer may change before it comes."""
    frames: list[Frame] = []
    wait_until(lambda: frames.extend([frame] if (frame := capture.next(5.0)) else []) or frames)
    return frames[0]


def use_up(capture: Capture) -> None:
    """Take frames until it ends."""
    while True:
        capture.next(None)


def settle(capture: Capture, look: Callable[[], NDArray[np.uint8]], last: Frame) -> Frame:
    """Take frames until the last one shows what `look` sees."""
    frames = [last]

    def settled() -> bool:
        frames.extend([frame] if (frame := capture.next(0.05)) else [])
        return np.array_equal(frames[-1].image, look())

    wait_until(settled)
    return frames[-1]


def xwd(display: str) -> NDArray[np.uint8]:
    """What xwd sees, by XGetImage."""
    dump = subprocess.run(["xwd", "-silent", "-root", "-display", display], check=True, capture_output=True).stdout
    header = struct.unpack_from(">25I", dump)
    width, height, colours = header[4], header[5], header[19]
    start = header[0] + 12 * colours
    return np.frombuffer(dump[start : start + width * height * 4], np.uint8).reshape(height, width, 4)


def covers(damage: tuple[Rect, ...], wanted: Rect) -> bool:
    return any(
        r.x <= wanted.x and r.y <= wanted.y and r.x + r.w >= wanted.x + wanted.w and r.y + r.h >= wanted.y + wanted.h
        for r in damage
    )


def area(damage: tuple[Rect, ...]) -> int:
    return sum(rect.w * rect.h for rect in damage)


# ---- pixels and damage ----


def test_first_frame_is_the_whole_screen(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x123456, (100, 100, 50, 40))
    frame = frame_of(capture)
    assert frame.damage == WHOLE
    assert frame.size == capture.size == (1024, 768)
    assert not frame.image.flags.writeable
    assert list(frame.image[110, 120]) == [0x56, 0x34, 0x12, 0]
    assert np.array_equal(frame.image, painter.image())


def test_picture_at_rest_equals_what_xwd_sees(xvfb: str, capture: Capture, run_program: RunProgram) -> None:
    first = frame_of(capture)
    run_program(xvfb, "xterm", "-geometry", "80x24+10+10", "-e", "seq 1 2000; sleep 60")
    run_program(xvfb, "xlogo", "-geometry", "200x200+700+30", "-bg", "green")
    wait_until(lambda: len(np.unique(xwd(xvfb).reshape(-1, 4), axis=0)) > 2)
    last = settle(capture, lambda: xwd(xvfb), first)
    assert last is not first


def test_damage_is_exactly_what_was_drawn(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.fill(0xFF0000, (40, 300, 8, 16))
    frame = frame_of(capture)
    assert frame.damage == (Rect(40, 300, 8, 16),)
    assert np.array_equal(frame.image, painter.image())
    assert frame.damaged_at <= frame.captured_at


def test_damage_at_the_edges_is_clipped(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.fill(0xFF0000, (-50, -50, 60, 60))
    painter.fill(0xFF0000, (1000, 760, 300, 300))
    frame = frame_of(capture)
    assert set(frame.damage) == {Rect(0, 0, 10, 10), Rect(1000, 760, 24, 8)}
    assert np.array_equal(frame.image, painter.image())


def test_a_typed_letter_damages_little(xvfb: str, capture: Capture, run_program: RunProgram, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    first = frame_of(capture)
    ready = tmp_path / "ready"
    run_program(xvfb, "xterm", "-geometry", "80x24+0+0", "-e", f"stty -icanon; touch {ready}; cat > {typed}")
    wait_until(ready.exists)
    subprocess.run(["xdotool", "mousemove", "100", "100"], env={**os.environ, "DISPLAY": xvfb}, check=True)
    settle(capture, lambda: xwd(xvfb), first)
    frames: list[Frame] = []

    def letter_is_there() -> bool:
        frames.extend([frame] if (frame := capture.next(0.2)) else [])
        return bool(frames) and typed.read_text() == "a" and np.array_equal(frames[-1].image, xwd(xvfb))

    subprocess.run(["xdotool", "key", "a"], env={**os.environ, "DISPLAY": xvfb}, check=True)
    wait_until(letter_is_there)
    assert all(area(frame.damage) <= 2_000 for frame in frames)


def test_damage_merges_while_the_consumer_is_busy(capture: Capture, painter: X11Client) -> None:
    busy_with = frame_of(capture)
    before = busy_with.image.copy()
    painter.fill(0x00FF00, (10, 10, 20, 20))
    painter.fill(0x0000FF, (500, 600, 30, 30))
    painter.fill(0xFF00FF, (10, 10, 20, 20))
    assert np.array_equal(busy_with.image, before), "the picture changed while the consumer worked on it"
    frame = frame_of(capture)
    assert set(frame.damage) == {Rect(10, 10, 20, 20), Rect(500, 600, 30, 30)}
    assert np.array_equal(frame.image, painter.image())
    assert capture.next(0.0) is None


def test_damage_in_more_places_than_a_frame_names_becomes_one(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    for x, y in itertools.product(range(50, 550, 50), repeat=2):
        painter.fill(0x00FF00, (x, y, 5, 5))
    frame = frame_of(capture)
    assert frame.damage == (Rect(50, 50, 455, 455),)
    assert np.array_equal(frame.image, painter.image())


def test_damage_of_every_shape_gives_the_right_picture(capture: Capture, painter: X11Client) -> None:
    """Narrow and wide, small and large, near and far: each is read its own way."""
    frame = frame_of(capture)
    randomness = random.Random(7)
    for turn in range(150):
        for _ in range(randomness.randint(1, 4)):
            w, h = randomness.choice([(3, 9), (40, 700), (511, 512), (513, 20), (1024, 1), (900, 700)])
            x, y = randomness.randint(-5, 1024 - w // 2), randomness.randint(-5, 768 - h // 2)
            painter.fill(turn * 7919 + w, (x, y, w, h))
        frame = settle(capture, painter.image, frame)


def test_drawing_without_pause_ends_with_the_right_picture(xvfb: str, capture: Capture, painter: X11Client) -> None:
    frame = frame_of(capture)
    done = threading.Event()

    def draw() -> None:
        with X11Client(xvfb) as client:
            for n in range(2_000):
                client.fill(n * 7919, (n * 37 % 1000, n * 91 % 700, 40, 40))
        done.set()

    thread = threading.Thread(target=draw)
    thread.start()
    while not done.is_set():
        frame = capture.next(1.0) or frame
    thread.join()
    settle(capture, painter.image, frame)


def test_an_unchanged_screen_gives_no_frame(capture: Capture) -> None:
    frame_of(capture)
    assert capture.next(0.1) is None


def test_a_consumer_that_never_waits_gets_frames(capture: Capture, painter: X11Client) -> None:
    assert capture.next(0.0) is not None
    painter.fill(0x00FF00, (10, 10, 20, 20))
    wait_until(lambda: capture.next(0.0))


def test_frames_come_no_faster_than_asked(xvfb: str, painter: X11Client) -> None:
    with open_capture(xvfb, backend="x11", max_fps=1) as slow:
        assert slow.next(5.0) is not None
        painter.fill(0x0000FF, (90, 90, 20, 20))
        assert frame_of(slow).damage == (Rect(90, 90, 20, 20),), "a second one is free, to fall into step"
        painter.fill(0x00FF00, (10, 10, 20, 20))
        assert slow.next(0.0) is None
        painter.fill(0x00FF00, (900, 700, 20, 20))
        frame = frame_of(slow)
        assert set(frame.damage) == {Rect(10, 10, 20, 20), Rect(900, 700, 20, 20)}


def test_what_lies_close_comes_in_one_box(xvfb: str, painter: X11Client) -> None:
    with open_capture(xvfb, backend="x11", max_fps=1) as slow:
        assert slow.next(5.0) is not None
        painter.fill(0x0000FF, (90, 90, 20, 20))
        assert frame_of(slow).damage == (Rect(90, 90, 20, 20),)
        painter.fill(0x00FF00, (10, 10, 20, 20))
        painter.fill(0x123456, (50, 50, 20, 20))
        frame = frame_of(slow)
        assert frame.damage == (Rect(10, 10, 60, 60),)
        assert (frame.image[10:30, 10:30, :3] == (0, 0xFF, 0)).all()
        assert (frame.image[50:70, 50:70, :3] == (0x56, 0x34, 0x12)).all()


def test_iteration_gives_frames_for_ever(capture: Capture, painter: X11Client) -> None:
    frames = iter(capture)
    assert next(frames).damage == WHOLE
    painter.fill(0x00FF00, (1, 2, 3, 4))
    assert next(frames).damage == (Rect(1, 2, 3, 4),)


# ---- resize ----


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

    thread = threading.Thread(target=resize)
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


# ---- the pointer ----


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


# ---- waking, closing, failing ----


def test_wake_returns_a_waiting_consumer(capture: Capture) -> None:
    frame_of(capture)
    results: list[Frame | None] = []
    thread = threading.Thread(target=lambda: results.append(capture.next(None)))
    thread.start()
    capture.wake()
    thread.join(20)
    assert results == [None]


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


def test_close_ends_a_wait_in_another_thread(capture: Capture) -> None:
    frame_of(capture)
    errors: list[str] = []
    waiting = threading.Event()

    def wait() -> None:
        try:
            waiting.set()
            use_up(capture)
        except CaptureError as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    capture.close()
    thread.join(20)
    assert len(errors) == 1
    assert "closed" in errors[0]


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
    assert b"KeyboardInterrupt" in child.communicate()[1]


def resources() -> tuple[int, int, int]:
    mappings = Path("/proc/self/maps").read_text().count("fanlight-picture")
    fds, threads = (len(list(Path("/proc/self", kind).iterdir())) for kind in ("fd", "task"))
    return fds, threads, mappings


def test_opening_and_closing_leaks_nothing(xvfb: str) -> None:
    with open_capture(xvfb) as capture:
        frame_of(capture)
    del capture
    before = resources()
    for _ in range(50):
        with open_capture(xvfb) as capture:
            assert capture.next(5.0) is not None
        del capture
    assert resources() == before


def test_a_capture_that_is_dropped_leaks_nothing(xvfb: str) -> None:
    gc.collect()
    before = resources()
    capture = open_capture(xvfb)
    frame = capture.next(5.0)
    assert resources() > before
    del capture, frame
    gc.collect()
    assert resources() == before


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
    assert resources() == before
