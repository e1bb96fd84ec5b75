"""The tile stream: round trips, what the encoder chooses, and the door to it."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import FILLS, LAYOUTS, SIZES, SMALL_SIZES, Canvas, picture, some_tiles, tile_slices
from reference_stream import COPY, INDEXED, PALETTE, PREDICTED, RAW, RUNS, SOLID, SYMBOLS
from stream_links import (
    LIMITS,
    SIZE,
    check_agreement,
    codes,
    encoded,
    native_decode,
    no_x,
    operations,
    solid_op,
    tile_op,
)
from stream_scenes import SCENES, scene

from fanlight.errors import UsageError
from fanlight.kernels import stream, tiles
from fanlight.types import Move

# ---- round trips ----


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_round_trip(size, fill, layout):
    image = Canvas(size, layout).fill(picture(size, fill)).image
    decoded, marks, taken = native_decode(encoded(image), np.zeros_like(image))
    assert taken
    assert marks.all()
    assert np.array_equal(decoded, no_x(image))


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("size", [*SMALL_SIZES, (640, 360)], ids=str)
def test_every_scene_is_read_alike_by_both_decoders(name, size):
    image = scene(name, size)
    data = encoded(image)
    assert check_agreement(data, np.zeros_like(image))
    assert np.array_equal(native_decode(data, np.zeros_like(image))[0], no_x(image))


def test_only_marked_tiles_are_written():
    size = (257, 129)
    image, start, marks = scene("text", size), no_x(picture(size, "random")), some_tiles(tiles.grid(size))
    decoded, touched, _ = native_decode(encoded(image, marks=marks), start)
    expected = start.copy()
    for place, pixels in tile_slices(marks.shape):
        if marks[place]:
            expected[pixels] = image[pixels]
    assert np.array_equal(decoded, expected)
    assert np.array_equal(touched != 0, marks != 0)


def test_moves_come_before_tiles():
    start = no_x(picture(SIZE, "random"))
    moves = [Move(0, 0, 100, 50, 20, 30), Move(10, 10, 64, 64, 0, 0)]
    image = start.copy()
    for x, y, w, h, src_x, src_y in moves:
        image[y : y + h, x : x + w] = image[src_y : src_y + h, src_x : src_x + w].copy()
    image[64:, 64:128] = 7
    marks = tiles.no_tiles(SIZE)
    marks[1, 1] = 1
    data = encoded(image, moves, marks)
    assert codes(data, SIZE) == [COPY, COPY, SOLID]
    decoded, touched, taken = native_decode(data, start)
    assert taken
    assert np.array_equal(decoded, no_x(image))
    assert touched.tolist() == [[1, 1, 0], [1, 1, 0]]


def test_nothing_marked_is_an_empty_stream():
    image = picture(SIZE, "random")
    assert encoded(image, marks=tiles.no_tiles(SIZE)) == b""
    decoded, marks, taken = native_decode(b"", image)
    assert taken
    assert not marks.any()
    assert np.array_equal(decoded, image)


@given(st.integers(1, 140), st.integers(1, 140), st.sampled_from(SCENES), st.integers(0, 3))
@LIMITS
def test_round_trip_of_any_size(width, height, name, seed):
    image = scene(name, (width, height), seed)
    data = encoded(image)
    assert len(data) <= stream.bound((width, height), moves=0)
    assert check_agreement(data, np.zeros_like(image))
    assert np.array_equal(native_decode(data, np.zeros_like(image))[0], no_x(image))


# ---- what the encoder chooses ----


def test_equal_solid_tiles_share_a_rectangle():
    image = np.zeros((130, 200, 4), np.uint8)
    image[:, 128:] = 9
    assert operations(encoded(image), (200, 130)) == [(SOLID, 12 * i) for i in range(6)]
    marks = tiles.all_tiles((200, 130))
    marks[0, 0] = 0
    assert struct.unpack_from("<4H", encoded(image, marks=marks), 1) == (64, 0, 64, 64)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("solid", SOLID),
        ("two", PALETTE),
        ("sixteen", PALETTE),
        ("seventeen", INDEXED),
        ("all-255", INDEXED),
        ("text", SYMBOLS),
        ("runs", RUNS),
        ("ramp", RUNS),
        ("short-runs", RAW),
        ("doubled", PREDICTED),
        ("photo", PREDICTED),
        ("noise", PREDICTED),
    ],
)
def test_the_form_fits_the_tile(name, code):
    assert codes(encoded(scene(name, (64, 64))), (64, 64)) == [code]


def test_the_table_is_shared_and_kept_when_it_is_full():
    many = scene("all-255", (64, 64))
    few = scene("seventeen", (64, 64), seed=1)
    data = encoded(np.hstack([many, few, many]))
    (_, first), (code, second), (last, _) = operations(data, (192, 64))
    assert (code, last) == (INDEXED, PREDICTED)
    assert data[first + 5] == 255
    assert data[second + 5] == 0


def test_palettes_follow_the_first_appearance():
    image = np.zeros((64, 64, 4), np.uint8)
    image[np.indices((64, 64)).sum(axis=0) % 2 == 0, :3] = 5
    for place, colour in (((0, 1), 3), ((0, 2), 9), ((9, 1), 200)):
        image[*place, :3] = colour
    data = encoded(image)
    assert data[:6] == bytes([PALETTE, 0, 0, 0, 0, 4])
    assert data[6:21] == bytes([5] * 3 + [3] * 3 + [9] * 3 + [0] * 3 + [200] * 3)
    assert data[21:23] == bytes([0x10, 0x32])


def test_runs_are_named_by_their_place_once_they_were_spelled_out():
    image = np.zeros((15, 64, 4), np.uint8)  # Too small for symbols.
    image[0, 62, :3] = (1, 2, 3)
    image[0, 63:, :3] = 7
    image[1, 0, :3] = 7
    image[1, 5, :3] = (1, 2, 3)
    image[14, 63, :3] = 9
    body = b"\xff\0\0\0\x3e" + b"\xfe\1\2\3" + b"\xff\7\7\7\2" + b"\xf0\4" + b"\1"
    # A run ends with a row where it might become longer than 255 in the next.
    body += b"\xf0\xfa" + b"\xf0\xc0" + b"\5" * 2 + b"\xf0\x3f" + b"\xfe\x09\x09\x09"
    assert encoded(image) == tile_op(RUNS, 0, 0, body)


def test_runs_that_are_used_often_take_a_byte_while_there_is_room():
    colours = np.arange(1, 301).repeat(2).reshape(-1, 1) * np.array([1, 7, 3, 0])
    tile = np.zeros((64, 64, 4), np.uint8)
    tile.reshape(-1, 4)[:2400:4] = (colours % 256).astype(np.uint8)
    image = np.vstack([tile] * 6)
    data = encoded(image)
    places = [at for _, at in operations(data, (64, 6 * 64))]
    first, *later, last = np.diff([*places, len(data)]).tolist()
    assert first > max(later)
    assert last < 5 + 1200 + 300
    assert check_agreement(data, np.zeros_like(image))
    assert np.array_equal(native_decode(data, np.zeros_like(image))[0], no_x(image))


def test_the_known_runs_end_and_more_are_spelled_out():
    size = (64, 64 * 64)
    image = scene("ramp", size)
    data = encoded(np.vstack([image, image]))
    starts = [data[at + 5] for _, at in operations(data, (64, 2 * 4096))]
    # Of the second half, the last tiles hold runs that found no place among the 3072.
    assert starts.count(0xFF) == 64 + (4096 - 3072) // 64
    assert check_agreement(data, np.zeros((2 * 4096, 64, 4), np.uint8))


def test_photographs_come_last():
    image = np.hstack([scene("photo", (64, 64)), scene("text", (64, 64)), scene("photo", (64, 64))])
    assert codes(encoded(image), (192, 64)) == [SYMBOLS, PREDICTED, PREDICTED]


def test_encoding_is_deterministic():
    image = np.hstack([scene(name, (64, 64)) for name in SCENES])
    other = image.copy()
    other[..., 3] ^= 0xFF
    assert encoded(image) == encoded(other)


@pytest.mark.parametrize("bad", [Move(0, 0, 151, 1, 0, 0), Move(0, 0, 0, 1, 0, 0), Move(-1, 0, 1, 1, 0, 0)])
def test_encode_refuses_a_move_outside(bad):
    with pytest.raises(UsageError):
        encoded(picture(SIZE, "low"), [bad])


def test_encode_refuses_moves_that_a_decoder_would_refuse_as_work():
    image, whole = np.zeros((100, 150, 4), np.uint8), Move(0, 0, *SIZE, 0, 0)
    assert check_agreement(encoded(image, [whole] * 3), image)
    with pytest.raises(UsageError):
        encoded(image, [whole] * 3 + [Move(0, 0, 1, 1, 0, 0)])


# ---- the door ----


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_are_taken(kind):
    image = np.zeros((100, 150, 4), np.uint8)
    stream.decode(kind(solid_op(0, 0, 150, 100)), image, tiles.no_tiles(SIZE))
    assert (image[..., :3] == [1, 2, 3]).all()


@pytest.mark.parametrize("bad", ["text", None, 5, [1, 2], memoryview(bytes(10))[::2]], ids=str)
def test_what_is_no_bytes_is_refused(bad):
    with pytest.raises(UsageError, match="bytes-like"):
        stream.decode(bad, np.zeros((100, 150, 4), np.uint8), tiles.no_tiles(SIZE))


def test_decode_refuses_arrays_it_cannot_write():
    image, marks = np.zeros((100, 150, 4), np.uint8), tiles.no_tiles(SIZE)
    image.flags.writeable = False
    with pytest.raises(UsageError, match="read-only"):
        stream.decode(b"", image, marks)
    image = image.copy()
    marks.flags.writeable = False
    with pytest.raises(UsageError, match="read-only"):
        stream.decode(b"", image, marks)


def test_encode_refuses_tiles_of_another_picture():
    with pytest.raises(UsageError, match="tiles must be"):
        stream.encode(np.zeros((100, 150, 4), np.uint8), (), tiles.no_tiles((64, 64)))


def test_bound_holds_moves_and_all_tiles():
    assert stream.bound((64, 64), moves=0) == 8 + 5 + 3 * 4096
    assert stream.bound((65, 64)) == 2 * (8 + 5 + 3 * 4096) + 64 * 13
    with pytest.raises(UsageError):
        stream.bound((64, 64), moves=-1)
