"""Write the golden tile streams: stream_NAME.bin, each named for what it holds, and stream_vectors.json.

Each applies to a black picture of `size` and an empty cache of 8 slots. `digest` is that of the picture afterwards,
which is also right for a stream that is refused: what stands before the damage stays. Digests and pictures are those of
the Python references.

Run it only when the format changes on purpose: `python tests/vectors/stream_make.py`.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np

VECTORS = Path(__file__).parent
sys.path.insert(0, str(VECTORS.parent / "kernels"))

from reference_hash import digest  # noqa: E402
from reference_stream import (  # noqa: E402
    CACHED,
    COPY,
    INDEXED,
    PALETTE,
    PART,
    PREDICTED,
    RAW,
    RUNS,
    SOLID,
    STORE,
    SYMBOLS,
    DamagedError,
    decode,
)
from stream_scenes import scene  # noqa: E402

from fanlight.kernels import stream, tiles  # noqa: E402

SLOTS = 8
SIZE = (70, 66)  # Four tiles: 64x64, 6x64, 64x2 and 6x2.


def encoded(name, size):
    """Encode all tiles of a scene."""
    return bytes(stream.encode(scene(name, size), (), tiles.all_tiles(size)))


def rect(code, *numbers, colour=b""):
    """Write COPY or SOLID."""
    return struct.pack(f"<B{len(numbers)}H", code, *numbers) + colour


def tile(code, column, row, body):
    """Write an operation on a tile."""
    return struct.pack("<B2H", code, column, row) + body


def part(x, y, w, h, operation):
    """Write an operation on a part of its tile."""
    return bytes([PART, x, y, w - 1, h - 1]) + operation


def slots(code, column, row, count, slot):
    """Write CACHED or STORE."""
    return struct.pack("<B2HBH", code, column, row, count - 1, slot)


def background():
    """Write an INDEXED picture in which every pixel differs from those round it."""
    counting = bytes(range(200)) * 21
    return tile(INDEXED, 0, 0, bytes([200]) + bytes(k * 7 & 255 for k in range(600)) + counting[:4096])


def ramp(count):
    """Count up by steps of 5."""
    return (np.arange(count) * 5 % 256).astype(np.uint8).tobytes()


def photo():
    """Write the first tile of a photograph."""
    return bytes(stream.encode(scene("photo", (64, 64)), (), tiles.all_tiles((64, 64))))


BLACK = bytes(3)
GROUND = b"\x10\x20\x30"
BAR = b"\x02\x01" + b"\xff\x07\x80\xff\x04" + b"\xfe\x01\x02\x03" + b"\xf0\x01"  # Of 3x2 pixels.
DOT = b"\x00\x00" + b"\xfe\x05\x06\x07"  # Of 1x1 pixels.


def placed(right, down, number):
    """Place a symbol by the one before it."""
    return struct.pack("<BBH", right, down, number)


def symbols(column, row, body):
    """Write SYMBOLS; counts by what stands in `body` how many there are."""
    count = len(body.replace(BAR, b"").replace(DOT, b"")) // 4
    return tile(SYMBOLS, column, row, GROUND + bytes([count]) + body)


TAKEN = {
    "empty": (SIZE, b""),
    "solid_rectangle_across_tiles": (SIZE, rect(SOLID, 3, 60, 67, 6, colour=b"\x01\x80\xff")),
    "copy_scroll_up_overlapping": (SIZE, background() + rect(COPY, 2, 0, 60, 50, 2, 13)),
    "copy_scroll_down_overlapping": (SIZE, background() + rect(COPY, 2, 13, 60, 50, 2, 0)),
    "copy_right_overlapping": (SIZE, background() + rect(COPY, 6, 0, 64, 66, 0, 0)),
    "copy_left_overlapping": (SIZE, background() + rect(COPY, 0, 0, 64, 66, 6, 0)),
    "copy_diagonal_twice": (SIZE, background() + rect(COPY, 5, 6, 40, 40, 0, 0) + rect(COPY, 20, 1, 40, 40, 5, 6)),
    "palette_1_bit_edge_tile": (SIZE, tile(PALETTE, 1, 1, b"\x01" + b"\x10\x20\x30\xff\xfe\xfd" + b"\x2a\x15")),
    "palette_1_bit_padding_set": (SIZE, tile(PALETTE, 1, 1, b"\x01" + b"\x10\x20\x30\xff\xfe\xfd" + b"\xea\xd5")),
    "palette_2_bits_3_colours": (SIZE, tile(PALETTE, 1, 1, b"\x02" + bytes(range(9)) + b"\x24\x01\x92\x00")),
    "palette_4_bits_16_colours": (SIZE, encoded("sixteen", SIZE)),
    "indexed_table_grows": (
        SIZE,
        tile(INDEXED, 1, 1, b"\x02" + b"\x01\x02\x03\x04\x05\x06" + bytes([0, 1, 1, 0, 0, 1] * 2))
        + tile(INDEXED, 1, 0, b"\x01" + b"\x09\x08\x07" + bytes([2, 1, 0] * 128)),
    ),
    "indexed_255_colours": ((64, 64), encoded("all-255", (64, 64))),
    "raw": (SIZE, tile(RAW, 1, 0, ramp(3 * 6 * 64))),
    "predicted": (SIZE, tile(PREDICTED, 0, 1, ramp(3 * 64 * 2))),
    "predicted_photo": (SIZE, encoded("photo", SIZE)),
    "text": ((200, 80), encoded("text", (200, 80))),
    "runs": (
        SIZE,
        tile(
            RUNS,
            1,
            0,
            b"\xfe\x01\x02\x03"
            + b"\xff\x0a\x14\x1e\x02"
            + b"\xf0\x05"
            + b"\x01\xff\x28\x32\x3c\xff"
            + b"\x00\x02"
            + b"\xf8\x01\x71",
        ),
    ),
    "runs_come_near_at_the_eighth_use": (
        SIZE,
        tile(
            RUNS,
            0,
            0,
            b"".join(b"\xfe" + bytes([k, 255 - k, 9]) for k in range(100))
            + b"\xe4\x62" * 8
            + b"\x60\x5f\xe4\x61" * 1300
            + b"\x61" * 88,
        ),
    ),
    "runs_of_more_than_are_near": (
        (64, 128),
        tile(RUNS, 0, 0, b"".join(b"\xfe" + struct.pack("<I", k * 4001)[:3] for k in range(4096)))
        + tile(RUNS, 0, 1, b"".join(bytes([0xE4, k]) * 9 for k in range(96, 240)) + b"\xe3" * 2800),
    ),
    "runs_of_more_than_are_known": (
        (64, 128),
        tile(RUNS, 0, 0, b"".join(b"\xfe" + struct.pack("<I", k * 4001)[:3] for k in range(4096)))
        + tile(RUNS, 0, 1, b"\xef\xff" * 4096),
    ),
    "cached_elsewhere": (
        (128, 64),
        photo() + slots(STORE, 0, 0, 1, 5) + rect(SOLID, 0, 0, 64, 64, colour=BLACK) + slots(CACHED, 1, 0, 1, 5),
    ),
    "cached_row_of_two_sizes": (
        SIZE,
        background()
        + rect(COPY, 60, 0, 10, 66, 0, 0)
        + slots(STORE, 0, 0, 2, 6)
        + rect(SOLID, 0, 0, 70, 20, colour=BLACK)
        + slots(CACHED, 0, 0, 2, 6),
    ),
    "stored_twice": (
        SIZE,
        background()
        + slots(STORE, 0, 0, 1, 3)
        + rect(SOLID, 0, 0, 9, 9, colour=b"\x07\x07\x07")
        + slots(STORE, 0, 0, 1, 3)
        + rect(SOLID, 0, 0, 70, 20, colour=BLACK)
        + slots(CACHED, 0, 0, 1, 3),
    ),
    "part_raw": (SIZE, background() + part(60, 3, 4, 2, tile(RAW, 0, 0, ramp(24)))),
    "part_palette_of_an_edge_tile": (
        SIZE,
        background() + part(5, 1, 1, 1, tile(PALETTE, 1, 1, b"\x01" + b"\x10\x20\x30\xff\xfe\xfd" + b"\x01")),
    ),
    "part_indexed_shares_the_table": (
        SIZE,
        background() + part(1, 1, 3, 2, tile(INDEXED, 1, 0, b"\x00" + bytes(range(6)))),
    ),
    "part_predicted": (SIZE, background() + part(10, 20, 7, 30, tile(PREDICTED, 0, 0, ramp(3 * 7 * 30)))),
    "part_runs_share_the_table": (
        SIZE,
        background()
        + part(0, 63, 64, 1, tile(RUNS, 0, 0, b"\xff\x01\x02\x03\x20" + b"\xff\x0a\x14\x1e\x20"))
        + part(2, 0, 3, 3, tile(RUNS, 1, 0, b"\xf1\x07" + b"\xf0\x02")),
    ),
    "part_of_a_whole_tile": (SIZE, part(0, 0, 6, 2, tile(RAW, 1, 1, ramp(36)))),
    "symbols": (
        SIZE,
        symbols(0, 0, placed(3, 5, 0) + BAR + placed(1, 0, 0) + placed(250, 4, 1) + DOT)
        + symbols(1, 0, placed(2, 60, 1) + placed(255, 255, 2) + DOT)
        + symbols(0, 1, placed(0, 0, 0)),
    ),
    "symbols_without_any": (SIZE, symbols(1, 1, b"")),
    "symbols_of_what_stands_there_now": (
        SIZE,
        symbols(0, 0, placed(3, 5, 0) + BAR)
        + rect(SOLID, 4, 5, 9, 1, colour=b"\x09\x08\x07")
        + symbols(0, 1, placed(20, 0, 0)),
    ),
    "symbols_of_the_tile_that_is_brought_again": (
        SIZE,
        symbols(0, 0, placed(3, 5, 0) + BAR) + symbols(0, 0, placed(5, 6, 0) + placed(0, 3, 0)),
    ),
    "part_symbols": (SIZE, background() + part(10, 20, 7, 9, symbols(0, 0, placed(1, 1, 0) + BAR + placed(0, 3, 0)))),
    "work_of_four_pictures": (SIZE, rect(SOLID, 0, 0, *SIZE, colour=b"\x05\x06\x07") * 4),
}

FIRST = rect(SOLID, 0, 0, 2, 2, colour=b"\xff\xff\xff")

REFUSED = {
    "unknown_operation": b"\x0c",
    "truncated_solid": rect(SOLID, 0, 0, 9, 9, colour=b"\x01\x02"),
    "truncated_raw": tile(RAW, 1, 1, bytes(35)),
    "solid_without_width": rect(SOLID, 0, 0, 0, 9, colour=b"\x01\x02\x03"),
    "solid_past_the_right_edge": rect(SOLID, 69, 0, 2, 1, colour=b"\x01\x02\x03"),
    "copy_from_below_the_edge": rect(COPY, 0, 0, 1, 2, 0, 65),
    "tile_outside_the_grid": tile(RAW, 2, 0, bytes(12288)),
    "palette_of_1_colour": tile(PALETTE, 1, 1, b"\x00" + bytes(3) + bytes(2)),
    "palette_of_17_colours": tile(PALETTE, 1, 1, b"\x10" + bytes(51) + bytes(12)),
    "palette_index_past_it": tile(PALETTE, 1, 1, b"\x02" + bytes(9) + b"\x00\x00\x00\x0c"),
    "indexed_past_the_table": tile(INDEXED, 1, 1, b"\x02" + bytes(6) + bytes([0] * 11 + [2])),
    "indexed_table_of_256": tile(INDEXED, 1, 1, b"\xff" + bytes(765) + bytes(12)) * 2,
    "runs_not_before": tile(RUNS, 1, 1, b"\xfe\x01\x02\x03" + b"\xf0\x0a" + b"\x02"),
    "runs_not_near_yet": tile(RUNS, 0, 0, b"\xfe\x01\x02\x03" * 97 + b"\xe4\x60" * 7 + b"\x60" * 3992),
    "runs_far_past_the_known": tile(RUNS, 1, 1, b"\xfe\x01\x02\x03" + b"\xe4\x01" * 11),
    "runs_of_the_colour_of_none": tile(RUNS, 1, 1, b"\xfe\x01\x02\x03" + b"\xf1\x0b"),
    "runs_of_the_colour_of_none_far_off": tile(RUNS, 1, 1, b"\xfe\x01\x02\x03" + b"\xf8\x01\x0b"),
    "runs_without_pixels": tile(RUNS, 1, 1, b"\xfe\x01\x02\x03" + b"\xf0\x00" + b"\xf0\x0b"),
    "runs_past_the_tile": tile(RUNS, 1, 1, b"\xff\x01\x02\x03\x0d"),
    "runs_cut_off": tile(RUNS, 1, 1, b"\xff\x01\x02\x03\x0a"),
    "symbols_not_before": symbols(0, 0, placed(0, 0, 1) + DOT),
    "symbols_past_the_right_edge": symbols(1, 0, placed(4, 0, 0) + BAR),
    "symbols_past_the_bottom_edge": symbols(0, 1, placed(4, 1, 0) + BAR),
    "symbols_on_each_other": symbols(0, 0, placed(4, 1, 0) + BAR + placed(255, 1, 0)),
    "symbols_of_runs_too_long": symbols(
        0, 0, placed(4, 1, 0) + DOT + placed(4, 0, 1) + b"\x01\x00" + b"\xff\x01\x02\x03\x03"
    ),
    "symbols_cut_off": symbols(0, 0, placed(4, 1, 0) + DOT + placed(4, 0, 0))[:-1],
    "cached_empty_slot": slots(CACHED, 0, 0, 1, 0),
    "cached_other_size": slots(STORE, 0, 0, 1, 2) + slots(CACHED, 1, 0, 1, 2),
    "cached_row_half_there": slots(STORE, 0, 0, 1, 0) + slots(CACHED, 0, 0, 2, 0),
    "cached_slot_outside": slots(CACHED, 0, 0, 1, 8),
    "store_past_the_last_slot": slots(STORE, 0, 0, 2, 7),
    "store_past_the_right_edge": slots(STORE, 1, 0, 2, 0),
    "part_past_the_right_edge": part(5, 0, 2, 1, tile(RAW, 1, 0, bytes(6))),
    "part_past_the_bottom_edge": part(0, 0, 1, 3, tile(RAW, 0, 1, bytes(9))),
    "part_of_256_columns": part(0, 0, 256, 1, tile(RAW, 0, 0, bytes(768))),
    "part_of_a_solid": part(0, 0, 2, 2, rect(SOLID, 0, 0, 2, 2, colour=b"\x01\x02\x03")),
    "part_of_a_cached": slots(STORE, 0, 0, 1, 0) + part(0, 0, 2, 2, slots(CACHED, 0, 0, 1, 0)),
    "part_of_a_part": part(0, 0, 4, 4, part(0, 0, 2, 2, tile(RAW, 0, 0, bytes(12)))),
    "part_of_nothing": b"\x0a\x00\x00\x01\x01",
    "part_cut_off": part(0, 0, 2, 2, tile(RAW, 0, 0, bytes(11))),
    "work_of_a_part_too_much": rect(SOLID, 0, 0, *SIZE, colour=b"\x05\x06\x07") * 4
    + part(0, 0, 1, 1, tile(RAW, 0, 0, bytes(3))),
    "work_of_a_store_too_much": rect(SOLID, 0, 0, *SIZE, colour=b"\x05\x06\x07") * 4 + slots(STORE, 1, 1, 1, 0),
    "work_of_a_pixel_too_much": rect(SOLID, 0, 0, *SIZE, colour=b"\x05\x06\x07") * 4
    + rect(SOLID, 0, 0, 1, 1, colour=b"\x00\x00\x00"),
}


def entry(name, size, data, refused):
    """Write one stream and return what is known of it."""
    (VECTORS / f"stream_{name}.bin").write_bytes(data)
    image = np.zeros((size[1], size[0], 4), np.uint8)
    try:
        decode(data, image, [None] * SLOTS)
        taken = True
    except DamagedError:
        taken = False
    if taken == refused:
        raise SystemExit(f"{name} is {'taken' if taken else 'refused'}")
    return {"size": list(size), "refused": refused, "digest": f"{digest(image):016x}"}


if __name__ == "__main__":
    entries = {name: entry(name, size, data, False) for name, (size, data) in TAKEN.items()}
    for name, data in REFUSED.items():
        prefix = b"" if name.startswith("work") else FIRST
        entries[f"refused_{name}"] = entry(f"refused_{name}", SIZE, prefix + data, True)
    (VECTORS / "stream_vectors.json").write_text(json.dumps(entries, indent=1) + "\n")
