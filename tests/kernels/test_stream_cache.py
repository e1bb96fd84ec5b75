"""The tile stream's cache: what comes back by name, and both ends in step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_stream import CACHED, PREDICTED, SOLID, STORE
from stream_links import LIMITS, Link, codes, no_x_scene

from fanlight.errors import UsageError
from fanlight.kernels import stream, tiles
from fanlight.types import Move

PAGES = [no_x_scene("photo", (200, 136), seed) for seed in range(3)]


def test_what_was_overwritten_comes_back_by_name():
    link = Link((200, 136))
    assert set(link.show(PAGES[0])) == {PREDICTED}
    assert set(link.show(PAGES[1])) == {STORE, PREDICTED}
    assert link.show(PAGES[0]) == [STORE] * 3 + [CACHED] * 3
    assert link.show(PAGES[1]) == [CACHED] * 3


def test_a_menu_opens_and_closes():
    menu = PAGES[0].copy()
    menu[30:100, 50:90, :3] = 200
    link = Link((200, 136))
    link.show(PAGES[0])
    assert CACHED not in link.show(menu)
    assert link.show(PAGES[0]) == [STORE] * 2 + [CACHED] * 2
    assert link.show(menu) == [CACHED] * 2


def test_solid_tiles_are_not_put_aside():
    link = Link((200, 136))
    for value in (1, 2, 1):
        assert set(link.show(np.full((136, 200, 4), value, np.uint8))) == {SOLID}


def test_a_tile_comes_back_elsewhere():
    first, second, third = (np.zeros((64, 192, 4), np.uint8) for _ in range(3))
    first[:, :64] = PAGES[0][:64, :64]
    third[:, 128:] = PAGES[0][:64, :64]
    link = Link((192, 64))
    link.show(first)
    link.show(second)
    assert link.show(third) == [CACHED]


def test_few_slots_lose_the_oldest_tiles_and_no_pixels():
    link = Link((200, 136), slots=16)
    for turn in range(12):
        link.show(PAGES[turn % 3])


def test_more_tiles_than_slots_fill_them_once():
    link = Link((200, 136), slots=4)
    link.show(PAGES[0])
    assert link.show(PAGES[1]).count(STORE) == 1
    link.show(PAGES[0])


def test_lossy_tiles_are_not_put_aside():
    lossy = tiles.all_tiles((200, 136))
    link = Link((200, 136))
    link.show(PAGES[0])
    assert STORE not in link.show(PAGES[1], lossy=lossy)
    lossy[0, 0] = 0
    assert link.show(PAGES[2], lossy=lossy).count(STORE) == 1


def test_what_moves_past_is_not_put_aside():
    link, moves = Link((200, 136)), (Move(0, 0, 200, 130, 0, 6),)
    link.show(PAGES[0])
    marks = tiles.all_tiles((200, 136))
    marks[1] = 0
    data = bytes(stream.encode(PAGES[1], moves, marks, link.encoder, link.shown))
    assert STORE not in codes(data, (200, 136))


def test_a_small_move_beside_a_large_change_is_no_motion():
    link = Link((200, 136))
    link.show(PAGES[0])
    marks = tiles.all_tiles((200, 136))
    data = bytes(stream.encode(PAGES[1], [Move(0, 0, 90, 90, 0, 6)], marks, link.encoder, link.shown))
    assert STORE in codes(data, (200, 136), [None] * 64)


def test_a_stream_that_is_not_sent_is_taken_back():
    link = Link((200, 136), slots=16)
    for turn in range(9):
        link.show(PAGES[turn % 2])
        assert CACHED not in codes(link.encode(PAGES[2]), (200, 136), [PAGES[0][:64, :64, :3]] * 16)
        link.encoder.take_back()


def test_a_forgetful_encoder_names_nothing_from_before():
    link = Link((200, 136))
    link.show(PAGES[0])
    link.show(PAGES[1])
    link.encoder.forget()
    assert CACHED not in link.show(PAGES[0])
    assert CACHED in link.show(PAGES[1])


def test_equal_hashes_do_not_make_equal_pixels():
    """Swapping two rows' contents by hand is hard; a slot whose pixels were changed behind the index does the same."""
    link = Link((64, 64))
    page, other = PAGES[0][:64, :64], PAGES[1][:64, :64]
    link.show(page)
    link.show(other)
    link.encoder.native.pixels[0] ^= 1
    assert CACHED not in link.show(page)


@given(st.data())
@LIMITS
def test_any_row_of_pictures_stays_in_step(data):
    size = data.draw(st.sampled_from([(64, 64), (130, 70), (200, 136)]))
    link = Link(size, slots=data.draw(st.sampled_from([1, 2, 8, 64])))
    pages = [no_x_scene(name, size) for name in ("text", "photo", "two", "short-runs")]
    for _ in range(data.draw(st.integers(1, 8))):
        page = data.draw(st.sampled_from(pages)).copy()
        x, y = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(0, size[1] - 1))
        page[y : y + 30, x : x + 40, :3] = data.draw(st.integers(0, 3))
        link.show(page)
        if data.draw(st.booleans()):
            link.encode(data.draw(st.sampled_from(pages)))
            link.encoder.take_back()


@pytest.mark.parametrize("slots", [0, -1, 3, 2 * stream.MAX_SLOTS])
def test_a_cache_has_a_power_of_two_of_slots(slots):
    with pytest.raises(UsageError, match="power of two"):
        stream.Cache(slots)


def test_slots_grow_with_the_picture_up_to_a_bound():
    assert stream.slots_for((1, 1)) == 1024
    assert stream.slots_for((1920, 1080)) == 2048
    assert stream.slots_for((8192, 8192)) == 4096


def test_encode_refuses_a_picture_before_of_another_size():
    with pytest.raises(UsageError, match="one size"):
        stream.encode(PAGES[0], (), tiles.no_tiles((200, 136)), stream.Cache(8), np.zeros((64, 64, 4), np.uint8))
