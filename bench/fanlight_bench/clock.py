"""A clock that a program reads off the screen: microseconds, a sequence number and check bits as black and white cells.

It stands twice, in the top left and the bottom right corner, so that a picture put together of two frames shows.
The cells are large and the check is a CRC-32, so it survives lossy coding, and nothing else is taken for it.
"""

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fanlight.errors import UsageError
from fanlight.types import Rect, Size

CELL = 8
COLUMNS = 16
ROWS = 8
WIDTH = COLUMNS * CELL
HEIGHT = ROWS * CELL

Pixels = NDArray[np.uint8]

_MICROS_BYTES = 8
_SEQ_BYTES = 4
_CHECK_BYTES = 4
_SALT = b"fanlight clock"
_MIDDLE = slice(CELL // 4, CELL - CELL // 4)
_SPREAD_MIN = 64


class Reading(NamedTuple):
    """What a picture's clocks say; where they disagree, or only one can be read, it is `torn` and of the older one."""

    micros: int
    seq: int
    torn: bool


def corners(size: Size) -> tuple[Rect, Rect]:
    """Return where the clocks of a picture of `size` stand; UsageError where they do not fit."""
    width, height = size
    if (width < WIDTH or height < HEIGHT) or (width < 2 * WIDTH and height < 2 * HEIGHT):
        raise UsageError(f"A picture of {width}x{height} is too small for two clocks of {WIDTH}x{HEIGHT}.")
    return Rect(0, 0, WIDTH, HEIGHT), Rect(width - WIDTH, height - HEIGHT, WIDTH, HEIGHT)


def draw(image: Pixels, micros: int, seq: int) -> None:
    """Draw both clocks into an array of shape (height, width, 3 or more).

    `micros` is below 2**64; of `seq` the low 32 bits are drawn.
    """
    cells = np.unpackbits(np.frombuffer(_encode(micros, seq), np.uint8)).reshape(ROWS, COLUMNS)
    pixels = np.kron(cells * np.uint8(255), np.ones((CELL, CELL), np.uint8))
    for x, y, w, h in corners(_size(image)):
        image[y : y + h, x : x + w] = pixels[..., None]


def read(image: Pixels) -> Reading | None:
    """Read the clocks of an array of shape (height, width, 3 or more); None where neither can be read."""
    readings = [read_one(image[y : y + h, x : x + w]) for x, y, w, h in corners(_size(image))]
    legible = [reading for reading in readings if reading is not None]
    if not legible:
        return None
    micros, seq = min(legible)
    return Reading(micros, seq, torn=len(set(readings)) > 1)


def read_one(patch: Pixels) -> tuple[int, int] | None:
    """Read micros and seq of one clock, cut out of a picture by `corners`; None where there is none."""
    cells = patch[..., 1].reshape(ROWS, CELL, COLUMNS, CELL)[:, _MIDDLE, :, _MIDDLE].mean(axis=(1, 3))
    if np.ptp(cells) < _SPREAD_MIN:
        return None
    data = np.packbits(cells > (cells.max() + cells.min()) / 2).tobytes()
    micros = int.from_bytes(data[:_MICROS_BYTES], "big")
    seq = int.from_bytes(data[_MICROS_BYTES : _MICROS_BYTES + _SEQ_BYTES], "big")
    return (micros, seq) if data == _encode(micros, seq) else None


def _encode(micros: int, seq: int) -> bytes:
    data = micros.to_bytes(_MICROS_BYTES, "big") + (seq & 0xFFFFFFFF).to_bytes(_SEQ_BYTES, "big")
    return data + zlib.crc32(_SALT + data).to_bytes(_CHECK_BYTES, "big")


def _size(image: Pixels) -> Size:
    return image.shape[1], image.shape[0]
