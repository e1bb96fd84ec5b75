"""What the window shows: the picture in its layout, sprites over it, and what of both must be painted again.

Sprites are painted after all of the picture under them was painted, so a translucent one is never blended twice, and
the picture comes back where a sprite was.
"""

import pygame

from fanlight.types import CursorShape, PointerPlace, Rect, Size, Tiles
from fanlight.viewer.layout import Layout, fit
from fanlight.viewer.painter import Painter
from fanlight.viewer.sprites import Sprite, host_pointer, line_of_text
from fanlight.viewer.stage import Stage


class Scene:
    """Gathers what changed, then paints and presents it at once; for the window's thread only."""

    def __init__(self, stage: Stage) -> None:
        self._painter = Painter(stage)
        self.layout = fit((1, 1), (1, 1), enlarge=False)
        self._picture_dirt: list[Rect] = []
        self._window_dirt: list[Rect] = []
        self._text: str | None = None
        self._line: Sprite | None = None
        self._graph: Sprite | None = None
        self._pointer_key: tuple[CursorShape | None, PointerPlace | None, Layout] | None = None
        self._pointer: Sprite | None = None

    def lay_out(self, remote: Size, window: Size, enlarge: bool) -> None:
        """Give picture and window these sizes; everything is painted again."""
        self.layout = fit(remote, window, enlarge)
        self._window_dirt = [Rect(0, 0, *window)]

    def repaint(self) -> None:
        """Paint everything again."""
        self._window_dirt = [Rect(0, 0, *self.layout.window)]

    def change(self, rects: tuple[Rect, ...]) -> None:
        """Note rectangles of the picture that changed."""
        self._picture_dirt.extend(rects)

    def say(self, text: str | None) -> None:
        """Show a line of text over the picture, or none."""
        if text != self._text:
            self._text = text
            self._line = self._exchange(self._line, None if text is None else line_of_text(text))

    @property
    def below_line(self) -> int:
        """The row of the window under the line of text."""
        return 0 if self._line is None else self._line.area.y + self._line.area.h

    def draw(self, graph: Sprite | None) -> None:
        """Show the ledger's graph over the picture, or none."""
        if graph is not self._graph:
            self._graph = self._exchange(self._graph, graph)

    def tint(self, states: Tiles | None) -> None:
        """Colour the tiles of the picture that are not exact; with None, none."""
        self._picture_dirt.extend(self._painter.tint(states))

    def point(self, shape: CursorShape | None, place: PointerPlace | None) -> None:
        """Show the host's pointer over the picture; with None, nothing."""
        key = (shape, place, self.layout)
        if key != self._pointer_key:
            self._pointer_key = key
            self._pointer = self._exchange(self._pointer, host_pointer(*key))

    def present(self, target: pygame.Surface) -> None:
        """Paint what is to be painted and bring just that to the screen."""
        touched = self._painter.paint(target, self.layout, self._picture_dirt)
        for rect in self._window_dirt:
            touched += self._paint_window(target, rect)
        self._picture_dirt, self._window_dirt = [], []
        if touched:
            touched += self._paint_sprites(target, touched)
            pygame.display.update(touched)

    def _exchange(self, old: Sprite | None, new: Sprite | None) -> Sprite | None:
        self._window_dirt.extend(sprite.area for sprite in (old, new) if sprite is not None)
        return new

    def _paint_window(self, target: pygame.Surface, rect: Rect) -> list[Rect]:
        self._painter.clear(target, self.layout, rect)
        return [rect, *self._painter.paint(target, self.layout, [self.layout.source(rect)])]

    def _paint_sprites(self, target: pygame.Surface, touched: list[Rect]) -> list[Rect]:
        shown = [sprite for sprite in (self._line, self._graph, self._pointer) if sprite is not None]
        if not any(sprite.touches(rect) for sprite in shown for rect in touched):
            return []
        painted: list[Rect] = []
        for sprite in shown:
            painted += self._paint_window(target, sprite.area)
        for sprite in shown:
            sprite.paint(target)
        return painted
