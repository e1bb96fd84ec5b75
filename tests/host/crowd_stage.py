"""A screen that tests draw on, and viewers that decode what a crowd gives them."""

from collections.abc import Callable, Iterable

import numpy as np

from fanlight.codec import Decoder, Encoder, open_decoder, open_encoder
from fanlight.host import Crowd, Picture, Viewer
from fanlight.types import Frame, Image, Rect, Size

SIZE = (256, 192)


class Screen:
    """A picture that is drawn on, the frames a capture would give of it, and the time."""

    def __init__(self, size: Size = SIZE) -> None:
        self.image = np.zeros((size[1], size[0], 4), np.uint8)
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def frame(self, *damage: Rect) -> Frame:
        self.now += 1 / 60
        return Frame(self.image, damage, self.now - 0.001, self.now)

    def draw(self, rect: Rect, value: int) -> Frame:
        self.image[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w, :3] = value
        return self.frame(rect)


class Source:
    """Has one frame to give, or none."""

    screen = None

    def __init__(self, last: Frame, coming: Frame | None) -> None:
        self.last = last
        self._coming = coming

    def next(self, timeout: float | None) -> Frame | None:
        assert timeout is None
        self.last = self._coming or self.last
        return self._coming


class Watcher:
    """A viewer with its decoder; `image` is what it shows."""

    def __init__(self) -> None:
        self.viewer = Viewer()
        self.pictures: list[Picture] = []
        self._decoder: Decoder | None = None
        self._serial = 0

    @property
    def image(self) -> Image:
        assert self._decoder is not None
        return self._decoder.image

    @property
    def bytes(self) -> int:
        return sum(len(picture.update) for picture in self.pictures)

    def take(self, picture: Picture) -> None:
        self.pictures.append(picture)
        if picture.screen.serial != self._serial:
            self._decoder = open_decoder(picture.screen.codec, picture.screen.size)
            self._serial = picture.screen.serial
        assert self._decoder is not None
        self._decoder.decode(picture.update)
        if picture.digest is not None:
            assert self._decoder.digest == picture.digest


class Stage:
    """A screen, a crowd and its watchers, in one hand."""

    def __init__(self, codec: str = "tiles", count: int = 1, size: Size = SIZE) -> None:
        self.screen = Screen(size)
        self.opened: list[Encoder] = []
        self.crowd = Crowd(self._opener(codec))
        self.last = self.screen.frame(Rect(0, 0, *size))
        self.crowd.note(self.last)
        self.watchers = [self.join() for _ in range(count)]

    def _opener(self, codec: str) -> Callable[[Size], Encoder]:
        def open_it(size: Size) -> Encoder:
            self.opened.append(open_encoder(codec, size))
            return self.opened[-1]

        return open_it

    def join(self) -> Watcher:
        watcher = Watcher()
        self.crowd.add(watcher.viewer)
        return watcher

    def draw(self, rect: Rect, value: int) -> None:
        self.note(self.screen.draw(rect, value))

    def note(self, frame: Frame) -> None:
        self.last = frame
        self.crowd.note(frame)

    def serve(self, *ready: Watcher, rested: bool = False) -> dict[Watcher, Picture]:
        """Let the crowd serve the watchers that are ready (none named: all), each decoding what it gets."""
        chosen: Iterable[Watcher] = ready or self.watchers
        by_viewer = {watcher.viewer: watcher for watcher in chosen}
        got = {}
        for one in self.crowd.serve(self.last, set(by_viewer), self.screen.clock, rested=rested):
            assert isinstance(one.picture, Picture)
            by_viewer[one.viewer].take(one.picture)
            got[by_viewer[one.viewer]] = one.picture
        return got

    def serve_next(self, frame: Frame | None) -> dict[Watcher, Picture]:
        """Let the crowd wait for this frame, or in vain, and its watchers decode what they get."""
        source = Source(self.last, frame)
        by_viewer = {watcher.viewer: watcher for watcher in self.watchers}
        got = {}
        for one in self.crowd.serve_next(source, None, self.screen.clock):
            assert isinstance(one.picture, Picture)
            by_viewer[one.viewer].take(one.picture)
            got[by_viewer[one.viewer]] = one.picture
        self.last = source.last
        return got

    def shows(self, *watchers: Watcher) -> bool:
        return all(np.array_equal(watcher.image[..., :3], self.screen.image[..., :3]) for watcher in watchers)
