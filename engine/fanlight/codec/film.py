"""What film runs over: tiles that the shadow does not follow, since nothing of it is compared or copied there.

A tile that the decoder has only with loss, under a region that is open, gets packets as long as the film runs and is
sent anew when it rests. Until then nobody asks what stood in it. So damage is all that is known of it; whether the
picture really changes, which decides when it rests, is told by a glance at some of its rows.
"""

import numpy as np

from fanlight.codec.picture import Picture
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Image, Tiles


class Film:
    """The tiles that a shadow is `behind` in; all of them are lossy, and under an open region between two updates."""

    def __init__(self, shadow: Picture) -> None:
        self._shadow = shadow
        self._glances = np.zeros(shadow.stale.shape, np.uint64)
        self.behind = tile_kernels.no_tiles(shadow.size)

    def standing(self, image: Image, damaged: Tiles) -> Tiles:
        """Return those of the damaged tiles of a film in which the same was drawn again, as it seems."""
        moving = damaged.copy()
        tile_kernels.glance(image, moving, self._glances)
        return np.bitwise_xor(damaged, moving)

    def ran(self, tiles: Tiles) -> None:
        """Say that a packet brings what changed in these tiles."""
        began = (tiles > self.behind).view(np.uint8)
        if began.any():
            # They were found, and will not be taken.
            self._shadow.touch(began)
            np.bitwise_or(self.behind, began, out=self.behind)

    def took(self, tiles: Tiles) -> None:
        """Say that the shadow has these tiles as they are now."""
        np.greater(self.behind, tiles, out=self.behind.view(np.bool_))

    def left(self, under_video: Tiles) -> Tiles:
        """Return the tiles that the shadow is behind in, and that are under video no more."""
        return (self.behind > under_video).view(np.uint8)

    def catch_up(self, image: Image, under_video: Tiles) -> None:
        """Take over what is under video no more."""
        left = self.left(under_video)
        if left.any():
            self._shadow.follow(image, left)
            self.took(left)

    def repeat(self, other: "Film") -> None:
        """Be behind where another is, whose shadow was repeated."""
        np.copyto(self.behind, other.behind)
