"""The decoding end of the two lanes: a picture, the tiles of it that are lossy, and a decoder for each video region."""

import numpy as np

from fanlight.codec import sections
from fanlight.codec.base import LOSSY, REFINING, Decoder, cannot_open
from fanlight.codec.picture import Picture
from fanlight.codec.profiles import Profile
from fanlight.codec.tile_reader import TileReader
from fanlight.codec.video import VideoReader, can_decode
from fanlight.errors import CodecError, EncoderError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Image, Rect, Size, Tiles


class HybridDecoder(Decoder):
    """Shows the updates of a HybridEncoder whose regions have this profile."""

    def __init__(self, name: str, profile: Profile, size: Size) -> None:
        super().__init__(size)
        self.name = name
        self._profile = profile
        if not can_decode(profile):
            raise cannot_open(profile.title, f"this PyAV has no decoder {profile.decoder}")
        self._picture = Picture(self.size, shared=True)
        self._tiles = TileReader(self._picture)
        self._regions: dict[int, _Region] = {}
        self._lossy = tile_kernels.no_tiles(self.size)
        self._any_lossy = False

    def _decode(self, update: memoryview) -> None:
        touched = tile_kernels.no_tiles(self.size)
        for kind, body in sections.read(update):
            if kind == sections.TILES:
                self._write(self._tiles.decode(body), touched)
            elif kind == sections.VIDEO:
                self._show(sections.read_video(body, self.size), touched)
            elif kind == sections.STATE:
                self._settle(sections.read_state(body, self.size))
            else:
                raise CodecError(f"an update holds a section of kind {kind}, which does not exist")
        self.damage = tile_kernels.rects(touched, self.size)

    def _write(self, tiles: Tiles, touched: Tiles) -> None:
        np.bitwise_or(touched, tiles, out=touched)
        if self._any_lossy:
            self._lossy[tiles != 0] = 0
            self._any_lossy = bool(self._lossy.any())

    def _show(self, video: sections.Video, touched: Tiles) -> None:
        region = self._region(video)
        tiles = tile_kernels.no_tiles(self.size)
        tile_kernels.mark(tiles, (video.rect,), self.size)
        x, y, w, h = video.rect
        shown = region.reader.decode(video.packet)
        tile_kernels.copy(shown, self._picture.image[y : y + h, x : x + w], region.all)
        self._picture.touch(tiles)
        np.bitwise_or(touched, tiles, out=touched)
        np.bitwise_or(self._lossy, tiles, out=self._lossy)
        self._any_lossy = True

    def _region(self, video: sections.Video) -> "_Region":
        region = self._regions.get(video.region)
        if region is not None and region.rect == video.rect:
            return region
        if not video.key:
            raise CodecError(f"video region {video.region} goes on where no key frame has opened it")
        # What it replaces is freed before the new one takes memory.
        self._regions.pop(video.region, None)
        taken = sum(other.rect.w * other.rect.h for other in self._regions.values())
        if taken + video.rect.w * video.rect.h > self.size[0] * self.size[1]:
            raise CodecError("the video regions are larger than the picture")
        try:
            region = self._regions[video.region] = _Region(self._profile, video.rect)
        except EncoderError as error:
            raise CodecError(f"video region {video.region} is of a size that does not decode: {error}") from error
        return region

    def _settle(self, state: sections.State) -> None:
        for number in tuple(self._regions):
            if state.closed >> number & 1:
                del self._regions[number]
        if state.lossy is not None:
            self._lossy = state.lossy
            self._any_lossy = bool(state.lossy.any())

    @property
    def image(self) -> Image:
        """The picture now, read-only."""
        return self._picture.view

    @property
    def digest(self) -> int | None:
        """The digest of the tiles that are not lossy."""
        return self._picture.digest_without(self._lossy) if self._any_lossy else self._picture.digest

    def states(self) -> Tiles:
        """Return EXACT, REFINING or LOSSY for each tile: what is not exact waits for that, or film plays there."""
        video = tile_kernels.no_tiles(self.size)
        tile_kernels.mark(video, tuple(region.rect for region in self._regions.values()), self.size)
        return np.where(video, np.uint8(LOSSY), np.uint8(REFINING)) * self._lossy

    def close(self) -> None:
        """Free the regions' decoders."""
        super().close()
        self._regions.clear()


class _Region:
    """The decoder of one video region."""

    def __init__(self, profile: Profile, rect: Rect) -> None:
        self.rect = rect
        self.reader = VideoReader(profile, (rect.w, rect.h))
        self.all = tile_kernels.all_tiles((rect.w, rect.h))
