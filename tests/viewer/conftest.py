import numpy as np
import pytest
from desk import Desk, managed_x_server, shower, x_server
from remote_fake import FakeScreen, noise, shared
from window_scene import SIZE


@pytest.fixture(scope="module")
def window_display():
    """The name of a display with no window manager and nothing else on it."""
    with x_server() as display:
        yield display


@pytest.fixture(scope="module")
def managed_display():
    with managed_x_server() as display:
        yield display


@pytest.fixture
def show(window_display, monkeypatch):
    """Show a fake screen in a window while `play` acts in a thread of its own; then end the session."""
    return shower(window_display, monkeypatch)


@pytest.fixture
def show_managed(managed_display, monkeypatch):
    """Like `show`, on the display with a window manager."""
    return shower(managed_display, monkeypatch)


@pytest.fixture
def keys_up(window_display):
    """Leaves nothing down on the display after a test that held some of it."""
    yield
    Desk(window_display, FakeScreen(noise(SIZE))).do("keyup", "h", "keyup", "x", "keyup", "shift", "mouseup", 1)


@pytest.fixture(params=[shared, np.copy], ids=["shared", "copied"])
def remote(request):
    """A screen whose picture the X server can map, and one whose picture has to be copied."""
    return FakeScreen(request.param(noise(SIZE)))
