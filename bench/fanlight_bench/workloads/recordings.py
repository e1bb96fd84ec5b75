"""Frames out of a file: a video by FFmpeg, or an .npy array of shape (frames, height, width, 3 or 4), BGR or BGRX.

Both begin anew at their end. What cannot be read is a UsageError in one sentence.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fanlight.errors import UsageError
from fanlight.types import Image, Size


class Recording(ABC):
    """An endless sequence of frames; a context manager."""

    @abstractmethod
    def next(self, within: Size | None = None) -> Image:
        """Return the next frame as BGRX, no larger than `within`: a video is scaled to fit, an array is cut."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_recording(path: Path) -> Recording:
    """Open a video or an .npy file."""
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    return _Array(path) if path.suffix == ".npy" else _Video(path)


class _Array(Recording):
    def __init__(self, path: Path) -> None:
        try:
            self._frames: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise UsageError(f"{path} cannot be read as an array of frames: {error}.") from error
        shape = self._frames.shape
        if self._frames.dtype != np.uint8 or len(shape) != 4 or shape[3] not in (3, 4) or 0 in shape:
            raise UsageError(
                f"{path} holds {self._frames.dtype} of shape {shape}; "
                "frames are uint8 of shape (frames, height, width, 3 or 4)."
            )
        self._at = 0

    def next(self, within: Size | None = None) -> Image:
        frame = self._frames[self._at]
        self._at = (self._at + 1) % len(self._frames)
        if within is not None:
            frame = frame[: within[1], : within[0]]
        picture = np.zeros((*frame.shape[:2], 4), np.uint8)
        picture[..., :3] = frame[..., :3]
        return picture

    def close(self) -> None:
        del self._frames


class _Video(Recording):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame] = iter(())

    def next(self, within: Size | None = None) -> Image:
        try:
            frame = self._next_frame()
            width, height = _fit((frame.width, frame.height), within)
            return picture_of(frame.reformat(width, height))
        except (av.FFmpegError, StopIteration) as error:
            raise UsageError(f"{self._path} does not decode as a video{_reason(error)}.") from error

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _next_frame(self) -> VideoFrame:
        frame = next(self._frames, None)
        if frame is None:
            self._begin()
            frame = next(self._frames)
        return frame

    def _begin(self) -> None:
        self.close()
        self._container = av.open(str(self._path))
        if self._container.streams.video:
            self._frames = self._container.decode(video=0)


def picture_of(frame: VideoFrame) -> Image:
    """Return a decoded frame as BGRX."""
    picture: Image = frame.to_ndarray(format="bgra").astype(np.uint8, copy=False)
    return picture


def _fit(size: Size, within: Size | None) -> Size:
    if within is None:
        return size
    scale = min(within[0] / size[0], within[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _reason(error: Exception) -> str:
    return f": {error.strerror}" if isinstance(error, av.FFmpegError) and error.strerror else ""
