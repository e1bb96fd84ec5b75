"""The form in which tile streams travel."""

import struct

import numpy as np
import pytest
from codec_bytes import PLAIN, ZSTD

from fanlight.codec import open_encoder
from fanlight.codec.packing import Packer, Unpacker
from fanlight.errors import CodecError
from fanlight.types import Frame, Rect

SIZE = (128, 320)


@pytest.mark.parametrize("level", [1, 3])
@pytest.mark.parametrize("length", [0, 127, 128, 131_071, 131_072, 400_000])
def test_what_is_packed_unpacks(level, length):
    plain = bytes(i % 7 for i in range(length))
    body = Packer(level).pack(plain)
    assert body[0] == (ZSTD if length >= 128 else PLAIN)
    assert bytes(Unpacker(length).unpack(memoryview(body))) == plain


def test_what_does_not_become_shorter_stays_as_it_is():
    noise = np.random.default_rng(1).integers(0, 256, 200_000, np.uint8).tobytes()
    body = Packer().pack(noise)
    assert (body[0], len(body)) == (PLAIN, len(noise) + 5)
    assert bytes(Unpacker(len(noise)).unpack(memoryview(body))) == noise


def test_more_than_is_allowed_is_refused_before_it_is_unpacked():
    with pytest.raises(CodecError, match="more than this picture can need"):
        Unpacker(399_999).unpack(memoryview(Packer().pack(bytes(400_000))))


def after(change):
    """Return the update of a change to a page of noise in few colours."""
    page = np.random.default_rng(2).integers(0, 4, (SIZE[1], SIZE[0], 1), np.uint8).repeat(4, 2)
    with open_encoder("tiles", SIZE) as encoder:
        encoder.encode(Frame(page, (Rect(0, 0, *SIZE),), 0.0, 0.0))
        return encoder.encode(Frame(np.ascontiguousarray(change(page)), (Rect(0, 0, *SIZE),), 0.0, 0.0))


def test_a_short_stream_is_compressed_beside_moves_only():
    def with_letter(page):
        page[100:112, 20:30, :3] = np.arange(120, dtype=np.uint8).reshape(12, 10, 1)
        return page

    def scrolled(page):
        pattern = np.arange(8 * SIZE[0], dtype=np.uint16).reshape(8, SIZE[0], 1) % 3
        return np.concatenate((page[8:], pattern.astype(np.uint8).repeat(4, 2)))

    updates = [after(with_letter), after(scrolled)]
    assert all(128 <= struct.unpack_from("<BI", update)[1] < 512 for update in updates)
    assert [update[0] for update in updates] == [PLAIN, ZSTD]
