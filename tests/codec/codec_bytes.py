"""The bytes of updates put together by hand, honest or not."""

import struct

import zstandard
from codec_scenes import noise, whole

from fanlight.codec import open_encoder
from fanlight.types import Frame

PLAIN, ZSTD = 0, 1
TILES, VIDEO, STATE = 1, 2, 3
KEY = 1


def tile_body(plain, compression=PLAIN, length=None):
    """Make the body of a tile update."""
    return struct.pack("<BI", compression, len(plain) if length is None else length) + plain


def zstd_body(plain, length=None, **options):
    """Make the body of a compressed tile update."""
    packed = zstandard.ZstdCompressor(**options).compress(plain)
    return struct.pack("<BI", ZSTD, len(plain) if length is None else length) + packed


def section(kind, body, length=None):
    """Make a section, which may lie about its length."""
    return struct.pack("<BI", kind, len(body) if length is None else length) + body


def video_body(packet, rect, region=0, flags=KEY):
    """Make the body of a section of video."""
    return struct.pack("<BBHHHH", region, flags, *rect) + packet


def packet_of(size, image=None):
    """Encode one picture of H.264, noise by default."""
    image = noise(size, 1) if image is None else image
    return bytes(open_encoder("h264", size).encode(Frame(image, whole(size), 1.0, 1.0)))
