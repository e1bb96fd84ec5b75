"""Large things that move or change at once: a window that is dragged, slides that are shown."""

import math

import numpy as np
import pygame

from fanlight.types import Move, Rect, Size
from fanlight_bench.workloads import fonts, scenery, text
from fanlight_bench.workloads.base import Colour, Workload, new_surface

_DRAG_X, _DRAG_Y = 420, 260


class WindowDrag(Workload):
    """A window of text dragged over a picture, turning at the edges."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._window = new_surface((size[0] * 2 // 5, size[1] * 9 // 20))
        inside = scenery.window(self._window, self._window.get_rect(), "Notes")
        scenery.draw_page(self.random(1), self._window, inside)
        self._picture = scenery.landscape(self.random(), size)
        self._at = self._place(0)

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the picture and the window."""
        surface.blit(self._picture, (0, 0))
        surface.blit(self._window, self._at)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Put the window where it is by now, and the picture back where it was."""
        before, self._at = self._at, self._place(n)
        if before == self._at:
            return []
        uncovered = without(before, self._at)
        for rect in uncovered:
            surface.blit(self._picture, rect, rect)
        surface.blit(self._window, self._at)
        return [*uncovered, self._at]

    def moved(self, before: int, after: int) -> Move | None:
        """Return the window, which is nowhere covered."""
        old, new = self._place(before), self._place(after)
        return Move(new.x, new.y, new.w, new.h, old.x, old.y) if old != new else None

    def _place(self, n: int) -> pygame.Rect:
        width, height = self._window.get_size()
        x = _to_and_fro(self.travelled(_DRAG_X, n) + width // 4, self.size[0] - width)
        y = _to_and_fro(self.travelled(_DRAG_Y, n) + height // 4, self.size[1] - height)
        return pygame.Rect(x, y, width, height)


def without(whole: pygame.Rect, part: pygame.Rect) -> list[pygame.Rect]:
    """Return `whole` less `part` as rectangles that do not overlap."""
    cut = whole.clip(part)
    if not cut:
        return [whole.copy()]
    pieces = [
        pygame.Rect(whole.x, whole.y, whole.w, cut.y - whole.y),
        pygame.Rect(whole.x, cut.bottom, whole.w, whole.bottom - cut.bottom),
        pygame.Rect(whole.x, cut.y, cut.x - whole.x, cut.h),
        pygame.Rect(cut.right, cut.y, whole.right - cut.right, cut.h),
    ]
    return [piece for piece in pieces if piece]


def _to_and_fro(travelled: int, span: int) -> int:
    return span - abs(travelled % (2 * span) - span)


class SlideChange(Workload):
    """A new slide each second: words, a picture or a chart."""

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the first slide."""
        self._draw(surface, 0)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw the slide of this second."""
        self._draw(surface, int(n / self.rate))
        return [surface.get_rect()]

    def next_frame(self, n: int) -> int | None:
        """Return the first frame of the next second."""
        return max(n + 1, math.ceil((int(n / self.rate) + 1) * self.rate))

    def _draw(self, surface: pygame.Surface, slide: int) -> None:
        random = self.random(slide)
        width, height = self.size
        paper: Colour = ((250, 250, 252), (24, 34, 56), (246, 240, 228))[slide % 3]
        ink: Colour = (238, 240, 246) if slide % 3 == 1 else (30, 34, 44)
        surface.fill(paper)
        title = " ".join(text.prose(random, 1).split()[:5])
        fonts.write(surface, (width // 12, height // 9), title, fonts.font(fonts.BOLD, height // 16), ink, paper)
        area = pygame.Rect(width // 12, height // 4, width * 5 // 6, height * 11 // 20)
        (_draw_words, _draw_picture, _draw_chart)[slide % 3](random, surface, area, ink, paper)


def _draw_words(
    random: np.random.Generator, surface: pygame.Surface, area: pygame.Rect, ink: Colour, paper: Colour
) -> None:
    face = fonts.font(fonts.SANS, max(14, area.h // 14))
    step = area.h // 5
    for y in range(area.y, area.bottom - step, step):
        pygame.draw.circle(surface, (70, 120, 220), (area.x + 8, y + step // 4), 6)
        for i, line in enumerate(text.wrapped(text.prose(random, 1), face, area.w - 40)[:2]):
            fonts.write(surface, (area.x + 32, y + i * face.get_linesize()), line, face, ink, paper)


def _draw_picture(
    random: np.random.Generator, surface: pygame.Surface, area: pygame.Rect, ink: Colour, paper: Colour
) -> None:
    half = pygame.Rect(area.x, area.y, area.w * 3 // 5, area.h)
    surface.blit(scenery.landscape(random, half.size), half)
    beside = pygame.Rect(half.right + 24, area.y, area.right - half.right - 24, area.h)
    _draw_words(random, surface, beside, ink, paper)


def _draw_chart(
    random: np.random.Generator, surface: pygame.Surface, area: pygame.Rect, ink: Colour, paper: Colour
) -> None:
    bars = 12
    step = area.w // bars
    colours = [tuple(int(part) for part in random.integers(40, 210, 3)) for _ in range(3)]
    for i, value in enumerate(random.random(bars)):
        height = int(area.h * (0.15 + 0.75 * value))
        surface.fill(colours[i % 3], (area.x + i * step, area.bottom - height, step * 2 // 3, height))
        label = fonts.font(fonts.SANS, 14)
        fonts.write(surface, (area.x + i * step, area.bottom + 6), f"{1000 * value:.0f}", label, ink, paper)
    pygame.draw.line(surface, ink, area.bottomleft, area.bottomright, 2)
