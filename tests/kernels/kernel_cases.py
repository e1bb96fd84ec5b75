"""The shared case table of the kernels: sizes, layouts in memory, fills, and canaries round what is written."""

from dataclasses import dataclass

import numpy as np

from fanlight.kernels import cpu

SIZES = [(1, 1), (2, 3), (63, 65), (64, 64), (65, 63), (130, 70), (257, 129), (1920, 1080)]
SMALL_SIZES = [size for size in SIZES if size[0] <= 257]
FILLS = ["random", "low", "high", "few"]
VARIANTS = [(), *((name,) for name in sorted(cpu.detected()))]
CANARY = 0xC5


@dataclass(frozen=True)
class Layout:
    """Where a picture lies in a larger buffer: pixels to its left and right, rows above and below."""

    left: int = 0
    right: int = 0
    above: int = 0
    below: int = 0


LAYOUTS = {"packed": Layout(), "view": Layout(3, 2, 1, 1), "odd": Layout(1, 4, 2, 0)}


class Canvas:
    """A picture inside a buffer of canaries."""

    def __init__(self, size, layout=LAYOUTS["view"]):
        width, height = size
        shape = (layout.above + height + layout.below, layout.left + width + layout.right, 4)
        self.buffer = np.full(shape, CANARY, np.uint8)
        self.image = self.buffer[layout.above : layout.above + height, layout.left : layout.left + width]
        self.layout = layout

    def fill(self, image):
        self.image[:] = image
        return self

    def intact(self):
        """Tell whether nothing outside the picture was written."""
        rest = self.buffer.copy()
        height, width = self.image.shape[:2]
        rest[self.layout.above : self.layout.above + height, self.layout.left : self.layout.left + width] = CANARY
        return bool((rest == CANARY).all())


def picture(size, fill, seed=0):
    """Make a picture whose X bytes are noise, since they must not count."""
    width, height = size
    random = np.random.default_rng([seed, width, height, FILLS.index(fill)])
    image = random.integers(0, 256, (height, width, 4), np.uint8)
    if fill == "low":
        image[..., :3] = 0
    elif fill == "high":
        image[..., :3] = 255
    elif fill == "few":
        colours = random.integers(0, 256, (5, 3), np.uint8)
        image[..., :3] = colours[random.integers(0, 5, (height, width))]
    return image


def some_tiles(shape, seed=0):
    """Mark about half of the tiles, at least one, with values other than 1 among them."""
    random = np.random.default_rng([seed, *shape])
    marks = random.integers(0, 2, shape).astype(np.uint8) * random.integers(1, 256, shape).astype(np.uint8)
    marks.flat[0] = 255
    return marks


def tile_slices(shape):
    """Yield the place of each tile in the grid and its pixels' slices."""
    for row in range(shape[0]):
        for column in range(shape[1]):
            yield (row, column), np.s_[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64, :3]
