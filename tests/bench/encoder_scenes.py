"""Tiny scenes, and encoders that misbehave in one known way; importable also by workers on a cluster."""

import time

import numpy as np

from fanlight.codec import Encoder, Update, open_encoder
from fanlight.errors import CodecError, EncoderError
from fanlight.types import Frame, Rect

SIZE = (128, 96)


def moving(workload, size, count):
    """A bright block that moves to a new place with every frame, over one array that is used again and again."""
    image = np.zeros((size[1], size[0], 4), np.uint8)
    for number in range(count):
        image[...] = (30, 60, 90, number)
        x, y = number * 16 % size[0], number * 16 // size[0] * 16 % size[1]
        image[y : y + 16, x : x + 16, :3] = 250
        yield image


def seldom(workload, size, count):
    """The same, with each frame shown three times."""
    for number, image in enumerate(moving(workload, size, count)):
        if number * 3 >= count:
            return
        for _ in range(3):
            yield image


def still(workload, size, count):
    """One picture of text, for ever."""
    image = np.full((size[1], size[0], 4), 255, np.uint8)
    image[10:60:4, 10:90:3, :3] = 0
    for _ in range(count):
        yield image


def broken(workload, size, count):
    """A source that fails at once."""
    raise RuntimeError("the source broke")


class Wrapped(Encoder):
    """An encoder round the honest tiles."""

    name = "tiles"

    def __init__(self, size):
        super().__init__(size)
        self.inner = open_encoder("tiles", size)
        self.count = -1

    def _encode(self, frame):
        self.count += 1
        return self.work(Frame(frame.image, (Rect(0, 0, *self.size),), frame.damaged_at, frame.captured_at))

    def work(self, frame):
        return self.inner.encode(frame)

    pending = False
    digest = None

    def refresh(self):
        self.inner.refresh()


class DropsEverySecond(Wrapped):
    def work(self, frame):
        return self.inner.encode(frame) if self.count % 2 == 0 else Update()


class Sleeps(Wrapped):
    def work(self, frame):
        time.sleep(0.02)
        return self.inner.encode(frame)


class TwoFramesLate(Wrapped):
    def __init__(self, size):
        super().__init__(size)
        self.held = []

    def work(self, frame):
        self.held.append(self.inner.encode(frame))
        return self.held.pop(0) if len(self.held) > 2 else Update()


class RepeatsTheFirst(Wrapped):
    """Sends bytes for every frame, and always the same picture."""

    def work(self, frame):
        if self.count == 0:
            self.first = self.inner.encode(frame)
        return self.first


class FailsAtWork(Wrapped):
    def work(self, frame):
        raise EncoderError("the device went away")


def opener(kind):
    """Make an `open_encoder` that knows one encoder."""
    return lambda name, size, **options: kind(size)


def cannot_open(name, size, **options):
    raise EncoderError("there is no such device")


class Refuses:
    def __init__(self, name, size):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def decode(self, update):
        raise CodecError("these bytes make no picture")
