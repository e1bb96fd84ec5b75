import os
import signal
import subprocess
import time

import numpy as np
import pytest

from fanlight.capture import open_capture
from fanlight.types import Rect
from fanlight_bench import clock, workloads
from patience import PATIENCE
from x_server import wait_until

SIZE = (1024, 768)


class Screen:
    """What an X client of its own sees of the clock."""

    def __init__(self, painter):
        self._painter = painter

    def read(self):
        return clock.read(self._painter.image())

    def shows_clock(self):
        return self.read() is not None


@pytest.fixture
def screen(painter):
    return Screen(painter)


def micros():
    return time.monotonic_ns() // 1000


@pytest.mark.parametrize("name", ["full-change", "terminal-flood", "latency-clock"])
def test_the_clock_on_the_screen_advances_with_ours(xvfb, screen, run_program, name):
    before = micros()
    run_program(xvfb, *workloads.command(name, SIZE))
    wait_until(screen.shows_clock)
    first = screen.read()
    wait_until(lambda: screen.read().seq > first.seq + 20)
    last = screen.read()
    assert before < first.micros < last.micros < micros()


def test_the_picture_is_that_of_the_frames(xvfb, screen, painter, run_program):
    run_program(xvfb, *workloads.command("idle", SIZE, seed=5))
    wait_until(screen.shows_clock)
    expected = next(workloads.frames("idle", SIZE, 1, seed=5))
    assert (painter.image()[64:704, :, :3] == expected[64:704, :, :3]).all()


def test_damage_is_that_of_the_change(xvfb, screen, run_program):
    run_program(xvfb, *workloads.command("typing", SIZE, rate=30))
    wait_until(screen.shows_clock)
    with open_capture(xvfb) as capture:
        assert capture.backend == "x11"
        capture.next(PATIENCE)
        frame = capture.next(PATIENCE)
    places = clock.corners(SIZE)
    letters = [rect for rect in frame.damage if not any(_inside(rect, place) for place in places)]
    assert letters
    assert sum(rect.w * rect.h for rect in letters) < 5000


def test_a_window_at_rest_does_no_damage(xvfb, screen, run_program):
    run_program(xvfb, *workloads.command("idle", SIZE))
    wait_until(screen.shows_clock)
    with open_capture(xvfb) as capture:
        capture.next(PATIENCE)
        assert capture.next(0.5) is None


def test_a_file_is_shown(xvfb, screen, run_program, tmp_path):
    frames = np.random.default_rng(1).integers(0, 256, (3, 300, 400, 3), np.uint8)
    np.save(tmp_path / "recorded.npy", frames)
    run_program(xvfb, *workloads.command(f"file:{tmp_path / 'recorded.npy'}", SIZE, rate=100))
    wait_until(screen.shows_clock)
    wait_until(lambda: screen.read().seq > 6)


def test_a_region_is_handed_on(xvfb, screen, run_program):
    run_program(xvfb, *workloads.command("full-change", SIZE, region=Rect(200, 200, 50, 40)))
    wait_until(screen.shows_clock)
    with open_capture(xvfb) as capture:
        capture.next(PATIENCE)
        frame = capture.next(PATIENCE)
    places = (Rect(200, 200, 50, 40), *clock.corners(SIZE))
    assert all(any(_inside(rect, place) for place in places) for rect in frame.damage)


@pytest.mark.parametrize("name", ["idle", "full-change"])
def test_sigterm_ends_it(xvfb, screen, run_program, name):
    program = run_program(xvfb, *workloads.command(name, SIZE))
    wait_until(screen.shows_clock)
    program.send_signal(signal.SIGTERM)
    assert program.wait(PATIENCE) == 0
    wait_until(lambda: not screen.shows_clock())


@pytest.mark.parametrize("name", ["idle", "scroll-text"])
def test_it_ends_by_itself(xvfb, run_program, name):
    assert run_program(xvfb, *workloads.command(name, SIZE, seconds=0.3)).wait(PATIENCE) == 0


def test_a_display_that_goes_away_ends_it(start_xvfb, run_program):
    server = start_xvfb(size=SIZE)
    program = run_program(server.name, *workloads.command("latency-clock", SIZE))
    with open_capture(server.name) as capture:
        wait_until(lambda: (frame := capture.next(1)) is not None and clock.read(frame.image) is not None)
    server.stop()
    assert program.wait(PATIENCE) != 0


def refusal(display, *command):
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def test_a_display_that_is_too_small_is_said(xvfb):
    code, said = refusal(xvfb, *workloads.command("idle", (1920, 1080)))
    assert (code, said) == (2, "A workload of 1920x1080 does not fit a display of 1024x768.")


def test_no_display_is_said():
    code, said = refusal(":987", *workloads.command("idle", SIZE))
    assert code == 2
    assert said.startswith("There is no X display")


def test_a_display_of_another_depth_is_said(start_xvfb):
    code, said = refusal(start_xvfb(size=SIZE, depth=16).name, *workloads.command("idle", SIZE))
    assert (code, said) == (2, "Workloads are drawn on displays of 24 bits a pixel.")


def _inside(rect, place):
    return (
        rect.x >= place.x
        and rect.y >= place.y
        and rect.x + rect.w <= place.x + place.w
        and rect.y + rect.h <= place.y + place.h
    )
