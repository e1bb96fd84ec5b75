"""The ways that people put together by hand: every frame is grabbed whole and encoded whole, sixty times a second.

The encoder is an x264 context with fanlight's own options, so that what differs is the way to it. The colours are
converted by FFmpeg's swscale, as they are where people do this; or by fanlight's own kernels, which shows how much of a
difference that makes.
"""

import dataclasses
import time
from collections.abc import Iterator

import av
import mss
import numpy as np

from fanlight.codec.profiles import H264, Profile
from fanlight.codec.video import VideoWriter
from fanlight.types import Image, Rect
from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.measure import Pipeline, Step

BY_SWSCALE = dataclasses.replace(H264, source="yuv420p")
"""Fanlight has kernels for NV12 and 4:4:4 alone, so this is converted by FFmpeg, on as many threads as x264 has."""


class MssPipeline(Pipeline):
    """`mss` grabs, PyAV encodes."""

    def __init__(self, task: Task) -> None:
        self._area = {"left": 0, "top": 0, "width": task.width, "height": task.height}
        self._grabber = mss.MSS(display=task.display)
        self._writer = VideoWriter(BY_SWSCALE, (task.width, task.height))
        self._interval = 1 / task.rate
        self._due = time.monotonic()
        self._key = True

    def step(self, timeout: float) -> Step:
        """Grab when the next frame is due, and encode; there is always an update."""
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = max(self._due + self._interval, time.monotonic())
        shot = self._grabber.grab(self._area)
        image: Image = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        step = _encode(self._writer, image, self._key)
        self._key = False
        return step


class X11GrabPipeline(Pipeline):
    """FFmpeg's x11grab grabs, inside PyAV as well; it keeps the rate itself."""

    def __init__(self, task: Task, profile: Profile = BY_SWSCALE) -> None:
        options = {"framerate": str(task.rate), "video_size": f"{task.width}x{task.height}", "draw_mouse": "0"}
        self._container = av.open(task.display, format="x11grab", options=options)
        self._frames: Iterator[av.VideoFrame] = self._container.decode(video=0)
        self._writer = VideoWriter(profile, (task.width, task.height))
        self._key = True

    def step(self, timeout: float) -> Step:
        """Take the next frame and encode it; there is always an update."""
        frame = next(self._frames)
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size // 4, 4)
        step = _encode(self._writer, rows[: frame.height, : frame.width], self._key)
        self._key = False
        return step


def _encode(writer: VideoWriter, image: Image, key: bool) -> Step:
    began = time.monotonic()
    writer.note((Rect(0, 0, image.shape[1], image.shape[0]),))
    packet, _ = writer.encode(image, key=key)
    return Step(len(packet), time.monotonic() - began, encoded=image.shape[0] * image.shape[1])
