"""Capture out of the mapped framebuffer of a display of our own."""

import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from capture_frames import frame_of

from fanlight.capture import Capture, open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.kernels import tiles
from fanlight.types import PointerPlace, Rect
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

SIZE = (800, 600)
WORDS = 25
HEADER_SIZE, VERSION, FORMAT, DEPTH, WIDTH, HEIGHT, X_OFFSET, BYTE_ORDER = range(8)
BITS_PER_PIXEL, BYTES_PER_LINE, RED_MASK, COLOURS = 11, 12, 14, 19


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    with VirtualDisplay(SIZE) as opened:
        yield opened


@pytest.fixture
def painter(display: VirtualDisplay) -> Iterator[X11Client]:
    with X11Client(display.name) as client:
        yield client


@pytest.fixture
def capture(display: VirtualDisplay) -> Iterator[Capture]:
    with open_capture(display.name, max_fps=1000, framebuffer=display.framebuffer) as opened:
        yield opened


def seen(client: X11Client) -> np.ndarray:
    """The screen's colours as another client sees them."""
    return client.image()[..., :3]


def test_pixels_are_those_of_the_screen(capture: Capture, painter: X11Client) -> None:
    assert (capture.backend, capture.how, capture.fallback) == ("x11", "mapped framebuffer", None)
    painter.fill(0x123456, (100, 100, 50, 40))
    frame = frame_of(capture)
    assert frame.damage == (Rect(0, 0, *SIZE),)
    assert frame.changed.all()
    assert not frame.image.flags.writeable
    assert np.array_equal(frame.image[..., :3], seen(painter))
    painter.fill(0xFF0000, (60, 300, 8, 16))
    frame = frame_of(capture)
    assert frame.damage == (Rect(60, 300, 8, 16),)
    wanted = tiles.no_tiles(SIZE)
    tiles.mark(wanted, frame.damage, SIZE)
    assert np.array_equal(frame.changed, wanted)
    assert np.array_equal(frame.image[..., :3], seen(painter))


def test_a_frame_stays_as_it_is(capture: Capture, painter: X11Client) -> None:
    frame = frame_of(capture)
    before = frame.image.copy()
    painter.fill(0xFF0000, (0, 0, *SIZE))
    assert np.array_equal(frame.image, before)


def test_drawing_that_changes_nothing_gives_no_frame(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x808080, (0, 0, *SIZE))
    wait_until(lambda: capture.next(0.1) is None)
    painter.fill(0x808080, (0, 0, 300, 300))
    assert capture.next(0.1) is None
    painter.fill(0x808081, (0, 0, 1, 1))
    frame = frame_of(capture)
    assert frame.changed.sum() == 1


def test_drawing_without_pause_ends_with_the_right_picture(
    display: VirtualDisplay, capture: Capture, painter: X11Client
) -> None:
    shown = frame_of(capture).image.copy()
    done = threading.Event()

    def draw() -> None:
        with X11Client(display.name) as client:
            for n in range(2_000):
                client.fill(n * 7919, (n * 37 % 700, n * 53 % 500, 5 + n % 90, 5 + n % 80))
        done.set()

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    # What a viewer would show who takes over damage alone.
    ended = False
    while not ended:
        # In this order: what was drawn before the end is told before there is nothing to tell.
        over = done.is_set()
        frame = capture.next(0.2)
        ended = over and frame is None
        for x, y, w, h in frame.damage if frame else ():
            shown[y : y + h, x : x + w] = frame.image[y : y + h, x : x + w]
    thread.join()
    assert np.array_equal(shown[..., :3], seen(painter))


