"""Writing a stream and taking its tiles over in one pass does what the two passes do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import some_tiles
from stream_links import LIMITS, no_x
from stream_scenes import scene

from fanlight.errors import UsageError
from fanlight.kernels import stream, tiles
from fanlight.kernels.lane import HEAD, Lane
from fanlight.kernels.shadow import Shadow
from fanlight.types import Move

SIZE = (200, 136)
PAGES = [scene(name, SIZE) for name in ("text", "photo", "two", "short-runs")]


class End:
    """What an encoder has: a shadow, a cache and room."""

    def __init__(self, page):
        self.shadow, self.cache = Shadow(SIZE), stream.Cache(64)
        self.room = np.empty(HEAD + stream.bound(SIZE), np.uint8)
        self.lane = Lane(self.shadow, self.cache, self.room)
        self.shadow.take(page, tiles.all_tiles(SIZE))

    def in_two(self, image, moves, marks, lossy):
        data = bytes(stream.encode(image, moves, marks, self.cache, self.shadow.image, lossy))
        self.shadow.take(image, marks)
        return data

    def in_one(self, image, moves, marks, lossy):
        return bytes(stream.send(self.shadow, image, moves, marks, self.cache, self.room, lossy=lossy))

    def whole_in_two(self, image):
        self.cache.forget()
        data = bytes(stream.encode(image, (), tiles.all_tiles(SIZE), self.cache))
        self.shadow.take(image, tiles.all_tiles(SIZE))
        return data

    def whole_in_one(self, image):
        return bytes(self.lane.written[HEAD : HEAD + self.lane.whole(image)])


@given(st.data())
@LIMITS
def test_it_does_what_encode_and_take_do(data):
    pages = st.sampled_from(PAGES)
    start = data.draw(pages)
    one, two = End(start), End(start)
    for _ in range(data.draw(st.integers(1, 4))):
        image = data.draw(pages)
        if data.draw(st.booleans()):
            assert one.whole_in_one(image) == two.whole_in_two(image)
        else:
            marks, lossy = (some_tiles(tiles.grid(SIZE), data.draw(st.integers(0, 99))) for _ in range(2))
            moves = [Move(0, 0, 90, 90, 0, 6)] if data.draw(st.booleans()) else []
            assert one.in_one(image, moves, marks, lossy) == two.in_two(image, moves, marks, lossy)
        assert np.array_equal(one.shadow.image, two.shadow.image)
        if data.draw(st.booleans()):
            assert one.shadow.digest == two.shadow.digest


def test_what_stands_alone_needs_nothing_of_the_shadow(variant):
    end = End(PAGES[0])
    data = end.whole_in_one(PAGES[0])
    shown = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    stream.decode(data, shown, tiles.no_tiles(SIZE), stream.Cache(64))
    assert np.array_equal(shown, no_x(PAGES[0]))
    assert end.in_one(PAGES[0], (), tiles.all_tiles(SIZE), None) == b""


def test_it_refuses_a_picture_of_another_size():
    end = End(PAGES[0])
    with pytest.raises(UsageError, match="one size"):
        end.in_one(np.zeros((64, 64, 4), np.uint8), (), tiles.all_tiles(SIZE), None)


def test_it_refuses_moves_that_leave_the_picture():
    end = End(PAGES[0])
    with pytest.raises(UsageError):
        end.in_one(PAGES[1], [Move(0, 0, 201, 1, 0, 0)], tiles.all_tiles(SIZE), None)
    assert np.array_equal(end.shadow.image, no_x(PAGES[0]))
