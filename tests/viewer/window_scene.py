"""What the tests of the window show in it, and where they point."""

import numpy as np

from fanlight.types import CursorShape, Permission

VIEW_ONLY = frozenset({Permission.VIEW})
SIZE = (480, 320)
# No part of the overlay, its lines and its graph, reaches below this row.
BELOW_OVERLAY = 240
MIDDLE = (240, 160)

SQUARE = np.full((16, 12, 4), (30, 60, 90, 255), np.uint8)
SHAPE = CursorShape(12, 16, 2, 3, SQUARE.tobytes())
HIDDEN = CursorShape(0, 0, 0, 0, b"")


def difference(one, other):
    return int(np.abs(one.astype(int) - other.astype(int)).max()) if one.shape == other.shape else 255
