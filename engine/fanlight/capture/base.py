"""What every way of capturing a screen promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from fanlight.kernels.x11 import Screen
from fanlight.types import CursorShape, Frame, Monitor, PointerPlace, Size


class Capture(ABC):
    """A source of frames for one consumer thread; `wake` and `close` may be called from any other.

    A Frame's image stays as it is until `next` returns another Frame. Damage that comes while the consumer is busy
    merges. The first frame, and the first after a resize, is damaged all over.
    """

    backend: str
    fallback: str | None = None
    """Why a better backend, or way of reading, was not taken."""
    how: str = ""
    """Where the pixels come from, in words."""
    last: Frame | None = None
    """The frame that came last, by `next` or by `Encoder.encode_next`."""
    screen: Screen | None = None
    """The native capture behind it, where there is one."""

    @property
    @abstractmethod
    def size(self) -> Size:
        """Of the frame that comes next."""

    @abstractmethod
    def next(self, timeout: float | None = None) -> Frame | None:
        """Wait for a frame, at most `timeout` seconds.

        None: the time is over, `wake` was called, or only the pointer changed. CaptureError: the source is gone.
        """

    @abstractmethod
    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""

    @property
    def cursor(self) -> CursorShape | None:
        """The pointer's shape; another object only when the shape changed."""
        return None

    @property
    def pointer(self) -> PointerPlace | None:
        """Where the pointer stands; None where that is outside, or not known."""
        return None

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors that the screen has now; none where the backend knows of none."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """End the capture: who waits in `next` gets a CaptureError. Images that it gave stay readable."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            frame = self.next(None)
            if frame is not None:
                yield frame
