"""The picture that an encoder and its decoder both hold, and the digest that proves they hold the same."""

import numpy as np

from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.shadow import Shadow
from fanlight.types import Image, Size, Tiles


class Picture(Shadow):
    """A picture, black at first, with its digest.

    A decoder writes to `image` and says which tiles by `touch`; an encoder uses `find` and `take`. `view` is `image`
    read-only, where nothing is found.
    """

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.view: Image = self.image.view()
        self.view.flags.writeable = False

    def digest_without(self, lossy: Tiles) -> int:
        """Return the digest of all tiles but the `lossy` ones, which are not looked at."""
        hidden = self.stale & lossy
        np.bitwise_xor(self.stale, hidden, out=self.stale)
        digest = self.digest
        np.bitwise_or(self.stale, hidden, out=self.stale)
        return digest ^ int(np.bitwise_xor.reduce(self._mixed[lossy != 0]))

    def follow(self, image: Image, tiles: Tiles) -> None:
        """Copy the marked tiles of `image` as `take` does: cheaper, until a move is looked for there."""
        tile_kernels.copy(image, self.image, tiles)
        self.touch(tiles)

    def repeat(self, other: "Picture") -> None:
        """Become a copy of another picture of the same size."""
        np.copyto(self.image, other.image)
        self.touch(tile_kernels.all_tiles(self.size))
