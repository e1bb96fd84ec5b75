"""DejaVu, in the files that Matplotlib brings, so that text looks the same on every machine."""

import functools
import importlib.util
from pathlib import Path

import pygame

from fanlight.errors import UsageError
from fanlight_bench.workloads.base import Colour

SANS = "DejaVuSans.ttf"
BOLD = "DejaVuSans-Bold.ttf"
MONO = "DejaVuSansMono.ttf"
MONO_BOLD = "DejaVuSansMono-Bold.ttf"


@functools.cache
def font(file: str, pixels: int) -> pygame.font.Font:
    """Return a font of `pixels` height."""
    pygame.font.init()
    return pygame.font.Font(_folder() / file, pixels)


def write(
    surface: pygame.Surface, place: tuple[int, int], text: str, face: pygame.font.Font, ink: Colour, paper: Colour
) -> pygame.Rect:
    """Write one line of text on its own ground; return where it stands."""
    return surface.blit(face.render(text, True, ink, paper), place)


@functools.cache
def _folder() -> Path:
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise UsageError("The workloads need the fonts of Matplotlib: pip install 'fanlight[bench]'.")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
