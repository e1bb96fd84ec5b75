"""The picture that an encoder and its decoder both hold, and the digest that proves they hold the same."""

import numpy as np
from numpy.typing import NDArray

from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.shadow import Shadow
from fanlight.types import Image, Move, Rect, Size, Tiles


class Picture:
    """A picture, black at first, with its digest; `view` is `image` read-only.

    A decoder writes to `image` and says which tiles by `touch`. An encoder uses `find` and `take`. Tiles are hashed
    when the digest is next asked for, so a digest nobody reads costs nothing.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self._shadow = Shadow(size)
        self.image: Image = self._shadow.image
        self.view: Image = self.image.view()
        self.view.flags.writeable = False
        self._stale: Tiles = tile_kernels.all_tiles(size)
        self._hashes: NDArray[np.uint64] = np.zeros(self._stale.shape, np.uint64)
        self._mixed: NDArray[np.uint64] = np.zeros(self._stale.shape, np.uint64)
        self._digest = np.uint64(0)
        self._is_stale = True

    def find(
        self, image: Image, tiles: Tiles, lossy: Tiles | None = None, limit: int = 16
    ) -> tuple[tuple[Move, ...], int]:
        """Leave those of `tiles` marked in which `image` differs; see `Shadow.find`. Moves are applied here."""
        moves, differed = self._shadow.find(image, tiles, lossy, limit)
        if moves:
            tile_kernels.mark(self._stale, [Rect(*move[:4]) for move in moves], self.size)
            self._is_stale = True
        return moves, differed

    def take(self, image: Image, tiles: Tiles) -> None:
        """Copy the marked tiles of `image`."""
        self._shadow.take(image, tiles)
        self._note(tiles)

    def touch(self, tiles: Tiles) -> None:
        """Note that the pixels of the marked tiles may have changed."""
        self._shadow.forget(tiles)
        self._note(tiles)

    @property
    def digest(self) -> int:
        """The XOR over all tiles of mix(hash, index); see docs/tile-stream.md."""
        if self._is_stale:
            self._hash_stale()
        return int(self._digest)

    def _note(self, tiles: Tiles) -> None:
        np.bitwise_or(self._stale, tiles, out=self._stale)
        self._is_stale = True

    def _hash_stale(self) -> None:
        self._shadow.hashes(self._stale, self._hashes)
        index = np.flatnonzero(self._stale)
        before = self._mixed.reshape(-1)[index]
        after = mix(self._hashes.reshape(-1)[index], index)
        self._mixed.reshape(-1)[index] = after
        self._digest ^= np.bitwise_xor.reduce(before ^ after)
        self._stale[:] = 0
        self._is_stale = False


def mix(hashes: NDArray[np.uint64], index: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Bind tile hashes to their places, so that two tiles that change places change the digest."""
    mixed: NDArray[np.uint64] = hashes ^ (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
