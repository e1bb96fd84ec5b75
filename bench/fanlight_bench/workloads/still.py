"""Screens on which little happens: nothing at all, a blinking caret, somebody typing."""

import math

import numpy as np
import pygame

from fanlight.types import Rect, Size
from fanlight_bench.workloads import fonts, scenery, text
from fanlight_bench.workloads.base import BAR, Workload

_BLINK_SECONDS = 0.53
_LINE = 22
_WRITTEN = 240


class Idle(Workload):
    """A desktop at rest; drawn once."""

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the desktop."""
        scenery.desktop(self.random(), surface)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw nothing."""
        return []

    def next_frame(self, n: int) -> int | None:
        """Tell that nothing follows."""
        return None


class Caret(Workload):
    """A caret that blinks in a window of text."""

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the desktop, the caret dark."""
        scenery.desktop(self.random(), surface)
        width, height = self.size
        self._place = pygame.Rect(width // 16 + 17, height // 8 + 36 + _LINE, 2, _LINE - 4)
        surface.fill(text.INK, self._place)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Turn the caret dark or light."""
        blinks = round(n / self.rate / _BLINK_SECONDS)
        surface.fill(text.PAPER if blinks % 2 else text.INK, self._place)
        return [self._place]

    def next_frame(self, n: int) -> int | None:
        """Return the frame of the next blink."""
        blinks = round(n / self.rate / _BLINK_SECONDS)
        return max(n + 1, math.ceil((blinks + 1) * _BLINK_SECONDS * self.rate))


class Typing(Workload):
    """Somebody writes prose: a letter at a time, in the rhythm of words and sentences."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._face = fonts.font(fonts.SANS, 15)
        self._frame = pygame.Rect(size[0] // 10, BAR + 4, size[0] * 4 // 5, size[1] - 2 * BAR - 8)
        self._rhythm = self.random(1)
        self._words = self.random(2)
        self._keys: list[str] = []
        self._next_at = 0.4

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the editor, a few lines already written."""
        scenery.desktop(self.random(), surface)
        inside = scenery.window(surface, self._frame, "Untitled")
        self._page = inside.inflate(-24, -12)
        self._pen = pygame.Rect(self._page.x, self._page.y, 2, _LINE)
        for _ in range(_WRITTEN):
            self._type(surface, self._next_key())

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Type what is due."""
        changed: list[pygame.Rect] = []
        while self._next_at <= n / self.rate:
            key = self._next_key()
            self._next_at += self._pause(key)
            changed += self._type(surface, key)
        return changed

    def next_frame(self, n: int) -> int | None:
        """Return the frame in which the next letter is due."""
        return max(n + 1, math.ceil(self._next_at * self.rate))

    def _next_key(self) -> str:
        if not self._keys:
            lines = text.wrapped(text.prose(self._words, 4), self._face, self._page.w - 8)
            self._keys = list("\n".join(lines) + "\n\n")
        return self._keys.pop(0)

    def _pause(self, key: str) -> float:
        after = {" ": 0.03, ".": 0.35, ",": 0.12, "\n": 0.25}.get(key, 0.0)
        return float(np.clip(self._rhythm.lognormal(math.log(0.11), 0.45), 0.04, 0.6)) + after

    def _type(self, surface: pygame.Surface, key: str) -> list[pygame.Rect]:
        """Take the caret away, write, and put the caret where the next letter goes."""
        before = self._pen.copy()
        surface.fill(text.PAPER, before)
        if key == "\n":
            changed = [before, *self._new_line(surface)]
        else:
            written = fonts.write(surface, (before.x, before.y), key, self._face, text.INK, text.PAPER)
            self._pen.x = written.right
            changed = [before.union(written).union(self._pen)]
        surface.fill(text.INK, self._pen)
        return changed

    def _new_line(self, surface: pygame.Surface) -> list[pygame.Rect]:
        self._pen.topleft = (self._page.x, self._pen.y + _LINE)
        if self._pen.bottom <= self._page.bottom:
            return [self._pen.copy()]
        surface.fill(text.PAPER, self._page)
        self._pen.topleft = self._page.topleft
        return [self._page.copy()]
