"""Finding and applying moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import LAYOUTS, Canvas, picture

from fanlight.errors import UsageError
from fanlight.kernels import moves
from fanlight.types import Move, Rect

SIZE = (400, 300)
WHOLE = Rect(0, 0, *SIZE)


def page(size, seed=0):
    """Make lines of text-like marks on white, with blank rows between them and blank columns beside."""
    width, height = size
    random = np.random.default_rng([seed, width, height])
    image = np.full((height, width, 4), 255, np.uint8)
    for top in range(3, height - 10, 16):
        end = int(random.integers(width // 2, width - 5))
        image[top : top + 10, 5:end, :3] = random.choice([0, 255], (10, end - 5, 1), p=[0.3, 0.7])
    return image


def scrolled(image, rect, shift, seed=9):
    """Scroll a rectangle up by `shift` rows (down if negative); new rows come from another page."""
    x, y, w, h = rect
    after, fresh = image.copy(), page((image.shape[1], image.shape[0]), seed)
    after[y : y + h, x : x + w] = fresh[y : y + h, x : x + w]
    top, bottom = max(y, y - shift), min(y + h, y + h - shift)
    after[top:bottom, x : x + w] = image[top + shift : bottom + shift, x : x + w]
    return after


def changed_box(before, after):
    """The bounding box of the changed tiles, as callers pass it."""
    rows, columns = np.nonzero((before != after)[..., :3].any(axis=2))
    left, top = columns.min() // 64 * 64, rows.min() // 64 * 64
    right = min(columns.max() // 64 * 64 + 64, before.shape[1])
    bottom = min(rows.max() // 64 * 64 + 64, before.shape[0])
    return Rect(int(left), int(top), int(right - left), int(bottom - top))


def check_moves(before, after, found):
    """Check that each move, in its turn, makes its rectangle right; return the pixels changed for the better."""
    image = before.copy()
    for x, y, w, h, src_x, src_y in found:
        assert h >= 32
        assert src_x == x
        assert src_y != y
        image[y : y + h, x : x + w] = image[src_y : src_y + h, src_x : src_x + w].copy()
        assert np.array_equal(image[y : y + h, x : x + w, :3], after[y : y + h, x : x + w, :3])
    applied = before.copy()
    moves.apply(applied, found)
    assert np.array_equal(applied, image)
    wrong_before = (before != after)[..., :3].any(axis=2)
    wrong_after = (image != after)[..., :3].any(axis=2)
    assert not (wrong_after & ~wrong_before).any()
    return int(np.count_nonzero(wrong_before & ~wrong_after))


def wrong(before, after):
    return int(np.count_nonzero((before != after)[..., :3].any(axis=2)))


# ---- find ----


@pytest.mark.parametrize("shift", [1, 3, 16, 48, 100, -1, -16, -100])
def test_a_page_scroll_is_one_move(variant, shift):
    before = page(SIZE)
    after = scrolled(before, WHOLE, shift)
    found = moves.find(before, after, WHOLE)
    assert len(found) == 1
    check_moves(before, after, found)
    move = found[0]
    assert move.src_y - move.y == shift
    assert move.h >= SIZE[1] - abs(shift) - 16


def test_the_x_byte_does_not_count(variant):
    before = page(SIZE)
    after = scrolled(before, WHOLE, 48)
    random = np.random.default_rng(1)
    before[..., 3], after[..., 3] = random.integers(0, 256, (2, SIZE[1], SIZE[0]))
    assert len(moves.find(before, after, WHOLE)) == 1


@pytest.mark.parametrize("edge", [64, 70, 100, 127, 128])
def test_a_side_bar_stands_still(edge):
    """All that moved is found to the pixel, wherever the bar ends."""
    before = page(SIZE)
    before[:, :edge] = picture(SIZE, "random")[:, :edge]
    after = scrolled(before, Rect(edge, 0, SIZE[0] - edge, SIZE[1]), 48)
    box = changed_box(before, after)
    found = moves.find(before, after, box)
    fixed = check_moves(before, after, found)
    left = wrong(before[: SIZE[1] - 48], after[: SIZE[1] - 48])
    assert fixed >= 0.95 * left
    assert min(move.x for move in found) >= edge


def test_a_scroll_inside_a_window(variant):
    before = picture(SIZE, "random")
    window = Rect(70, 37, 250, 200)
    before[37:237, 70:320] = page((250, 200))
    after = scrolled(before, window, 32)
    found = moves.find(before, after, changed_box(before, after))
    fixed = check_moves(before, after, found)
    assert fixed >= 0.95 * wrong(before[37:205], after[37:205])


def test_two_columns_that_scroll_apart():
    before = page((640, 400))
    after = scrolled(scrolled(before, Rect(0, 0, 320, 400), 48), Rect(320, 0, 320, 400), -20)
    found = moves.find(before, after, Rect(0, 0, 640, 400))
    check_moves(before, after, found)
    assert {move.src_y - move.y for move in found} >= {48, -20}


def test_a_scroll_broken_by_a_changed_line():
    before = page((300, 400))
    after = scrolled(before, Rect(0, 0, 300, 400), 16)
    after[200:210, 20:40] ^= 0x55
    found = moves.find(before, after, Rect(0, 0, 300, 400))
    fixed = check_moves(before, after, found)
    assert fixed >= 0.9 * wrong(before[:384], after[:384])
    assert len(found) >= 2


def test_moves_keep_to_the_area():
    before = page(SIZE)
    after = scrolled(before, WHOLE, 16)
    area = Rect(64, 64, 200, 180)
    found = moves.find(before, after, area)
    assert found
    for x, y, w, h, _, src_y in found:
        assert x >= 64
        assert x + w <= 264
        assert min(y, src_y) >= 64
        assert max(y, src_y) + h <= 244


def test_no_more_moves_than_the_limit():
    before = page((300, 400))
    after = scrolled(before, Rect(0, 0, 300, 400), 16)
    after[200:210, 20:40] ^= 0x55
    found = moves.find(before, after, Rect(0, 0, 300, 400), limit=1)
    assert len(found) == 1
    check_moves(before, after, found)


@pytest.mark.parametrize("fill", ["random", "few", "low"])
def test_what_did_not_move_gives_no_move(variant, fill):
    before = picture(SIZE, fill)
    assert moves.find(before, before.copy(), WHOLE) == ()
    assert moves.find(before, picture(SIZE, fill, seed=1), WHOLE) == ()


def test_a_small_scroll_is_not_worth_a_move():
    before = page((300, 40))
    after = scrolled(before, Rect(0, 0, 300, 40), 16)
    assert moves.find(before, after, Rect(0, 0, 300, 40)) == ()


def test_a_picture_of_one_row():
    before, after = picture((500, 1), "random"), picture((500, 1), "random", seed=1)
    assert moves.find(before, after, Rect(0, 0, 500, 1)) == ()


@settings(deadline=None, max_examples=60)
@given(
    x=st.integers(0, 150),
    y=st.integers(0, 100),
    w=st.integers(40, 250),
    h=st.integers(40, 200),
    shift=st.integers(-60, 60),
    seed=st.integers(0, 5),
)
def test_whatever_is_found_is_right(x, y, w, h, shift, seed):
    before = page(SIZE, seed)
    rect = Rect(x, y, min(w, SIZE[0] - x), min(h, SIZE[1] - y))
    after = scrolled(before, rect, shift, seed + 1)
    after[10:14, 300:310] ^= 0x0F
    check_moves(before, after, moves.find(before, after, WHOLE))


@pytest.mark.parametrize(
    "area", [Rect(0, 0, 0, 10), Rect(0, 0, 401, 300), Rect(-1, 0, 10, 10), Rect(0, 299, 10, 2), Rect(0, 0, 10, -1)]
)
def test_an_area_outside_is_refused(area):
    with pytest.raises(UsageError):
        moves.find(page(SIZE), page(SIZE), area)


def test_find_refuses_what_does_not_fit():
    with pytest.raises(UsageError, match="at least 1"):
        moves.find(page(SIZE), page(SIZE), WHOLE, limit=0)
    with pytest.raises(UsageError, match="one size"):
        moves.find(page(SIZE), page((401, 300)), WHOLE)


# ---- apply ----


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 15), st.integers(1, 12), st.integers(1, 10))
        .flatmap(lambda r: st.tuples(st.just(r), st.integers(0, 32 - r[2]), st.integers(0, 25 - r[3])))
        .map(lambda m: Move(*m[0], m[1], m[2])),
        max_size=5,
    )
)
def test_apply_is_memmove_in_order(given_moves):
    canvas = Canvas((32, 25), LAYOUTS["odd"]).fill(picture((32, 25), "random"))
    expected = canvas.image.copy()
    for x, y, w, h, src_x, src_y in given_moves:
        expected[y : y + h, x : x + w] = expected[src_y : src_y + h, src_x : src_x + w].copy()
    moves.apply(canvas.image, given_moves)
    assert np.array_equal(canvas.image, expected)
    assert canvas.intact()


@pytest.mark.parametrize(
    "bad",
    [
        Move(0, 0, 33, 1, 0, 0),
        Move(0, 0, 1, 1, 32, 0),
        Move(0, 0, 1, 1, 0, 25),
        Move(-1, 0, 1, 1, 0, 0),
        Move(0, 0, 0, 1, 0, 0),
        Move(0, 0, 1, -1, 0, 0),
        Move(2**31 - 1, 0, 2**31 - 1, 1, 0, 0),
    ],
)
def test_a_move_that_leaves_the_picture_moves_nothing(bad):
    image = picture((32, 25), "random")
    before = image.copy()
    with pytest.raises(UsageError):
        moves.apply(image, [Move(0, 0, 5, 5, 7, 7), bad])
    assert np.array_equal(image, before)
