"""The host's cursor: as the window's own, which follows the hand without a round trip, and as a picture in it."""

import pygame

from fanlight.types import CursorShape


def surface_of(shape: CursorShape) -> pygame.Surface:
    """Return the shape as a surface of premultiplied pixels."""
    return pygame.image.frombytes(shape.pixels, (shape.width, shape.height), "BGRA")


def use(shape: CursorShape | None) -> None:
    """Show the shape over the window; nothing where it is empty, the system's arrow where it is not known."""
    if shape is None:
        pygame.mouse.set_cursor(pygame.SYSTEM_CURSOR_ARROW)
    elif shape.width and shape.height:
        spot = min(max(shape.hot_x, 0), shape.width - 1), min(max(shape.hot_y, 0), shape.height - 1)
        pygame.mouse.set_cursor(pygame.Cursor(spot, surface_of(shape)))
    pygame.mouse.set_visible(shape is None or bool(shape.width and shape.height))
