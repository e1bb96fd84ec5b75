"""The window on a real X server, worked by xdotool and looked at by mss: input and the cursor."""

import dataclasses
import threading

import numpy as np
import pytest
from remote_fake import FakeScreen, noise, wait_until
from window_scene import HIDDEN, MIDDLE, SHAPE, SIZE, SQUARE, VIEW_ONLY, difference

import fanlight
from fanlight.types import CursorShape, Permission, PointerPlace, Rect


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
    def test_what_is_held_when_the_window_is_closed_is_let_go(self, show, remote):
        def play(desk):
            desk.point(*MIDDLE)
            desk.do("keydown", "h")
            desk.got("key", ord("h"), True)
            desk.close()
            wait_until(lambda: remote.closed, "the session is closed")

        show(remote, play)
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
