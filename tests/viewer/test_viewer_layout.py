from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanlight.types import Rect
from fanlight.viewer.blocks import cover
from fanlight.viewer.layout import fit

sizes = st.tuples(st.integers(1, 4_096), st.integers(1, 4_096))
windows = st.tuples(st.integers(64, 4_096), st.integers(64, 4_096))


@pytest.mark.parametrize("window", [(640, 480), (641, 480), (1920, 1080)])
def test_one_to_one_in_the_middle_where_it_fits(window):
    layout = fit((640, 480), window, enlarge=False)
    assert layout.one_to_one
    assert layout.area == Rect((window[0] - 640) // 2, (window[1] - 480) // 2, 640, 480)


def test_smaller_where_it_does_not_fit():
    layout = fit((1920, 1080), (1280, 720), enlarge=False)
    assert (layout.scale, layout.area) == (Fraction(2, 3), Rect(0, 0, 1280, 720))


def test_larger_only_when_asked():
    assert fit((640, 360), (1920, 1080), enlarge=True).area == Rect(0, 0, 1920, 1080)
    assert fit((640, 360), (650, 370), enlarge=True).one_to_one


@given(sizes, windows, st.booleans())
def test_the_picture_stays_inside_and_keeps_its_ratio(remote, window, enlarge):
    layout = fit(remote, window, enlarge)
    x, y, w, h = layout.area
    assert 0 <= x <= x + w <= window[0]
    assert 0 <= y <= y + h <= window[1]
    assert abs(w - remote[0] * layout.scale) < 1
    assert abs(h - remote[1] * layout.scale) < 1
    assert (layout.block * layout.scale).denominator == 1


@given(sizes, windows)
def test_a_shrunk_picture_wastes_next_to_nothing(remote, window):
    layout = fit(remote, window, enlarge=False)
    room = min(Fraction(window[0], remote[0]), Fraction(window[1], remote[1]), Fraction(1))
    assert room - layout.scale <= Fraction(1, 256)


@given(sizes, windows, st.booleans())
def test_margins_and_picture_make_up_the_window(remote, window, enlarge):
    layout = fit(remote, window, enlarge)
    covered = sum(rect.w * rect.h for rect in (layout.area, *layout.margins))
    assert covered == window[0] * window[1]


@given(sizes, windows, st.booleans(), st.data())
def test_a_pixel_is_found_again_where_it_is_shown(remote, window, enlarge, data):
    layout = fit(remote, window, enlarge)
    x, y = data.draw(st.integers(0, remote[0] - 1)), data.draw(st.integers(0, remote[1] - 1))
    there = layout.to_window(x, y)
    assert layout.holds(*there)
    back = layout.to_remote(*there)
    reach = 0 if layout.scale >= 1 else (1 / layout.scale + 1) / 2
    assert abs(back[0] - x) <= reach
    assert abs(back[1] - y) <= reach


def test_places_beside_the_picture_give_its_nearest_pixel():
    layout = fit((100, 50), (300, 250), enlarge=False)
    assert layout.to_remote(0, 0) == (0, 0)
    assert layout.to_remote(299, 249) == (99, 49)
    assert layout.to_remote(150, 249) == (50, 49)
    assert not layout.holds(99, 125)
    assert layout.holds(100, 100)
    assert not layout.holds(200, 149)


@given(sizes, windows, st.booleans(), st.data())
def test_source_holds_all_that_a_part_of_the_window_shows(remote, window, enlarge, data):
    layout = fit(remote, window, enlarge)
    x, y = data.draw(st.integers(0, window[0] - 1)), data.draw(st.integers(0, window[1] - 1))
    source = layout.source(Rect(x, y, 1, 1))
    if layout.holds(x, y):
        column, row = layout.to_remote(x, y)
        assert source.x <= column < source.x + source.w
        assert source.y <= row < source.y + source.h
    else:
        assert source.w == 0 or source.h == 0 or not layout.holds(x, y)


rects = st.builds(Rect, st.integers(0, 700), st.integers(0, 500), st.integers(0, 300), st.integers(0, 200))


@given(st.lists(rects, max_size=8), st.sampled_from([(500, 400), (700, 333), (1600, 1200)]))
def test_blocks_cover_damage_once(damage, window):
    remote = (1000, 700)
    layout = fit(remote, window, enlarge=True)
    hits = np.zeros((remote[1] + 512, remote[0] + 512), np.uint8)
    for x, y, w, h in cover(damage, layout):
        assert x % layout.block == y % layout.block == w % layout.block == h % layout.block == 0
        hits[y : y + h, x : x + w] += 1
    assert hits.max(initial=0) <= 1
    for x, y, w, h in damage:
        assert hits[y : y + h, x : x + w].all()


def test_joined_blocks_are_few():
    layout = fit((1920, 1080), (1280, 720), enlarge=False)
    assert len(cover([Rect(0, 0, 1920, 1080)], layout)) == 1
    assert cover([Rect(10, 10, 1, 1), Rect(10, 70, 1, 1)], layout) == [Rect(0, 0, layout.block, 2 * layout.block)]
    assert cover([Rect(5, 5, 0, 10)], layout) == []
