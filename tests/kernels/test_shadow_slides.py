"""What slides up or down as a whole: found by a few columns, proved row by row, with sums that move along."""

import numpy as np
import pytest
from kernel_cases import Canvas
from stream_links import no_x
from stream_scenes import scene

from fanlight.kernels import tiles
from fanlight.kernels.shadow import Shadow
from fanlight.types import Move

SIZE = (500, 420)
PAGE = scene("noise", SIZE)
NEW = scene("noise", SIZE, 1)


def slid(page, shift, top=0, bottom=SIZE[1]):
    """Let rows `top` to `bottom` slide up by `shift`, or down; what comes in is new."""
    image, area = page.copy(), page[top:bottom]
    if shift > 0:
        image[top : bottom - shift] = area[shift:]
        image[bottom - shift : bottom] = NEW[:shift]
    else:
        image[top - shift : bottom] = area[:shift]
        image[top : top - shift] = NEW[:-shift]
    return image


def found(before, image, marks=None, lossy=None):
    """Find and take; check that the moves and the tiles lead to the image, and what the shadow knows of it."""
    shadow = Shadow(SIZE)
    shadow.take(before, tiles.all_tiles(SIZE))
    marks = tiles.all_tiles(SIZE) if marks is None else marks
    asked = marks.copy()
    moves, differed = shadow.find(image, marks, lossy)
    expected = no_x(before)
    for x, y, w, h, src_x, src_y in moves:
        expected[y : y + h, x : x + w] = expected[src_y : src_y + h, src_x : src_x + w].copy()
    assert np.array_equal(shadow.image, expected)
    unlike = tiles.all_tiles(SIZE)
    tiles.compare(expected, image, unlike)
    assert np.array_equal(marks, unlike & asked)
    shadow.take(image, marks)
    fresh = Shadow(SIZE)
    fresh.take(shadow.image, tiles.all_tiles(SIZE))
    assert shadow.digest == fresh.digest
    return moves, differed, int(np.count_nonzero(marks))


