"""The lane: one native call does what marking, finding, encoding and taking do in a row."""

import numpy as np
import pytest
from kernel_cases import Canvas
from reference_stream import COPY, PART, SOLID
from stream_links import codes, no_x
from stream_scenes import scene

from fanlight.errors import UsageError
from fanlight.kernels import stream, tiles
from fanlight.kernels.lane import HEAD, TOO_MANY, Lane, pixels_of
from fanlight.kernels.shadow import Shadow
from fanlight.types import Rect

SIZE = (400, 300)
WHOLE = (Rect(0, 0, *SIZE),)
ANY = 1 << 20


class End:
    """A lane with all that it needs, and the picture that its decoder has."""

    def __init__(self, size=SIZE):
        self.shadow, self.cache = Shadow(size), stream.Cache(stream.slots_for(size))
        self.out = np.empty(HEAD + stream.bound(size), np.uint8)
        self.lane = Lane(self.shadow, self.cache, self.out)
        self.shown, self.receiver = np.zeros((size[1], size[0], 4), np.uint8), stream.Cache(stream.slots_for(size))

    def bytes_of(self, image, damage=WHOLE):
        length = self.lane.update(image, damage, 16, ANY)
        return self.out[HEAD : HEAD + length].tobytes()

    def show(self, image, damage=WHOLE):
        data = self.bytes_of(image, damage)
        stream.decode(data, self.shown, tiles.no_tiles(self.shadow.size), self.receiver)
        return data


def separately(images):
    """Return the last stream that the single calls give, and the shadow's digest."""
    shadow, cache = Shadow(SIZE), stream.Cache(stream.slots_for(SIZE))
    data = b""
    for image in images:
        marks = tiles.all_tiles(SIZE)
        moves, _ = shadow.find(image, marks, None, 16)
        data = bytes(stream.encode(image, moves, marks, cache, shadow.image))
        shadow.take(image, marks)
    return data, shadow.digest


def scrolled(page):
    return np.ascontiguousarray(np.roll(page, -24, axis=0))


PAGE = scene("noise", SIZE)
LETTER = PAGE.copy()
LETTER[100:120, 70:80] = 7


@pytest.mark.parametrize("images", [[PAGE], [PAGE, LETTER], [PAGE, scrolled(PAGE)], [PAGE, LETTER, PAGE], [PAGE, PAGE]])
def test_it_does_what_the_single_calls_do(variant, images):
    end = End()
    for image in images:
        data = end.show(image)
        assert np.array_equal(end.shown, no_x(image))
    assert (data, end.shadow.digest) == separately(images)
    assert np.array_equal(end.shadow.image, end.shown)


def test_all_of_a_picture_stands_alone_and_is_taken_over(variant):
    end = End()
    end.show(PAGE)
    end.show(LETTER)
    moved = scrolled(PAGE)
    length = end.lane.whole(moved)
    data = end.out[HEAD : HEAD + length].tobytes()
    shown, marks = np.zeros_like(PAGE), tiles.no_tiles(SIZE)
    stream.decode(data, shown, marks, stream.Cache(stream.slots_for(SIZE)))
    assert np.array_equal(shown, no_x(moved))
    assert marks.all()
    assert end.lane.touched.all()
    assert end.lane.tiles.all()
    assert end.lane.moves == ()
    assert pixels_of(end.lane.counts[:]) == (SIZE[0] * SIZE[1], 0)
    assert np.array_equal(end.shadow.image, shown)
    assert end.shadow.digest == separately([moved])[1]


def test_all_of_a_picture_of_another_size_is_refused():
    end = End()
    with pytest.raises(UsageError, match="one size"):
        end.lane.whole(np.zeros((300, 401, 4), np.uint8))


def test_what_follows_a_whole_picture_names_nothing_from_before():
    end = End()
    end.show(PAGE)
    end.show(LETTER)
    end.lane.whole(LETTER)
    end.receiver = stream.Cache(stream.slots_for(SIZE))
    end.show(PAGE)
    assert np.array_equal(end.shown, no_x(PAGE))


def test_only_the_damage_is_looked_at():
    end = End()
    end.show(PAGE)
    image = PAGE.copy()
    image[10:20, 10:20], image[200:210, 300:310] = 1, 2
    assert len(codes(end.show(image, (Rect(300, 200, 10, 10),)), SIZE)) == 1
    assert np.array_equal(end.shown[:64, :64], no_x(PAGE)[:64, :64])
    end.show(image, (Rect(0, 0, 64, 64),))
    assert np.array_equal(end.shown, no_x(image))


