"""The window's ways to the screen: straight from the decoder's memory, by a surface of its own, by SDL's."""

import threading

import numpy as np
import pytest
from desk import shower, x_server
from remote_fake import PATIENCE, SCREEN, FakeScreen, noise, shared, shown, wait_until, whole
from window_scene import SHAPE, SIZE, SQUARE, VIEW_ONLY

from fanlight.types import PointerPlace, Rect
from fanlight.viewer.areas import without
from x11_client import X11Client


@pytest.fixture(scope="module")
def display_without_shared_memory():
    with x_server("-extension", "MIT-SHM") as display:
        yield display


@pytest.fixture
def mapped():
    """A screen whose picture the X server can map, seen by somebody who may only look."""
    return FakeScreen(shared(noise(SIZE)), VIEW_ONLY)


def with_pointer(remote):
    """What the window shows, where the host's pointer stands in the picture."""
    expected = remote.image.copy()
    x, y = remote.pointer.x - SHAPE.hot_x, remote.pointer.y - SHAPE.hot_y
    expected[y : y + 16, x : x + 12, :3] = SQUARE[:, :, :3]
    return expected


def push(remote, rect, change):
    """Make a change and wait until the window has told that it is shown."""
    before = len(remote.shown)
    remote.push(rect, change=change)
    wait_until(lambda: len(remote.shown) > before, "the change is told")


def test_a_picture_in_shared_memory_is_shown_from_there(show, mapped):
    summary = show(mapped, lambda desk: desk.sees(mapped.image))
    assert summary.window == "shared memory"
    assert summary.as_json()["window"] == "shared memory"


def test_where_the_server_maps_no_memory_sdl_shows_it_and_says_why(display_without_shared_memory, monkeypatch, mapped):
    def play(desk):
        desk.sees(mapped.image)
        mapped.push(Rect(3, 5, 70, 9), change=lambda: mapped.image[5:14, 3:73, :3].fill(7))
        desk.sees(mapped.image)
        desk.do("windowsize", "--sync", desk.window(), 600, 400)
        desk.sees(shown(mapped.image, (600, 400)))

    summary = shower(display_without_shared_memory, monkeypatch)(mapped, play)
    assert summary.window == "SDL's surface: the X server shares no memory with us"


def test_the_hosts_pointer_stays_over_a_picture_that_changes_under_it(show, mapped):
    mapped.cursor, mapped.pointer = SHAPE, PointerPlace(100, 80)

    def play(desk):
        desk.sees(with_pointer(mapped))
        for seed in range(2, 8):
            push(mapped, whole(mapped.image), lambda seed=seed: np.copyto(mapped.image, noise(SIZE, seed)))
            assert np.array_equal(desk.see(), with_pointer(mapped))
        push(mapped, Rect(90, 70, 9, 40), lambda: mapped.image[70:110, 90:99, :3].fill(0))
        assert np.array_equal(desk.see(), with_pointer(mapped))

    show(mapped, play)


def test_the_hosts_pointer_may_leave_the_window_on_any_side(show, mapped):
    mapped.cursor, mapped.pointer = SHAPE, PointerPlace(0, 0)

    def play(desk):
        for x, y in ((0, 0), (SIZE[0] - 1, 0), (SIZE[0] - 1, SIZE[1] - 1), (0, SIZE[1] - 1)):
            mapped.pointer = PointerPlace(x, y)
            push(mapped, whole(mapped.image), lambda x=x: np.copyto(mapped.image, noise(SIZE, x + 2)))
            left, top = max(0, x - SHAPE.hot_x), max(0, y - SHAPE.hot_y)
            expected = mapped.image.copy()
            expected[top : top + 16 - (y == 0) * 3, left : left + 12 - (x == 0) * 2, :3] = SQUARE[0, 0, :3]
            desk.sees(expected)

    summary = show(mapped, play)
    assert summary.window == "shared memory"


def test_a_picture_in_the_middle_of_a_larger_window_is_updated_in_its_place(show, mapped):
    def play(desk):
        desk.sees(shown(mapped.image, SCREEN))
        for seed in range(2, 6):
            push(mapped, Rect(11, 13, 200, 90), lambda seed=seed: mapped.image[13:103, 11:211, :3].fill(seed))
            assert np.array_equal(desk.see(), shown(mapped.image, SCREEN))

    show(mapped, play, fullscreen=True)


def test_another_picture_of_another_size_takes_its_place(show, mapped):
    def grow():
        mapped.image = shared(noise((600, 400), seed=5))

    def play(desk):
        desk.sees(mapped.image)
        mapped.push(Rect(0, 0, 600, 400), change=grow)
        wait_until(lambda: desk.place()[2:] == (600, 400), "the window has the new size")
        desk.sees(mapped.image)
        mapped.push(Rect(500, 300, 50, 60), change=lambda: mapped.image[300:360, 500:550, :3].fill(9))
        desk.sees(mapped.image)

    show(mapped, play)


def test_a_window_under_another_one_is_right_when_that_goes(show, mapped):
    def play(desk):
        desk.sees(mapped.image)
        with desk.covered(40, 30, 200, 150):
            push(mapped, whole(mapped.image), lambda: np.copyto(mapped.image, noise(SIZE, 3)))
            assert not np.array_equal(desk.see(), mapped.image)
        desk.sees(mapped.image)

    show(mapped, play)


def test_a_server_that_serves_somebody_else_for_a_while_stops_nothing_but_the_window(show, mapped):
    def play(desk):
        desk.sees(mapped.image)
        with X11Client(desk.display) as other:
            other.grab()
            for seed in range(2, 6):
                done = threading.Event()
                mapped.push(Rect(0, 0, 200, 90), change=lambda seed=seed: mapped.image[:90, :200, :3].fill(seed))
                mapped.push(change=done.set)
                assert done.wait(PATIENCE), "the session goes on"
            assert [seq for seq, _ in mapped.shown] == [1]
            other.let_go()
        wait_until(lambda: mapped.shown[-1][0] == 5, "the changes are told")
        desk.sees(mapped.image)

    summary = show(mapped, play)
    assert summary.window == "shared memory"


def test_what_is_left_of_rectangles_without_others_is_all_of_it_and_no_more():
    random = np.random.default_rng(4)
    for _ in range(200):
        rects, holes = ([Rect(*(int(n) for n in random.integers(1, 30, 4))) for _ in range(2)] for _ in range(2))
        expected, left = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
        for kind, value in ((rects, True), (holes, False)):
            for x, y, w, h in kind:
                expected[y : y + h, x : x + w] = value
        for x, y, w, h in without(rects, holes):
            assert w > 0
            assert h > 0
            left[y : y + h, x : x + w] = True
        assert np.array_equal(left, expected)
