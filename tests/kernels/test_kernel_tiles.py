"""Marking, covering, comparing, copying and hashing tiles, each against numpy on every instruction set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_cases import FILLS, LAYOUTS, SIZES, SMALL_SIZES, VARIANTS, Canvas, picture, some_tiles, tile_slices
from reference_hash import KEYS, tile_hash

from fanlight._native import lib
from fanlight.errors import UsageError
from fanlight.kernels import cpu, tiles
from fanlight.types import Rect

sizes = pytest.mark.parametrize("size", SIZES, ids=str)
small_sizes = pytest.mark.parametrize("size", SMALL_SIZES, ids=str)
fills = pytest.mark.parametrize("fill", FILLS)
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
GRIDS = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 0, 1, 200]))


def size_of(grid, cut=(1, 1)):
    return grid.shape[1] * 64 - cut[0], grid.shape[0] * 64 - cut[1]


def numpy_compare(before, after, marks):
    """Return the marks left, by numpy."""
    left = marks.copy()
    for place, pixels in tile_slices(marks.shape):
        if (before[pixels] == after[pixels]).all():
            left[place] = 0
    return left


# ---- grid and marks ----


def test_tiles_have_one_side_everywhere():
    assert tiles.TILE == lib.FL_TILE


@pytest.mark.parametrize(
    ("size", "shape"),
    [((1, 1), (1, 1)), ((64, 64), (1, 1)), ((65, 64), (1, 2)), ((1920, 1080), (17, 30)), ((16384, 4096), (64, 256))],
)
def test_grid(size, shape):
    assert tiles.grid(size) == shape
    assert tiles.no_tiles(size).shape == tiles.all_tiles(size).shape == shape
    assert not tiles.no_tiles(size).any()
    assert tiles.all_tiles(size).all()


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-1, 5), (16385, 1), (1, 16385), (65535, 65535), (16384, 4097)])
def test_impossible_sizes_are_refused(size):
    for make in (tiles.grid, tiles.no_tiles, tiles.all_tiles):
        with pytest.raises(UsageError, match="16384"):
            make(size)


@given(
    st.lists(
        st.tuples(*[st.integers(-300, 600)] * 2, *[st.integers(-10, 700)] * 2).map(lambda values: Rect(*values)),
        max_size=4,
    )
)
def test_mark_is_what_numpy_marks(rects):
    size = (290, 200)
    pixels = np.zeros((320, 320), bool)
    for x, y, w, h in rects:
        if w > 0 and h > 0:
            pixels[max(0, y) : max(0, min(y + h, size[1])), max(0, x) : max(0, min(x + w, size[0]))] = True
    marks = tiles.no_tiles(size)
    marks[3, 4] = 7
    expected = pixels.reshape(5, 64, 5, 64).any(axis=(1, 3))[:4]
    tiles.mark(marks, rects, size)
    assert marks[3, 4] == (1 if expected[3, 4] else 7)
    expected[3, 4] = True
    assert np.array_equal(marks != 0, expected)


def test_mark_takes_the_largest_numbers():
    marks, most = tiles.no_tiles((100, 100)), 2**31 - 1
    tiles.mark(marks, [Rect(most, most, most, most), Rect(-most, -most, 5, 5)], (100, 100))
    assert not marks.any()
    tiles.mark(marks, [Rect(65, -most, most, most)], (100, 100))
    assert not marks.any()
    tiles.mark(marks, [Rect(65, 65, most, most)], (100, 100))
    assert marks.tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("rect", [Rect(2**31, 0, 1, 1), Rect(0, 0, -(2**31) - 1, 1), Rect(0.5, 0, 1, 1)])
def test_mark_refuses_what_is_no_number_of_pixels(rect):
    with pytest.raises(UsageError, match="32 bits"):
        tiles.mark(tiles.no_tiles((100, 100)), [rect], (100, 100))


# ---- covering ----


def cover_of(rects, size):
    covered = np.zeros((size[1], size[0]), np.uint8)
    for x, y, w, h in rects:
        assert w > 0
        assert h > 0
        assert 0 <= x <= x + w <= size[0]
        assert 0 <= y <= y + h <= size[1]
        covered[y : y + h, x : x + w] += 1
    return covered


def marked_pixels(marks, size):
    return np.kron(marks != 0, np.ones((64, 64), bool))[: size[1], : size[0]]


@given(GRIDS)
def test_rects_cover_exactly_the_marks(marks):
    size = size_of(marks)
    found = tiles.rects(marks, size, limit=1000)
    assert np.array_equal(cover_of(found, size), marked_pixels(marks, size))
    assert list(found) == sorted(found, key=lambda rect: (rect.y, rect.x))


@given(GRIDS, st.integers(1, 6))
def test_rects_keep_to_their_limit_and_stay_disjoint(marks, limit):
    size = size_of(marks, (63, 0))
    found = tiles.rects(marks, size, limit)
    covered = cover_of(found, size)
    assert len(found) <= limit
    assert covered.max(initial=0) <= 1
    assert (covered >= marked_pixels(marks, size)).all()
    assert bool(found) == bool(marks.any())


def test_rects_with_limit_one_is_the_bounding_box():
    marks = tiles.no_tiles((1000, 500))
    marks[2, 3] = marks[4, 1] = marks[3, 9] = 1
    assert tiles.rects(marks, (1000, 500), limit=1) == (Rect(64, 128, 576, 192),)


def test_rects_of_columns_are_tall():
    marks = tiles.no_tiles((200, 200))
    marks[:, 0] = marks[:, 2] = 1
    assert tiles.rects(marks, (200, 200)) == (Rect(0, 0, 64, 200), Rect(128, 0, 64, 200))


def test_rects_refuses_a_limit_below_one():
    with pytest.raises(UsageError, match="at least 1"):
        tiles.rects(tiles.no_tiles((10, 10)), (10, 10), limit=0)


# ---- compare ----


@sizes
@fills
@layouts
def test_equal_pictures_leave_no_mark(variant, size, fill, layout):
    image = picture(size, fill)
    before, after = Canvas(size, layout).fill(image), Canvas(size).fill(image)
    after.image[..., 3] ^= 0xFF
    marks = tiles.all_tiles(size)
    assert tiles.compare(before.image, after.image, marks) == 0
    assert not marks.any()


@sizes
@fills
def test_compare_is_what_numpy_compares(variant, size, fill):
    before, after = picture(size, fill), picture(size, fill)
    random = np.random.default_rng(7)
    for _ in range(6):
        after[random.integers(size[1]), random.integers(size[0]), random.integers(3)] ^= 0x80
    marks = some_tiles(tiles.grid(size))
    expected = numpy_compare(before, after, marks)
    assert tiles.compare(before, after, marks) == np.count_nonzero(expected)
    assert np.array_equal(marks, expected)


@pytest.mark.parametrize("size", [(64, 64), (63, 64), (9, 5), (128, 65)], ids=str)
def test_one_bit_anywhere_is_found(variant, size):
    before = picture(size, "random")
    random = np.random.default_rng(3)
    for _ in range(300):
        y, x, channel = random.integers(size[1]), random.integers(size[0]), random.integers(3)
        after = before.copy()
        after[y, x, channel] ^= 1 << random.integers(8)
        marks = tiles.all_tiles(size)
        assert tiles.compare(before, after, marks) == 1
        assert marks[y // 64, x // 64]


# ---- copy ----


@sizes
@fills
@layouts
def test_copy_brings_the_marked_tiles_alone(variant, size, fill, layout):
    source, target = picture(size, fill), Canvas(size, layout).fill(picture(size, "random", seed=1))
    marks = some_tiles(tiles.grid(size))
    expected = target.image.copy()
    for place, pixels in tile_slices(marks.shape):
        if marks[place]:
            expected[pixels] = source[pixels]
            expected[pixels[0], pixels[1], 3] = 0
    tiles.copy(source, target.image, marks)
    assert np.array_equal(target.image, expected)
    assert target.intact()


# ---- hash ----


def hashes_of(image):
    size = (image.shape[1], image.shape[0])
    out = np.zeros(tiles.grid(size), np.uint64)
    tiles.hashes(image, tiles.all_tiles(size), out)
    return out


def hash_of(tile):
    return int(hashes_of(tile)[0, 0])


def test_the_keys_never_make_a_product_vanish():
    assert len(KEYS) == 64
    assert all(0 < key >> 24 < 255 for key in KEYS)


@small_sizes
@fills
@layouts
def test_hash_is_the_reference(variant, size, fill, layout):
    image = Canvas(size, layout).fill(picture(size, fill)).image
    found = hashes_of(image)
    for place, pixels in tile_slices(found.shape):
        assert int(found[place]) == tile_hash(image[pixels])


def test_hash_writes_only_the_marked_tiles(variant):
    size = (257, 129)
    image, marks = picture(size, "random"), some_tiles(tiles.grid((257, 129)))
    out = np.full(marks.shape, 0xC5C5C5C5C5C5C5C5, np.uint64)
    tiles.hashes(image, marks, out)
    assert np.array_equal(out, np.where(marks, hashes_of(image), np.uint64(0xC5C5C5C5C5C5C5C5)))


@small_sizes
def test_a_glance_sees_every_eighth_row(variant, size):
    image, glances = picture(size, "random").copy(), np.zeros(tiles.grid(size), np.uint64)
    marks = some_tiles(tiles.grid(size))
    for expected in (marks.copy(), np.zeros_like(marks)):
        looked = marks.copy()
        assert tiles.glance(image, looked, glances) == np.count_nonzero(expected)
        assert np.array_equal(looked != 0, expected != 0)
    assert not glances[marks == 0].any()
    for row in range(size[1]):
        image[row, -1, 0] ^= 1
        looked = marks.copy()
        tiles.glance(image, looked, glances)
        assert np.flatnonzero(looked).size == (row % 64 % 8 == 0 and marks[row // 64, -1] != 0)


def test_variants_hash_a_screen_alike():
    images = [picture((1920, 1080), fill) for fill in FILLS]
    found = []
    for names in VARIANTS:
        cpu.use(names)
        found.append([hashes_of(image) for image in images])
    cpu.use(cpu.detected())
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_the_x_byte_does_not_count():
    image = picture((64, 64), "random")
    before = hash_of(image)
    image[..., 3] ^= 0xFF
    assert hash_of(image) == before


def glyph_tile():
    tile = np.full((64, 64, 4), 255, np.uint8)
    tile[20:30:2, 24:40] = 0
    tile[20:30, 24:40:5] = 0
    return tile


def test_small_changes_change_the_hash():
    """Shifts, swaps and mirrors of mostly flat tiles are what screens bring and what weak hashes miss."""
    for tile in (glyph_tile(), picture((64, 64), "few"), picture((64, 64), "random")):
        others = [np.roll(tile, (dy, dx), (0, 1)) for dy in range(-8, 9) for dx in range(-8, 9) if (dy, dx) != (0, 0)]
        others += [tile[::-1], tile[:, ::-1], tile.transpose(1, 0, 2), tile[..., [2, 1, 0, 3]], tile[..., [1, 0, 2, 3]]]
        distinct = {np.ascontiguousarray(other)[..., :3].tobytes() for other in [tile, *others]}
        assert len({hash_of(np.ascontiguousarray(other)) for other in [tile, *others]}) == len(distinct)


def test_every_single_pixel_has_its_own_hash():
    seen = set()
    for y in range(64):
        for x in range(64):
            tile = np.zeros((64, 64, 4), np.uint8)
            tile[y, x, :3] = 255
            seen.add(hash_of(tile))
    assert len(seen) == 4096


def test_swapped_pixels_change_the_hash():
    random = np.random.default_rng(5)
    tile = picture((64, 64), "random")
    before = hash_of(tile)
    for _ in range(500):
        a, b = random.integers(0, 64, (2, 2))
        other = tile.copy()
        other[*a], other[*b] = tile[*b], tile[*a]
        if not np.array_equal(other[..., :3], tile[..., :3]):
            assert hash_of(other) != before


def test_black_tiles_of_different_sizes_differ():
    found = {hash_of(np.zeros((h, w, 4), np.uint8)) for w in range(1, 65, 7) for h in range(1, 65, 7)}
    assert len(found) == 100


# ---- the door ----

GOOD = np.zeros((70, 80, 4), np.uint8)
MARKS = tiles.no_tiles((80, 70))


@pytest.mark.parametrize(
    "bad",
    [
        GOOD[..., :3],
        GOOD.astype(np.int8),
        GOOD.astype(np.float32),
        GOOD[:, ::2],
        GOOD[:, ::-1],
        GOOD[::-1],
        GOOD.transpose(1, 0, 2),
        GOOD[0],
        np.broadcast_to(GOOD[:1], (70, 80, 4)),
        np.zeros((0, 80, 4), np.uint8),
        np.zeros((70, 0, 4), np.uint8),
        np.zeros((70, 320), np.uint8),
        GOOD.tobytes(),
        None,
    ],
    ids=lambda bad: str(getattr(bad, "shape", bad))[:20],
)
def test_what_is_no_picture_is_refused(bad):
    for call in (
        lambda: tiles.compare(bad, GOOD, MARKS),
        lambda: tiles.compare(GOOD, bad, MARKS),
        lambda: tiles.copy(bad, GOOD, MARKS),
        lambda: tiles.copy(GOOD, bad, MARKS),
        lambda: tiles.hashes(bad, MARKS, np.zeros(MARKS.shape, np.uint64)),
        lambda: tiles.glance(bad, MARKS.copy(), np.zeros(MARKS.shape, np.uint64)),
    ):
        with pytest.raises(UsageError):
            call()


@pytest.mark.parametrize(
    "bad",
    [
        MARKS[:1],
        np.zeros((3, 2), np.uint8),
        MARKS.astype(bool),
        MARKS.astype(np.int64),
        np.zeros((2, 4), np.uint8)[:, ::2],
        np.zeros((2, 2), np.uint8, order="F"),
        MARKS.tobytes(),
    ],
    ids=["cut", "large", "bool", "wide", "strided", "fortran", "bytes"],
)
def test_what_is_no_tiles_is_refused(bad):
    for call in (
        lambda: tiles.compare(GOOD, GOOD, bad),
        lambda: tiles.copy(GOOD, GOOD.copy(), bad),
        lambda: tiles.glance(GOOD, bad, np.zeros((2, 2), np.uint64)),
        lambda: tiles.mark(bad, [], (80, 70)),
        lambda: tiles.rects(bad, (80, 70)),
    ):
        with pytest.raises(UsageError):
            call()


def test_read_only_arrays_are_read_and_not_written():
    image, marks, out = GOOD.copy(), tiles.all_tiles((80, 70)), np.zeros((2, 2), np.uint64)
    for array in (image, marks, out):
        array.flags.writeable = False
    tiles.copy(image, GOOD.copy(), marks)
    for call in (
        lambda: tiles.copy(GOOD, image, marks),
        lambda: tiles.compare(GOOD, GOOD, marks),
        lambda: tiles.mark(marks, [], (80, 70)),
        lambda: tiles.hashes(image, marks, out),
        lambda: tiles.glance(image, marks, np.zeros((2, 2), np.uint64)),
        lambda: tiles.glance(image, tiles.all_tiles((80, 70)), out),
    ):
        with pytest.raises(UsageError, match="read-only"):
            call()


def test_pictures_of_two_sizes_are_refused():
    other = np.zeros((70, 81, 4), np.uint8)
    with pytest.raises(UsageError, match="one size"):
        tiles.compare(GOOD, other, MARKS)
    with pytest.raises(UsageError, match="one size"):
        tiles.copy(GOOD, other, MARKS)


@pytest.mark.parametrize("out", [np.zeros((2, 2), np.int64), np.zeros((2, 3), np.uint64), [[0, 0], [0, 0]]], ids=str)
def test_what_is_no_place_for_hashes_is_refused(out):
    with pytest.raises(UsageError, match="out must be"):
        tiles.hashes(GOOD, MARKS, out)
