"""Showing in an X window from shared memory: what it does to a window, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from fanlight.kernels.shared import black_picture
from fanlight.kernels.x11_window import SharingWindow, WindowError
from patience import PATIENCE
from x11_client import X11Client
from x_server import XServer

SIZE = (64, 48)


@pytest.fixture
def server():
    server = XServer(SIZE, 24, ())
    yield server
    server.stop()


@pytest.fixture
def screen(server):
    with X11Client(server.name) as client:
        client.fill(0, (0, 0, *SIZE))
        yield client


@pytest.fixture
def window(server, screen):
    """The root window, which is one like any other."""
    made = SharingWindow(screen.root, server.name)
    yield made
    made.close()


def noise(size, seed=1):
    image = black_picture(size)
    image[:, :, :3] = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3))
    return image


def seen(screen):
    return screen.image()[:, :, :3]


def test_parts_of_two_pictures_come_to_their_places_in_order(window, screen):
    one, other = noise((40, 30)), noise((20, 20), 2)
    assert window.lend(0, one)
    assert window.lend(1, other)
    assert window.show([(0, 3, 4, 30, 20, 10, 12), (1, 0, 0, 5, 5, 12, 14)], PATIENCE)
    expected = np.zeros((48, 64, 3), np.uint8)
    expected[12:32, 10:40] = one[4:24, 3:33, :3]
    expected[14:19, 12:17] = other[:5, :5, :3]
    assert np.array_equal(seen(screen), expected)


def test_it_shows_what_the_memory_holds_then(window, screen):
    image = noise(SIZE)
    window.lend(0, image)
    for seed in (2, 3):
        image[:] = noise(SIZE, seed)
        assert window.show([(0, 0, 0, *SIZE, 0, 0)], PATIENCE)
        assert np.array_equal(seen(screen), image[:, :, :3])


def test_what_passes_the_windows_edges_is_cut(window, screen):
    image = noise(SIZE)
    window.lend(0, image)
    assert window.show([(0, 0, 0, *SIZE, -10, -20)], PATIENCE)
    assert np.array_equal(seen(screen)[:28, :54], image[20:, 10:, :3])


@pytest.mark.parametrize(
    "part",
    [
        (0, 0, 0, 41, 30, 0, 0),
        (0, 0, 0, 40, 31, 0, 0),
        (0, -1, 0, 4, 4, 0, 0),
        (0, 38, 0, 4, 4, 0, 0),
        (0, 0, 0, 0, 4, 0, 0),
        (0, 2**31 - 1, 0, 2**31 - 1, 4, 0, 0),
        (1, 0, 0, 4, 4, 0, 0),
        (2, 0, 0, 4, 4, 0, 0),
        (-1, 0, 0, 4, 4, 0, 0),
        (0, 0, 0, 4, 4, 40_000, 0),
        (0, 0, 0, 4, 4, 0, -40_000),
    ],
)
def test_a_part_that_leaves_its_picture_or_has_none_draws_nothing(window, screen, part):
    window.lend(0, noise((40, 30)))
    with pytest.raises(WindowError):
        window.show([(0, 0, 0, 4, 4, 0, 0), part], PATIENCE)
    assert not seen(screen).any()
    assert window.show([], PATIENCE)


def test_memory_of_its_own_cannot_be_lent_and_leaves_the_slot_empty(window):
    window.lend(0, noise((40, 30)))
    assert not window.lend(0, np.zeros((30, 40, 4), np.uint8))
    with pytest.raises(WindowError):
        window.show([(0, 0, 0, 4, 4, 0, 0)], PATIENCE)


def test_a_server_that_does_not_answer_is_not_waited_for_and_settles_later(server, window, screen):
    image = noise(SIZE)
    window.lend(0, image)
    screen.grab()
    assert not window.show([(0, 0, 0, *SIZE, 0, 0)], 0.0)
    assert not window.settle(0.0)
    with pytest.raises(WindowError):
        window.show([], 0.0)
    screen.let_go()
    assert window.settle(PATIENCE)
    assert np.array_equal(seen(screen), image[:, :, :3])


def test_the_end_of_the_server_is_told(server, window):
    window.lend(0, noise(SIZE))
    server.stop()
    with pytest.raises(WindowError, match="went away"):
        window.show([(0, 0, 0, 4, 4, 0, 0)], PATIENCE)


def test_a_window_that_goes_is_told(server, screen):
    made = SharingWindow(screen.make_window(0, 0, *SIZE), server.name)
    made.lend(0, noise(SIZE))
    assert made.show([(0, 0, 0, 4, 4, 0, 0)], PATIENCE)
    screen.destroy_window()
    with pytest.raises(WindowError, match="refused"):
        made.show([(0, 0, 0, 4, 4, 0, 0)], PATIENCE)
    made.close()
    with pytest.raises(WindowError):
        made.show([], PATIENCE)


def test_no_window_no_server_and_no_shared_memory_are_told_apart(server):
    with pytest.raises(WindowError, match="no such window"):
        SharingWindow(0x7FFFFFF, server.name)
    with pytest.raises(WindowError, match="no X server"):
        SharingWindow(1, ":7654")
    bare = XServer(SIZE, 24, ("-extension", "MIT-SHM"))
    try:
        with X11Client(bare.name) as client, pytest.raises(WindowError, match="shares no memory"):
            SharingWindow(client.root, bare.name)
    finally:
        bare.stop()


def test_a_screen_of_other_pixels_is_refused():
    poor = XServer(SIZE, 16, ())
    try:
        with X11Client(poor.name) as client, pytest.raises(WindowError, match="BGRX"):
            SharingWindow(client.root, poor.name)
    finally:
        poor.stop()


def test_nothing_is_left_open(server, screen):
    SharingWindow(screen.root, server.name).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        made = SharingWindow(screen.root, server.name)
        made.lend(0, noise(SIZE))
        made.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
