"""The moving test picture."""

import numpy as np
import pytest

from fanlight.capture import open_capture
from fanlight.capture.pattern import PatternCapture
from fanlight.types import Rect


def take(capture: PatternCapture, count: int) -> list[tuple[tuple[Rect, ...], np.ndarray]]:
    frames = [capture.next(None) for _ in range(count)]
    return [(frame.damage, frame.image.copy()) for frame in frames if frame is not None]


def test_first_frame_is_damaged_all_over() -> None:
    with open_capture("pattern:130x70") as capture:
        frame = capture.next(None)
        assert frame is not None
        assert frame.size == capture.size == (130, 70)
        assert frame.damage == (Rect(0, 0, 130, 70),)
        assert frame.image.dtype == np.uint8
        assert not frame.image.flags.writeable
        assert capture.backend == "pattern"
        assert capture.cursor is None
        assert capture.pointer is None


@pytest.mark.parametrize("size", [(1, 1), (63, 65), (640, 480)])
def test_only_damaged_pixels_change(size: tuple[int, int]) -> None:
    with open_capture(f"pattern:{size[0]}x{size[1]}", max_fps=1000) as capture:
        frame = capture.next(None)
        for _ in range(20):
            assert frame is not None
            before = frame.image.copy()
            frame = capture.next(None)
            assert frame is not None
            untouched = np.ones(before.shape[:2], bool)
            for x, y, w, h in frame.damage:
                assert x >= 0
                assert y >= 0
                assert x + w <= size[0]
                assert y + h <= size[1]
                untouched[y : y + h, x : x + w] = False
            assert np.array_equal(before[untouched], frame.image[untouched])


def test_the_same_seed_gives_the_same_frames() -> None:
    runs = [take(PatternCapture((200, 100), 1000, seed), 10) for seed in (7, 7, 8)]
    for (damage, image), (same_damage, same_image) in zip(runs[0], runs[1], strict=True):
        assert damage == same_damage
        assert np.array_equal(image, same_image)
    assert not np.array_equal(runs[0][-1][1], runs[2][-1][1])


def test_a_turn_is_waited_for() -> None:
    with PatternCapture((64, 64), max_fps=1e-9) as capture:  # type: ignore[arg-type]
        assert capture.next(0.0) is not None
        assert capture.next(0.0) is None
