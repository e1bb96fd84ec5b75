"""The window on a real X server: moved, clicked and typed at by xdotool, looked at by mss."""

import dataclasses
import os
import signal
import sys
import threading

import numpy as np
import pytest
from desk import Desk, managed_x_server, shower, x_server
from remote_fake import SCREEN, FakeScreen, noise, shown, soft, wait_until, whole

import fanlight
from fanlight import viewer
from fanlight.errors import ConnectionLost, UsageError
from fanlight.types import CursorShape, Permission, PointerPlace, Rect

VIEW_ONLY = frozenset({Permission.VIEW})
SIZE = (480, 320)
# No part of the overlay, its lines and its graph, reaches below this row.
BELOW_OVERLAY = 240
MIDDLE = (240, 160)

SQUARE = np.full((16, 12, 4), (30, 60, 90, 255), np.uint8)
SHAPE = CursorShape(12, 16, 2, 3, SQUARE.tobytes())
HIDDEN = CursorShape(0, 0, 0, 0, b"")


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


@pytest.fixture
def remote():
    return FakeScreen(noise(SIZE))


def difference(one, other):
    return int(np.abs(one.astype(int) - other.astype(int)).max()) if one.shape == other.shape else 255


class TestPicture:
    def test_one_to_one_byte_for_byte(self, show, remote):
        def play(desk):
            assert desk.place()[2:] == SIZE
            desk.sees(remote.image)

        show(remote, play)

    def test_it_shows_what_was_damaged_and_nothing_else(self, show, remote):
        told, untold = Rect(31, 17, 9, 14), Rect(200, 200, 40, 40)
        expected = remote.image.copy()

        def change():
            for x, y, w, h in (told, untold):
                remote.image[y : y + h, x : x + w, :3] ^= 0xFF

        def play(desk):
            desk.sees(expected)
            remote.push(told, change=change)
            x, y, w, h = told
            expected[y : y + h, x : x + w, :3] ^= 0xFF
            desk.sees(expected)

        show(remote, play)

    def test_many_quick_updates_end_at_the_newest(self, show, remote):
        def play(desk):
            for number in range(300):
                fill = number % 256

                def change(fill=fill):
                    remote.image[:, :, :3] = fill

                remote.push(whole(remote.image), change=change)
            desk.sees(
                np.where(np.arange(4) < 3, np.uint8(299 % 256), np.uint8(0)) * np.ones((*SIZE[::-1], 1), np.uint8)
            )

        show(remote, play)

    def test_a_window_of_its_own_size_follows_the_screen(self, show, remote):
        def grow():
            remote.image = noise((600, 400), seed=5)

        def play(desk):
            desk.sees(remote.image)
            remote.push(Rect(0, 0, 600, 400), change=grow)
            wait_until(lambda: desk.place()[2:] == (600, 400), "the window has the new size")
            desk.sees(remote.image)

        show(remote, play)

    def test_a_large_screen_is_scaled_to_fit(self, show):
        remote = FakeScreen(soft((2560, 1440)))

        def play(desk):
            _, _, width, height = desk.place()
            assert width < SCREEN[0]
            assert height < SCREEN[1]
            expected = remote.image[:: 2560 // width, :: 2560 // width]
            assert abs(width / height - 2560 / 1440) < 0.01
            rows, columns = (np.arange(height) * 1440 // height), (np.arange(width) * 2560 // width)
            expected = remote.image[rows[:, None], columns]
            wait_until(lambda: difference(desk.see(), expected) < 16, "the scaled picture is seen")

        show(remote, play)

    def test_a_smaller_window_scales_and_a_larger_one_centres(self, show, remote):
        remote.image = soft(SIZE)

        def play(desk):
            window = desk.window()
            desk.sees(remote.image)
            desk.do("windowsize", "--sync", window, 240, 200)
            rows, columns = np.arange(160) * 2, np.arange(240) * 2
            small = shown(remote.image[rows[:, None], columns], (240, 200))
            wait_until(lambda: difference(desk.see(), small) < 16, "the smaller picture is seen")
            desk.do("windowsize", "--sync", window, 600, 400)
            desk.sees(shown(remote.image, (600, 400)))

        show(remote, play)

    def test_scaled_damage_leaves_nothing_stale(self, show, remote):
        remote.image = soft(SIZE)

        def invert():
            remote.image[33:150, 57:211, :3] ^= 0xFF

        def play(desk):
            desk.do("windowsize", "--sync", desk.window(), 360, 240)
            wait_until(lambda: desk.see().shape == (240, 360, 4) and desk.see().any(), "the smaller window is seen")
            rows, columns = np.arange(240) * 4 // 3, np.arange(360) * 4 // 3
            # Inside and outside, not on the border, where one pixel mixes both.
            expected = remote.image.copy()
            expected[33:150, 57:211, :3] ^= 0xFF
            expected = expected[rows[:, None], columns]
            remote.push(Rect(57, 33, 154, 117), change=invert)
            inside, outside = np.s_[27:110, 45:156], np.s_[115:, :]
            wait_until(lambda: difference(desk.see()[inside], expected[inside]) < 24, "the changed part is seen")
            assert difference(desk.see()[outside], expected[outside]) < 24

        show(remote, play)

    def test_full_screen_and_back(self, show, remote):
        def play(desk):
            desk.sees(remote.image)
            before = desk.place()
            desk.point(*MIDDLE)
            for chord in ("F11", "ctrl+alt+Return"):
                desk.do("key", chord)
                wait_until(lambda: desk.place() == (0, 0, *SCREEN), "the window fills the screen")
                desk.sees(shown(remote.image, SCREEN))
                desk.do("key", chord)
                wait_until(lambda: desk.place() == before, "the window is where it was")
                desk.sees(remote.image)
            assert not {0xFFC8, 0xFF0D} & {keysym for keysym, _ in remote.sent_keys()}

        show(remote, play)

    def test_full_screen_and_back_with_a_window_manager(self, show_managed, remote):
        def play(desk):
            before = desk.place()
            desk.do("windowactivate", "--sync", desk.window(), "key", "F11")
            wait_until(lambda: desk.place() == (0, 0, *SCREEN), "the window fills the screen")
            desk.sees(shown(remote.image, SCREEN))
            desk.do("windowactivate", "--sync", desk.window(), "key", "F11")
            wait_until(lambda: desk.place() == before, "the window is where it was")

        show_managed(remote, play)

    def test_full_screen_from_the_start_can_enlarge(self, show, remote):
        remote.image = soft((320, 200))

        def play(desk):
            desk.sees(shown(remote.image, SCREEN))
            desk.do("key", "ctrl+alt+z")
            rows, columns = np.arange(800) // 4, np.arange(1280) // 4
            wait_until(
                lambda: difference(desk.see(), remote.image[rows[:, None], columns]) < 24,
                "the picture fills the screen",
            )
            desk.point(1279, 799)
            desk.got("move", 319, 199)
            desk.do("key", "ctrl+alt+z")
            desk.sees(shown(remote.image, SCREEN))

        show(remote, play, fullscreen=True)

    def test_a_window_that_was_covered_is_painted_again(self, show, remote):
        def play(desk):
            desk.sees(remote.image)
            window = desk.window()
            desk.do("windowunmap", "--sync", window)
            desk.do("windowmap", "--sync", window)
            desk.sees(remote.image)

        show(remote, play)


class TestOverlay:
    @pytest.mark.parametrize("chord", ["F12", "ctrl+alt+i"])
    def test_it_comes_and_goes_and_leaves_the_picture(self, show, remote, chord):
        def play(desk):
            desk.point(*MIDDLE)
            desk.sees(remote.image)
            desk.do("key", chord)
            wait_until(lambda: not np.array_equal(desk.see()[:40], remote.image[:40]), "the overlay is seen")
            assert np.array_equal(desk.see()[BELOW_OVERLAY:], remote.image[BELOW_OVERLAY:])
            desk.do("key", chord)
            desk.sees(remote.image)

        show(remote, play)

    def test_a_picture_that_changes_under_it_is_right_when_it_goes(self, show, remote):
        def change():
            remote.image[:] = noise(SIZE, seed=9)

        def play(desk):
            desk.point(*MIDDLE)
            desk.do("key", "F12")
            wait_until(lambda: not np.array_equal(desk.see()[:40], remote.image[:40]), "the overlay is seen")
            line = desk.see()[10:30, 10:60]
            remote.push(whole(remote.image), change=change)
            wait_until(
                lambda: np.array_equal(desk.see()[BELOW_OVERLAY:], noise(SIZE, seed=9)[BELOW_OVERLAY:]),
                "the change is seen",
            )
            assert not np.array_equal(desk.see()[10:30, 10:60], remote.image[10:30, 10:60])
            assert (desk.see()[9] == line[0, 0]).all(axis=1).sum() > 50
            desk.do("key", "F12")
            desk.sees(remote.image)

        show(remote, play)

    def test_its_key_is_not_the_hosts_unless_with_a_modifier(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            desk.do("key", "F12")
            desk.do("key", "F12")
            desk.do("key", "shift+F12")
            desk.got("key", 0xFFC9, False)
            assert remote.sent_keys().count((0xFFC9, True)) == 1

        show(remote, play)


class TestTint:
    def test_tiles_that_are_not_exact_are_coloured_until_they_are(self, show, remote):
        remote.image = soft(SIZE)
        remote.states = np.zeros((5, 8), np.uint8)
        remote.states[1, 2], remote.states[4, 7] = 2, 1

        def differs(desk):
            found = (desk.see() != remote.image).any(axis=2)
            return {(y // 64, x // 64) for y, x in np.argwhere(found)}

        def heal():
            remote.states[:] = 0

        def play(desk):
            desk.point(*MIDDLE)
            desk.sees(remote.image)
            desk.do("key", "ctrl+alt+e")
            wait_until(lambda: differs(desk) == {(1, 2), (4, 7)}, "the two tiles are coloured")
            once = desk.see()
            remote.push(Rect(0, 0, *SIZE))
            remote.push(Rect(130, 70, 9, 9), Rect(134, 75, 30, 30))
            wait_until(lambda: remote.shown[-1][0] == 3, "the updates are shown")
            assert np.array_equal(desk.see(), once)
            remote.push(Rect(0, 0, 1, 1), change=heal)
            desk.sees(remote.image)

        show(remote, play)
        assert ord("e") not in {keysym for keysym, _ in remote.sent_keys()}

    def test_lossy_is_red_and_refining_yellow(self, show, remote):
        remote.image = np.zeros((*SIZE[::-1], 4), np.uint8)
        remote.image[..., :3] = 128
        remote.states = np.zeros((5, 8), np.uint8)
        remote.states[1, 2], remote.states[3, 5] = 2, 1

        def inside(desk, row, column):
            return [int(part) for part in desk.see()[64 * row + 32, 64 * column + 32][:3]]

        def play(desk):
            desk.point(*MIDDLE)
            desk.sees(remote.image)
            desk.do("key", "ctrl+alt+e")
            wait_until(lambda: inside(desk, 1, 2) != [128] * 3 != inside(desk, 3, 5), "both tiles are coloured")
            (blue, green, red), (refining_blue, refining_green, refining_red) = inside(desk, 1, 2), inside(desk, 3, 5)
            assert red > 128 > max(blue, green)
            assert min(refining_red, refining_green) > 128 > refining_blue
            assert inside(desk, 0, 0) == [128] * 3

        show(remote, play)

    def test_the_colour_goes_when_it_is_not_wanted(self, show, remote):
        remote.states = np.full((5, 8), 2, np.uint8)

        def play(desk):
            desk.point(*MIDDLE)
            desk.sees(remote.image)
            for _ in range(2):
                desk.do("key", "ctrl+alt+e")
                wait_until(lambda: difference(desk.see(), remote.image) > 20, "the picture is coloured")
                desk.do("key", "ctrl+alt+e")
                desk.sees(remote.image)

        show(remote, play)


class TestPresented:
    def test_each_update_that_is_shown_is_told_once_and_in_order(self, show, remote):
        def play(desk):
            wait_until(lambda: remote.shown, "the first picture is told")
            for seq in (2, 3, 4):
                remote.push(Rect(0, 0, 64, 64), change=lambda seq=seq: remote.image[:64, :64].fill(seq))
                wait_until(lambda seq=seq: remote.shown[-1][0] == seq, "the change is told")
                assert (desk.see()[:64, :64, :3] == seq).all()
                remote.push()

        show(remote, play)
        assert [seq for seq, _ in remote.shown] == [1, 2, 3, 4]
        stamps = [at for _, at in remote.shown]
        assert stamps == sorted(stamps)


class TestInput:
    def test_the_pointer_and_its_buttons(self, show, remote):
        def play(desk):
            desk.point(100, 50)
            desk.got("move", 100, 50)
            for button, number in ((1, 1), (2, 2), (3, 3), (8, 8), (9, 9)):
                desk.do("click", button)
                desk.got("button", 100, 50, number, True)
                desk.got("button", 100, 50, number, False)
            for button, turn in ((4, (0, -1)), (5, (0, 1)), (6, (-1, 0)), (7, (1, 0))):
                desk.do("click", button)
                desk.got("wheel", 100, 50, *turn)
            assert len([what for what in remote.sent if what[0] == "button"]) == 10
            assert len([what for what in remote.sent if what[0] == "wheel"]) == 4

        show(remote, play)

    def test_moves_are_scaled_to_the_picture(self, show, remote):
        def play(desk):
            desk.do("windowsize", "--sync", desk.window(), 240, 160)
            wait_until(lambda: desk.see().shape[:2] == (160, 240), "the window is small")
            desk.point(239, 159)
            wait_until(lambda: remote.sent and remote.sent[-1] in [("move", 478, 318), ("move", 479, 319)], "it moved")

        show(remote, play)

    def test_typing(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            for key in ("a", "shift+b", "ctrl+c", "Return", "KP_Add", "Left", "F5", "alt+Tab", "Super_L"):
                desk.do("key", key)
            desk.got("key", 0xFFEB, False)
            pressed = [keysym for keysym, down in remote.sent_keys() if down]
            assert pressed == [
                *(ord("a"), 0xFFE1, ord("B"), 0xFFE3, ord("c"), 0xFF0D, 0xFFAB),
                *(0xFF51, 0xFFC2, 0xFFE9, 0xFF09, 0xFFEB),
            ]
            assert sorted(pressed) == sorted(keysym for keysym, down in remote.sent_keys() if not down)

        show(remote, play)

    def test_input_comes_on_the_sessions_thread(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            desk.do("key", "a")
            desk.got("key", ord("a"), False)

        show(remote, play)
        assert len(remote.threads) == 1
        assert threading.get_ident() not in remote.threads

    @pytest.mark.usefixtures("keys_up")
    def test_a_window_that_loses_the_keyboard_lets_go(self, show, remote):
        def play(desk):
            desk.do("windowfocus", "--sync", desk.window())
            desk.point(*MIDDLE)
            desk.do("keydown", "shift", "keydown", "x", "mousedown", 1)
            desk.got("button", *MIDDLE, 1, True)
            desk.got("key", ord("X"), True)
            desk.do("windowfocus", desk.do("search", "--maxdepth", 0, ".*").split()[0])
            desk.got("key", ord("X"), False)
            desk.got("key", 0xFFE1, False)
            desk.got("button", *MIDDLE, 1, False)

        show(remote, play)

    @pytest.mark.usefixtures("keys_up")
    def test_what_is_held_when_the_session_ends_is_let_go(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            desk.do("keydown", "h")
            desk.got("key", ord("h"), True)
            wait_until(lambda: remote.closed, "the time is over")

        show(remote, play, seconds=2)
        assert remote.sent_keys() == [(ord("h"), True), (ord("h"), False)]

    def test_without_the_right_nothing_is_sent(self, show):
        remote = FakeScreen(noise(SIZE), VIEW_ONLY)

        def play(desk):
            desk.point(*MIDDLE)
            desk.do("key", "a", "click", 1, "click", 4)
            desk.do("key", "F12")
            wait_until(lambda: not np.array_equal(desk.see()[:40], remote.image[:40]), "the keys have been handled")

        show(remote, play)
        assert remote.sent == []

    def test_a_right_that_comes_and_goes_is_followed(self, show):
        remote = FakeScreen(noise(SIZE), VIEW_ONLY)

        def grant(rights):
            remote.rights = rights

        def play(desk):
            desk.point(*MIDDLE)
            remote.push(change=lambda: grant(VIEW_ONLY | {Permission.CONTROL}))

            def heard():
                desk.do("key", "a")
                return ("key", ord("a"), True) in remote.sent

            wait_until(heard, "a key reaches the session")
            desk.got("key", ord("a"), False)
            remote.push(change=lambda: grant(VIEW_ONLY))

            def unheard():
                before = len(remote.sent)
                desk.do("key", "b")
                desk.do("key", "F12")
                return len(remote.sent) == before

            wait_until(unheard, "keys reach nobody")

        show(remote, play)


class TestCursor:
    def seen(self, display):
        with fanlight.open_capture(display) as capture:
            capture.next(1.0)
            return capture.cursor

    def test_the_hosts_shape_is_the_windows_own(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            shape = dataclasses.replace(SHAPE, pixels=np.full((16, 12, 4), (10, 20, 100, 128), np.uint8).tobytes())
            for wanted in (SHAPE, shape):
                remote.push(change=lambda wanted=wanted: setattr(remote, "cursor", wanted))
                wait_until(lambda wanted=wanted: self.seen(desk.display) == wanted, "the window has the shape")

        show(remote, play)

    def test_a_hidden_one_is_hidden(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            remote.push(change=lambda: setattr(remote, "cursor", SHAPE))
            wait_until(lambda: self.seen(desk.display) == SHAPE, "the window has the shape")
            remote.push(change=lambda: setattr(remote, "cursor", HIDDEN))
            wait_until(lambda: not any(self.seen(desk.display).pixels), "no pointer is seen")

        show(remote, play)

    def test_the_hosts_pointer_is_drawn_for_those_who_only_watch(self, show):
        remote = FakeScreen(noise(SIZE), VIEW_ONLY)
        remote.cursor, remote.pointer = SHAPE, PointerPlace(100, 90)

        def with_pointer(x, y):
            expected = remote.image.copy()
            expected[y - 3 : y + 13, x - 2 : x + 10, :3] = SQUARE[:, :, :3]
            return expected

        def play(desk):
            desk.sees(with_pointer(100, 90))
            remote.push(change=lambda: setattr(remote, "pointer", PointerPlace(104, 95)))
            desk.sees(with_pointer(104, 95))
            remote.push(Rect(100, 90, 20, 20), change=lambda: remote.image[90:110, 100:120, :3].fill(7))
            wait_until(lambda: remote.image[90, 100, 0] == 7, "the picture changed")
            desk.sees(with_pointer(104, 95))
            remote.push(change=lambda: setattr(remote, "pointer", None))
            desk.sees(remote.image)

        show(remote, play)

    def test_it_is_not_drawn_where_the_hand_is(self, show, remote):
        remote.cursor, remote.pointer = SHAPE, PointerPlace(100, 90)

        def play(desk):
            wait_until(lambda: not np.array_equal(desk.see(), remote.image), "the host's pointer is drawn")
            desk.point(*MIDDLE)
            desk.sees(remote.image)
            desk.do("mousemove", 0, 0)
            wait_until(lambda: not np.array_equal(desk.see(), remote.image), "the host's pointer is drawn again")

        show(remote, play)

    def test_a_translucent_pointer_is_blended_once(self, show):
        remote = FakeScreen(noise(SIZE), VIEW_ONLY)
        glass = np.full((16, 12, 4), (20, 40, 60, 128), np.uint8)
        remote.cursor, remote.pointer = CursorShape(12, 16, 0, 0, glass.tobytes()), PointerPlace(100, 90)

        def play(desk):
            for number in range(3):
                remote.push(Rect(90, 85, 15 + number, 10), change=lambda: None)
            under = remote.image[90:106, 100:112, :3].astype(int)
            expected = glass[:, :, :3] + under * 127 // 255
            wait_until(lambda: difference(desk.see()[90:106, 100:112, :3], expected) <= 2, "the pointer is blended")

        show(remote, play)


class TestEnd:
    def test_the_escape_closes_the_session_cleanly(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            desk.do("key", "ctrl+alt+q")
            wait_until(lambda: remote.closed, "the session is closed")

        summary = show(remote, play)
        assert (summary.frames, summary.size, summary.interrupted) == (1, SIZE, False)
        assert np.array_equal(summary.image, remote.image)
        assert ord("q") not in {keysym for keysym, _ in remote.sent_keys()}
        assert remote.sent_keys()[-1][1] is False

    def test_closing_the_window_closes_the_session(self, show, remote):
        def play(desk):
            desk.close()
            wait_until(lambda: remote.closed, "the session is closed")

        show(remote, play)

    def test_it_ends_by_itself(self, show, remote):
        summary = show(remote, lambda desk: wait_until(lambda: remote.closed, "the time is over"), seconds=0.5)
        assert summary.seconds >= 0.5

    def test_a_lost_session_comes_out(self, show, remote):
        def play(desk):
            remote.fail(ConnectionLost("the host is gone"))
            wait_until(lambda: remote.closed, "the session is closed")

        with pytest.raises(ConnectionLost, match="the host is gone"):
            show(remote, play)

    def test_what_connecting_raises_comes_out(self, window_display, monkeypatch):
        monkeypatch.setenv("DISPLAY", window_display)

        class Refusing:
            async def __aenter__(self):
                raise ConnectionLost("nobody is there")

            async def __aexit__(self, *_):
                return None

        with pytest.raises(ConnectionLost, match="nobody is there"):
            viewer.show(Refusing)

    def test_ctrl_c_ends_it_cleanly(self, show, remote):
        def play(desk):
            os.kill(os.getpid(), signal.SIGINT)
            wait_until(lambda: remote.closed, "the session is closed")

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            summary = show(remote, play)
        finally:
            signal.signal(signal.SIGINT, before)
        assert (summary.interrupted, summary.frames) == (True, 1)

    @pytest.mark.parametrize("display", ["", ":12345"])
    def test_no_display_is_said_before_connecting(self, monkeypatch, display):
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        remote = FakeScreen(noise(SIZE))
        with pytest.raises(UsageError, match=r"DISPLAY.*--headless"):
            viewer.show(remote.connect)
        assert not remote.closed

    def test_without_pygame_it_says_what_to_install(self, monkeypatch):
        for name in [name for name in sys.modules if name.startswith("fanlight.viewer.window")]:
            monkeypatch.delitem(sys.modules, name)
        for name in ("windowed", "display", "window", "painter", "keysyms"):
            monkeypatch.delitem(sys.modules, f"fanlight.viewer.{name}", raising=False)
            monkeypatch.delattr(viewer, name, raising=False)
        monkeypatch.setitem(sys.modules, "pygame", None)
        with pytest.raises(UsageError, match=r"pip install 'fanlight\[viewer\]'"):
            viewer.show(FakeScreen(noise(SIZE)).connect)
