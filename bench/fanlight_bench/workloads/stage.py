"""Where a workload is drawn together with its clock: on memory for encoders, or on a window's surface."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pygame
from numpy.typing import NDArray

from fanlight.types import Rect, Size
from fanlight_bench import clock
from fanlight_bench.workloads.base import Workload, new_surface, pixels
from fanlight_bench.workloads.catalog import create


class Stage:
    """A workload on a surface. `drawn` counts what the clock calls its sequence, `micros` is what it shows."""

    def __init__(self, workload: Workload, surface: pygame.Surface) -> None:
        self._workload = workload
        self._surface = surface
        self._corners = [pygame.Rect(corner) for corner in clock.corners(workload.size)]
        self.drawn = 0
        self.micros = 0

    def draw(self, n: int, micros: Callable[[], int]) -> list[pygame.Rect]:
        """Draw frame `n`, then the clock with the time that `micros` tells; return what changed."""
        if n == 0:
            self._workload.draw_first(self._surface)
            changed = [self._surface.get_rect()]
        else:
            changed = self._workload.draw_next(self._surface, n)
        if not changed:
            return changed
        self.micros = micros()
        clock.draw(pixels(self._surface), self.micros, self.drawn)
        self.drawn += 1
        return changed if n == 0 else changed + self._corners


def offscreen(
    name: str, size: Size, count: int, seed: int, rate: float, region: Rect | None
) -> Iterator[NDArray[np.uint8]]:
    """Draw frames 0 to `count` - 1 into memory; the clock shows the time at which each is due."""
    workload = create(name, size, rate, seed, region)
    surface = new_surface(size)
    stage = Stage(workload, surface)
    image = np.empty((size[1], size[0], 4), np.uint8)
    due: int | None = 0
    try:
        for n in range(count):
            if n == due:
                if stage.draw(n, partial(_due_micros, n, rate)):
                    np.copyto(image, pixels(surface))
                due = workload.next_frame(n)
            yield image
    finally:
        workload.close()


def _due_micros(n: int, rate: float) -> int:
    return int(n * 1_000_000 / rate)
