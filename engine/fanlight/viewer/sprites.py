"""What stands over the picture and never in it: the overlay's line and the host's pointer."""

from dataclasses import dataclass

import pygame

from fanlight.types import CursorShape, PointerPlace, Rect
from fanlight.viewer import cursors
from fanlight.viewer.layout import Layout

MARGIN = 8
_PADDING = 6
_TEXT = (235, 235, 235)
_GROUND = (24, 24, 28)
_TEXT_HEIGHT = 18


@dataclass(frozen=True, eq=False)
class Sprite:
    """A surface of premultiplied pixels at a place of the window."""

    surface: pygame.Surface
    x: int
    y: int

    @property
    def area(self) -> Rect:
        """The rectangle of the window it covers."""
        return Rect(self.x, self.y, *self.surface.get_size())

    def touches(self, rect: Rect) -> bool:
        """Whether it stands over a part of `rect`."""
        return bool(pygame.Rect(rect).colliderect(self.area))

    def paint(self, target: pygame.Surface) -> None:
        """Blend it onto the surface."""
        target.blit(self.surface, (self.x, self.y), special_flags=pygame.BLEND_PREMULTIPLIED)


def line_of_text(text: str) -> Sprite:
    """Return the overlay that says `text`, in one or more lines, for the window's upper left corner."""
    words = pygame.font.Font(None, _TEXT_HEIGHT).render(text, True, _TEXT, _GROUND)
    surface = pygame.Surface((words.get_width() + 2 * _PADDING, words.get_height() + 2 * _PADDING), pygame.SRCALPHA)
    surface.fill((*_GROUND, 255))
    surface.blit(words, (_PADDING, _PADDING))
    return Sprite(surface, MARGIN, MARGIN)


def host_pointer(shape: CursorShape | None, place: PointerPlace | None, layout: Layout) -> Sprite | None:
    """Return the host's pointer where it stands; None where its shape or place is not known, or empty."""
    if shape is None or place is None or not shape.width or not shape.height:
        return None
    x, y = layout.to_window(place.x, place.y)
    return Sprite(cursors.surface_of(shape), x - shape.hot_x, y - shape.hot_y)
