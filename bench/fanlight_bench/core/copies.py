"""How much of what moved an update brings as COPY, read from its bytes as docs/tile-stream.md has them."""

import struct
from collections.abc import Iterable

import numpy as np
import zstandard

from fanlight.errors import CodecError
from fanlight.types import Move, Rect, Size
from fanlight_bench import clock

_HEADER = struct.Struct("<BI")
_PLAIN, _ZSTD = 0, 1
_COPY = 0x01
_COPY_BODY = struct.Struct("<6H")


def copies(update: bytes) -> list[Move]:
    """Return the COPY operations of an update of tiles, which stand before all others."""
    if not update:
        return []
    compression, length = _HEADER.unpack_from(update)
    stream = update[_HEADER.size :]
    if compression == _ZSTD:
        stream = zstandard.ZstdDecompressor().decompress(stream, max_output_size=length)
    elif compression != _PLAIN:
        raise CodecError(f"compression {compression} of tile updates is not known here")
    found, at = [], 0
    while at < len(stream) and stream[at] == _COPY:
        found.append(Move(*_COPY_BODY.unpack_from(stream, at + 1)))
        at += 1 + _COPY_BODY.size
    return found


def copied(moved: Move, by: Iterable[Move], size: Size) -> tuple[int, int]:
    """Return how many pixels of what moved are written by the copies, and how many moved.

    Where a clock of the workload stood or stands now, nothing moved.
    """
    width, height = size
    still = np.ones((height, width), bool)
    _fill(still, Rect(*moved[:4]), False)
    for corner in clock.corners(size):
        _fill(still, corner, True)
        _fill(still, corner._replace(x=corner.x + moved.x - moved.src_x, y=corner.y + moved.y - moved.src_y), True)
    written = np.zeros((height, width), bool)
    for copy in by:
        _fill(written, Rect(*copy[:4]), True)
    return int(np.count_nonzero(written & ~still)), int(np.count_nonzero(~still))


def _fill(marks: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rect: Rect, value: bool) -> None:
    x, y, w, h = rect
    marks[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)] = value
