"""Golden updates of the formats in docs/codecs.md: whoever can read them today can read them tomorrow."""

import json
import struct
from pathlib import Path

import pytest

from fanlight.codec import open_decoder, sections

VECTORS = Path(__file__).parent.parent / "vectors"
ENTRIES = json.loads((VECTORS / "update_vectors.json").read_text())


def updates(name):
    data = memoryview((VECTORS / f"update_{name}.bin").read_bytes())
    while data:
        (length,) = struct.unpack_from("<I", data)
        yield data[4 : 4 + length]
        data = data[4 + length :]


@pytest.mark.parametrize("name", ENTRIES)
def test_golden_updates_show_what_they_showed(name):
    entry = ENTRIES[name]
    decoder = open_decoder(entry["codec"], tuple(entry["size"]))
    for update, digest in zip(updates(name), entry["digests"], strict=True):
        decoder.decode(update)
        assert digest is None or f"{decoder.digest:016x}" == digest
    assert digest is not None


def test_golden_updates_hold_every_section():
    assert {update[0] for update in updates("hybrid_film_rest")} == {1, 2, 3}
    kinds = {kind for update in updates("hybrid_region_beside_text") for kind, _ in sections.read(update)}
    assert kinds == {sections.TILES, sections.VIDEO, sections.STATE}
    assert ENTRIES["hybrid_film_rest"]["codec"] == "hybrid"
