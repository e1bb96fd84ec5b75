"""Pictures that move all over: a film in a region of a still desktop, a photograph in motion, a file."""

from pathlib import Path

import av
import numpy as np
import pygame

from fanlight.errors import UsageError
from fanlight.kernels import tiles
from fanlight.types import Rect, Size
from fanlight_bench.workloads import scenery
from fanlight_bench.workloads.base import Workload, new_surface, pixels, surface_of
from fanlight_bench.workloads.moving import without
from fanlight_bench.workloads.recordings import open_recording, picture_of

_FILM_SIZE = (854, 480)
_FILM_FRAMES = 48
_FILM_BYTES = 80_000_000
# A camera's pictures are paler and softer than computed ones: these are drawn at half their size.
_LENS = "hue=s=0.5"
_SLACK = 128
_MIX = 150
_NOISE = 12
_DIM = 255 - _NOISE


class VideoRegion(Workload):
    """A film of hills that pass behind a fractal that comes nearer, with fresh noise each frame, on a still desktop."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._place = pygame.Rect(region) if region else _middle(size)
        self._film = _film(self.random(3), (self._place.w, self._place.h))
        grainy = (self._place.w + _SLACK, self._place.h + _SLACK)
        self._grain = scenery.grain(self.random(1), grainy, _NOISE)

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the desktop and the first picture."""
        scenery.desktop(self.random(), surface)
        self.draw_next(surface, 0)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw the picture of this frame; the film runs to and fro."""
        last = len(self._film) - 1
        surface.blit(self._film[last - abs(n % (2 * last) - last)], self._place)
        x, y = (int(part) for part in self.random(2, n).integers(0, _SLACK, 2))
        area = (x, y, self._place.w, self._place.h)
        surface.blit(self._grain, self._place, area, special_flags=pygame.BLEND_RGB_ADD)
        return [self._place]


def _middle(size: Size) -> pygame.Rect:
    width, height = min(_FILM_SIZE[0], size[0]), min(_FILM_SIZE[1], size[1])
    return pygame.Rect((size[0] - width) // 2, (size[1] - height) // 2, width, height)


def _film(random: np.random.Generator, size: Size) -> list[pygame.Surface]:
    """Zoom into FFmpeg's Mandelbrot set and mix it with a panned photograph; fewer frames where they are large."""
    count = min(_FILM_FRAMES, max(6, _FILM_BYTES // (size[0] * size[1] * 4)))
    film = _zoom(size, count)
    hills = scenery.landscape(random, (size[0] + _SLACK, size[1] + _SLACK))
    hills.set_alpha(_MIX)
    for i, picture in enumerate(film):
        picture.blit(hills, (-_SLACK * i // count, -_SLACK * i // (2 * count)))
        _dim(picture)
    return film


def _zoom(size: Size, count: int) -> list[pygame.Surface]:
    half = f"{max(16, size[0] // 2)}x{max(16, size[1] // 2)}"
    zoom = f"size={half}:start_scale=0.8:end_scale=0.2:end_pts={_FILM_FRAMES}:maxiter=256"
    try:
        with av.open(f"mandelbrot={zoom},{_LENS}", format="lavfi") as container:
            frames = container.decode(video=0)
            pictures = [surface_of(picture_of(next(frames))) for _ in range(count)]
    except (av.FFmpegError, ValueError) as error:
        raise UsageError(f"video-region needs FFmpeg's lavfi sources, which this PyAV lacks: {error}.") from error
    return [pygame.transform.smoothscale(picture, size) for picture in pictures]


def _dim(picture: pygame.Surface) -> None:
    """Leave room for noise to be added."""
    picture.fill((_DIM, _DIM, _DIM), special_flags=pygame.BLEND_RGB_MULT)


class FullChange(Workload):
    """A photograph that pans under grain that moves elsewhere: every pixel is another one each frame."""

    def __init__(self, size: Size, rate: float, seed: int, region: Rect | None = None) -> None:
        super().__init__(size, rate, seed, region)
        self._place = pygame.Rect(region) if region else pygame.Rect((0, 0), size)
        larger = (self._place.w + _SLACK, self._place.h + _SLACK)
        self._photo = scenery.landscape(self.random(), larger)
        _dim(self._photo)
        # Blue's lowest bit is the frame's parity, so no pixel is by chance what it was.
        pixels(self._photo)[..., 0] &= 0xFE
        self._grains = [scenery.grain(self.random(1), larger, _NOISE) for _ in range(2)]
        for parity, grain in enumerate(self._grains):
            blue = pixels(grain)[..., 0]
            blue[...] = (blue & 0xFE) | parity

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the desktop, where there is one, and the photograph."""
        if self._place.size != self.size:
            scenery.desktop(self.random(), surface)
        self.draw_next(surface, 0)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw the photograph and the grain, each elsewhere."""
        angle = 2 * np.pi * n / self.rate / 5
        middle = _SLACK / 2 - 1
        x, y = int(middle * (1 + np.cos(angle))), int(middle * (1 + np.sin(1.3 * angle)))
        surface.blit(self._photo, self._place, (x, y, self._place.w, self._place.h))
        x, y = (int(part) for part in self.random(2, n).integers(0, _SLACK, 2))
        area = (x, y, self._place.w, self._place.h)
        surface.blit(self._grains[n % 2], self._place, area, special_flags=pygame.BLEND_RGB_ADD)
        return [self._place]


class Recorded(Workload):
    """A file's frames in the middle of the screen; what differs from the frame before is drawn."""

    def __init__(self, size: Size, rate: float, path: Path) -> None:
        super().__init__(size, rate, 0)
        self._recording = open_recording(path)
        self._marks = tiles.no_tiles(size)

    def draw_first(self, surface: pygame.Surface) -> None:
        """Draw the first frame on black."""
        surface.fill((0, 0, 0))
        self._shown = new_surface(self.size)
        self._next = new_surface(self.size)
        self.draw_next(surface, 0)

    def draw_next(self, surface: pygame.Surface, n: int) -> list[pygame.Rect]:
        """Draw the tiles in which the next frame differs."""
        picture = surface_of(self._recording.next(self.size))
        place = picture.get_rect(center=self._next.get_rect().center)
        if not self._next.get_rect().contains(place):
            place.clamp_ip(self._next.get_rect())
        for rest in without(self._next.get_rect(), place):
            self._next.fill((0, 0, 0), rest)
        self._next.blit(picture, place)
        changed = self._compare()
        for rect in changed:
            surface.blit(self._next, rect, rect)
        self._shown, self._next = self._next, self._shown
        return changed

    def close(self) -> None:
        """Close the file."""
        self._recording.close()

    def _compare(self) -> list[pygame.Rect]:
        self._marks[...] = 1
        tiles.compare(pixels(self._shown), pixels(self._next), self._marks)
        return [pygame.Rect(rect) for rect in tiles.rects(self._marks, self.size)]
