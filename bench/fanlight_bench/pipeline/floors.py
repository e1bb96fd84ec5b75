"""What no way can beat: copying a frame once, having the X server hand over a whole one, and capturing nothing."""

import time

import numpy as np
from mss.linux.base import ALL_PLANES
from mss.linux.xcbgen import ImageFormat, shm_get_image
from mss.linux.xshmgetimage import MSSImplXShmGetImage

from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.measure import Pipeline, Step

# More frames than any cache holds.
_FRAMES = 4


class CopyPipeline(Pipeline):
    """One memcpy of a frame, over and over, out of memory that no cache holds."""

    def __init__(self, task: Task) -> None:
        shape = (_FRAMES, task.height, task.width, 4)
        self._sources, self._targets = np.ones(shape, np.uint8), np.ones(shape, np.uint8)
        self._turn = 0

    def step(self, timeout: float) -> Step:
        """Copy one frame."""
        self._turn = (self._turn + 1) % _FRAMES
        began = time.monotonic()
        np.copyto(self._targets[self._turn], self._sources[self._turn])
        return Step(0, time.monotonic() - began)


class GetImagePipeline(Pipeline):
    """One XShmGetImage of the whole screen, over and over, into memory that stays where it is."""

    def __init__(self, task: Task) -> None:
        # Its segment and connection, but not its `grab`, which would copy the picture once more.
        self._grabber = grabber = MSSImplXShmGetImage(display=task.display)
        assert grabber.conn is not None
        assert grabber._shmseg is not None
        self._connection, self._segment = grabber.conn, grabber._shmseg
        self._area = (0, 0, task.width, task.height)

    def step(self, timeout: float) -> Step:
        """Ask for one frame, and wait for it."""
        whole = (self._grabber.drawable, *self._area, ALL_PLANES, ImageFormat.ZPixmap)
        began = time.monotonic()
        shm_get_image(self._connection, *whole, self._segment, 0)
        return Step(0, time.monotonic() - began)


class NothingPipeline(Pipeline):
    """Nothing is captured: what the X server uses then, it uses for the workload."""

    def __init__(self, task: Task) -> None:
        pass

    def step(self, timeout: float) -> None:
        """Let time go by."""
        time.sleep(timeout)
