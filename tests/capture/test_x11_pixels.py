"""Pixels and damage of native X11 capture, looked at by clients that share no code with it."""

import itertools
import os
import random
import subprocess
import threading
from pathlib import Path

import numpy as np
from capture_frames import RunProgram, frame_of, settle, xwd

from fanlight.capture import Capture, open_capture
from fanlight.types import Frame, Rect
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

WHOLE = (Rect(0, 0, 1024, 768),)


def area(damage: tuple[Rect, ...]) -> int:
    return sum(rect.w * rect.h for rect in damage)


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

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    while not done.is_set():
        frame = capture.next(1.0) or frame
    thread.join()
    settle(capture, painter.image, frame)


def test_an_unchanged_screen_gives_no_frame(capture: Capture) -> None:
    frame_of(capture)
    # A server that has just started still draws.
    wait_until(lambda: capture.next(0.1) is None)
    assert capture.next(0.1) is None


def test_a_consumer_that_never_waits_gets_frames(capture: Capture, painter: X11Client) -> None:
    assert capture.next(0.0) is not None
    painter.fill(0x00FF00, (10, 10, 20, 20))
    wait_until(lambda: capture.next(0.0))


def test_frames_come_no_faster_than_asked(xvfb: str, painter: X11Client) -> None:
    rate, count = 20, 12
    with open_capture(xvfb, backend="x11", max_fps=rate) as capture:
        taken = []
        for number in range(count):
            painter.fill(0x010203 * (number + 1), (10, 10, 20, 20))
            taken.append(frame_of(capture).captured_at)
    # The second one is free, to fall into step.
    assert taken[-1] - taken[1] >= (count - 3) / rate


def test_what_lies_close_comes_in_one_box(xvfb: str, painter: X11Client) -> None:
    with open_capture(xvfb, backend="x11", max_fps=1) as slow:
        assert slow.next(PATIENCE) is not None
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
