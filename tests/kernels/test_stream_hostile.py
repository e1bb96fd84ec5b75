"""The tile stream's decoders on hostile bytes: both do the same."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_stream import CACHED, INDEXED, PALETTE, PART, PREDICTED, RAW, RUNS, SOLID, STORE, SYMBOLS
from stream_links import (
    LIMITS,
    SIZE,
    SLOTS,
    START,
    check_agreement,
    copy_op,
    encoded,
    native_decode,
    operations,
    part_op,
    slots_op,
    solid_op,
    tile_op,
)
from stream_scenes import SCENES, scene

from fanlight.errors import CodecError
from fanlight.kernels import stream, tiles

LAST_TILE = (2, 1)  # 22 x 36 pixels of SIZE
PIXELS = 22 * 36
TWO = bytes([1]) + bytes(6)

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
    "code 12": b"\x0c" + bytes(20),
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
    "runs": tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\xff" + b"\0\0" + b"\xf0\x1a" + b"\xfe\4\5\6"),
    "runs of a pixel": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * PIXELS),
    "runs of places far off": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * 299 + b"\xfe\4\5\6" + b"\xe5\x2b" * 492),
    "run comes near": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * 97 + b"\xe4\x60" * 8 + b"\x60" * (PIXELS - 105)),
}
BAD |= {
    "run that was not before": tile_op(RUNS, *LAST_TILE, b"\0" * PIXELS),
    "run past the near ones": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" + b"\1" * (PIXELS - 1)),
    "run not near yet": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * 97 + b"\xe4\x60" * 7 + b"\x60" * (PIXELS - 104)),
    "run past all": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * 112 + b"\xe4\x70" * (PIXELS - 112)),
    "run far past all": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" * 112 + b"\xef\xff" * (PIXELS - 112)),
    "run of the colour of none": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" + b"\xf1\1" * (PIXELS - 1)),
    "run of the colour of none far off": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" + b"\xf8\1\1" * (PIXELS - 1)),
    "run of a colour without pixels": tile_op(RUNS, *LAST_TILE, b"\xfe\1\2\3" + b"\xf0\0" + b"\0" * PIXELS),
    "spelled run without pixels": tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\0" + b"\xfe\1\2\3" * PIXELS),
    "run past the tile": tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\xff" + b"\0\0" + b"\xf0\x1c"),
    "runs outside": tile_op(RUNS, 3, 0, b"\xff\1\2\3\xff" + b"\0" * 16),
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
GOOD |= {
    "part": part_op(21, 3, 1, 33, tile_op(RAW, *LAST_TILE, bytes(99))),
    "part of a palette": part_op(2, 3, 9, 5, tile_op(PALETTE, *LAST_TILE, TWO + b"\xff" * 10)),
    "part of runs": part_op(2, 3, 9, 5, tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\x2d")),
    "part of predicted": part_op(2, 3, 9, 5, tile_op(PREDICTED, *LAST_TILE, b"\xfe" * 135)),
    "part of indexed": part_op(2, 3, 9, 5, tile_op(INDEXED, *LAST_TILE, bytes([2]) + bytes(6) + b"\1" * 45)),
}
BAD |= {
    "part to the right": part_op(21, 0, 2, 1, tile_op(RAW, *LAST_TILE, bytes(6))),
    "part to below": part_op(0, 35, 1, 2, tile_op(RAW, *LAST_TILE, bytes(6))),
    "part of a tile outside": part_op(0, 0, 1, 1, tile_op(RAW, 3, 0, bytes(3))),
    "part of a copy": part_op(0, 0, 1, 1, copy_op(0, 0, 1, 1, 0, 0)),
    "part of a store": part_op(0, 0, 1, 1, slots_op(STORE, 0, 0, 1, 0)),
    "part of a part": part_op(0, 0, 2, 2, part_op(0, 0, 1, 1, tile_op(RAW, *LAST_TILE, bytes(3)))),
    "part with an index past the palette": part_op(
        0, 0, 1, 1, tile_op(PALETTE, *LAST_TILE, bytes([2]) + bytes(9) + b"\3")
    ),
}
GROUND = b"\1\2\3"
DOT = b"\0\0" + b"\xfe\7\7\7"  # Of 1x1 pixels.
BAR = b"\2\1" + b"\xff\7\7\7\6"  # Of 3x2 pixels.


def symbols_op(count, body):
    return tile_op(SYMBOLS, *LAST_TILE, GROUND + bytes([count]) + body)


def placed(x, y, number):
    return bytes([x & 255, y & 255, number & 255, number >> 8])


GOOD |= {
    "no symbol": symbols_op(0, b""),
    "symbols": symbols_op(3, placed(0, 0, 0) + BAR + placed(0, 2, 0) + placed(-6, 2, 1) + DOT),
    "symbols in both corners": symbols_op(2, placed(0, 0, 0) + DOT + placed(20, 35, 0)),
    "symbol as large as the tile": symbols_op(1, placed(0, 0, 0) + b"\x15\x23" + b"\xff\7\7\7\x84" + b"\0" * 5),
    "symbol of another tile": tile_op(SYMBOLS, 0, 0, GROUND + b"\1" + placed(5, 60, 0) + BAR)
    + symbols_op(2, placed(1, 1, 0) + placed(1, 4, 0)),
    "symbol where something else stands now": tile_op(SYMBOLS, 0, 0, GROUND + b"\1" + placed(5, 60, 0) + BAR)
    + solid_op(4, 61, 3, 1)
    + symbols_op(1, placed(1, 1, 0)),
    "symbol of a tile that is brought again": symbols_op(1, placed(2, 2, 0) + BAR)
    + symbols_op(2, placed(3, 3, 0) + placed(0, 3, 0)),
    "part of symbols": part_op(2, 3, 9, 5, symbols_op(2, placed(0, 0, 0) + BAR + placed(3, 3, 0))),
}
BAD |= {
    "symbol that was not before": symbols_op(1, placed(0, 0, 1) + DOT),
    "symbol far off": symbols_op(1, placed(0, 0, 0xFFFF) + DOT),
    "symbol to the right": symbols_op(1, placed(20, 0, 0) + BAR),
    "symbol to below": symbols_op(1, placed(0, 35, 0) + BAR),
    "symbol of 256x256": symbols_op(1, placed(0, 0, 0) + b"\xff\xff" + b"\xff\7\7\7\xff" * 258),
    "symbol left of the tile": symbols_op(1, placed(-1, 0, 0) + BAR),
    "symbol again to the right": symbols_op(2, placed(0, 0, 0) + BAR + placed(17, 0, 0)),
    "symbol on a symbol": symbols_op(2, placed(0, 0, 0) + BAR + placed(-1, 1, 0)),
    "new symbol on a symbol": symbols_op(2, placed(0, 0, 0) + BAR + placed(-3, 0, 1) + DOT),
    "symbol of runs too long": symbols_op(1, placed(0, 0, 0) + b"\2\1" + b"\xff\7\7\7\7"),
    "symbol without pixels": symbols_op(1, placed(0, 0, 0) + b"\2\1" + b"\xff\7\7\7\0"),
    "symbols outside": tile_op(SYMBOLS, 3, 0, GROUND + b"\1" + placed(0, 0, 0) + DOT),
    "part of symbols to the right": part_op(2, 3, 9, 5, symbols_op(1, placed(7, 0, 0) + BAR)),
}
FULL_TABLE = tile_op(INDEXED, *LAST_TILE, bytes([255]) + bytes(765 + PIXELS))
BAD_AFTER_GOOD = {
    "table of 256": (FULL_TABLE, tile_op(INDEXED, *LAST_TILE, bytes([1]) + bytes(3 + PIXELS))),
    "work of a pixel more": (GOOD["copy"] * 4, solid_op(0, 0, 1, 1)),
    "cached tile of another size": (slots_op(STORE, 0, 0, 1, 0), slots_op(CACHED, *LAST_TILE, 1, 0)),
    "cached row ends in another size": (slots_op(STORE, 0, 0, 2, 1), slots_op(CACHED, 1, 0, 2, 1)),
    "store as work": (GOOD["copy"] * 4, slots_op(STORE, *LAST_TILE, 1, 0)),
    "symbol of another stream's": (GOOD["symbols"], symbols_op(1, placed(0, 0, 1) + DOT)),
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
        st.sampled_from([PALETTE, RAW, INDEXED, PREDICTED, RUNS, SYMBOLS]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.builds(lambda n, fill: bytes([n]) + bytes([fill]) * 4000, st.integers(0, 20), st.integers(0, 255)),
    ),
    st.builds(
        lambda place, code, n: part_op(*place, 4, 3, tile_op(code, *LAST_TILE, bytes([n]) + bytes(3 * n + 12))),
        st.tuples(st.integers(0, 25), st.integers(0, 40)),
        st.sampled_from([SOLID, PALETTE, RAW, INDEXED, PREDICTED, RUNS, SYMBOLS, CACHED, PART]),
        st.integers(0, 9),
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


def in_parts(name):
    """Encode a picture for a decoder that has most of it."""
    image = START.copy()
    image[30:70, 40:100] = scene(name, SIZE)[30:70, 40:100]
    return bytes(stream.encode(image, (), tiles.all_tiles(SIZE), None, START))


HONEST = [encoded(np.hstack([scene(name, (75, 100)) for name in pair])) for pair in pairwise(SCENES)]
HONEST += [in_parts(name) for name in SCENES]


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
