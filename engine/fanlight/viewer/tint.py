"""Which tiles of the picture are not exact yet, as a colour over them."""

import numpy as np
import pygame

from fanlight.types import Rect, Tiles

TILE = 64
COLOURS = {1: (240, 190, 40, 70), 2: (220, 50, 40, 90)}
"""Refining and lossy; the last number is how much of the colour there is, of 255."""


class Tint:
    """Colours tiles on surfaces of the picture; shows nothing until it is given states."""

    def __init__(self) -> None:
        self._states: Tiles | None = None
        self._glass: dict[int, pygame.Surface] = {}
        for state, colour in COLOURS.items():
            self._glass[state] = pygame.Surface((TILE, TILE), pygame.SRCALPHA)
            self._glass[state].fill(colour)

    @property
    def is_seen(self) -> bool:
        """Whether there may be a tile that it colours."""
        return self._states is not None

    def use(self, states: Tiles | None) -> list[Rect]:
        """Take other states, or none; return the tiles of the picture that must be painted again."""
        before, self._states = self._states, states
        if states is before or (states is None and before is None):
            return []
        if states is None or before is None or states.shape != before.shape:
            return [_tile(row, column) for shown in (states, before) if shown is not None
                    for row, column in np.argwhere(shown)]  # fmt: skip
        return [_tile(row, column) for row, column in np.argwhere(states != before)]

    def paint(self, surface: pygame.Surface, rect: Rect, x: int, y: int) -> None:
        """Colour a rectangle of the picture, which has just been painted with its corner at (x, y)."""
        if self._states is None:
            return
        rows = slice(rect.y // TILE, -(-(rect.y + rect.h) // TILE))
        columns = slice(rect.x // TILE, -(-(rect.x + rect.w) // TILE))
        for row, column in np.argwhere(self._states[rows, columns]):
            tile = _tile(row + rows.start, column + columns.start)
            part = pygame.Rect(tile).clip(rect)
            glass = self._glass[int(self._states[tile.y // TILE, tile.x // TILE])]
            surface.blit(glass, (x + part.x - rect.x, y + part.y - rect.y), (0, 0, part.w, part.h))


def _tile(row: int, column: int) -> Rect:
    return Rect(int(column) * TILE, int(row) * TILE, TILE, TILE)
