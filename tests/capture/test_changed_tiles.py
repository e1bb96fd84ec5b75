"""Frame.changed: the tiles whose pixels truly differ from the frame before, by every backend."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from capture_frames import frame_of

from fanlight.capture import Capture, open_capture
from fanlight.kernels import tiles
from fanlight.kernels.x11 import Screen
from fanlight.types import Frame, Rect, Tiles
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

SIZE = (1024, 768)


@pytest.fixture(params=["x11", "x11 once asked", "mss"])
def capture(request: pytest.FixtureRequest, xvfb: str) -> Iterator[Capture]:
    backend, _, asked = request.param.partition(" ")
    with open_capture(xvfb, backend=backend, max_fps=1000, compare=not asked) as opened:
        yield opened


@pytest.fixture
def in_place(xvfb: str) -> Iterator[Capture]:
    with open_capture(xvfb, backend="x11", max_fps=1000) as opened:
        yield opened


def differing(before: np.ndarray, after: np.ndarray) -> Tiles:
    """The tiles that differ, pixel by pixel, in plain numpy."""
    height, width = before.shape[:2]
    marks = np.zeros((-(-height // 64), -(-width // 64)), np.uint8)
    for y, x in np.argwhere((before[..., :3] != after[..., :3]).any(axis=2)):
        marks[y // 64, x // 64] = 1
    return marks


def test_only_what_differs_is_marked(capture: Capture, painter: X11Client) -> None:
    first = frame_of(capture)
    assert first.changed.all()
    before = first.image.copy()
    # One drawing over many tiles, of which it changes two.
    painter.fill(int(before[0, 0, 0]), (0, 0, 500, 500))
    painter.fill(0xFF0000, (60, 70, 10, 10))
    after = frame_of(capture)
    assert np.array_equal(after.changed, differing(before, after.image))
    assert after.changed.sum() == 2
    assert np.array_equal(after.image[..., :3], painter.image()[..., :3])


def test_drawing_that_changes_nothing_gives_no_frame(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x808080, (0, 0, *SIZE))
    assert frame_of(capture).changed.any()
    wait_until(lambda: capture.next(0.1) is None)
    painter.fill(0x808080, (0, 0, 300, 300))
    assert capture.next(0.1) is None


def test_what_was_read_before_anybody_asked_is_told_by_its_damage(in_place: Capture, painter: X11Client) -> None:
    colour = int(frame_of(in_place).image[0, 0, 0])
    painter.fill(colour, (0, 0, 500, 500))
    assert frame_of(in_place).changed.sum() == 8 * 8
    painter.fill(0xFF0000, (60, 70, 10, 10))
    assert frame_of(in_place).changed.sum() == 2


def test_what_is_kept_begins_as_the_frame_before_showed_it(in_place: Capture, painter: X11Client) -> None:
    frame_of(in_place)
    painter.fill(0x00FF00, (100, 100, 300, 300))
    before = frame_of(in_place)
    pixels = before.image.copy()
    assert before.changed.any()
    assert np.array_equal(before.image, pixels)
    painter.fill(0x00FF00, (90, 100, 200, 200))
    after = frame_of(in_place)
    assert np.array_equal(after.changed, differing(pixels, after.image))
    assert np.array_equal(after.image[..., :3], painter.image()[..., :3])


def test_nobody_pays_who_does_not_ask(in_place: Capture, painter: X11Client) -> None:
    image = frame_of(in_place).image
    painter.fill(0x123456, (0, 0, *SIZE))
    again = frame_of(in_place)
    assert again.marks is None
    assert again.image is image


def test_a_frame_from_before_the_end_can_still_be_asked(xvfb: str) -> None:
    with open_capture(xvfb, backend="x11") as capture:
        frame = frame_of(capture)
    assert frame.changed.all()


def test_a_frame_does_not_keep_its_capture_open(xvfb: str) -> None:
    screen = Screen(xvfb, 60)
    frame = screen.next(PATIENCE)
    gone = weakref.ref(screen)
    gc.disable()
    try:
        del screen
        assert gone() is None
    finally:
        gc.enable()
    assert frame is not None
    assert frame.changed.all()


def test_after_a_resize_all_is_marked(capture: Capture, painter: X11Client) -> None:
    assert frame_of(capture).changed.all()
    painter.switch_monitor_off()
    painter.resize(640, 333)
    frame = next(frame for frame in capture if frame.size == (640, 333))
    assert frame.damage == (Rect(0, 0, 640, 333),)
    assert frame.changed.shape == tiles.grid((640, 333))
    assert frame.changed.all()


def test_a_pattern_tells_its_changes() -> None:
    with open_capture("pattern:200x130", max_fps=1000) as capture:
        before = frame_of(capture).image.copy()
        for _ in range(5):
            frame = frame_of(capture)
            assert np.array_equal(frame.changed, differing(before, frame.image))
            before = frame.image.copy()


@pytest.mark.parametrize(
    ("damage", "marked"),
    [
        ((), []),
        ((Rect(3, 4, 0, 5),), []),
        ((Rect(63, 0, 1, 64),), [(0, 0)]),
        ((Rect(63, 63, 2, 2),), [(0, 0), (0, 1), (1, 0), (1, 1)]),
        ((Rect(129, 0, 1, 1), Rect(0, 64, 64, 1)), [(0, 2), (1, 0)]),
    ],
)
def test_a_frame_that_no_capture_made_tells_its_damage(damage: tuple[Rect, ...], marked: list[tuple[int, int]]) -> None:
    frame = Frame(np.zeros((65, 130, 4), np.uint8), damage, 0.0, 0.0)
    assert frame.changed.shape == tiles.grid((130, 65))
    assert [(int(row), int(column)) for row, column in np.argwhere(frame.changed)] == marked
