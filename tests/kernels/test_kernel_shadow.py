"""The shadow: what differs, what moved, and taking it over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import FILLS, LAYOUTS, SIZES, SMALL_SIZES, Canvas, picture, some_tiles, tile_slices
from reference_hash import colliding_pixels, mix, tile_hash

from fanlight.errors import UsageError
from fanlight.kernels import moves, tiles
from fanlight.kernels.shadow import MAX_MOVES, Shadow
from fanlight.types import Rect

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


def scrolled(image, rect, shift, seed=9, sideways=0):
    """Move what a rectangle shows up by `shift` rows and left by `sideways`; what is new comes from another page."""
    x, y, w, h = rect
    after, fresh = image.copy(), page((image.shape[1], image.shape[0]), seed)
    after[y : y + h, x : x + w] = fresh[y : y + h, x : x + w]
    top, bottom = max(y, y - shift), min(y + h, y + h - shift)
    left, right = max(x, x - sideways), min(x + w, x + w - sideways)
    if top < bottom and left < right:
        after[top:bottom, left:right] = image[top + shift : bottom + shift, left + sideways : right + sideways]
    return after


def size_of(image):
    return image.shape[1], image.shape[0]


def shadow_of(image):
    shadow = Shadow(size_of(image))
    shadow.take(image, tiles.all_tiles(shadow.size))
    return shadow


def no_x_of(image):
    plain = image.copy()
    plain[..., 3] = 0
    return plain


def differing(before, after):
    """The tiles that really differ."""
    marks = tiles.no_tiles(size_of(before))
    for place, pixels in tile_slices(marks.shape):
        marks[place] = (before[pixels] != after[pixels]).any()
    return marks


def wrong(before, after):
    return int(np.count_nonzero((before != after)[..., :3].any(axis=2)))


def find(before, after, *, area=None, lossy=None, limit=16):
    """Find what changed, check what must always hold; return the moves and how many pixels they mended."""
    shadow = shadow_of(before)
    marks = tiles.no_tiles(shadow.size)
    tiles.mark(marks, [area or Rect(0, 0, *shadow.size)], shadow.size)
    damaged = marks.copy()
    found, differed = shadow.find(after, marks, lossy, limit)

    assert len(found) <= limit
    assert differed == np.count_nonzero(differing(before, after) & damaged)
    moved = before.copy()
    for x, y, w, h, src_x, src_y in found:
        assert (x, y) != (src_x, src_y)
        moved[y : y + h, x : x + w] = moved[src_y : src_y + h, src_x : src_x + w].copy()
        assert np.array_equal(moved[y : y + h, x : x + w, :3], after[y : y + h, x : x + w, :3])
    applied = before.copy()
    moves.apply(applied, found)
    assert np.array_equal(shadow.image[..., :3], applied[..., :3])
    assert np.array_equal(marks != 0, (differing(applied, after) & damaged) != 0)
    check_digest(shadow)
    shadow.take(after, marks)
    check_digest(shadow)
    if damaged.all():
        assert np.array_equal(shadow.image[..., :3], after[..., :3])
    return found, wrong(before, after) - wrong(applied, after)


def check_digest(shadow):
    """Check that sums kept from before are those of what the shadow holds now."""
    assert shadow.digest == shadow_of(shadow.image).digest


# ---- what differs ----


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fill", FILLS)
def test_marks_are_left_where_pixels_differ(variant, size, fill):
    before = picture(size, fill)
    after = before.copy()
    after[..., 3] ^= 0xFF
    after[size[1] // 2, size[0] - 1, 1] ^= 1
    after[0, 0, 2] ^= 0x80
    shadow = shadow_of(before)
    marks = tiles.all_tiles(size)
    found, differed = shadow.find(after, marks)
    assert found == ()
    assert np.array_equal(marks, differing(before, after))
    assert differed == np.count_nonzero(marks)


@pytest.mark.parametrize("size", SMALL_SIZES)
def test_unmarked_tiles_are_neither_looked_at_nor_taken(variant, size):
    before, after = picture(size, "low"), picture(size, "high")
    chosen = some_tiles(tiles.grid(size))
    shadow = shadow_of(before)
    marks = chosen.copy()
    shadow.find(after, marks, limit=0)
    assert np.array_equal(marks != 0, chosen != 0)
    shadow.take(after, marks)
    for place, pixels in tile_slices(chosen.shape):
        assert (shadow.image[pixels] == (255 if chosen[place] else 0)).all()
    assert not shadow.image[..., 3].any()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_other_picture_may_be_a_view(layout):
    canvas = Canvas(SIZE, layout).fill(page(SIZE))
    shadow, marks = Shadow(SIZE), tiles.all_tiles(SIZE)
    shadow.find(canvas.image, marks)
    shadow.take(canvas.image, marks)
    assert np.array_equal(shadow.image[..., :3], canvas.image[..., :3])
    assert canvas.intact()


def test_what_is_written_from_outside_is_hashed_anew():
    shadow = shadow_of(page(SIZE))
    check_digest(shadow)
    shadow.image[70:80, 70:80, :3] ^= 0x55
    touched = tiles.no_tiles(SIZE)
    tiles.mark(touched, [Rect(70, 70, 10, 10)], SIZE)
    shadow.touch(touched)
    check_digest(shadow)


def test_sums_of_a_picture_that_was_never_taken_are_forgotten():
    before = page(SIZE)
    shadow, marks = shadow_of(before), tiles.all_tiles(SIZE)
    shadow.find(scrolled(before, Rect(0, 0, 250, 180), 48), marks)
    assert marks.any()
    left = np.argwhere(marks)[0]
    other, one = before.copy(), tiles.no_tiles(SIZE)
    one[tuple(left)] = 1
    other[left[0] * 64, left[1] * 64, 0] ^= 1
    shadow.find(other, one)
    shadow.take(other, one)
    check_digest(shadow)


@pytest.mark.parametrize("size", SMALL_SIZES)
def test_the_digest_is_that_of_the_page(variant, size):
    image = picture(size, "random")
    expected = 0
    for index, (_, pixels) in enumerate(tile_slices(tiles.grid(size))):
        expected ^= mix(tile_hash(image[pixels]), index)
    assert shadow_of(image).digest == expected


# ---- what moved ----


@pytest.mark.parametrize("shift", [1, 3, 16, 48, 100, -1, -16, -100])
def test_a_page_scroll_is_one_move(variant, shift):
    before = page(SIZE)
    after = scrolled(before, WHOLE, shift)
    found, _ = find(before, after)
    assert len(found) == 1
    assert found[0].src_y - found[0].y == shift
    assert found[0].src_x == found[0].x
    assert found[0].h >= SIZE[1] - abs(shift) - 16


def test_the_x_byte_does_not_count(variant):
    before = page(SIZE)
    after = scrolled(before, WHOLE, 48)
    random = np.random.default_rng(1)
    before[..., 3], after[..., 3] = random.integers(0, 256, (2, SIZE[1], SIZE[0]))
    assert len(find(before, after)[0]) == 1


@pytest.mark.parametrize("edge", [64, 70, 100, 127, 128])
def test_a_side_bar_stands_still(edge):
    """All that moved is found to the pixel, wherever the bar ends."""
    before = page(SIZE)
    before[:, :edge] = picture(SIZE, "random")[:, :edge]
    after = scrolled(before, Rect(edge, 0, SIZE[0] - edge, SIZE[1]), 48)
    found, fixed = find(before, after)
    assert fixed >= 0.98 * wrong(before[: SIZE[1] - 48], after[: SIZE[1] - 48])
    assert min(move.x for move in found) >= edge


def test_a_scroll_inside_a_window(variant):
    before = picture(SIZE, "random")
    before[37:237, 70:320] = page((250, 200))
    after = scrolled(before, Rect(70, 37, 250, 200), 32)
    _, fixed = find(before, after)
    assert fixed >= 0.98 * wrong(before[37:205], after[37:205])


@pytest.mark.parametrize("step", [(23, 0), (-23, 0), (5, 3), (-40, 30), (64, -64), (-1, -1)])
def test_a_page_that_goes_sideways(variant, step):
    """A pan of the whole picture, horizontal or both ways at once."""
    sideways, shift = step
    before = page((800, 600))
    after = scrolled(before, Rect(0, 0, 800, 600), shift, sideways=sideways)
    found, _ = find(before, after)
    assert (found[0].src_x - found[0].x, found[0].src_y - found[0].y) == step
    kept = np.s_[max(0, -shift) : 600 - max(0, shift), max(0, -sideways) : 800 - max(0, sideways)]
    covered = np.zeros(before.shape[:2], bool)
    for x, y, w, h, *_ in found:
        covered[y : y + h, x : x + w] = True
    assert covered[kept].mean() >= 0.98


@pytest.mark.parametrize("step", [(13, 7), (-13, 7), (13, -7), (-30, -50), (100, 0), (0, 9), (200, 150)])
@pytest.mark.parametrize("ground", ["plain", "picture"])
def test_a_window_that_is_dragged(variant, step, ground):
    """All of the window is found, over whatever it is dragged."""
    width, height = 900, 700
    desk = picture((width, height), "random") if ground == "picture" else np.full((height, width, 4), 90, np.uint8)
    window = page((420, 330))
    window[0] = window[-1] = 0
    window[:, 0] = window[:, -1] = 40
    dx, dy = step
    before, after = desk.copy(), desk.copy()
    before[200:530, 240:660] = window
    after[200 + dy : 530 + dy, 240 + dx : 660 + dx] = window
    found, _ = find(before, after)
    covered = np.zeros((height, width), bool)
    for x, y, w, h, src_x, src_y in found:
        if (x - src_x, y - src_y) == step:
            covered[y : y + h, x : x + w] = True
    assert covered[200 + dy : 530 + dy, 240 + dx : 660 + dx].mean() >= 0.98


def test_two_columns_that_scroll_apart():
    before = page((640, 400))
    after = scrolled(scrolled(before, Rect(0, 0, 320, 400), 48), Rect(320, 0, 320, 400), -20)
    found, _ = find(before, after)
    assert {move.src_y - move.y for move in found} >= {48, -20}


def test_a_scroll_broken_by_a_changed_line():
    before = page((300, 400))
    after = scrolled(before, Rect(0, 0, 300, 400), 16)
    after[200:210, 20:40] ^= 0x55
    found, fixed = find(before, after)
    assert fixed >= 0.9 * wrong(before[:384], after[:384])
    assert len(found) >= 2


def test_moves_are_looked_for_in_the_damage():
    before = page(SIZE)
    found, _ = find(before, scrolled(before, WHOLE, 16), area=Rect(64, 64, 192, 192))
    assert found


@pytest.mark.parametrize(("shift", "sideways"), [(16, 0), (-24, 0), (8, 24), (0, -40)])
@pytest.mark.parametrize("hole", [False, True], ids=["outside", "and a hole"])
def test_no_move_leaves_the_damage(shift, sideways, hole):
    """All of the page moved, but only a part is damaged: the rest may be anything, and is left alone."""
    before = page((640, 640))
    after = scrolled(before, Rect(0, 0, 640, 640), shift, sideways=sideways)
    shadow, marks = shadow_of(before), tiles.no_tiles((640, 640))
    marks[2:8, 2:8] = 1
    if hole:
        marks[4, 5] = 0
    damaged = marks.copy()
    found, _ = shadow.find(after, marks)
    assert found
    for x, y, w, h, *_ in found:
        assert damaged[y // 64 : (y + h - 1) // 64 + 1, x // 64 : (x + w - 1) // 64 + 1].all()
    elsewhere = np.kron(damaged == 0, np.ones((64, 64), bool))
    assert np.array_equal(shadow.image[elsewhere], no_x_of(before)[elsewhere])
    shadow.take(after, marks)
    assert np.array_equal(shadow.image[~elsewhere], no_x_of(after)[~elsewhere])
    assert np.array_equal(shadow.image[elsewhere], no_x_of(before)[elsewhere])
    check_digest(shadow)


def test_no_move_touches_a_lossy_tile():
    before = page((640, 640))
    after = scrolled(before, Rect(0, 0, 640, 640), 48)
    lossy = tiles.no_tiles((640, 640))
    lossy[5, 4] = 1
    found, _ = find(before, after, lossy=lossy)
    assert found
    for x, y, w, h, src_x, src_y in found:
        touched = tiles.no_tiles((640, 640))
        tiles.mark(touched, [Rect(x, y, w, h), Rect(src_x, src_y, w, h)], (640, 640))
        assert not touched[5, 4]


@pytest.mark.parametrize("limit", [0, 1])
def test_no_more_moves_than_the_limit(limit):
    before = page((300, 400))
    after = scrolled(before, Rect(0, 0, 300, 400), 16)
    after[200:210, 20:40] ^= 0x55
    assert len(find(before, after, limit=limit)[0]) == limit


@pytest.mark.parametrize("fill", ["random", "few", "low"])
def test_what_did_not_move_gives_no_move(variant, fill):
    before = picture(SIZE, fill)
    assert find(before, before.copy())[0] == ()
    assert find(before, picture(SIZE, fill, seed=1))[0] == ()


def test_two_far_changes_are_not_searched_between():
    before = page((1280, 1280))
    after = scrolled(before, Rect(0, 0, 128, 128), 16)
    after[-128:, -128:] = page((128, 128), seed=4)
    assert find(before, after)[0] == ()


def test_pictures_too_small_to_move():
    for size in [(500, 1), (1, 500), (300, 40), (20, 300)]:
        before = picture(size, "random")
        find(before, picture(size, "random", seed=1))


def test_rows_that_collide_cost_bytes_but_no_pixel():
    """Sums only propose a move: a row that merely has the sum of the right one is sent."""
    before = page((640, 640))
    one, other = colliding_pixels()
    before[300, 128:130] = one
    after = scrolled(before, Rect(0, 0, 640, 640), 32)
    assert find(before, after)[1] > find(before, after, limit=0)[1]
    after[268, 128:130] = other
    found, _ = find(before, after)
    for x, y, w, h, *_ in found:
        assert not (x <= 128 < x + w and y <= 268 < y + h)


def test_many_updates_in_a_row():
    """Sums that are kept from update to update stay those of the picture, moves or not."""
    shadow = shadow_of(page((640, 480)))
    random = np.random.default_rng(2)
    for number in range(30):
        after = shadow.image.copy()
        kind = number % 3
        if kind == 0:
            after = scrolled(after, Rect(0, 0, 640, 480), int(random.integers(-60, 60)), number)
        elif kind == 1:
            after[100:110, 50:90, :3] ^= 0x33
        else:
            after = scrolled(after, Rect(64, 64, 500, 400), 9, number, sideways=int(random.integers(-30, 30)))
        marks = tiles.all_tiles(shadow.size)
        shadow.find(after, marks)
        shadow.take(after, marks)
        assert np.array_equal(shadow.image[..., :3], after[..., :3])
        check_digest(shadow)


def test_a_picture_newer_than_its_damage_keeps_the_digest_right():
    """A capture may bring pixels whose damage it reports only with the next frame, and a move may write them."""
    before = page((640, 640))
    after = scrolled(before, Rect(0, 0, 640, 640), 32)
    shadow, marks = shadow_of(before), tiles.all_tiles((640, 640))
    check_digest(shadow)
    marks[4, 4] = 0
    found, _ = shadow.find(after, marks)
    assert found
    shadow.take(after, marks)
    check_digest(shadow)


def test_a_find_that_is_not_taken_spoils_nothing():
    """An encoder may look, and then send the picture another way."""
    shadow = shadow_of(page((640, 480)))
    for seed in (5, 6):
        shadow.find(page((640, 480), seed), tiles.all_tiles(shadow.size))
        check_digest(shadow)
    after = page((640, 480), 7)
    shadow.take(after, tiles.all_tiles(shadow.size))
    assert np.array_equal(shadow.image[..., :3], after[..., :3])


@settings(max_examples=80)
@given(
    x=st.integers(0, 150),
    y=st.integers(0, 100),
    w=st.integers(40, 250),
    h=st.integers(40, 200),
    shift=st.integers(-60, 60),
    sideways=st.sampled_from([0, 0, 7, -33]),
    seed=st.integers(0, 5),
)
def test_whatever_is_found_is_right(x, y, w, h, shift, sideways, seed):
    before = page(SIZE, seed)
    rect = Rect(x, y, min(w, SIZE[0] - x), min(h, SIZE[1] - y))
    after = scrolled(before, rect, shift, seed + 1, sideways)
    after[10:14, 300:310] ^= 0x0F
    find(before, after)


def test_what_does_not_fit_is_refused():
    shadow, marks = Shadow(SIZE), tiles.all_tiles(SIZE)
    for limit in (-1, MAX_MOVES + 1):
        with pytest.raises(UsageError, match="limit of moves"):
            shadow.find(page(SIZE), marks, limit=limit)
    with pytest.raises(UsageError, match="one size"):
        shadow.find(page((401, 300)), marks)
    with pytest.raises(UsageError, match="one size"):
        shadow.take(page((401, 300)), marks)
    with pytest.raises(UsageError):
        shadow.find(page(SIZE), tiles.all_tiles((64, 64)))
    with pytest.raises(UsageError):
        shadow.find(page(SIZE), marks, tiles.all_tiles((64, 64)))
    with pytest.raises(UsageError):
        shadow.touch(tiles.all_tiles((64, 64)))
