"""A sequence of frames in memory, with what is known of it beforehand, so that no encoder's time pays for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from fanlight.errors import UsageError
from fanlight.types import Frame, Image, Rect, Size
from fanlight_bench import quality, workloads

RATE = 60
"""Frames a second that the frames' times say."""

Source = Callable[[str, Size, int], Iterator[NDArray[np.uint8]]]

# A workload that seldom changes is drawn for longer, and at most this many times as long.
_MOST_DRAWN = 12
_START = 1_000.0
_CAPTURE_SECONDS = 0.001
# SSIM and text take long: they are judged on some frames, the last among them.
_SAMPLES = 8
# Whether a picture shows one frame or the next is told by every fourth pixel: clock cells are twice as large.
_PROBE_STEP = 4


@dataclass(frozen=True)
class Scene:
    """Frames one 1/60 s apart. Each that differs from the one before says that all of it may have changed.

    A frame that shows nothing new is the same array as the one before.
    """

    images: tuple[Image, ...]

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.images[0].shape[1], self.images[0].shape[0]

    @cached_property
    def changed(self) -> tuple[bool, ...]:
        """Whether each frame shows something new; the first does."""
        return (True, *(before is not after for before, after in zip(self.images, self.images[1:], strict=False)))

    @cached_property
    def changes(self) -> int:
        """How many frames show something new: what time, bytes and quality are stated for."""
        return sum(self.changed)

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The frames as a capture gives them; one that shows nothing new has no damage."""
        whole = (Rect(0, 0, *self.size),)
        times = (_START + number / RATE for number in range(len(self.images)))
        return tuple(
            Frame(image, whole if changed else (), at, at + _CAPTURE_SECONDS)
            for image, changed, at in zip(self.images, self.changed, times, strict=True)
        )

    @cached_property
    def samples(self) -> dict[int, NDArray[np.bool_]]:
        """The numbers of the frames that are judged closely, each with its sharpest pixels."""
        changes = np.flatnonzero(self.changed)
        chosen = changes[np.unique(np.linspace(0, len(changes) - 1, _SAMPLES).round().astype(int))]
        return {int(number): quality.sharpest(self.images[number]) for number in chosen}

    @cached_property
    def probes(self) -> tuple[NDArray[np.float32], ...]:
        """Every frame in a sixteenth of its pixels, a black one before the first."""
        first = np.zeros_like(self.images[0])
        return tuple(probe(image) for image in (first, *self.images))


def probe(image: Image) -> NDArray[np.float32]:
    """Take the pixels by which a picture is recognised."""
    return image[::_PROBE_STEP, ::_PROBE_STEP, :3].astype(np.float32)


@lru_cache(maxsize=1)
def load(source: Source, workload: str, size: Size, count: int) -> Scene:
    """Draw until `count` frames show something new, or return the scene drawn last.

    Cases of one scene are measured one after another, so that one is enough to keep.
    """
    images: list[Image] = []
    changes = 0
    for image in source(workload, size, count * _MOST_DRAWN):
        if images and np.array_equal(image[..., :3], images[-1][..., :3]):
            images.append(images[-1])
            continue
        images.append(image.copy())
        changes += 1
        if changes == count:
            break
    if not images:
        raise UsageError(f"{workload} has no frame")
    return Scene(tuple(images))


def from_workloads(workload: str, size: Size, count: int) -> Iterator[NDArray[np.uint8]]:
    """Draw a workload's frames."""
    return workloads.frames(workload, size, count, rate=RATE)
