"""Frame.changed: the tiles whose pixels truly differ from the frame before, by every backend that can tell."""

from collections.abc import Iterator

import numpy as np
import pytest

from fanlight.capture import Capture, open_capture
from fanlight.kernels import tiles
from fanlight.types import Frame, Rect, Tiles
from x11_client import X11Client
from x_server import wait_until

SIZE = (1024, 768)


@pytest.fixture(params=["x11", "mss"])
def capture(request: pytest.FixtureRequest, xvfb: str) -> Iterator[Capture]:
    with open_capture(xvfb, backend=request.param, max_fps=1000, compare=True) as opened:
        yield opened


def frame_of(capture: Capture) -> Frame:
    frames: list[Frame] = []
    wait_until(lambda: frames.extend([frame] if (frame := capture.next(5.0)) else []) or frames)
    return frames[0]


def differing(before: np.ndarray, after: np.ndarray) -> Tiles:
    """The tiles that differ, pixel by pixel, in plain numpy."""
    height, width = before.shape[:2]
    marks = np.zeros((-(-height // 64), -(-width // 64)), np.uint8)
    for y, x in np.argwhere((before[..., :3] != after[..., :3]).any(axis=2)):
        marks[y // 64, x // 64] = 1
    return marks


def test_only_what_differs_is_marked(capture: Capture, painter: X11Client) -> None:
    first = frame_of(capture)
    assert first.changed is not None
    assert first.changed.all()
    before = first.image.copy()
    # One drawing over many tiles, of which it changes two.
    painter.fill(int(before[0, 0, 0]), (0, 0, 500, 500))
    painter.fill(0xFF0000, (60, 70, 10, 10))
    after = frame_of(capture)
    assert np.array_equal(after.changed, differing(before, after.image))
    assert after.changed is not None
    assert after.changed.sum() == 2
    assert np.array_equal(after.image[..., :3], painter.image()[..., :3])


def test_drawing_that_changes_nothing_gives_no_frame(capture: Capture, painter: X11Client) -> None:
    painter.fill(0x808080, (0, 0, *SIZE))
    wait_until(lambda: capture.next(0.1) is None)
    painter.fill(0x808080, (0, 0, 300, 300))
    assert capture.next(0.1) is None


def test_reading_in_place_knows_of_no_changes(xvfb: str) -> None:
    with open_capture(xvfb, backend="x11") as capture:
        assert frame_of(capture).changed is None


def test_after_a_resize_all_is_marked(capture: Capture, painter: X11Client) -> None:
    frame_of(capture)
    painter.switch_monitor_off()
    painter.resize(640, 333)
    frame = next(frame for frame in capture if frame.size == (640, 333))
    assert frame.damage == (Rect(0, 0, 640, 333),)
    assert frame.changed is not None
    assert frame.changed.shape == tiles.grid((640, 333))
    assert frame.changed.all()


def test_a_pattern_tells_its_changes() -> None:
    with open_capture("pattern:200x130", max_fps=1000) as capture:
        before = frame_of(capture).image.copy()
        for _ in range(5):
            frame = frame_of(capture)
            assert np.array_equal(frame.changed, differing(before, frame.image))
            before = frame.image.copy()


def test_a_frame_can_be_made_without() -> None:
    image = np.zeros((4, 4, 4), np.uint8)
    assert Frame(image, (), 0.0, 0.0).changed is None