FEW = {
    "one pixel": (Rect(399, 299, 1, 1),),
    "in a tile": (Rect(70, 100, 10, 20),),
    "in four tiles": (Rect(120, 120, 15, 17),),
    "in a row of tiles": (Rect(10, 63, 255, 1),),
    "in a column of tiles": (Rect(63, 2, 1, 255),),
    "two rectangles": (Rect(126, 190, 3, 3), Rect(130, 195, 2, 2)),
}


@pytest.mark.parametrize("few", FEW.values(), ids=FEW)
@pytest.mark.parametrize("kind", ["noise", "text", "white"])
def test_of_few_pixels_nothing_else_is_looked_at(few, kind):
    before = np.full_like(PAGE, 255) if kind == "white" else scene(kind, SIZE)
    end = End()
    end.show(before)
    assert end.shadow.digest is not None
    left, top = min(r.x for r in few), min(r.y for r in few)
    right, bottom = max(r.x + r.w for r in few), max(r.y + r.h for r in few)
    elsewhere = before ^ np.uint8(0x55)
    elsewhere[top:bottom, left:right] = scene("noise", SIZE)[::-1][top:bottom, left:right]
    wanted = no_x(before)
    wanted[top:bottom, left:right] = no_x(elsewhere)[top:bottom, left:right]
    data = end.show(elsewhere, few)
    assert set(codes(data, SIZE)) <= {PART, SOLID}
    assert np.array_equal(end.shown, wanted)
    assert np.array_equal(end.shadow.image, wanted)
    fresh = Shadow(SIZE)
    fresh.take(wanted, tiles.all_tiles(SIZE))
    assert end.shadow.digest == fresh.digest
    assert end.bytes_of(elsewhere, few) == b""
    assert not end.lane.touched.any()


def test_of_few_pixels_no_more_tiles_are_brought_than_asked_for():
    end = End()
    end.show(PAGE)
    few = (Rect(126, 126, 4, 4),)
    assert end.lane.update(PAGE ^ np.uint8(1), few, 16, 3) == TOO_MANY
    assert np.count_nonzero(end.lane.tiles) == end.lane.differed == 4
    assert np.array_equal(end.shadow.image, no_x(PAGE))
    assert end.lane.update(PAGE ^ np.uint8(1), few, 16, 4) > 0


def test_any_number_of_rectangles_is_looked_at():
    end = End()
    end.show(PAGE, tuple(Rect(x, y, 1, 1) for y in range(0, 300, 20) for x in range(0, 400, 15)))
    assert np.array_equal(end.shown, no_x(PAGE))


def test_rectangles_are_clipped():
    end = End()
    end.show(PAGE, (Rect(-(2**31), -5, 2**31 - 1, 10), Rect(-100, -100, 10_000, 10_000)))
    assert np.array_equal(end.shown, no_x(PAGE))


def test_nothing_changed_is_nothing():
    end = End()
    end.show(PAGE)
    assert end.bytes_of(PAGE) == b""
    assert end.bytes_of(LETTER, ()) == b""


def test_more_tiles_than_asked_for_are_left_to_the_caller():
    end = End()
    end.show(PAGE)
    digest = end.shadow.digest
    assert end.lane.update(LETTER, WHOLE, 16, 2) > 0
    assert end.lane.differed == 1
    assert end.shadow.digest != digest
    end.show(PAGE)
    other = scrolled(PAGE)
    assert end.lane.update(other, WHOLE, 16, 3) == TOO_MANY
    assert end.lane.differed == 35
    moves, marks = end.lane.moves, end.lane.tiles
    assert moves
    assert 3 < np.count_nonzero(marks) < 35
    data = bytes(stream.encode(other, moves, marks, end.cache, end.shadow.image))
    assert codes(data, SIZE)[0] == COPY
    end.shadow.take(other, marks)
    assert np.array_equal(end.shadow.image, no_x(other))
    fresh = Shadow(SIZE)
    fresh.take(other, tiles.all_tiles(SIZE))
    assert end.shadow.digest == fresh.digest


