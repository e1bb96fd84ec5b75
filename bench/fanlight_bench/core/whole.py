"""A picture of which every pixel changed: one pass that compares, copies and hashes, beside one memcpy."""

import functools
import statistics
import time
from collections.abc import Callable

import numpy as np

from fanlight.kernels import planes, tiles
from fanlight.kernels.shadow import Shadow
from fanlight.types import Image, Size
from fanlight_bench import workloads
from fanlight_bench.core.task import Figures, Task, once, ratios

WITH_NV12 = "nv12"
"""The task's workload where the planes of an encoder's frame are made too."""

Work = Callable[[Image], None]


def measure(task: Task) -> Figures:
    """Take over one of two pictures after the other, and copy one, in turns."""
    size = task.sizes[0]
    pictures = [next(workloads.frames("full-change", size, 1, seed=seed)).copy() for seed in (1, 2)]
    work = taking(size, with_nv12=task.workload == WITH_NV12)
    spare = [picture.copy() for picture in pictures]
    mine, memcpy = [], []
    for turn in range(1 + task.samples):
        mine.append(_seconds(functools.partial(work, pictures[turn % 2])))
        memcpy.append(_seconds(functools.partial(np.copyto, spare[turn % 2], spare[(turn + 1) % 2])))
    return {
        "time": once(1000 * statistics.median(mine[1:]), "ms"),
        "memcpy": once(1000 * statistics.median(memcpy[1:]), "ms"),
        "in memcpys": once(statistics.median(ratios(mine[1:], memcpy[1:])), "M"),
    }


def taking(size: Size, with_nv12: bool) -> Work:
    """Return what an encoder does with a picture that is new all over."""
    shadow = Shadow(size)
    marks = tiles.all_tiles(size)
    convert = _planes(size) if with_nv12 else None

    def take(picture: Image) -> None:
        marks.fill(1)
        # Without a search: nothing moves between two photographs, and motion has lines of its own.
        shadow.find(picture, marks, limit=0)
        shadow.take(picture, marks)
        _ = shadow.digest
        if convert is not None:
            convert(picture)

    return take


def _planes(size: Size) -> Work:
    """Return what makes the planes of an encoder's frame from a picture."""
    width, height = (side + side % 2 for side in size)
    luma, chroma = np.empty((height, width), np.uint8), np.empty((height // 2, width), np.uint8)
    marks = tiles.all_tiles(size)
    return lambda picture: planes.nv12(picture, marks, luma, chroma)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
