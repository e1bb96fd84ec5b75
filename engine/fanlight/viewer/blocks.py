"""Damage widened to whole blocks, so that what is scaled alone fits what stands beside it."""

from collections.abc import Iterable

import numpy as np

from fanlight.types import Rect
from fanlight.viewer.layout import Layout


def cover(rects: Iterable[Rect], layout: Layout) -> list[Rect]:
    """Cover rectangles of the picture with disjoint rectangles of whole blocks, which may pass its end."""
    block = layout.block
    columns, rows = (-(-side // block) for side in layout.remote)
    marked = np.zeros((rows, columns), np.bool_)
    # Enlarged, a pixel's colour runs into the pixels left of it and above it.
    reach = 1 if layout.scale > 1 else 0
    for x, y, w, h in rects:
        if w and h:
            x0, y0 = max(0, x - reach) // block, max(0, y - reach) // block
            marked[y0 : -(-(y + h) // block), x0 : -(-(x + w) // block)] = True
    return [Rect(x * block, y * block, w * block, h * block) for x, y, w, h in _rectangles(marked)]


def _rectangles(marked: np.typing.NDArray[np.bool_]) -> list[Rect]:
    """Return the marked cells as runs of a row, joined with the same run in the rows below."""
    done: list[Rect] = []
    growing: dict[tuple[int, int], Rect] = {}
    for row, cells in enumerate(marked):
        grown: dict[tuple[int, int], Rect] = {}
        for start, end in _runs(cells):
            above = growing.pop((start, end), Rect(start, row, end - start, 0))
            grown[start, end] = above._replace(h=above.h + 1)
        done.extend(growing.values())
        growing = grown
    return done + list(growing.values())


def _runs(cells: np.typing.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], cells, [False]))))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