def test_what_was_left_is_written_and_taken_when_asked_for():
    end, other = End(), End()
    images = [PAGE, scrolled(LETTER)]
    end.show(PAGE)
    assert end.lane.update(images[1], WHOLE, 16, 3) == TOO_MANY
    assert end.lane.write(images[1]) == end.lane.length
    data = end.out[: HEAD + end.lane.length].tobytes()
    assert not np.array_equal(end.shadow.image, no_x(images[1]))
    end.cache.take_back()
    end.lane.write(images[1])
    assert end.out[: HEAD + end.lane.length].tobytes() == data
    end.lane.take()
    assert np.array_equal(end.shadow.image, no_x(images[1]))
    assert data[HEAD:] == [other.show(image) for image in images][1]
    assert (end.lane.length, end.lane.counts[:]) == (other.lane.length, other.lane.counts[:])
    assert end.shadow.digest == other.shadow.digest


def test_what_was_left_of_a_picture_of_another_size_is_not_written():
    end = End()
    assert end.lane.update(PAGE, WHOLE, 16, 0) == TOO_MANY
    with pytest.raises(UsageError, match="one size"):
        end.lane.write(np.zeros((200, 200, 4), np.uint8))


def test_what_moved_is_not_left():
    end = End()
    end.show(PAGE)
    assert end.lane.update(scrolled(PAGE), WHOLE, 16, 7) > 0
    assert end.lane.differed == 35
    assert end.lane.moves


def test_it_tells_what_it_changes_at_the_decoder():
    end = End()
    end.show(PAGE)
    assert end.lane.touched.all()
    assert pixels_of(end.lane.counts[:]) == (400 * 300, 0)
    end.show(LETTER, (Rect(75, 105, 1, 1), Rect(300, 200, 9, 9)))
    assert np.flatnonzero(end.lane.touched).tolist() == [7 + 1]
    assert pixels_of(end.lane.counts[:]) == (64 * 64, 0)
    end.show(scrolled(LETTER))
    assert end.lane.touched.all()
    assert pixels_of(end.lane.counts[:]) == (400 * 44, 400 * 276)
    end.show(scrolled(LETTER))
    assert not end.lane.touched.any()
    assert (end.lane.length, *pixels_of(end.lane.counts[:])) == (0, 0, 0)


def test_the_head_makes_an_update_that_is_not_compressed():
    end = End()
    length = len(end.show(PAGE))
    assert bytes(end.out[:HEAD]) == b"\0" + length.to_bytes(4, "little")


def test_its_marks_are_a_copy():
    end = End()
    assert end.lane.update(PAGE, WHOLE, 16, 0) == TOO_MANY
    marks = end.lane.tiles
    end.show(PAGE)
    assert marks.all()
    assert end.bytes_of(LETTER) != b""
    assert marks.all()


def test_another_image_is_another_picture():
    end = End()
    end.show(PAGE)
    canvas = Canvas(SIZE).fill(LETTER)
    assert codes(end.show(canvas.image), SIZE) == [PART] or np.array_equal(end.shown, no_x(LETTER))
    assert np.array_equal(end.shown, no_x(LETTER))
    changed = canvas.image
    changed[0, 0] ^= 3
    end.show(changed)
    assert np.array_equal(end.shown, no_x(changed))


@pytest.mark.parametrize("bad", [Rect(2**31, 0, 1, 1), Rect(0, 0, 1, -(2**31) - 1), ("a", 0, 1, 1)])
@pytest.mark.parametrize("count", [1, 65])
def test_rectangles_that_do_not_fit_are_refused(bad, count):
    with pytest.raises(UsageError, match="whole numbers"):
        End().lane.update(PAGE, (bad,) * count, 16, ANY)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(UsageError, match="one size"):
        End().lane.update(np.zeros((300, 401, 4), np.uint8), WHOLE, 16, ANY)
    with pytest.raises(UsageError, match="contiguous rows"):
        End().lane.update(np.zeros((300, 400, 3), np.uint8), WHOLE, 16, ANY)


@pytest.mark.parametrize("damage", [WHOLE, (Rect(5, 5, 1, 1),)])
def test_more_moves_than_there_can_be_are_refused(damage):
    with pytest.raises(UsageError):
        End().lane.update(PAGE, damage, 65, ANY)


def test_too_little_room_is_refused():
    shadow = Shadow(SIZE)
    lane = Lane(shadow, stream.Cache(8), np.empty(HEAD + stream.bound(SIZE) - 1, np.uint8))
    with pytest.raises(UsageError):
        lane.update(PAGE, WHOLE, 16, ANY)
