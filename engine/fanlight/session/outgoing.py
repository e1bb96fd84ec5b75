"""An update on its way out: what is the same for every viewer that gets it, packed once."""

import msgspec

from fanlight.protocol import messages as m
from fanlight.protocol.framing import Buffer
from fanlight.types import Pixels


class Outgoing(msgspec.Struct, kw_only=True, eq=False):
    """One encoded update, for any number of sessions; nothing in it changes any more. Times are seconds of our clock.

    `digest` is that of the tiles which are exact, `exact` says that this is all of them and counts only with it.
    `quality` is the quantiser of the video in it, None without. `packed` is made of the rest.
    """

    update: Buffer
    exact: bool
    key: bool
    digest: int | None
    quality: int | None
    pixels: Pixels
    damaged_at: float
    captured_at: float
    encode_started_at: float
    encoded_at: float
    packed: m.PackedPicture | None = None

    def __post_init__(self) -> None:
        """Pack what no viewer has for itself."""
        self.exact = self.exact and self.digest is not None
        copied, tiled, filmed = self.pixels
        picture = m.Picture(
            seq=1,
            screen=1,
            input_seq=0,
            exact=self.exact,
            key=self.key,
            proved=self.digest is not None,
            quality=self.quality or 0,
            copy_pixels=min(copied, m.MAX_COUNT),
            tile_pixels=min(tiled, m.MAX_COUNT),
            video_pixels=min(filmed, m.MAX_COUNT),
            damaged_at=m.stamp(self.damaged_at),
            captured_at=m.stamp(self.captured_at),
            encode_started_at=m.stamp(self.encode_started_at),
            encoded_at=m.stamp(self.encoded_at),
            sent_at=0,
            digest=self.digest or 0,
            update=self.update,
        )
        self.packed = m.PackedPicture(picture)
