"""The form in which a tile stream travels; owns it.

That is `u8 compression, u32 plain length, bytes`, little-endian: the stream as it is, or as one frame of zstd.
"""

import struct

import zstandard

from fanlight.errors import CodecError

DEFAULT_LEVEL = 1

_HEADER = struct.Struct("<BI")
_PLAIN, _ZSTD = 0, 1
# What is shorter hardly becomes shorter still.
_LEAST_COMPRESSED = 128
# From here on zstd's own choice for level 1 would be a larger window, which takes longer and brings nothing.
_LARGE = 1 << 17
_LARGE_WINDOW_LOG = 18
# Level 19 uses a window of 8 MiB; a larger one can only be meant to cost memory.
_MOST_WINDOW = 1 << 23


class Packer:
    """Packs streams, each for itself."""

    def __init__(self, level: int = DEFAULT_LEVEL) -> None:
        self._usual = self._large = zstandard.ZstdCompressor(level=level, write_content_size=True)
        if level == DEFAULT_LEVEL:
            parameters = zstandard.ZstdCompressionParameters.from_level(
                level, window_log=_LARGE_WINDOW_LOG, write_content_size=True
            )
            self._large = zstandard.ZstdCompressor(compression_params=parameters)

    def pack(self, plain: bytes | memoryview) -> bytes:
        """Return a stream compressed, where that makes it shorter."""
        packed = self._shorter(plain)
        if packed is None:
            return _HEADER.pack(_PLAIN, len(plain)) + plain
        return _HEADER.pack(_ZSTD, len(plain)) + packed

    def _shorter(self, plain: bytes | memoryview) -> bytes | None:
        if len(plain) < _LEAST_COMPRESSED:
            return None
        packed = (self._usual if len(plain) < _LARGE else self._large).compress(plain)
        return packed if len(packed) < len(plain) else None


class Unpacker:
    """Unpacks what a Packer makes, and what a hostile peer makes up: streams of at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)

    def unpack(self, body: memoryview) -> bytes | memoryview:
        """Return the stream."""
        if len(body) < _HEADER.size:
            raise CodecError("a tile update is cut off in its header")
        compression, length = _HEADER.unpack_from(body)
        packed = body[_HEADER.size :]
        if length > self._most:
            raise CodecError(f"a tile update of {length} bytes is more than this picture can need")
        if compression == _PLAIN:
            plain: bytes | memoryview = packed
        elif compression == _ZSTD:
            plain = self._decompress(packed, length)
        else:
            raise CodecError(f"a tile update names compression {compression}, which does not exist")
        if len(plain) != length:
            raise CodecError(f"a tile update says {length} bytes and holds {len(plain)}")
        return plain

    def _decompress(self, packed: memoryview, length: int) -> bytes:
        try:
            # Asked first, because zstandard allocates what the frame itself says, whatever limit it is given.
            said = zstandard.frame_content_size(packed)
            if said != length:
                raise CodecError(f"a tile update says {length} bytes, and its zstd frame {said}")
            return self._decompressor.decompress(packed, max_output_size=length, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise CodecError(f"a tile update does not decompress: {error}") from error
