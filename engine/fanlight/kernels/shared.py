"""Pictures in memory that an X server on this machine can map, so that it shows them without a copy in between."""

import mmap
import os
import weakref

import numpy as np

from fanlight.kernels.native import check_size, zeros
from fanlight.types import Image, Size


class SharedMemory(mmap.mmap):
    """Memory with a descriptor, which lives as long as any array on it."""

    descriptor: int


def black_picture(size: Size) -> Image:
    """Make a picture that can be shared; where the system has no such memory, in memory of its own."""
    width, height = check_size(size)
    length = 4 * width * height
    try:
        memory: SharedMemory | None = _shared(length)
    except (AttributeError, OSError):
        memory = None
    flat = zeros(length) if memory is None else np.frombuffer(memory, np.uint8)
    return flat.reshape(height, width, 4)


def descriptor_of(image: Image) -> int | None:
    """Return the descriptor of the memory that a whole picture of `black_picture` begins; None for any other array."""
    memory: object = image
    while isinstance(memory, np.ndarray):
        memory = memory.base
    if isinstance(memory, memoryview):
        memory = memory.obj
    if not isinstance(memory, SharedMemory) or image.nbytes != len(memory) or not image.flags.c_contiguous:
        return None
    return memory.descriptor


def take_pages(descriptor: int, length: int) -> bool:
    """Have all pages of it there, before another process maps them; False where there are not that many.

    One that could not be had later would kill that process with SIGBUS. Before, what is never written to costs nothing.
    """
    try:
        os.posix_fallocate(descriptor, 0, length)
    except OSError:
        return False
    return True


def _shared(length: int) -> SharedMemory:
    descriptor = os.memfd_create("fanlight-picture")
    try:
        os.ftruncate(descriptor, length)
        memory = SharedMemory(descriptor, length)
    except BaseException:
        os.close(descriptor)
        raise
    memory.descriptor = descriptor
    weakref.finalize(memory, os.close, descriptor)
    return memory
