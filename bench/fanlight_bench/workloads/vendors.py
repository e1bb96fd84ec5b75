"""The shapes by which makers of remote desktops test theirs: a moving cross, a clock, circles."""

import pygame

from fanlight.types import Rect, Size
from fanlight_bench.workloads import fonts
from fanlight_bench.workloads.base import Colour, Workload

_CROSS_THICK = 9
_CROSS_PIXELS_A_SECOND = 600
_GROUND: Colour = (235, 237, 240)
_CROSS: Colour = (200, 30, 40)
_CIRCLES_A_FRAME = 8


class FramerateCross(Workload):
    """Two lines across the whole screen; where they cross moves each frame."""

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the ground and the cross."""
        surface.fill(_GROUND)
        self._lines = self._cross(0)
        self._fill(surface, self._lines, _CROSS)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Move the cross."""
        before, self._lines = self._lines, self._cross(n)
        self._fill(surface, before, _GROUND)
        self._fill(surface, self._lines, _CROSS)
        changed: list[pygame.Rect] = []
        for old, new in zip(before, self._lines, strict=True):
            changed += [old.union(new)] if old.colliderect(new) else [old, new]
        return changed

    def _cross(self, n: int) -> list[pygame.Rect]:
        width, height = self.size
        gone = self.travelled(_CROSS_PIXELS_A_SECOND, n)
        x, y = gone % (width - _CROSS_THICK), gone * 2 // 3 % (height - _CROSS_THICK)
        return [pygame.Rect(x, 0, _CROSS_THICK, height), pygame.Rect(0, y, width, _CROSS_THICK)]

    @staticmethod
    def _fill(surface: pygame.Surface, lines: list[pygame.Rect], colour: Colour) -> None:
        for line in lines:
            surface.fill(colour, line)


class LatencyClock(Workload):
    """Digits as large as fit, for a camera or an eye, and a square that turns from black to white."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._face = fonts.font(fonts.MONO_BOLD, min(size[0] // 7, size[1] // 4))
        side = size[1] // 6
        self._square = pygame.Rect((size[0] - side) // 2, size[1] * 2 // 3, side, side)
        width, height = self._face.size("00:00.000")
        self._digits = pygame.Rect((size[0] - width) // 2, size[1] // 4, width, height)

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the ground and zero."""
        surface.fill((0, 0, 0))
        self.draw_next(surface, 0)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw the time of this frame."""
        millis = int(1000 * n / self.rate)
        shown = f"{millis // 60_000 % 100:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
        fonts.write(surface, self._digits.topleft, shown, self._face, (255, 255, 255), (0, 0, 0))
        surface.fill((255, 255, 255) if n % 2 else (0, 0, 0), self._square)
        return [self._digits, self._square]


class BandwidthCircles(Workload):
    """Filled circles of any colour anywhere, more each frame."""

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the ground."""
        surface.fill(_GROUND)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw some more circles."""
        random = self.random(n)
        return [self._circle(surface, *random.random(6)) for _ in range(_CIRCLES_A_FRAME)]

    def _circle(
        self, surface: pygame.Surface, x: float, y: float, size: float, red: float, green: float, blue: float
    ) -> pygame.Rect:
        centre = int(x * self.size[0]), int(y * self.size[1])
        radius = int(self.size[1] * (0.02 + 0.12 * size))
        return pygame.draw.circle(surface, [int(255 * part) for part in (red, green, blue)], centre, radius)
