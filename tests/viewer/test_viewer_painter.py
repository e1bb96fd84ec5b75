"""Painting onto plain surfaces: no display is needed to know whether pixels are right."""

import numpy as np
import pygame
import pytest
from remote_fake import FakeScreen, noise, soft, whole

from fanlight.types import Image, Rect, Size
from fanlight.viewer.layout import Layout, fit
from fanlight.viewer.painter import Painter
from fanlight.viewer.stage import Stage

# What the fixed-point steps of smoothscale() may add up to on noise, its worst case.
NOISE_TOLERANCE = 6
SOFT_TOLERANCE = 4


def pixels(surface: pygame.Surface) -> Image:
    size = surface.get_size()
    image = np.frombuffer(pygame.image.tobytes(surface, "BGRA"), np.uint8).reshape(size[1], size[0], 4).copy()
    image[:, :, 3] = 0
    return image


def window_of(size: Size) -> pygame.Surface:
    return pygame.Surface(size, 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))


def difference(one: Image, other: Image) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


class Easel:
    def __init__(self, image: Image, window: Size, enlarge: bool = False) -> None:
        self.remote = FakeScreen(image)
        self.stage = Stage(lambda: None, 0.0)
        self.take(whole(image))
        self.layout: Layout = fit(self.remote.size, window, enlarge)
        self.surface = window_of(window)
        self.painter = Painter(self.stage)

    def take(self, *damage: Rect) -> None:
        self.stage.show(self.remote, 1, damage)

    def paint(self, *rects: Rect) -> list[Rect]:
        return self.painter.paint(self.surface, self.layout, rects)

    def fresh(self) -> Image:
        """The window as it would be if it were painted for the first time."""
        surface = window_of(self.layout.window)
        self.painter.paint(surface, self.layout, [whole(self.remote.image)])
        return pixels(surface)


def test_one_to_one_is_byte_for_byte():
    easel = Easel(noise((333, 211)), (400, 300))
    touched = easel.paint(whole(easel.remote.image))
    x, y, w, h = easel.layout.area
    assert np.array_equal(pixels(easel.surface)[y : y + h, x : x + w], easel.remote.image)
    assert touched == [easel.layout.area]


def test_one_to_one_paints_only_what_it_is_told():
    easel = Easel(noise((333, 211)), (333, 211))
    assert easel.paint(Rect(5, 6, 7, 8), Rect(300, 200, 33, 11)) == [Rect(5, 6, 7, 8), Rect(300, 200, 33, 11)]
    expected = np.zeros_like(easel.remote.image)
    for x, y, w, h in (Rect(5, 6, 7, 8), Rect(300, 200, 33, 11)):
        expected[y : y + h, x : x + w] = easel.remote.image[y : y + h, x : x + w]
    assert np.array_equal(pixels(easel.surface), expected)


WINDOWS = [(640, 360), (599, 411), (950, 537), (100, 90), (1000, 700), (1920, 1080), (2400, 1111)]


@pytest.mark.parametrize("window", WINDOWS)
def test_scaled_it_is_the_picture(window):
    easel = Easel(soft((957, 541)), window, enlarge=True)
    easel.paint(whole(easel.remote.image))
    x, y, w, h = easel.layout.area
    columns = (np.arange(w) + 0.5) / float(easel.layout.scale) - 0.5
    rows = (np.arange(h) + 0.5) / float(easel.layout.scale) - 0.5
    expected = easel.remote.image[
        np.clip(np.rint(rows), 0, 540).astype(int)[:, None], np.clip(np.rint(columns), 0, 956).astype(int)
    ]
    # A pixel beside: the softest picture changes by four levels a pixel, more where one stands for many.
    beside = 5 + int(4 / min(1, float(easel.layout.scale)))
    assert difference(pixels(easel.surface)[y : y + h, x : x + w], expected) <= beside + SOFT_TOLERANCE


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scaled_parts_leave_no_seams_and_nothing_stale(window, seed):
    easel = Easel(noise((957, 541)), window, enlarge=True)
    easel.paint(whole(easel.remote.image))
    random = np.random.default_rng(seed)
    for _ in range(6):
        x, y = int(random.integers(0, 956)), int(random.integers(0, 540))
        rect = Rect(x, y, int(random.integers(1, 958 - x)), int(random.integers(1, 542 - y)))
        part = random.integers(0, 256, (rect.h, rect.w, 3))
        easel.remote.image[y : y + rect.h, x : x + rect.w, :3] = part
        easel.take(rect)
        easel.paint(rect)
    assert difference(pixels(easel.surface), easel.fresh()) <= NOISE_TOLERANCE


@pytest.mark.parametrize("window", WINDOWS)
def test_one_changed_pixel_at_a_corner_is_shown_wherever_it_reaches(window):
    easel = Easel(noise((957, 541)), window, enlarge=True)
    easel.paint(whole(easel.remote.image))
    for x, y in ((0, 0), (956, 540), (easel.layout.block, easel.layout.block), (easel.layout.block - 1, 1)):
        easel.remote.image[min(y, 540), min(x, 956), :3] ^= 0xFF
        rect = Rect(min(x, 956), min(y, 540), 1, 1)
        easel.take(rect)
        easel.paint(rect)
    assert difference(pixels(easel.surface), easel.fresh()) <= NOISE_TOLERANCE


def test_scaled_it_paints_near_the_damage_only():
    easel = Easel(noise((1920, 1080)), (1280, 720))
    (touched,) = easel.paint(Rect(500, 500, 10, 10))
    assert touched.w * touched.h < 10_000


def test_a_picture_of_another_size_than_the_layout_is_left_for_later():
    for window in ((400, 300), (200, 150)):
        easel = Easel(noise((400, 300)), window)
        easel.remote.image = noise((64, 48))
        easel.take()
        assert easel.paint(Rect(0, 0, 400, 300)) == []


def test_margins_are_black_where_they_are_cleared():
    easel = Easel(noise((100, 100)), (300, 200))
    easel.surface.fill((9, 9, 9))
    easel.painter.clear(easel.surface, easel.layout, Rect(0, 0, 300, 100))
    seen = pixels(easel.surface)
    assert not seen[:50].any()
    assert not seen[:100, :100].any()
    assert (seen[100:, :, :3] == 9).all()
    assert (seen[50:100, 100:200, :3] == 9).all()


@pytest.mark.parametrize("window", [(957, 541), (640, 360), (2400, 1111)])
def test_a_tint_is_painted_once_wherever_damage_falls(window):
    easel = Easel(soft((957, 541)), window, enlarge=True)
    easel.paint(whole(easel.remote.image))
    plain = pixels(easel.surface)
    states = np.zeros((9, 15), np.uint8)
    states[2:5, 3:9], states[8, 14] = 2, 1
    assert easel.painter.tint(states)
    easel.paint(whole(easel.remote.image))
    tinted = pixels(easel.surface)
    for rect in (Rect(190, 120, 300, 9), Rect(200, 100, 40, 200), Rect(200, 100, 40, 200), Rect(900, 500, 57, 41)):
        easel.paint(rect, rect)
    assert difference(pixels(easel.surface), tinted) <= SOFT_TOLERANCE
    x, y, w, h = easel.layout.area
    changed = (tinted != plain).any(axis=2)[y : y + h, x : x + w].mean()
    assert changed == pytest.approx(states.astype(bool).mean(), abs=0.03)
