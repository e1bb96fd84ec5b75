"""Where the picture stands in the window, and which parts of one belong to which parts of the other.

The scale is a ratio of small whole numbers, so the picture divides into blocks of whole pixels on both sides: a block
scaled alone gives the pixels it would have in the whole picture, and damage can be shown without scaling the rest.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from fanlight.types import Rect, Size

_FINEST = 256
_LEAST_BLOCK = 64
# A pixel's place is its middle.
_HALF = Fraction(1, 2)
# Below this, enlarging shows blur and nothing larger.
_LEAST_ENLARGEMENT = Fraction(21, 20)


@dataclass(frozen=True)
class Layout:
    """A picture of size `remote` at `scale` in the middle of a window."""

    remote: Size
    window: Size
    scale: Fraction

    @cached_property
    def area(self) -> Rect:
        """The picture's rectangle in the window; it leaves the window where not even the smallest scale fits."""
        width, height = (math.ceil(side * self.scale) for side in self.remote)
        return Rect(max(0, (self.window[0] - width) // 2), max(0, (self.window[1] - height) // 2), width, height)

    @property
    def margins(self) -> tuple[Rect, ...]:
        """The parts of the window that the picture leaves free."""
        x, y, w, h = self.area
        width, height = self.window
        sides = (
            Rect(0, 0, width, y),
            Rect(0, y + h, width, max(0, height - y - h)),
            Rect(0, y, x, h),
            Rect(x + w, y, max(0, width - x - w), h),
        )
        return tuple(side for side in sides if side.w and side.h)

    @property
    def one_to_one(self) -> bool:
        """Whether a pixel of the picture is a pixel of the window."""
        return self.scale == 1

    @cached_property
    def block(self) -> int:
        """Side of a block in pixels of the picture; `block * scale` is whole."""
        period = self.scale.denominator
        return period * -(-_LEAST_BLOCK // period)

    def holds(self, x: int, y: int) -> bool:
        """Whether this place of the window shows the picture."""
        left, top, w, h = self.area
        return left <= x < left + w and top <= y < top + h

    def to_remote(self, x: int, y: int) -> tuple[int, int]:
        """Return the picture's pixel at a place of the window, the nearest one where it is outside."""
        left, top, _, _ = self.area
        column, row = int((x - left + _HALF) / self.scale), int((y - top + _HALF) / self.scale)
        return min(max(column, 0), self.remote[0] - 1), min(max(row, 0), self.remote[1] - 1)

    def to_window(self, x: int, y: int) -> tuple[int, int]:
        """Return the place in the window of a pixel of the picture."""
        left, top, _, _ = self.area
        return left + int((x + _HALF) * self.scale), top + int((y + _HALF) * self.scale)

    def shown(self, rect: Rect) -> Rect:
        """Return where a rectangle of whole blocks stands in the window, cut where the picture ends."""
        left, top, width, height = self.area
        x, y, w, h = (int(value * self.scale) for value in rect)
        return Rect(left + x, top + y, min(w, width - x), min(h, height - y))

    def source(self, rect: Rect) -> Rect:
        """Return the pixels of the picture that a rectangle of the window shows, clipped; may be empty."""
        left, top, _, _ = self.area
        x0, y0 = int(max(0, rect.x - left) / self.scale), int(max(0, rect.y - top) / self.scale)
        x1, y1 = (math.ceil(max(0, end) / self.scale) for end in (rect.x + rect.w - left, rect.y + rect.h - top))
        x1, y1 = min(x1, self.remote[0]), min(y1, self.remote[1])
        return Rect(x0, y0, max(0, x1 - x0), max(0, y1 - y0))


def fit(remote: Size, window: Size, enlarge: bool) -> Layout:
    """Lay a picture out: one to one where it fits, smaller where it does not, larger only with `enlarge`."""
    room = min(Fraction(window[0], remote[0]), Fraction(window[1], remote[1]))
    if room >= 1 and not (enlarge and room >= _LEAST_ENLARGEMENT):
        return Layout(remote, window, Fraction(1))
    return Layout(remote, window, _ratio_below(room))


def _ratio_below(limit: Fraction) -> Fraction:
    """Return the largest ratio of a denominator up to 256 that does not exceed `limit`, or the smallest there is."""
    ratios = (Fraction(int(limit * period), period) for period in range(1, _FINEST + 1))
    return max(*ratios, Fraction(1, _FINEST))
