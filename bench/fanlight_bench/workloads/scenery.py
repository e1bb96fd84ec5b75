"""What stands behind and around: a landscape like a photograph, film grain, and a desktop with windows."""

import numpy as np
import pygame
from numpy.typing import NDArray

from fanlight.types import Size
from fanlight_bench.workloads import fonts, text
from fanlight_bench.workloads.base import Colour, surface_of

_PAINTED = 640
_RIDGES = 5
_GRAIN = 14
_TITLE = 28
LINE = 22

Floats = NDArray[np.float32]

_SKY, _HAZE, _CLOUD, _FAR, _NEAR = np.array(
    [[190, 120, 60], [215, 215, 225], [240, 240, 240], [175, 160, 140], [38, 74, 52]], np.float32
)


def landscape(random: np.random.Generator, size: Size) -> pygame.Surface:
    """Paint hills under a clouded sky, with grain: no two neighbouring pixels are alike for long."""
    scale = min(1.0, _PAINTED / max(size))
    small = max(64, int(size[0] * scale)), max(64, int(size[1] * scale))
    hills = pygame.transform.smoothscale(surface_of(_paint(random, small)), size)
    hills.blit(grain(random, size, _GRAIN), (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    return hills


def grain(random: np.random.Generator, size: Size, strength: int) -> pygame.Surface:
    """Return noise from 0 to `strength` - 1, mostly alike in the three colours, as a sensor has it."""
    grey = random.integers(0, max(1, strength - 4), (size[1], size[0], 1), np.uint8)
    tint = random.integers(0, 5, (size[1], size[0], 3), np.uint8)
    return surface_of(grey + tint)


def _paint(random: np.random.Generator, size: Size) -> NDArray[np.uint8]:
    width, height = size
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    picture = (1 - y) * _SKY + y * _HAZE
    clouds = np.clip(_cloud(random, size) * 2.2 - 0.9, 0, 0.9)[..., None]
    picture = picture * (1 - clouds) + clouds * _CLOUD
    for ridge in range(_RIDGES):
        near = ridge / (_RIDGES - 1)
        top = height * (0.42 + 0.13 * ridge) + (_line(random, width) - 0.5) * height * 0.3
        under = np.arange(height, dtype=np.float32)[:, None] > top[None, :]
        colour = (1 - near) * _FAR + near * _NEAR
        light = 0.65 + 0.7 * _cloud(random, size, near)[..., None]
        picture = np.where(under[..., None], colour * light, picture)
    painted: NDArray[np.uint8] = np.clip(picture, 0, 255 - _GRAIN).astype(np.uint8)
    return painted


def _cloud(random: np.random.Generator, size: Size, detail: float = 0.4) -> Floats:
    """Return noise of many scales, 0 to 1."""
    total = np.zeros((size[1], size[0]), np.float32)
    weight, sum_of_weights = 1.0, 0.0
    for cells in (3, 6, 12, 24, 48, 96, 192):
        total += weight * _stretched(random.random((cells, 2 * cells), np.float32), size)
        sum_of_weights += weight
        weight *= 0.5 + 0.25 * detail
    return total / np.float32(sum_of_weights)


def _line(random: np.random.Generator, width: int) -> Floats:
    total = np.zeros(width, np.float32)
    for octave in range(1, 8):
        points = random.random(2 + 2**octave)
        total += np.interp(np.linspace(0, len(points) - 1, width), np.arange(len(points)), points) / 2**octave
    return total


def _stretched(grid: Floats, size: Size) -> Floats:
    """Stretch a grid to `size` with straight lines between its points."""
    rows = np.linspace(0, grid.shape[0] - 1.001, size[1], dtype=np.float32)
    columns = np.linspace(0, grid.shape[1] - 1.001, size[0], dtype=np.float32)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = (rows - top)[:, None], columns - left
    lines = grid[top] * (1 - down) + grid[top + 1] * down
    stretched: Floats = lines[:, left] * (1 - right) + lines[:, left + 1] * right
    return stretched


def desktop(random: np.random.Generator, surface: pygame.Surface) -> None:
    """Draw a still desktop: a picture, a panel, a page of text and a list of files."""
    width, height = surface.get_size()
    surface.blit(landscape(random, (width, height)), (0, 0))
    panel = pygame.Rect(0, height - 36, width, 36)
    surface.fill((38, 42, 52), panel)
    for i, name in enumerate(("Files", "Editor", "Mail", "Terminal")):
        fonts.write(
            surface, (12 + 96 * i, height - 27), name, fonts.font(fonts.SANS, 14), (225, 228, 235), (38, 42, 52)
        )
    page = pygame.Rect(width // 16, height // 8, width * 7 // 16, height * 5 // 8)
    inside = window(surface, page, "Notes")
    draw_page(random, surface, inside)
    listing = pygame.Rect(width * 9 // 16, height // 5, width * 3 // 8, height * 2 // 5)
    inside = window(surface, listing, "Files")
    _list_files(random, surface, inside)


def window(surface: pygame.Surface, frame: pygame.Rect, title: str, paper: Colour = text.PAPER) -> pygame.Rect:
    """Draw an empty window; return its inside."""
    surface.fill((60, 66, 80), frame)
    bar: Colour = (72, 80, 98)
    surface.fill(bar, (frame.x + 1, frame.y + 1, frame.w - 2, _TITLE - 2))
    fonts.write(surface, (frame.x + 10, frame.y + 6), title, fonts.font(fonts.BOLD, 13), (240, 242, 246), bar)
    for i, colour in enumerate(((226, 92, 80), (232, 188, 74), (96, 190, 98))):
        pygame.draw.circle(surface, colour, (frame.right - 16 - 20 * i, frame.y + _TITLE // 2), 6)
    inside = pygame.Rect(frame.x + 1, frame.y + _TITLE, frame.w - 2, frame.h - _TITLE - 1)
    surface.fill(paper, inside)
    return inside


def draw_page(random: np.random.Generator, surface: pygame.Surface, area: pygame.Rect) -> None:
    """Fill an area with a page of text."""
    rows = text.page(random, fonts.font(fonts.SANS, 15), area.w - 32)
    kept = surface.get_clip()
    surface.set_clip(area)
    for y in range(area.y + 8, area.bottom, LINE):
        draw_row(surface, next(rows), area.x, y, area.w)
    surface.set_clip(kept)


def draw_row(surface: pygame.Surface, row: text.Row, x: int, y: int, width: int) -> None:
    """Draw one row of a page with its ground."""
    surface.fill(row.paper, (x, y, width, LINE))
    face = {
        "heading": fonts.font(fonts.BOLD, 18),
        "body": fonts.font(fonts.SANS, 15),
        "code": fonts.font(fonts.MONO, 14),
    }[row.face]
    if row.text:
        fonts.write(surface, (x + 16, y), row.text, face, row.ink, row.paper)


def _list_files(random: np.random.Generator, surface: pygame.Surface, area: pygame.Rect) -> None:
    face = fonts.font(fonts.SANS, 14)
    kept = surface.get_clip()
    surface.set_clip(area)
    for i, y in enumerate(range(area.y, area.bottom, LINE)):
        paper: Colour = (236, 242, 252) if i == 3 else (255, 255, 255) if i % 2 else (248, 249, 251)
        surface.fill(paper, (area.x, y, area.w, LINE))
        surface.fill((228, 178, 70) if i < 4 else (150, 160, 176), (area.x + 12, y + 5, 14, 11))
        words = text.prose(random, 1).split()
        fonts.write(surface, (area.x + 36, y + 2), f"{words[1]}-{words[2]}.txt", face, text.INK, paper)
        amount = f"{int(random.integers(1, 999))} kB"
        fonts.write(surface, (area.right - 90, y + 2), amount, face, (110, 114, 122), paper)
    surface.set_clip(kept)
