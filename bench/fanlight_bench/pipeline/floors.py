"""What no way can beat: a frame copied, compared or asked of the X server; encoding alone, and capturing nothing."""

import time

import av
import numpy as np
from mss.linux.base import ALL_PLANES
from mss.linux.xcbgen import ImageFormat, shm_get_image
from mss.linux.xshmgetimage import MSSImplXShmGetImage

from fanlight.codec.feeding import Feed
from fanlight.codec.profiles import H264
from fanlight.codec.video import VideoWriter
from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.shadow import Shadow
from fanlight.types import Image, Rect
from fanlight_bench import workloads
from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.measure import Pipeline, Step

# More frames than any cache holds.
_FRAMES = 4
_PICTURES = 16


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


class ComparePipeline(Pipeline):
    """Two pictures compared that are the same, as often as the workload draws, which puts them out of the caches."""

    def __init__(self, task: Task) -> None:
        size = task.width, task.height
        self._before, self._after = (Shadow(size).image for _ in range(2))
        for image in (self._before, self._after):
            image[:] = 1
        self._marks = tile_kernels.all_tiles(size)
        self._interval = 1 / task.rate
        self._due = time.monotonic()

    def step(self, timeout: float) -> Step | None:
        """Wait until it is time, and compare once."""
        wait = self._due - time.monotonic()
        time.sleep(max(0.0, min(wait, timeout)))
        if wait > timeout:
            return None
        self._due = max(self._due + self._interval, time.monotonic())
        self._marks[:] = 1
        began = time.monotonic()
        left = tile_kernels.compare(self._before, self._after, self._marks)
        assert not left
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


class ReadyWriter(VideoWriter):
    """An encoder that is fed frames which have been converted long before."""

    def encode_ready(self, frame: av.VideoFrame) -> int:
        """Return how many bytes the packet has."""
        frame.pts = self._fed
        self._fed += 1
        return sum(packet.size for packet in self._feed_encoder(frame))


class EncodePipeline(Pipeline):
    """x264 alone, with fanlight's options, on pictures of `full-change` that are ready as NV12, over and over."""

    def __init__(self, task: Task) -> None:
        size = task.width, task.height
        self._frames = [_converted(image) for image in workloads.frames("full-change", size, _PICTURES)]
        self._writer = ReadyWriter(H264, size)
        self._turn = 0

    def step(self, timeout: float) -> Step:
        """Encode one picture."""
        self._turn = (self._turn + 1) % _PICTURES
        frame = self._frames[self._turn]
        began = time.monotonic()
        length = self._writer.encode_ready(frame)
        return Step(length, time.monotonic() - began, encoded=frame.width * frame.height)


def _converted(image: Image) -> av.VideoFrame:
    size = image.shape[1], image.shape[0]
    feed = Feed(H264, size)
    feed.note((Rect(0, 0, *size),))
    return feed.frame(image)


class NothingPipeline(Pipeline):
    """Nothing is captured: what the X server uses then, it uses for the workload."""

    def __init__(self, task: Task) -> None:
        pass

    def step(self, timeout: float) -> None:
        """Let time go by."""
        time.sleep(timeout)
