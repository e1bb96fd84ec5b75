"""What every workload is: a first picture, and what each later frame changes in it."""

from abc import ABC, abstractmethod

import numpy as np
import pygame
import pygame.surfarray
from numpy.typing import NDArray

from fanlight.types import Move, Rect, Size

BAR = 64
"""Height of what stands above and below scrolled areas, so that they never move a clock."""

Colour = tuple[int, int, int]
_MASKS = (0xFF0000, 0xFF00, 0xFF, 0)


class Workload(ABC):
    """Something shown on a screen. One surface, drawn upon in the order of the frames."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        self.size = size
        self.rate = rate
        self.seed = seed
        self.region = region

    @abstractmethod
    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw all of frame 0."""

    @abstractmethod
    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw frame `n` over the frame drawn before it; return what changed, inside the surface."""

    def next_frame(self, n: int) -> int | None:
        """Return the first frame after `n` that draws something; None where none ever does."""
        return n + 1

    def moved(self, before: int, after: int) -> Move | None:
        """Return what of frame `before` stands elsewhere in frame `after`; None where nothing is known to."""
        return None

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of files."""

    def random(self, *about: int) -> np.random.Generator:
        """Return random numbers that depend on the seed and `about` alone."""
        return np.random.default_rng([self.seed, *about])

    def travelled(self, speed: float, n: int) -> int:
        """Return the whole pixels gone until frame `n` at `speed` pixels a second."""
        return int(speed * n / self.rate)


def new_surface(size: Size) -> pygame.Surface:
    """Return a surface whose memory is BGRX, as X servers and codecs have it."""
    return pygame.Surface(size, 0, 32, _MASKS)


def is_bgrx(surface: pygame.Surface) -> bool:
    """Return whether a surface's memory is BGRX."""
    return surface.get_bitsize() in (24, 32) and surface.get_bytesize() == 4 and surface.get_masks()[:3] == _MASKS[:3]


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    """Return a view (height, width, 4) of a BGRX surface, which is locked as long as the view lives."""
    width, height = surface.get_size()
    lines: NDArray[np.uint32] = pygame.surfarray.pixels2d(surface).T
    return lines.view(np.uint8).reshape(height, width, 4)


def surface_of(picture: NDArray[np.uint8]) -> pygame.Surface:
    """Return a surface that holds a copy of a picture (height, width, 3 or 4) in BGR order."""
    surface = new_surface((picture.shape[1], picture.shape[0]))
    pixels(surface)[..., :3] = picture[..., :3]
    return surface
