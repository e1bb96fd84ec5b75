"""The values every layer shares; all frozen, none with behaviour that could fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""A picture of shape (height, width, 4), uint8, BGRX; the X byte carries no meaning."""

TILE: Final = 64
"""The side of a tile, in pixels."""

Tiles: TypeAlias = NDArray[np.uint8]
"""One byte for each 64x64 tile, shape (rows, columns), C-contiguous; non-zero means marked."""

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

MAX_SIDE = 16_384
MAX_PIXELS = 8_192 * 8_192


class Rect(NamedTuple):
    """A rectangle in pixels, origin at the top left; w and h are never negative."""

    x: int
    y: int
    w: int
    h: int


class Move(NamedTuple):
    """A rectangle of pixels at (x, y) that stood at (src_x, src_y) before."""

    x: int
    y: int
    w: int
    h: int
    src_x: int
    src_y: int


class Pixels(NamedTuple):
    """Pixels that an update wrote, by operation: moved from elsewhere, exact tiles, lossy video."""

    copy: int = 0
    tiles: int = 0
    video: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """Take the three from an encoder's counts; an operation that is not named wrote none."""
        return cls(counts.get("copy", 0), counts.get("tiles", 0), counts.get("video", 0))


class Frame(NamedTuple):
    """A captured picture; equal to itself alone.

    `image` is a view that the capture owns: it is valid until the next frame is taken.
    `damage` is what may have changed since the frame before, clipped to the picture.
    `damaged_at` and `captured_at` are `time.monotonic()` seconds: the first damage in it, and the end of the read.
    `marks` are the tiles whose pixels differ from the frame before, as far as the capture compares; where it does not,
    `compare` makes it do so from then on. Ask for `changed`.
    """

    image: Image
    damage: tuple[Rect, ...]
    damaged_at: float
    captured_at: float
    marks: Tiles | None = None
    compare: Callable[[], None] | None = None

    @property
    def changed(self) -> Tiles:
        """The tiles whose pixels differ from the frame before, all of them in the first frame of a size.

        A capture that reads in place begins to compare when it is asked this for the first time, and from then on gives
        no frame in which no pixel changed. Before, and of a frame that no capture made, it is the tiles of `damage`.
        """
        if self.marks is not None:
            return self.marks
        if self.compare is not None:
            self.compare()
        return self._damaged()

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        height, width, _ = self.image.shape
        return width, height

    def _damaged(self) -> Tiles:
        width, height = self.size
        marks = np.zeros((-(-height // TILE), -(-width // TILE)), np.uint8)
        for x, y, w, h in self.damage:
            if w and h:
                marks[y // TILE : (y + h - 1) // TILE + 1, x // TILE : (x + w - 1) // TILE + 1] = 1
        return marks

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True)
class CursorShape:
    """The pointer's picture: `pixels` is width * height * 4 bytes, BGRA, premultiplied."""

    width: int
    height: int
    hot_x: int
    hot_y: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class PointerPlace:
    """Where the host's pointer stands, in pixels of the picture."""

    x: int
    y: int


class Monitor(NamedTuple):
    """A part of the screen that a person calls a monitor."""

    name: str
    area: Rect
    primary: bool


class Permission(StrEnum):
    """A right that a session may hold; the values are the names used by commands and messages."""

    # Rights are looked up with every message; Enum's own hash is a call into Python.
    __hash__ = str.__hash__

    VIEW = "view"
    AUDIO = "audio"
    CONTROL = "control"
    CLIPBOARD = "clipboard"
    CLIPBOARD_FILES = "clipboard-files"
    BLOCK_INPUT = "block-input"
    RESTART = "restart"
    FILES = "files"
    LOCK_ON_END = "lock-on-end"
    SYSTEM_INFO = "system-info"
    PRINT = "print"
    DRAW = "draw"
    TUNNELS = "tunnels"
    PRIVACY = "privacy"
    POINTER = "pointer"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or IP address and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