def test_the_cursor_is_hidden_and_known(display: VirtualDisplay, capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    first = capture.cursor
    painter.warp(200, 150)
    painter.fill(0x808080, (0, 0, *SIZE))
    frame = frame_of(capture)
    environment = {**os.environ, **display.environment}
    subprocess.run(["xsetroot", "-cursor_name", "gumby"], env=environment, check=True)

    def shape_came() -> bool:
        capture.next(0.1)
        return capture.cursor is not None and capture.cursor is not first and any(capture.cursor.pixels)

    wait_until(shape_came)
    subprocess.run(["xdotool", "mousemove", "400", "300"], env=environment, check=True)
    wait_until(lambda: capture.next(0.1) or capture.pointer == PointerPlace(400, 300))
    painter.fill(0x404040, (0, 0, *SIZE))
    wait_until(lambda: (frame := capture.next(0.1)) is not None and (frame.image[..., :3] == 0x40).all())
    assert (frame.image[..., 3] == 0).all()


def test_a_screen_that_changes_its_size_is_still_mapped(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.switch_monitor_off()
    for size in ((640, 333), SIZE):
        painter.resize(*size)
        wait_until(lambda size=size: capture.size == size)
        painter.fill(0x00FF00, (10, 10, 20, 20))
        frame = frame_of(capture)
        assert frame.size == size
        assert frame.damage == (Rect(0, 0, *size),)
        wait_until(lambda: capture.next(0.05) is None)
        assert np.array_equal(frame.image[..., :3], seen(painter))
    assert capture.how == "mapped framebuffer"


def altered(display: VirtualDisplay, tmp_path: Path, length: int | None = None, **words: int) -> Path:
    """A copy of the framebuffer with other words in its header, or cut short."""
    assert display.framebuffer is not None
    data = bytearray(display.framebuffer.read_bytes())
    for name, value in words.items():
        struct.pack_into(">I", data, 4 * globals()[name], value)
    file = tmp_path / "altered"
    file.write_bytes(data[:length])
    return file


@pytest.mark.parametrize(
    ("words", "length", "reason"),
    [
        ({"VERSION": 6}, None, "BGRX"),
        ({"FORMAT": 1}, None, "BGRX"),
        ({"DEPTH": 16}, None, "BGRX"),
        ({"X_OFFSET": 1}, None, "BGRX"),
        ({"BYTE_ORDER": 1}, None, "BGRX"),
        ({"BITS_PER_PIXEL": 16}, None, "BGRX"),
        ({"RED_MASK": 0xFF}, None, "BGRX"),
        ({"BYTES_PER_LINE": 4}, None, "shorter"),
        ({"BYTES_PER_LINE": 0xFFFFFFFC}, None, "shorter"),
        ({"WIDTH": 0}, None, "shorter"),
        ({"HEIGHT": 0xFFFFFFFF}, None, "shorter"),
        ({"HEADER_SIZE": 0xFFFFFFFC}, None, "shorter"),
        ({"HEADER_SIZE": 0}, None, "shorter"),
        ({"COLOURS": 0xFFFFFFFF}, None, "shorter"),
        ({}, -4, "shorter"),
        ({}, 4 * WORDS, "shorter"),
        ({}, 99, "not an X window dump"),
        ({}, 0, "not an X window dump"),
        ({"HEIGHT": 100}, None, "larger than its framebuffer of 800 x 100"),
    ],
)
def test_a_file_that_does_not_fit_means_shared_memory_with_the_reason(
    display: VirtualDisplay, tmp_path: Path, words: dict[str, int], length: int | None, reason: str
) -> None:
    with open_capture(display.name, framebuffer=altered(display, tmp_path, length, **words)) as capture:
        assert capture.how == "MIT-SHM"
        assert reason in (capture.fallback or "")
        assert capture.next(PATIENCE) is not None


@pytest.mark.parametrize("name", ["nothing", "folder", "link"])
def test_what_is_no_file_means_shared_memory(display: VirtualDisplay, tmp_path: Path, name: str) -> None:
    assert display.framebuffer is not None
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(display.framebuffer)
    with open_capture(display.name, framebuffer=tmp_path / name) as capture:
        assert capture.how == "MIT-SHM"
        assert "framebuffer" in (capture.fallback or "")


def test_a_screen_that_outgrows_the_file_goes_on_with_shared_memory(
    display: VirtualDisplay, painter: X11Client, tmp_path: Path
) -> None:
    painter.switch_monitor_off()
    painter.resize(400, 300)
    with open_capture(display.name, framebuffer=altered(display, tmp_path, HEIGHT=300)) as capture:
        frame_of(capture)
        assert capture.how == "mapped framebuffer"
        painter.resize(*SIZE)
        painter.fill(0x0000FF, (10, 10, 20, 20))
        wait_until(lambda: (frame := capture.next(1.0)) is not None and frame.size == SIZE)
        assert capture.how == "MIT-SHM"
        assert "larger than its framebuffer" in (capture.fallback or "")
        painter.fill(0x00FFFF, (500, 500, 20, 20))
        assert np.array_equal(frame_of(capture).image[..., :3], seen(painter))


def test_a_display_that_has_ended_leaves_its_pictures_readable() -> None:
    with VirtualDisplay((64, 64)) as display:
        capture = open_capture(display.name, framebuffer=display.framebuffer)
        frame = frame_of(capture)
    assert frame.image.shape == (64, 64, 4)
    assert not frame.image.all()
    capture.close()
