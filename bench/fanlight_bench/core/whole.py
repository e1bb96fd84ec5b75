"""A picture of which every pixel changed: what compares, copies and hashes it, beside one memcpy.

Beside it stand what it takes when moves are looked for too, and what no such work can go below: to read both pictures
and write one.
"""

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

_MOVES = 16

Work = Callable[[Image], None]


def measure(task: Task) -> Figures:
    """Take over one of two pictures after the other, and copy one, in turns."""
    size = task.sizes[0]
    pictures = [next(workloads.frames("full-change", size, 1, seed=seed)).copy() for seed in (1, 2)]
    with_nv12 = task.workload == WITH_NV12
    mine, memcpy = _in_turns(taking(size, with_nv12=with_nv12), pictures, task.samples)
    searching = _in_turns(taking(size, with_nv12=with_nv12, limit=_MOVES), pictures, task.samples)
    traffic = _in_turns(_traffic(size), pictures, task.samples)
    return {
        "time": once(1000 * statistics.median(mine), "ms"),
        "memcpy": once(1000 * statistics.median(memcpy), "ms"),
        "in memcpys": once(statistics.median(ratios(mine, memcpy)), "M"),
        "with a search for moves": once(statistics.median(ratios(*searching)), "M"),
        "to read two and write one": once(statistics.median(ratios(*traffic)), "M"),
    }


def _in_turns(work: Work, pictures: list[Image], samples: int) -> tuple[list[float], list[float]]:
    """Return how long the work takes with one picture after the other, and a copy beside each."""
    spare = [picture.copy() for picture in pictures]
    mine, memcpy = [], []
    for turn in range(1 + samples):
        mine.append(_seconds(functools.partial(work, pictures[turn % 2])))
        memcpy.append(_seconds(functools.partial(np.copyto, spare[turn % 2], spare[(turn + 1) % 2])))
    return mine[1:], memcpy[1:]


def _traffic(size: Size) -> Work:
    kept = np.zeros((size[1], size[0], 4), np.uint8)
    words = kept.reshape(-1).view(np.uint64)

    def pass_over(picture: Image) -> None:
        np.bitwise_xor(picture.reshape(-1).view(np.uint64), words, out=words)

    return pass_over


def taking(size: Size, with_nv12: bool, limit: int = 0) -> Work:
    """Return what an encoder does with a picture that is new all over, looking for at most `limit` moves."""
    shadow = Shadow(size)
    marks = tiles.all_tiles(size)
    convert = _planes(size) if with_nv12 else None

    def take(picture: Image) -> None:
        marks.fill(1)
        shadow.find(picture, marks, limit=limit)
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
