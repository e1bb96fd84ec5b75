"""What the tests of the tile stream share: both decoders side by side, operations written by hand, and both ends."""

import struct

import numpy as np
from hypothesis import settings
from kernel_cases import Canvas, picture
from reference_stream import (
    COPY,
    PART,
    SOLID,
    DamagedError,
    Reader,
)
from stream_scenes import scene

from fanlight.errors import CodecError
from fanlight.kernels import stream, tiles

LIMITS = settings(max_examples=120)
SIZE = (150, 100)
SLOTS = 8


def encoded(image, moves=(), marks=None):
    marks = tiles.all_tiles((image.shape[1], image.shape[0])) if marks is None else marks
    return bytes(stream.encode(image, moves, marks))


def native_decode(data, start, cache=None):
    """Decode into a copy of `start` among canaries; return the picture, the touched tiles, and whether it was taken."""
    size = (start.shape[1], start.shape[0])
    canvas, marks = Canvas(size).fill(start), tiles.no_tiles(size)
    try:
        stream.decode(data, canvas.image, marks, cache)
        taken = True
    except CodecError:
        taken = False
    assert canvas.intact()
    return canvas.image, marks, taken


def reference_decode(data, start, cache=()):
    image = start.copy()
    reader = Reader(data, image, cache)
    try:
        reader.run()
        taken = True
    except DamagedError:
        taken = False
    marks = tiles.no_tiles((start.shape[1], start.shape[0]))
    for place in reader.touched:
        marks[place] = 1
    return image, marks, taken


def check_agreement(data, start, before=()):
    """Check that both decoders do the same after the streams `before`; return whether they took the stream."""
    ours, theirs = stream.Cache(SLOTS), [None] * SLOTS
    for earlier in before:
        native_decode(earlier, start, ours)
        reference_decode(earlier, start, theirs)
    image, marks, taken = native_decode(data, start, ours)
    reference, touched, reference_taken = reference_decode(data, start, theirs)
    assert taken == reference_taken
    assert np.array_equal(image, reference)
    assert np.array_equal(marks, touched)
    return taken


def operations(data, size, held=()):
    """List the operations of a good stream, each as (code, offset)."""
    found = []

    class Spy(Reader):
        def u8(self):
            at = self.at
            value = super().u8()
            self.seen.append((value, at))
            return value

    spy = Spy(data, np.zeros((size[1], size[0], 4), np.uint8), held)
    spy.seen = []
    while spy.at < len(data):
        spy.seen.clear()
        code = spy.u8()
        found.append(spy.seen[0])
        spy.operation(code)()
    return found


def codes(data, size, held=()):
    return [code for code, _ in operations(data, size, held)]


def no_x(image):
    image = image.copy()
    image[..., 3] = 0
    return image


# ---- operations, written by hand ----


def copy_op(*numbers):
    return struct.pack("<B6H", COPY, *numbers)


def solid_op(x, y, w, h, colour=b"\1\2\3"):
    return struct.pack("<B4H", SOLID, x, y, w, h) + colour


def tile_op(code, column, row, body):
    return struct.pack("<B2H", code, column, row) + body


def part_op(x, y, w, h, operation):
    return bytes([PART, x, y, w - 1, h - 1]) + operation


def slots_op(code, column, row, count, slot):
    return struct.pack("<B2HBH", code, column, row, count - 1, slot)


START = no_x(picture(SIZE, "random", seed=4))


# ---- both ends ----


def no_x_scene(name, size, seed=0):
    return no_x(scene(name, size, seed))


class Link:
    """An encoder and both decoders, kept in step by the streams of whole pictures."""

    def __init__(self, size, slots=64):
        self.shown = np.zeros((size[1], size[0], 4), np.uint8)
        self.encoder, self.decoder, self.reference = stream.Cache(slots), stream.Cache(slots), [None] * slots

    def encode(self, image, **options):
        marks = tiles.all_tiles((image.shape[1], image.shape[0]))
        tiles.compare(self.shown, image, marks)
        return bytes(stream.encode(image, (), marks, self.encoder, self.shown, **options))

    def show(self, image, **options):
        """Send a picture; return the operations that brought it."""
        data = self.encode(image, **options)
        found = codes(data, (image.shape[1], image.shape[0]), list(self.reference))
        reference, _, reference_taken = reference_decode(data, self.shown, self.reference)
        self.shown, _, taken = native_decode(data, self.shown, self.decoder)
        assert taken
        assert reference_taken
        assert np.array_equal(self.shown, no_x(image))
        assert np.array_equal(reference, self.shown)
        return found
