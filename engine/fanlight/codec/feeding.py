"""What a video encoder is fed: one frame of its own that follows the picture, converted only where that changed.

NV12 and 4:4:4 are written by our kernels, straight into the frame's planes. FFmpeg does not copy what it takes, so
this is for encoders that are done with a frame when they have returned its packet; one that may hold frames back gets a
new one each time. That, and every other format, is converted whole, by swscale.
"""

from collections.abc import Callable, Iterable

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from fanlight.codec.profiles import THREADS, Profile
from fanlight.kernels import planes as plane_kernels
from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.planes import Plane
from fanlight.types import Image, Rect, Size, Tiles


class Feed:
    """The frame of one encoder, at the profile's coded size; what is beyond the picture repeats its last pixels."""

    def __init__(self, profile: Profile, size: Size) -> None:
        self._profile = profile
        self._size = size
        coded = profile.coded_size(size)
        self._canvas = None if coded == size else np.zeros((coded[1], coded[0], 4), np.uint8)
        self._stale = tile_kernels.all_tiles(coded)
        self._reformatter = VideoReformatter()
        self._frame = av.VideoFrame(*coded, profile.source)
        self._write = _writer(profile, self._frame)

    def note(self, damage: Iterable[Rect]) -> None:
        """Say where the picture may have changed since the last `frame`."""
        # What is added lies in the same tiles as the pixels that it repeats, since both sizes divide by 16 or 2.
        tile_kernels.mark(self._stale, damage, self._coded)

    def frame(self, image: Image) -> av.VideoFrame:
        """Return the frame that shows the picture now: the same object every time, where we write it ourselves."""
        source = self._on_canvas(image)
        if self._write is None:
            return self._convert(source)
        self._write(source, self._stale)
        self._stale[:] = 0
        return self._frame

    @property
    def _coded(self) -> Size:
        return self._frame.width, self._frame.height

    def _convert(self, source: Image) -> av.VideoFrame:
        return self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(source, "bgra"),
            format=self._profile.source,
            dst_colorspace=self._profile.matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.AREA,
            threads=THREADS,
        )

    def _on_canvas(self, image: Image) -> Image:
        if self._canvas is None:
            return image
        width, height = self._size
        self._canvas[:height, :width] = image
        self._canvas[:height, width:] = self._canvas[:height, width - 1 : width]
        self._canvas[height:] = self._canvas[height - 1]
        return self._canvas


def _writer(profile: Profile, frame: av.VideoFrame) -> Callable[[Image, Tiles], None] | None:
    """Return what writes marked tiles to the frame's planes, where that is possible."""
    if profile.may_delay or profile.matrix != Colorspace.ITU709:
        return None
    if profile.source == "nv12":
        luma, chroma = _plane(frame, 0, frame.width), _plane(frame, 1, frame.width)
        return lambda image, tiles: plane_kernels.nv12(image, tiles, luma, chroma)
    if profile.source == "yuv444p":
        y, cb, cr = (_plane(frame, index, frame.width) for index in range(3))
        return lambda image, tiles: plane_kernels.yuv444(image, tiles, (y, cb, cr))
    return None


def _plane(frame: av.VideoFrame, index: int, width: int) -> Plane:
    plane = frame.planes[index]
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[:, :width]
