"""The tile stream: round trips, the reference decoder, and hostile bytes."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_cases import FILLS, LAYOUTS, SIZES, SMALL_SIZES, Canvas, picture, some_tiles, tile_slices
from reference_stream import (
    CACHED,
    COPY,
    INDEXED,
    PALETTE,
    PREDICTED,
    RAW,
    RUNS,
    SOLID,
    STORE,
    DamagedError,
    Reader,
)
from stream_scenes import SCENES, scene

from fanlight.errors import CodecError, UsageError
from fanlight.kernels import stream, tiles
from fanlight.types import Move

LIMITS = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
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
        ("text", RUNS),
        ("runs", RUNS),
        ("ramp", RUNS),
        ("short-runs", RAW),
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
    image[:, ::2, :3] = 5
    for place, colour in (((0, 1), 3), ((0, 2), 9), ((9, 0), 200)):
        image[*place, :3] = colour
    data = encoded(image)
    assert data[:6] == bytes([PALETTE, 0, 0, 0, 0, 4])
    assert data[6:21] == bytes([5] * 3 + [3] * 3 + [9] * 3 + [0] * 3 + [200] * 3)
    assert data[21:23] == bytes([0x10, 0x32])


def test_runs_name_a_colour_by_its_place_once_it_was_spelled_out():
    image = np.zeros((64, 64, 4), np.uint8)
    image[0, 62, :3] = (1, 2, 3)
    image[0, 63:, :3] = 7
    image[1, 0, :3] = 7
    image[1, 5, :3] = (1, 2, 3)
    image[63, 63, :3] = 9
    rest = 4096 - 70 - 1
    body = b"\xff\0\0\0\x3c" + b"\x7f\1\2\3" + b"\xff\7\7\7\0" + b"\x80\2" + b"\1"
    body += b"\x80\xff" * (rest // 257) + bytes([0x80, rest % 257 - 2]) + b"\x7f\x09\x09\x09"
    assert encoded(image) == tile_op(RUNS, 0, 0, body)


def test_the_run_table_ends_and_more_colours_are_spelled_out():
    size = (64, 64 * 64)
    image = scene("ramp", size)
    data = encoded(np.vstack([image, image]))
    starts = [data[at + 5] for _, at in operations(data, (64, 2 * 4096))]
    # Of the second half, the last two tiles start with a colour that found no place among the 3952.
    assert starts.count(0xFF) == 64 + 2
    assert check_agreement(data, np.zeros((2 * 4096, 64, 4), np.uint8))


def test_photographs_come_last():
    image = np.hstack([scene("photo", (64, 64)), scene("text", (64, 64)), scene("photo", (64, 64))])
    assert codes(encoded(image), (192, 64)) == [RUNS, PREDICTED, PREDICTED]


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


# ---- hostile bytes ----


def copy_op(*numbers):
    return struct.pack("<B6H", COPY, *numbers)


def solid_op(x, y, w, h, colour=b"\1\2\3"):
    return struct.pack("<B4H", SOLID, x, y, w, h) + colour


def tile_op(code, column, row, body):
    return struct.pack("<B2H", code, column, row) + body


def slots_op(code, column, row, count, slot):
    return struct.pack("<B2HBH", code, column, row, count - 1, slot)


LAST_TILE = (2, 1)  # 22 x 36 pixels of SIZE
PIXELS = 22 * 36
TWO = bytes([1]) + bytes(6)
START = no_x(picture(SIZE, "random", seed=4))

GOOD = {
    "copy": copy_op(0, 0, 150, 100, 0, 0),
    "copy corner": copy_op(149, 99, 1, 1, 0, 0),
    "solid": solid_op(149, 0, 1, 100),
    "palette": tile_op(PALETTE, *LAST_TILE, TWO + b"\xff" * 3 * 36),
    "palette of 3": tile_op(PALETTE, *LAST_TILE, bytes([2]) + bytes(9) + b"\xaa" * 6 * 36),
    "palette of 16": tile_op(PALETTE, *LAST_TILE, bytes([15]) + bytes(range(48)) + b"\xfe" * 11 * 36),
    "raw": tile_op(RAW, *LAST_TILE, bytes(3 * PIXELS)),
    "indexed": tile_op(INDEXED, *LAST_TILE, bytes([2]) + bytes(6) + b"\1" * PIXELS),
    "predicted": tile_op(PREDICTED, *LAST_TILE, b"\xfe" * 3 * PIXELS),
}
GOOD |= {
    "store": slots_op(STORE, *LAST_TILE, 1, 0),
    "store a row": slots_op(STORE, 0, 0, 3, SLOTS - 3),
    "cached": slots_op(STORE, 0, 0, 1, 7) + slots_op(CACHED, 1, 0, 1, 7),
    "cached row": slots_op(STORE, 0, 1, 3, 2) + solid_op(0, 0, *SIZE) + slots_op(CACHED, 0, 1, 3, 2),
}
BAD = {
    "code 0": b"\0",
    "code 10": b"\x0a" + bytes(20),
    "code 255": b"\xff",
    "copy without width": copy_op(0, 0, 0, 1, 0, 0),
    "copy without height": copy_op(0, 0, 1, 0, 0, 0),
    "copy to the right": copy_op(1, 0, 150, 1, 0, 0),
    "copy to below": copy_op(0, 99, 1, 2, 0, 0),
    "copy from the right": copy_op(0, 0, 150, 1, 1, 0),
    "copy from below": copy_op(0, 0, 1, 2, 0, 99),
    "copy of 65535": copy_op(65535, 65535, 65535, 65535, 65535, 65535),
    "solid without area": solid_op(0, 0, 0, 0),
    "solid to the right": solid_op(150, 0, 1, 1),
    "solid to below": solid_op(0, 1, 1, 100),
    "solid of 65535": solid_op(0, 0, 65535, 65535),
    "column outside": tile_op(RAW, 3, 0, bytes(3 * 4096)),
    "row outside": tile_op(PREDICTED, 0, 2, bytes(3 * 4096)),
    "tile 65535": tile_op(PALETTE, 65535, 65535, TWO + bytes(4096)),
    "palette of 1": tile_op(PALETTE, *LAST_TILE, bytes([0]) + bytes(3 + 3 * 36)),
    "palette of 17": tile_op(PALETTE, *LAST_TILE, bytes([16]) + bytes(3 * 17 + PIXELS)),
    "palette of 256": tile_op(PALETTE, *LAST_TILE, bytes([255]) + bytes(3 * 256 + PIXELS)),
    "index 3 of 3": tile_op(PALETTE, *LAST_TILE, bytes([2]) + bytes(9) + b"\xff" * 6 * 36),
    "index 15 of 15": tile_op(PALETTE, *LAST_TILE, bytes([14]) + bytes(45) + b"\xff" * 11 * 36),
    "last index past": tile_op(PALETTE, *LAST_TILE, bytes([2]) + bytes(9) + bytes(6 * 36 - 1) + b"\x0c"),
    "index past the table": tile_op(INDEXED, *LAST_TILE, bytes([2]) + bytes(6) + b"\2" * PIXELS),
    "empty table": tile_op(INDEXED, *LAST_TILE, bytes([0]) + bytes(PIXELS)),
    "index 255": tile_op(INDEXED, *LAST_TILE, bytes([255]) + bytes(765) + b"\xff" * PIXELS),
}
GOOD |= {
    "runs": tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\xff" + b"\x80\xff" * 2 + b"\x80\x12\0"),
    "runs of literals": tile_op(RUNS, *LAST_TILE, b"\x7f\1\2\3" * PIXELS),
    "runs of places far off": tile_op(RUNS, *LAST_TILE, b"\x7f\1\2\3" * 112 + b"\x7f\4\5\6" + b"\x70\0" * 679),
}
BAD |= {
    "run without table": tile_op(RUNS, *LAST_TILE, b"\0" * PIXELS),
    "run past the table": tile_op(RUNS, *LAST_TILE, b"\x7f\1\2\3" + b"\1" * (PIXELS - 1)),
    "run far past the table": tile_op(RUNS, *LAST_TILE, b"\x7f\1\2\3" * 112 + b"\x7e\xff" * (PIXELS - 112)),
    "run past the tile": tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\xff" + b"\x80\xff" * 2 + b"\x80\x14"),
    "runs outside": tile_op(RUNS, 3, 0, b"\xff\1\2\3\xff" + b"\x80\xff" * 16),
    "cached out of an empty slot": slots_op(CACHED, 0, 0, 1, 0),
    "cached slot outside": slots_op(CACHED, 0, 0, 1, SLOTS),
    "cached slot 65535": slots_op(CACHED, 0, 0, 1, 65535),
    "store slot outside": slots_op(STORE, 0, 0, 1, SLOTS),
    "store slots outside": slots_op(STORE, 0, 0, 3, SLOTS - 2),
    "store column outside": slots_op(STORE, 3, 0, 1, 0),
    "store columns outside": slots_op(STORE, 1, 0, 3, 0),
    "store row outside": slots_op(STORE, 0, 2, 1, 0),
    "store tile 65535": slots_op(STORE, 65535, 65535, 1, 0),
    "store 256": slots_op(STORE, 0, 0, 256, 0),
}
FULL_TABLE = tile_op(INDEXED, *LAST_TILE, bytes([255]) + bytes(765 + PIXELS))
BAD_AFTER_GOOD = {
    "table of 256": (FULL_TABLE, tile_op(INDEXED, *LAST_TILE, bytes([1]) + bytes(3 + PIXELS))),
    "work of a pixel more": (GOOD["copy"] * 4, solid_op(0, 0, 1, 1)),
    "cached tile of another size": (slots_op(STORE, 0, 0, 1, 0), slots_op(CACHED, *LAST_TILE, 1, 0)),
    "cached row ends in another size": (slots_op(STORE, 0, 0, 2, 1), slots_op(CACHED, 1, 0, 2, 1)),
    "store as work": (GOOD["copy"] * 4, slots_op(STORE, *LAST_TILE, 1, 0)),
    "work of a tile more": (GOOD["copy"] * 3 + solid_op(0, 0, 150, 99), GOOD["raw"]),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_legal_operations_are_taken(data):
    assert check_agreement(data, START)


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_illegal_operations_are_refused_and_do_nothing(data):
    assert not check_agreement(data, START)
    image, marks, _ = native_decode(data, START)
    assert np.array_equal(image, START)
    assert not marks.any()


@pytest.mark.parametrize(("good", "bad"), BAD_AFTER_GOOD.values(), ids=BAD_AFTER_GOOD.keys())
def test_what_came_before_can_make_an_operation_illegal(good, bad):
    assert check_agreement(good, START)
    assert not check_agreement(good + bad, START)


@pytest.mark.parametrize("name", ["table of 256", "work of a pixel more", "work of a tile more", "store as work"])
def test_by_itself_it_would_be_legal(name):
    assert check_agreement(BAD_AFTER_GOOD[name][1], START)


def test_the_table_lasts_for_the_stream_and_no_longer():
    again = tile_op(INDEXED, *LAST_TILE, bytes([0]) + b"\1" * PIXELS)
    assert check_agreement(GOOD["indexed"] + again, START)
    assert not check_agreement(again, START)


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_every_truncation_is_refused(data):
    ends = {at for _, at in operations(data, SIZE, [None] * SLOTS)}
    for length in range(1, len(data), max(1, len(data) // 150)):
        assert check_agreement(data[:length], START) == (length in ends)


def test_what_stands_before_the_damage_is_applied():
    data = solid_op(0, 0, 10, 10, b"\7\7\7") + b"\xff"
    image, marks, taken = native_decode(data, START)
    assert not taken
    assert (image[:10, :10, :3] == 7).all()
    assert marks.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_the_work_of_a_stream_is_bounded():
    """65536 copies of the whole of a large picture are a short stream; they must not be long work."""
    image = np.zeros((2160, 3840, 4), np.uint8)
    with pytest.raises(CodecError):
        stream.decode(copy_op(0, 1, 3840, 2159, 0, 0) * 65536, image, tiles.no_tiles((3840, 2160)))


@given(st.binary(max_size=300))
@LIMITS
def test_random_bytes_agree(data):
    check_agreement(data, START)


OPERATION = st.one_of(
    st.builds(lambda numbers: copy_op(*numbers), st.lists(st.integers(0, 151), min_size=6, max_size=6)),
    st.builds(solid_op, *[st.integers(0, 151)] * 4, st.binary(min_size=3, max_size=3)),
    st.builds(
        tile_op,
        st.sampled_from([PALETTE, RAW, INDEXED, PREDICTED, RUNS]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.builds(lambda n, fill: bytes([n]) + bytes([fill]) * 4000, st.integers(0, 20), st.integers(0, 255)),
    ),
    st.builds(
        slots_op,
        st.sampled_from([CACHED, STORE]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(1, 4),
        st.integers(0, SLOTS),
    ),
    st.sampled_from(list(GOOD.values())),
)
OPERATIONS = st.lists(OPERATION, max_size=8).map(b"".join)


@given(OPERATIONS, st.lists(OPERATIONS, max_size=2))
@LIMITS
def test_random_operations_agree(data, before):
    check_agreement(data, START, before)


HONEST = [encoded(np.hstack([scene(name, (75, 100)) for name in pair])) for pair in pairwise(SCENES)]


@given(st.data())
@LIMITS
def test_mutated_streams_agree(data):
    mutated = bytearray(data.draw(st.sampled_from(HONEST)))
    for _ in range(data.draw(st.integers(1, 5))):
        # Heads are rare among the bytes: aim half the blows at the start.
        most = data.draw(st.sampled_from([min(40, len(mutated)), len(mutated)]))
        mutated[data.draw(st.integers(0, most - 1))] = data.draw(st.integers(0, 255))
    check_agreement(bytes(mutated), START)


@given(st.data())
@LIMITS
def test_truncated_streams_agree(data):
    whole = data.draw(st.sampled_from(HONEST))
    check_agreement(whole[: data.draw(st.integers(0, len(whole)))], START)


# ---- the cache ----


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


PAGES = [no_x_scene("photo", (200, 136), seed) for seed in range(3)]


def test_what_was_overwritten_comes_back_by_name():
    link = Link((200, 136))
    assert set(link.show(PAGES[0])) == {PREDICTED}
    assert set(link.show(PAGES[1])) == {STORE, PREDICTED}
    assert link.show(PAGES[0]) == [STORE] * 3 + [CACHED] * 3
    assert link.show(PAGES[1]) == [CACHED] * 3


def test_a_menu_opens_and_closes():
    menu = PAGES[0].copy()
    menu[30:100, 50:90, :3] = 200
    link = Link((200, 136))
    link.show(PAGES[0])
    assert CACHED not in link.show(menu)
    assert link.show(PAGES[0]) == [STORE] * 2 + [CACHED] * 2
    assert link.show(menu) == [CACHED] * 2


def test_solid_tiles_are_not_put_aside():
    link = Link((200, 136))
    for value in (1, 2, 1):
        assert set(link.show(np.full((136, 200, 4), value, np.uint8))) == {SOLID}


def test_a_tile_comes_back_elsewhere():
    first, second, third = (np.zeros((64, 192, 4), np.uint8) for _ in range(3))
    first[:, :64] = PAGES[0][:64, :64]
    third[:, 128:] = PAGES[0][:64, :64]
    link = Link((192, 64))
    link.show(first)
    link.show(second)
    assert link.show(third) == [CACHED]


def test_few_slots_lose_the_oldest_tiles_and_no_pixels():
    link = Link((200, 136), slots=16)
    for turn in range(12):
        link.show(PAGES[turn % 3])


def test_more_tiles_than_slots_fill_them_once():
    link = Link((200, 136), slots=4)
    link.show(PAGES[0])
    assert link.show(PAGES[1]).count(STORE) == 1
    link.show(PAGES[0])


def test_lossy_tiles_are_not_put_aside():
    lossy = tiles.all_tiles((200, 136))
    link = Link((200, 136))
    link.show(PAGES[0])
    assert STORE not in link.show(PAGES[1], lossy=lossy)
    lossy[0, 0] = 0
    assert link.show(PAGES[2], lossy=lossy).count(STORE) == 1


def test_what_moves_past_is_not_put_aside():
    link, moves = Link((200, 136)), (Move(0, 0, 200, 130, 0, 6),)
    link.show(PAGES[0])
    marks = tiles.all_tiles((200, 136))
    marks[1] = 0
    data = bytes(stream.encode(PAGES[1], moves, marks, link.encoder, link.shown))
    assert STORE not in codes(data, (200, 136))


def test_a_small_move_beside_a_large_change_is_no_motion():
    link = Link((200, 136))
    link.show(PAGES[0])
    marks = tiles.all_tiles((200, 136))
    data = bytes(stream.encode(PAGES[1], [Move(0, 0, 90, 90, 0, 6)], marks, link.encoder, link.shown))
    assert STORE in codes(data, (200, 136), [None] * 64)


def test_a_stream_that_is_not_sent_is_taken_back():
    link = Link((200, 136), slots=16)
    for turn in range(9):
        link.show(PAGES[turn % 2])
        assert CACHED not in codes(link.encode(PAGES[2]), (200, 136), [PAGES[0][:64, :64, :3]] * 16)
        link.encoder.take_back()


def test_a_forgetful_encoder_names_nothing_from_before():
    link = Link((200, 136))
    link.show(PAGES[0])
    link.show(PAGES[1])
    link.encoder.forget()
    assert CACHED not in link.show(PAGES[0])
    assert CACHED in link.show(PAGES[1])


def test_equal_hashes_do_not_make_equal_pixels():
    """Swapping two rows' contents by hand is hard; a slot whose pixels were changed behind the index does the same."""
    link = Link((64, 64))
    page, other = PAGES[0][:64, :64], PAGES[1][:64, :64]
    link.show(page)
    link.show(other)
    link.encoder.native.pixels[0] ^= 1
    assert CACHED not in link.show(page)


