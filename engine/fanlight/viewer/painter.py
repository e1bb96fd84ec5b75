"""Pixels from the stage to the window's surface: copied one to one, or scaled block by block."""

from collections.abc import Sequence

import numpy as np
import pygame

from fanlight.types import Image, Rect, Tiles
from fanlight.viewer.areas import clip
from fanlight.viewer.blocks import cover
from fanlight.viewer.layout import Layout
from fanlight.viewer.stage import Stage
from fanlight.viewer.tint import Tint

_BLACK = (0, 0, 0)
_BITS, _BGRX = 32, (0xFF0000, 0x00FF00, 0x0000FF)


class Painter:
    """Paints parts of the picture onto a surface; for the window's thread only.

    Nothing is painted while the stage holds a picture of another size than the layout's: the change that says so comes
    next, and covers everything.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tint = Tint()
        self._image: Image | None = None
        self._view: pygame.Surface | None = None

    def paint(self, target: pygame.Surface, layout: Layout, rects: Sequence[Rect]) -> list[Rect]:
        """Paint rectangles of the picture; return those of the window that were touched."""
        if layout.one_to_one:
            return self._copy(target, layout, rects)
        shown = (self._scale(target, layout, block) for block in cover(rects, layout))
        return [rect for rect in shown if rect is not None]

    def tint(self, states: Tiles | None) -> list[Rect]:
        """Colour tiles that are not exact from now on; return what must be painted again."""
        return self._tint.use(states)

    def shows_pixels(self, image: Image, layout: Layout) -> bool:
        """Whether the window shows this picture as it is, each pixel by itself and without a tint."""
        return layout.one_to_one and _fits(image, layout) and not self._tint.is_seen

    def clear(self, target: pygame.Surface, layout: Layout, within: Rect) -> list[Rect]:
        """Blacken what the picture leaves free in a rectangle of the window; return what was touched."""
        free = [clip(margin, within) for margin in layout.margins]
        for rect in free:
            target.fill(_BLACK, rect)
        return [rect for rect in free if rect.w and rect.h]

    def _copy(self, target: pygame.Surface, layout: Layout, rects: Sequence[Rect]) -> list[Rect]:
        left, top, _, _ = layout.area
        rects = [rect for rect in rects if rect.w and rect.h]
        with self._stage.picture() as image:
            if not _fits(image, layout):
                return []
            as_they_are = _takes_pixels(target, layout)
            for rect in rects:
                if as_they_are:
                    _lay(target, left, top, image, rect)
                else:
                    target.blit(self._view_of(image), (left + rect.x, top + rect.y), rect)
                self._tint.paint(target, rect, left + rect.x, top + rect.y)
        return [Rect(left + x, top + y, w, h) for x, y, w, h in rects]

    def _scale(self, target: pygame.Surface, layout: Layout, block: Rect) -> Rect | None:
        shown = layout.shown(block)
        # smoothscale() spreads one pixel less than the source has over the target when it enlarges: with one pixel
        # more, the pixels of neighbouring blocks fall where they would in the whole picture.
        reach = 1 if layout.scale > 1 else 0
        with self._stage.picture() as image:
            if not _fits(image, layout):
                return None
            piece = _cut(image, Rect(block.x, block.y, block.w + reach, block.h + reach))
        size = int(block.w * layout.scale), int(block.h * layout.scale)
        source = _opaque(piece)
        self._tint.paint(source, Rect(block.x, block.y, *source.get_size()), 0, 0)
        scaled = pygame.transform.smoothscale(source, size)
        scaled.set_alpha(None)
        target.blit(scaled, (shown.x, shown.y), (0, 0, shown.w, shown.h))
        return shown

    def _view_of(self, image: Image) -> pygame.Surface:
        if self._view is None or self._image is not image:
            self._image, self._view = image, _opaque(image)
        return self._view


def _fits(image: Image, layout: Layout) -> bool:
    return (image.shape[1], image.shape[0]) == layout.remote


def _takes_pixels(target: pygame.Surface, layout: Layout) -> bool:
    """Whether a surface holds pixels as the picture does, and has the size that the layout is for."""
    same_size = target.get_size() == layout.window
    return same_size and target.get_bitsize() == _BITS and target.get_masks()[:3] == _BGRX


def _lay(target: pygame.Surface, left: int, top: int, image: Image, rect: Rect) -> None:
    """Copy pixels as they are, in a third of the time that a blit takes, which looks at each channel."""
    x, y, w, h = rect
    source = image[y : y + h, x : x + w].view(np.uint32)[..., 0]
    # The surface is locked as long as the array is there.
    pygame.surfarray.pixels2d(target)[left + x : left + x + w, top + y : top + y + h] = source.T


def _opaque(image: Image) -> pygame.Surface:
    """Return a surface on the picture's own memory whose fourth byte does not count."""
    surface = pygame.image.frombuffer(image.data, (image.shape[1], image.shape[0]), "BGRA")
    surface.set_alpha(None)
    return surface


def _cut(image: Image, rect: Rect) -> Image:
    """Copy a rectangle that may pass the right and lower end of the picture; the last pixels go on there."""
    x, y, w, h = rect
    inside = image[y : y + h, x : x + w]
    rows, columns = inside.shape[:2]
    piece = np.empty((h, w, 4), np.uint8)
    piece[:rows, :columns] = inside
    piece[:rows, columns:] = inside[:, -1:]
    piece[rows:] = piece[rows - 1]
    return piece
