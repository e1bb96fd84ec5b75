"""What the other kernel modules share: arrays to pointers, results to exceptions."""

import contextlib
import errno
import mmap
import os
from typing import Any, Final, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from fanlight._native import ffi
from fanlight.errors import CodecError, FanlightError, UsageError
from fanlight.types import MAX_PIXELS, MAX_SIDE, TILE, Image, Size, Tiles

_LARGE_PAGE: Final = 1 << 21
_BYTE: Final = np.dtype(np.uint8)

_ERRORS: Final[dict[int, type[FanlightError]]] = {errno.EINVAL: UsageError, errno.EBADMSG: CodecError}
_MEANINGS: Final[dict[int, str]] = {
    errno.EINVAL: "the arguments do not fit the picture",
    errno.EBADMSG: "the bytes are damaged or were made to do harm",
}


class Picture(NamedTuple):
    """A checked picture as the native core takes it; the array must outlive it."""

    pixels: Any
    stride: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.width, self.height


def check(result: int, what: str) -> int:
    """Return a native result, or raise the error it stands for: `what` did not work."""
    if result >= 0:
        return result
    meaning = _MEANINGS.get(-result, os.strerror(-result))
    raise _ERRORS.get(-result, FanlightError)(f"{what} failed: {meaning}")


def check_size(size: Size) -> Size:
    """Return a size that pictures may have, or raise UsageError."""
    width, height = size
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UsageError(
            f"a picture has sides of 1 to {MAX_SIDE} and at most {MAX_PIXELS} pixels, not {width} x {height}"
        )
    return width, height


def grid(size: Size) -> tuple[int, int]:
    """Return the rows and columns of tiles that cover a picture."""
    width, height = check_size(size)
    return -(-height // TILE), -(-width // TILE)


def zeros(length: int) -> NDArray[np.uint8]:
    """Make memory of which what is never written to costs nothing, in large pages where the system has them.

    Tiles are walked across rows, each of which lies in another page of the usual size. What numpy gets of malloc has
    large pages only as long as nothing large was freed before.
    """
    memory = mmap.mmap(-1, length + _LARGE_PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):  # A system without large pages has small ones.
        memory.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, np.uint8)
    start = -whole.ctypes.data % _LARGE_PAGE
    return whole[start : start + length]


def read_picture(image: Image, name: str) -> Picture:
    """Check a picture to read from."""
    if not _is_picture(image):
        raise UsageError(f"{name} must be (height, width, 4) uint8 with contiguous rows, not {_describe(image)}")
    height, width, _ = image.shape
    check_size((width, height))
    # The stride of a single row says nothing, and numpy may put anything there.
    stride = image.strides[0] if height > 1 else 4 * width
    return Picture(_pointer("uint8_t *", image), stride, width, height)


def write_picture(image: Image, name: str) -> Picture:
    """Check a picture to write to."""
    picture = read_picture(image, name)
    _check_writable(image, name)
    return picture


def check_same_size(one: Picture, other: Picture) -> None:
    """Raise UsageError if two pictures differ in size."""
    if one.size != other.size:
        raise UsageError(f"the pictures must have one size, not {one.size} and {other.size}")


def read_tiles(tiles: Tiles, size: Size) -> Any:
    """Check tile marks to read, for a picture of this size."""
    return _plane(tiles, np.uint8, "uint8_t *", grid(size), "tiles")


def write_tiles(tiles: Tiles, size: Size) -> Any:
    """Check tile marks to write, for a picture of this size."""
    pointer = read_tiles(tiles, size)
    _check_writable(tiles, "tiles")
    return pointer


def write_plane(plane: NDArray[np.uint8], size: Size, name: str) -> tuple[Any, int]:
    """Check a plane of one byte a sample to write to; return its pointer and stride."""
    width, height = size
    if not isinstance(plane, np.ndarray) or plane.dtype != np.uint8 or plane.shape != (height, width):
        raise UsageError(f"{name} must be a uint8 array of shape {(height, width)}, not {_describe(plane)}")
    row, sample = plane.strides
    if (width > 1 and sample != 1) or (height > 1 and row < width):
        raise UsageError(f"{name} must have contiguous rows, not {_describe(plane)}")
    _check_writable(plane, name)
    return _pointer("uint8_t *", plane), row if height > 1 else width


def write_hashes(hashes: NDArray[np.uint64], size: Size) -> Any:
    """Check an array for tile hashes, for a picture of this size."""
    pointer = _plane(hashes, np.uint64, "uint64_t *", grid(size), "out")
    _check_writable(hashes, "out")
    return pointer


def array_of(kind: str, values: list[tuple[int, ...]]) -> Any:
    """Make a C array of structs; a UsageError for numbers that do not fit."""
    try:
        return ffi.new(f"{kind}[]", values)
    except (OverflowError, TypeError, ValueError) as error:
        raise UsageError(f"these are not whole numbers of at most 32 bits: {error}") from error


def _is_picture(image: object) -> TypeGuard[Image]:
    # Mostly it is the very one, and to compare two types takes numpy longer than all the rest.
    if not isinstance(image, np.ndarray) or (image.dtype is not _BYTE and image.dtype != _BYTE) or image.ndim != 3:
        return False
    height, width, channels = image.shape
    row, pixel, channel = image.strides
    return channels == 4 and channel == 1 and (width <= 1 or pixel == 4) and (height <= 1 or row >= 4 * width)


def _plane(array: NDArray[Any], dtype: type[np.generic], pointer: str, shape: tuple[int, int], name: str) -> Any:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        raise UsageError(f"{name} must be a {np.dtype(dtype)} array of shape {shape}, not {_describe(array)}")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise UsageError(f"{name} must be contiguous and aligned")
    return _pointer(pointer, array)


def _check_writable(array: NDArray[Any], name: str) -> None:
    if not array.flags.writeable:
        raise UsageError(f"{name} is written to, but the array is read-only")


def _pointer(kind: str, array: NDArray[Any]) -> Any:
    if array.flags.c_contiguous:
        return ffi.from_buffer(kind, array)
    # A view's address is only to be had through a dictionary, which takes ten times as long.
    return ffi.cast(kind, array.__array_interface__["data"][0])


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape} and strides {value.strides}"
    return type(value).__name__