@given(st.data())
@LIMITS
def test_any_row_of_pictures_stays_in_step(data):
    size = data.draw(st.sampled_from([(64, 64), (130, 70), (200, 136)]))
    link = Link(size, slots=data.draw(st.sampled_from([1, 2, 8, 64])))
    pages = [no_x_scene(name, size) for name in ("text", "photo", "two", "short-runs")]
    for _ in range(data.draw(st.integers(1, 8))):
        page = data.draw(st.sampled_from(pages)).copy()
        x, y = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(0, size[1] - 1))
        page[y : y + 30, x : x + 40, :3] = data.draw(st.integers(0, 3))
        link.show(page)
        if data.draw(st.booleans()):
            link.encode(data.draw(st.sampled_from(pages)))
            link.encoder.take_back()


@pytest.mark.parametrize("slots", [0, -1, 3, 2 * stream.MAX_SLOTS])
def test_a_cache_has_a_power_of_two_of_slots(slots):
    with pytest.raises(UsageError, match="power of two"):
        stream.Cache(slots)


def test_slots_grow_with_the_picture_up_to_a_bound():
    assert stream.slots_for((1, 1)) == 1024
    assert stream.slots_for((1920, 1080)) == 2048
    assert stream.slots_for((8192, 8192)) == 4096


def test_encode_refuses_a_picture_before_of_another_size():
    with pytest.raises(UsageError, match="one size"):
        stream.encode(PAGES[0], (), tiles.no_tiles((200, 136)), stream.Cache(8), np.zeros((64, 64, 4), np.uint8))


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
