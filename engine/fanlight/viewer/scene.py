"""What the window shows: the picture in its layout, sprites over it, and what of both must be painted again.

Sprites are painted after all of the picture under them was painted, so a translucent one is never blended twice, and
the picture comes back where a sprite was.
"""

from collections.abc import Sequence

import pygame

from fanlight.types import CursorShape, PointerPlace, Rect, Size, Tiles
from fanlight.viewer.areas import clip, without
from fanlight.viewer.canvas import Canvas
from fanlight.viewer.layout import Layout, fit
from fanlight.viewer.painter import Painter
from fanlight.viewer.sprites import Sprite, host_pointer, line_of_text
from fanlight.viewer.stage import Stage

# A server that somebody has grabbed answers nobody; the session must go on meanwhile.
_PATIENCE = 0.05


class Scene:
    """Gathers what changed, then paints and presents it at once; one thread at a time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
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

    def present(self, canvas: Canvas) -> None:
        """Paint what is to be painted and bring just that to the screen."""
        canvas.settle()
        picture_dirt, window_dirt = self._take_dirt()
        if not picture_dirt and not window_dirt:
            return
        present = self._present_lent if self._lends(canvas) else self._present_painted
        if not present(canvas, picture_dirt, window_dirt):
            self.repaint()
            self._present_painted(canvas, *self._take_dirt())

    def shows(self, canvas: Canvas) -> bool:
        """Whether the canvas has the picture, and no more is to be done for a change than to show it from there."""
        with self._stage.picture() as image:
            return canvas.settled and canvas.has(image) and self._painter.shows_pixels(image, self.layout)

    def present_at_once(self, canvas: Canvas, rects: tuple[Rect, ...]) -> bool:
        """Show these changes of a picture that it `shows`, which must not change meanwhile.

        False where not all is on the screen, for a server that is slow or refuses: then `present` is due.
        """
        self.change(rects)
        done = canvas.begin(*self._parts(canvas.surface, *self._take_dirt())) and canvas.settle(_PATIENCE)
        if not done:
            self.repaint()
        return done

    def _lends(self, canvas: Canvas) -> bool:
        with self._stage.picture() as image:
            plain = self._painter.shows_pixels(image, self.layout)
        # Not while the session would have to wait for it.
        return plain and canvas.takes(image)

    def _take_dirt(self) -> tuple[list[Rect], list[Rect]]:
        dirt = self._picture_dirt, self._window_dirt
        self._picture_dirt, self._window_dirt = [], []
        return dirt

    def _present_painted(self, canvas: Canvas, picture_dirt: Sequence[Rect], window_dirt: Sequence[Rect]) -> bool:
        target = canvas.surface
        touched = self._painter.paint(target, self.layout, picture_dirt)
        for rect in window_dirt:
            touched += self._paint_window(target, rect)
        touched += self._paint_sprites(target, touched)
        return not touched or canvas.show(touched)

    def _present_lent(self, canvas: Canvas, picture_dirt: Sequence[Rect], window_dirt: Sequence[Rect]) -> bool:
        """Show the picture from its own memory, and only what is not part of it from the canvas."""
        parts, painted = self._parts(canvas.surface, picture_dirt, window_dirt)
        with self._stage.picture() as image:
            # Another picture may have come: the change that says so comes next, and covers everything.
            began = canvas.begin(parts if canvas.has(image) else (), painted)
            done = began and canvas.settle(_PATIENCE)
        return done or canvas.settle()

    def _parts(
        self, target: pygame.Surface, picture_dirt: Sequence[Rect], window_dirt: Sequence[Rect]
    ) -> tuple[list[tuple[Rect, int, int]], list[Rect]]:
        """Paint what is not part of the picture; return what of the picture goes where, and what was painted."""
        left, top, width, height = self.layout.area
        painted = [part for rect in window_dirt for part in self._painter.clear(target, self.layout, rect)]
        changed = [self.layout.source(rect) for rect in window_dirt] + [
            clip(rect, Rect(0, 0, width, height)) for rect in picture_dirt
        ]
        shown = [Rect(left + x, top + y, w, h) for x, y, w, h in changed if w and h]
        painted += self._paint_sprites(target, shown + painted)
        return [(Rect(x - left, y - top, w, h), x, y) for x, y, w, h in without(shown, painted)], painted

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