@pytest.mark.parametrize("shift", [1, 17, 64, 100, 300, -1, -40, -64, -333])
def test_a_page_that_slides_is_one_move(variant, shift):
    moves, differed, left = found(PAGE, slid(PAGE, shift))
    height = SIZE[1] - abs(shift)
    assert moves == (Move(0, max(0, -shift), SIZE[0], height, 0, max(0, shift)),)
    assert differed == 8 * 7
    rows = range(height // 64, 7) if shift > 0 else range(-shift // 64 + bool(shift % 64))
    assert left == 8 * len(rows)


def test_tiles_that_did_not_change_are_not_counted():
    page = PAGE.copy()
    page[:, 64:128] = 9
    moves, differed, _ = found(page, slid(page, 20))
    assert len(moves) == 1
    assert differed == 7 * 7 + 1


def test_a_bar_that_stands_still_above_parts_the_page():
    moves, _, _ = found(PAGE, slid(PAGE, 30, top=100))
    assert moves[0][1:4] == (100, 500, 290)


def test_a_band_that_stands_still_makes_two_moves():
    page = PAGE.copy()
    image = slid(page, 24)
    image[200:210] = NEW[200:210]
    moves, _, _ = found(page, image)
    assert [move[1:4] for move in moves] == [(0, 500, 200), (210, 500, 186)]


def test_only_what_is_marked_slides():
    marks = tiles.no_tiles(SIZE)
    marks[1:6, 2:6] = 1
    image = PAGE.copy()
    image[64:384, 128:384] = slid(PAGE, 25)[64:384, 128:384]
    moves, _, _ = found(PAGE, image, marks)
    assert moves[0] == Move(128, 64, 256, 295, 128, 89)


def test_what_is_lossy_does_not_slide():
    lossy = tiles.no_tiles(SIZE)
    lossy[3, 3] = 1
    moves, _, _ = found(PAGE, slid(PAGE, 25), lossy=lossy)
    for x, y, w, h, src_x, src_y in moves:
        for left, top in ((x, y), (src_x, src_y)):
            assert left + w <= 192 or left >= 256 or top + h <= 192 or top >= 256


def test_a_page_of_repeats_is_right_whatever_is_found():
    page = PAGE.copy()
    page[:] = np.tile(page[:7], (60, 1, 1))
    for shift in (3, -5, 50):
        found(page, slid(page, shift))


def test_x_bytes_do_not_stop_a_slide():
    image = Canvas(SIZE).fill(slid(PAGE, 33)).image
    image[..., 3] ^= 0x5A
    assert len(found(PAGE, image)[0]) == 1


def test_slides_follow_each_other():
    shadow, page = Shadow(SIZE), PAGE
    shadow.take(page, tiles.all_tiles(SIZE))
    for shift in (10, 10, -25, 200, 1):
        page, marks = slid(page, shift), tiles.all_tiles(SIZE)
        moves, _ = shadow.find(page, marks)
        assert moves
        shadow.take(page, marks)
        assert np.array_equal(shadow.image, no_x(page))
    fresh = Shadow(SIZE)
    fresh.take(page, tiles.all_tiles(SIZE))
    assert shadow.digest == fresh.digest


def test_a_page_that_goes_on_by_another_shift_is_one_move():
    shadow, page, at = Shadow(SIZE), PAGE.copy(), 150
    page[:at] = 255
    shadow.take(page, tiles.all_tiles(SIZE))
    for shift in (10, 10, 30, 7):
        at -= shift
        page, marks = slid(page, shift), tiles.all_tiles(SIZE)
        moves, _ = shadow.find(page, marks)
        assert moves[0] == Move(0, at, SIZE[0], SIZE[1] - shift - at, 0, at + shift)
        shadow.take(page, marks)
        assert np.array_equal(shadow.image, no_x(page))


@pytest.mark.parametrize("shift", [12, -12])
def test_bars_of_one_colour_round_a_page_are_left_alone(shift):
    page = PAGE.copy()
    page[:40] = page[-50:] = 77
    moves, _, _ = found(page, slid(page, shift, top=40, bottom=SIZE[1] - 50))
    assert moves == (Move(0, 40 + max(0, -shift), SIZE[0], SIZE[1] - 90 - 12, 0, 40 + max(0, shift)),)


WORLD = scene("noise", (SIZE[0], 4000), 2)
TOP, BOTTOM = 21, SIZE[1] - 30


def place(shadow):
    return shadow.image.__array_interface__["data"][0]


def window(at):
    """Show a part of a long page between two bars that stand still."""
    page = PAGE.copy()
    page[TOP:BOTTOM] = WORLD[at : at + BOTTOM - TOP]
    return page


@pytest.mark.parametrize("shifts", [[40] * 40, [-40] * 40, [40, 40, -50] * 12, [40, -40] * 5])
def test_a_shadow_that_begins_elsewhere_comes_back(shifts):
    """Many times as far as its memory reaches."""
    shadow, at = Shadow(SIZE), 2000
    shadow.take(window(at), tiles.all_tiles(SIZE))
    places = set()
    for shift in shifts:
        at += shift
        page, marks = window(at), tiles.all_tiles(SIZE)
        moves, _ = shadow.find(page, marks)
        assert [move.src_y - move.y for move in moves] == [shift]
        shadow.take(page, marks)
        assert np.array_equal(shadow.image, no_x(page))
        places.add(place(shadow))
    assert len(places) > 1
    fresh = Shadow(SIZE)
    fresh.take(page, tiles.all_tiles(SIZE))
    assert shadow.digest == fresh.digest


@pytest.mark.parametrize("change", [lambda: slid(PAGE, 300), lambda: slid(PAGE, 30, top=200), lambda: NEW])
def test_a_shadow_stays_where_it_is_unless_most_of_it_slid(change):
    shadow = Shadow(SIZE)
    shadow.find(PAGE, tiles.all_tiles(SIZE))
    shadow.take(PAGE, tiles.all_tiles(SIZE))
    before = place(shadow)
    shadow.find(change(), tiles.all_tiles(SIZE))
    assert place(shadow) == before
