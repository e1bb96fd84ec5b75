"""Reading the lossless lane, as `tile_writer` writes it."""

from fanlight.codec.packing import Unpacker
from fanlight.codec.picture import Picture
from fanlight.kernels import stream as stream_kernels
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Tiles


class TileReader:
    """Applies the bodies that a TileWriter makes, and any that a hostile peer makes up, to a picture."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._cache = stream_kernels.Cache(stream_kernels.slots_for(picture.size))
        self._unpacker = Unpacker(stream_kernels.bound(picture.size))

    def decode(self, body: memoryview) -> Tiles:
        """Apply one body; return the tiles it touched."""
        plain = self._unpacker.unpack(body)
        tiles = tile_kernels.no_tiles(self._picture.size)
        stream_kernels.decode(plain, self._picture.image, tiles, self._cache)
        self._picture.touch(tiles)
        return tiles
