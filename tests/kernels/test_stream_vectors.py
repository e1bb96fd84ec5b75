"""The golden tile streams: both decoders and both digests give what is written down."""

import json
from pathlib import Path

import numpy as np
import pytest
from reference_hash import digest, mix
from reference_stream import DamagedError, decode

from fanlight.errors import CodecError
from fanlight.kernels import stream, tiles

VECTORS = Path(__file__).parents[1] / "vectors"
ENTRIES = json.loads((VECTORS / "stream_vectors.json").read_text())
entries = pytest.mark.parametrize("name", ENTRIES)


SLOTS = 8


def black(entry):
    width, height = entry["size"]
    return np.zeros((height, width, 4), np.uint8)


def native_digest(image):
    size = (image.shape[1], image.shape[0])
    out = np.zeros(tiles.grid(size), np.uint64)
    tiles.hashes(image, tiles.all_tiles(size), out)
    result = 0
    for index, value in enumerate(out.flat):
        result ^= mix(int(value), index)
    return result


@entries
def test_the_native_decoder(variant, name):
    entry = ENTRIES[name]
    image, cache = black(entry), stream.Cache(SLOTS)
    data, marks = (VECTORS / f"stream_{name}.bin").read_bytes(), tiles.no_tiles(entry["size"])
    if entry["refused"]:
        with pytest.raises(CodecError):
            stream.decode(data, image, marks, cache)
    else:
        stream.decode(data, image, marks, cache)
    assert f"{native_digest(image):016x}" == entry["digest"]


@entries
def test_the_reference_decoder(name):
    entry = ENTRIES[name]
    image, data = black(entry), (VECTORS / f"stream_{name}.bin").read_bytes()
    if entry["refused"]:
        with pytest.raises(DamagedError):
            decode(data, image, [None] * SLOTS)
    else:
        decode(data, image, [None] * SLOTS)
    assert f"{digest(image):016x}" == entry["digest"]


def test_every_file_is_listed():
    assert {path.stem.removeprefix("stream_") for path in VECTORS.glob("stream_*.bin")} == set(ENTRIES)


def test_padding_bits_do_not_count():
    assert ENTRIES["palette_1_bit_edge_tile"]["digest"] == ENTRIES["palette_1_bit_padding_set"]["digest"]
