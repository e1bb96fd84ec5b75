"""Rectangles cut, joined and taken from each other."""

from collections.abc import Iterable

from fanlight.types import Rect


def clip(rect: Rect, bounds: Rect) -> Rect:
    """Return the part of `rect` that lies in `bounds`; without an area where there is none."""
    x0, y0 = max(rect.x, bounds.x), max(rect.y, bounds.y)
    x1, y1 = min(rect.x + rect.w, bounds.x + bounds.w), min(rect.y + rect.h, bounds.y + bounds.h)
    return Rect(x0, y0, max(0, x1 - x0), max(0, y1 - y0))


def bounding(rects: list[Rect]) -> Rect:
    """Return the smallest rectangle that holds all of these."""
    x0, y0 = min(rect.x for rect in rects), min(rect.y for rect in rects)
    x1, y1 = max(rect.x + rect.w for rect in rects), max(rect.y + rect.h for rect in rects)
    return Rect(x0, y0, x1 - x0, y1 - y0)


def without(rects: Iterable[Rect], holes: Iterable[Rect]) -> list[Rect]:
    """Return what of `rects` lies outside of all `holes`, as rectangles that do not overlap more than those did."""
    left = list(rects)
    for hole in holes:
        left = [part for rect in left for part in _around(rect, hole)]
    return left


def _around(rect: Rect, hole: Rect) -> list[Rect]:
    inside = clip(hole, rect)
    if not (inside.w and inside.h):
        return [rect]
    right, bottom = rect.x + rect.w, rect.y + rect.h
    inside_right, inside_bottom = inside.x + inside.w, inside.y + inside.h
    parts = (
        Rect(rect.x, rect.y, rect.w, inside.y - rect.y),
        Rect(rect.x, inside.y, inside.x - rect.x, inside.h),
        Rect(inside_right, inside.y, right - inside_right, inside.h),
        Rect(rect.x, inside_bottom, rect.w, bottom - inside_bottom),
    )
    return [part for part in parts if part.w and part.h]
