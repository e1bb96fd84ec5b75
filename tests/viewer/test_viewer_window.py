"""The window on a real X server, worked by xdotool and looked at by mss: its picture and its end."""

import os
import signal
import sys

import numpy as np
import pygame
import pytest
from remote_fake import SCREEN, FakeScreen, noise, shown, soft, wait_until, whole
from window_scene import MIDDLE, SIZE, difference

from fanlight import viewer
from fanlight.errors import ConnectionLost, UsageError
from fanlight.types import Rect


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

    def test_fonts_of_others_outlive_it(self, show, remote):
        pygame.font.init()
        face = pygame.font.Font(None, 20)
        show(remote, lambda desk: desk.close())
        assert face.render("still here", True, (1, 2, 3)).get_width() > 0

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
