"""The window on a real X server, worked by xdotool and looked at by mss: what is laid over the picture."""

import numpy as np
import pytest
from remote_fake import noise, soft, wait_until, whole
from window_scene import BELOW_OVERLAY, MIDDLE, SIZE, difference

from fanlight.types import Rect


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
