"""Planes for video encoders, on every instruction set: beside numpy, between canaries, and beside FFmpeg's swscale."""

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from kernel_cases import CANARY, FILLS, LAYOUTS, SIZES, SMALL_SIZES, Canvas, picture, some_tiles

from fanlight.errors import UsageError
from fanlight.kernels import planes, tiles

LUMA, BLUE, RED = (2366, 23436, 6966), (16384, -12630, -3754), (-1502, -14882, 16384)
MIDDLE, HALF = 128 << 15, 1 << 14
SIDES = pytest.mark.parametrize("size", [*SMALL_SIZES, (1366, 70)], ids=str)
EVERY_FILL = pytest.mark.parametrize("fill", FILLS)


def numpy_sample(colours, weights, bias, shift=15):
    return np.minimum((colours.astype(np.int64) @ np.array(weights) + bias) >> shift, 255).astype(np.uint8)


def numpy_nv12(image):
    """Return both planes of a whole picture, by numpy."""
    height, width = image.shape[:2]
    even = np.pad(image[..., :3], ((0, height % 2), (0, width % 2), (0, 0)), "edge").astype(np.int64)
    sums = even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]
    chroma = [numpy_sample(sums, weights, (MIDDLE + HALF) * 4, 17) for weights in (BLUE, RED)]
    return numpy_sample(even, LUMA, HALF), np.stack(chroma, axis=-1).reshape(sums.shape[0], -1)


def numpy_yuv444(image):
    """Return the three planes of a whole picture, by numpy."""
    colours = image[..., :3]
    chroma = [numpy_sample(colours, weights, MIDDLE + HALF) for weights in (BLUE, RED)]
    return numpy_sample(colours, LUMA, HALF), *chroma


def even(size):
    return size[0] + size[0] % 2, size[1] + size[1] % 2


class Room:
    """A plane inside a larger one full of canaries."""

    def __init__(self, size):
        width, height = size
        self.whole = np.full((height + 2, width + 7), CANARY, np.uint8)
        self.plane = self.whole[1:-1, 3:-4]

    def holds(self, expected):
        whole = np.full_like(self.whole, CANARY)
        whole[1:-1, 3:-4] = expected
        return np.array_equal(self.whole, whole)


def marked(marks, size, rows_a_tile=64):
    """Return which samples of a plane lie in marked tiles."""
    return np.kron(marks != 0, np.ones((rows_a_tile, 64), bool))[: size[1], : size[0]]


@SIDES
@EVERY_FILL
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_nv12_is_what_numpy_makes(variant, size, fill, layout):
    image = Canvas(size, layout).fill(picture(size, fill)).image
    width, height = even(size)
    luma, chroma = Room((width, height)), Room((width, height // 2))
    marks = some_tiles(tiles.grid(size))
    planes.nv12(image, marks, luma.plane, chroma.plane)
    expected = numpy_nv12(image)
    assert luma.holds(np.where(marked(marks, (width, height)), expected[0], CANARY))
    assert chroma.holds(np.where(marked(marks, (width, height // 2), 32), expected[1], CANARY))


@SIDES
@EVERY_FILL
def test_yuv444_is_what_numpy_makes(variant, size, fill):
    image = picture(size, fill)
    rooms = [Room(size) for _ in range(3)]
    marks = some_tiles(tiles.grid(size))
    planes.yuv444(image, marks, tuple(room.plane for room in rooms))
    for room, expected in zip(rooms, numpy_yuv444(image), strict=True):
        assert room.holds(np.where(marked(marks, size), expected, CANARY))


def test_a_whole_screen(variant):
    image, size = picture(SIZES[-1], "random"), SIZES[-1]
    luma, chroma = np.zeros((1080, 1920), np.uint8), np.zeros((540, 1920), np.uint8)
    planes.nv12(image, tiles.all_tiles(size), luma, chroma)
    expected = numpy_nv12(image)
    assert np.array_equal(luma, expected[0])
    assert np.array_equal(chroma, expected[1])


def test_grey_stays_grey():
    image = np.repeat(np.arange(256, dtype=np.uint8), 4).reshape(1, 256, 4)
    found = [np.zeros((1, 256), np.uint8) for _ in range(3)]
    planes.yuv444(image, tiles.all_tiles((256, 1)), tuple(found))
    assert found[0].tolist() == [list(range(256))]
    assert set(found[1].flat) == set(found[2].flat) == {128}


def swscale(image, name):
    return av.VideoFrame.from_numpy_buffer(image, "bgra").reformat(
        format=name,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.AREA,
    )


def plane_of(frame, number, width):
    plane = frame.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, :width]


@EVERY_FILL
def test_planes_are_near_those_of_swscale(fill):
    size = (128, 128)
    image, marks = picture(size, fill), tiles.all_tiles(size)
    luma, chroma = np.zeros((128, 128), np.uint8), np.zeros((64, 128), np.uint8)
    planes.nv12(image, marks, luma, chroma)
    found = [np.zeros((128, 128), np.uint8) for _ in range(3)]
    planes.yuv444(image, marks, tuple(found))
    theirs, full = swscale(image, "nv12"), swscale(image, "yuv444p")
    pairs = [(luma, plane_of(theirs, 0, 128)), (chroma, plane_of(theirs, 1, 128))]
    pairs += [(found[i], plane_of(full, i, 128)) for i in range(3)]
    for ours, other in pairs:
        assert np.abs(ours.astype(int) - other[: ours.shape[0]]).max() <= 2


IMAGE, MARKS = np.zeros((70, 81, 4), np.uint8), tiles.no_tiles((81, 70))
ROWS, HALF_ROWS = np.zeros((70, 82), np.uint8), np.zeros((35, 82), np.uint8)


@pytest.mark.parametrize(
    "bad",
    [ROWS[:, :81], ROWS[:69], ROWS.astype(np.int8), np.zeros((70, 164), np.uint8)[:, ::2], ROWS[::-1], None],
    ids=["narrow", "low", "signed", "apart", "upside down", "none"],
)
def test_what_is_no_plane_is_refused(bad):
    with pytest.raises(UsageError, match="luma must"):
        planes.nv12(IMAGE, MARKS, bad, HALF_ROWS)


def test_planes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="chroma must"):
        planes.nv12(IMAGE, MARKS, ROWS, ROWS)
    one = np.zeros((70, 81), np.uint8)
    with pytest.raises(UsageError, match="one stride"):
        planes.yuv444(IMAGE, MARKS, (one, one, ROWS[:, :81]))
    frozen = one.copy()
    frozen.flags.writeable = False
    with pytest.raises(UsageError, match="read-only"):
        planes.yuv444(IMAGE, MARKS, (one, frozen, one))
    with pytest.raises(UsageError, match="image must"):
        planes.nv12(IMAGE[..., :3], MARKS, ROWS, HALF_ROWS)
