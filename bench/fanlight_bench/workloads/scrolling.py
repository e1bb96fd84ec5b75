"""Text that moves up: a page that is read, with a bar beside it or without, and a terminal that is flooded."""

import pygame

from fanlight.types import Move, Rect, Size
from fanlight_bench.workloads import fonts, scenery, text
from fanlight_bench.workloads.base import BAR, Workload
from fanlight_bench.workloads.scenery import LINE

_PIXELS_A_SECOND = 480
_TERMINAL_LINE = 16
_LINES_A_SECOND = 600
_POOL = 256


class ScrollText(Workload):
    """A page scrolled at the pace of a wheel that is turned without a pause."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._area = self._scrolled_area()
        self._rows = text.page(self.random(), fonts.font(fonts.SANS, 15), self._area.w - 48)
        self._strip = pygame.Surface((self._area.w, LINE))
        self._pending = 0
        self._at = 0

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the frame around the page, and its beginning."""
        _draw_bars(surface, "Reading room")
        self._draw_beside(surface)
        surface.fill(text.PAPER, self._area)
        self._scroll(surface, self._area.h)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Move the page up and draw what comes in below."""
        by = self.travelled(_PIXELS_A_SECOND, n) - self._at
        if by == 0:
            return []
        self._at += by
        self._scroll(surface, by)
        return [self._area]

    def moved(self, before: int, after: int) -> Move | None:
        """Return what of the page is still to be seen."""
        by = self.travelled(_PIXELS_A_SECOND, after) - self.travelled(_PIXELS_A_SECOND, before)
        x, y, w, h = self._area
        return Move(x, y, w, h - by, x, y + by) if 0 < by < h else None

    def _scrolled_area(self) -> pygame.Rect:
        return pygame.Rect(0, BAR, self.size[0], self.size[1] - 2 * BAR)

    def _draw_beside(self, surface: pygame.Surface) -> None:
        """Draw what stays beside the page: here nothing."""

    def _scroll(self, surface: pygame.Surface, by: int) -> None:
        area = self._area
        surface.set_clip(area)
        if by < area.h:
            surface.scroll(0, -by)
        y = area.bottom - by
        while y < area.bottom:
            y += self._draw_strip(surface, y)
        surface.set_clip(None)

    def _draw_strip(self, surface: pygame.Surface, y: int) -> int:
        """Draw what remains of a row at `y`, as far as there is room; return its height."""
        if self._pending == 0:
            scenery.draw_row(self._strip, next(self._rows), 0, 0, self._area.w)
            self._pending = LINE
        height = min(self._pending, self._area.bottom - y)
        part = (0, LINE - self._pending, self._area.w, height)
        surface.blit(self._strip, (self._area.x, y), part)
        self._pending -= height
        return height


class ScrollTextSidebar(ScrollText):
    """The same beside a bar that stays where it is."""

    def _scrolled_area(self) -> pygame.Rect:
        bar = self.size[0] // 5
        return pygame.Rect(bar, BAR, self.size[0] - bar, self.size[1] - 2 * BAR)

    def _draw_beside(self, surface: pygame.Surface) -> None:
        paper = (243, 244, 247)
        bar = pygame.Rect(0, BAR, self._area.x, self._area.h)
        surface.fill(paper, bar)
        random = self.random(1)
        surface.set_clip(bar)
        for y in range(bar.y + 12, bar.bottom - LINE, 28):
            fonts.write(surface, (16, y), text.prose(random, 1)[:28], fonts.font(fonts.SANS, 14), text.LINK, paper)
        surface.set_clip(None)


class TerminalFlood(Workload):
    """A terminal into which a program writes far more than anyone reads."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._random = self.random()
        self._area = pygame.Rect(0, BAR, size[0], (size[1] - 2 * BAR) // _TERMINAL_LINE * _TERMINAL_LINE)
        self._lines = [self._line() for _ in range(_POOL)]
        self._at = 0

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw a screen full of output."""
        _draw_bars(surface, "Terminal")
        surface.fill(text.TERMINAL_PAPER, (0, BAR, self.size[0], self.size[1] - 2 * BAR))
        self._write(surface, self._area.h // _TERMINAL_LINE)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Write the lines that came since the frame before."""
        lines = self.travelled(_LINES_A_SECOND, n) - self._at
        if lines == 0:
            return []
        self._at += lines
        self._write(surface, min(lines, self._area.h // _TERMINAL_LINE))
        return [self._area]

    def _write(self, surface: pygame.Surface, lines: int) -> None:
        surface.set_clip(self._area)
        if lines * _TERMINAL_LINE < self._area.h:
            surface.scroll(0, -lines * _TERMINAL_LINE)
        for i, which in enumerate(self._random.integers(0, _POOL, lines)):
            y = self._area.bottom - (lines - i) * _TERMINAL_LINE
            surface.blit(self._lines[which], (self._area.x, y))
        surface.set_clip(None)

    def _line(self) -> pygame.Surface:
        face = fonts.font(fonts.MONO, 13)
        line = pygame.Surface((self._area.w, _TERMINAL_LINE))
        line.fill(text.TERMINAL_PAPER)
        x = 4
        for piece, ink in text.terminal_line(self._random, self._area.w // face.size("m")[0]):
            x = fonts.write(line, (x, 0), piece, face, ink, text.TERMINAL_PAPER).right
        return line


def _draw_bars(surface: pygame.Surface, title: str) -> None:
    width, height = surface.get_size()
    paper = (222, 226, 233)
    for y in (0, height - BAR):
        surface.fill(paper, (0, y, width, BAR))
    fonts.write(surface, (150, 20), title, fonts.font(fonts.BOLD, 18), text.INK, paper)
    fonts.write(surface, (16, height - 40), "Ready", fonts.font(fonts.SANS, 14), text.INK, paper)
