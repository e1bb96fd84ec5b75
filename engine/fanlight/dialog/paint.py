"""Painting the dialog's widgets with pygame."""

from functools import cache

import pygame

from fanlight.dialog.panel import Kind, Panel, Widget

_GROUND, _TEXT, _DIM, _LINE = (24, 24, 28), (235, 235, 235), (130, 130, 140), (90, 90, 100)
_AMBER, _FOCUS = (250, 190, 90), (120, 170, 250)
_FACE: dict[Kind, tuple[int, int, int]] = {
    "button": (58, 58, 66),
    "danger": (150, 52, 52),
    "go": (44, 120, 68),
    "field": (40, 40, 46),
    "value": (34, 34, 40),
}
_HEIGHT: dict[Kind, int] = {"title": 25, "mono": 21}
_USUAL_HEIGHT = 20
_RADIUS, _BOX = 5, 16


def paint(panel: Panel, focus: str, surface: pygame.Surface) -> None:
    """Paint all of a panel; the widget with the key `focus` has a frame."""
    surface.fill(_GROUND)
    for widget in panel.widgets:
        if widget.kind == "toggle":
            _toggle(widget, surface)
        elif widget.kind in _FACE:
            _button(widget, surface)
        else:
            colour = _AMBER if widget.kind == "warning" else _TEXT
            _write(widget, surface, colour, widget.area.x)
        if widget.key and widget.key == focus:
            area = pygame.Rect(widget.area).inflate(6, 6)
            pygame.draw.rect(surface, _FOCUS, area, 2, _RADIUS)


def _button(widget: Widget, surface: pygame.Surface) -> None:
    area = pygame.Rect(widget.area)
    pygame.draw.rect(surface, _FACE[widget.kind] if widget.enabled else _GROUND, area, 0, _RADIUS)
    pygame.draw.rect(surface, _LINE, area, 1, _RADIUS)
    colour = _TEXT if widget.enabled else _DIM
    words = _font(widget.kind).render(widget.text, True, colour)
    left = area.x + _RADIUS * 2 if widget.kind == "field" else area.centerx - words.get_width() // 2
    surface.blit(words, (left, area.centery - words.get_height() // 2))


def _toggle(widget: Widget, surface: pygame.Surface) -> None:
    x, y, _, h = widget.area
    box = pygame.Rect(x, y + (h - _BOX) // 2, _BOX, _BOX)
    colour = _TEXT if widget.enabled else _DIM
    pygame.draw.rect(surface, colour, box, 1, 3)
    if widget.on:
        pygame.draw.rect(surface, colour, box.inflate(-6, -6), 0, 2)
    _write(widget, surface, colour, x + _BOX + 8)


def _write(widget: Widget, surface: pygame.Surface, colour: tuple[int, int, int], x: int) -> None:
    words = _font(widget.kind).render(widget.text, True, colour)
    surface.blit(words, (x, widget.area.y + (widget.area.h - words.get_height()) // 2))


@cache
def _font(kind: Kind) -> pygame.font.Font:
    return pygame.font.Font(None, _HEIGHT.get(kind, _USUAL_HEIGHT))
