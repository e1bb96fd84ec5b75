"""What a hybrid update consists of: sections of tiles, of video and of state, as docs/codecs.md defines them.

`u8 kind, u32 length, body`, little-endian. Kind 1 is a tile update (see `tiles`). Kind 2 is video: `u8 region, u8 flags
(1: key), u16 x, y, w, h`, then one packet. Kind 3 is state: `u8 closed`, with bit n set where region n is closed, then
nothing, or a bit for each tile, the lowest first, that says which count as lossy from then on.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from fanlight.errors import CodecError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Rect, Size, Tiles

TILES: Final = 1
VIDEO: Final = 2
STATE: Final = 3

MOST_REGIONS: Final = 8

_SECTION = struct.Struct("<BI")
_REGION = struct.Struct("<BBHHHH")
_KEY = 1
# Tiles before and after what video brings, the state before and after those, and every region.
_MOST_SECTIONS = MOST_REGIONS + 4


@dataclass(frozen=True, slots=True)
class Video:
    """A section of video: the packet of one region."""

    region: int
    key: bool
    rect: Rect
    packet: memoryview


@dataclass(frozen=True, slots=True)
class State:
    """A section of state: the mask of regions that are closed, and which tiles are lossy if that changes."""

    closed: int
    lossy: Tiles | None


def write_tiles(body: bytes) -> bytes:
    """Write a section that holds a tile update."""
    return _SECTION.pack(TILES, len(body)) + body


def write_video(region: int, rect: Rect, packet: bytes, *, key: bool) -> bytes:
    """Write a section that holds a packet for a region."""
    head = _REGION.pack(region, _KEY if key else 0, *rect)
    return _SECTION.pack(VIDEO, len(head) + len(packet)) + head + packet


def write_state(closed: int, lossy: Tiles | None = None) -> bytes:
    """Write a section that closes regions, and tells a decoder which tiles are lossy."""
    marks = b"" if lossy is None else np.packbits(lossy != 0, bitorder="little").tobytes()
    return _SECTION.pack(STATE, 1 + len(marks)) + bytes([closed]) + marks


def read(update: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the kind and the body of each section."""
    count = 0
    while update:
        count += 1
        if count > _MOST_SECTIONS:
            raise CodecError(f"an update has at most {_MOST_SECTIONS} sections")
        if len(update) < _SECTION.size:
            raise CodecError("an update is cut off in the header of a section")
        kind, length = _SECTION.unpack_from(update)
        body = update[_SECTION.size : _SECTION.size + length]
        if len(body) != length:
            raise CodecError(f"a section says {length} bytes and holds {len(body)}")
        yield kind, body
        update = update[_SECTION.size + length :]


def read_video(body: memoryview, size: Size) -> Video:
    """Read a section of video for a picture of this size."""
    if len(body) <= _REGION.size:
        raise CodecError("a video section is cut off in its header")
    region, flags, *sides = _REGION.unpack_from(body)
    if flags not in (0, _KEY):
        raise CodecError(f"a video section has flags {flags:#x}, which do not exist")
    if region >= MOST_REGIONS:
        raise CodecError(f"a picture has {MOST_REGIONS} video regions at most, and none of number {region}")
    rect = Rect(*sides)
    if not is_region(rect, size):
        raise CodecError(f"the video region at {rect.x},{rect.y} of {rect.w}x{rect.h} does not fit the picture")
    return Video(region, bool(flags & _KEY), rect, body[_REGION.size :])


def is_region(rect: Rect, size: Size) -> bool:
    """Tell whether a rectangle may be a region: inside, with sides that divide by 16 or end with the picture."""
    return (
        rect.w > 0
        and rect.h > 0
        and rect.x % 16 == 0
        and rect.y % 16 == 0
        and (rect.x + rect.w == size[0] or (rect.w % 16 == 0 and rect.x + rect.w < size[0]))
        and (rect.y + rect.h == size[1] or (rect.h % 16 == 0 and rect.y + rect.h < size[1]))
    )


def read_state(body: memoryview, size: Size) -> State:
    """Read a section of state for a picture of this size."""
    rows, columns = tile_kernels.grid(size)
    if len(body) not in (1, 1 + (rows * columns + 7) // 8):
        raise CodecError(f"a state section of {len(body)} bytes is not for this picture")
    if len(body) == 1:
        return State(body[0], None)
    bits = np.unpackbits(np.frombuffer(body[1:], np.uint8), bitorder="little")
    if bits[rows * columns :].any():
        raise CodecError("a state section marks tiles outside of the picture")
    lossy = tile_kernels.no_tiles(size)
    lossy[:] = bits[: rows * columns].reshape(rows, columns)
    return State(body[0], lossy)
