import pygame
import pytest

from fanlight.viewer.layout import fit
from fanlight.viewer.mouse import MOVE_INTERVAL, Mouse

LAYOUT = fit((100, 100), (200, 200), enlarge=False)
DOWN, UP = pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP


class Log:
    def __init__(self):
        self.sent = []

    def pointer(self, x, y):
        self.sent.append(("move", x, y))

    def button(self, x, y, button, down):
        self.sent.append(("button", x, y, button, down))

    def wheel(self, x, y, dx, dy):
        self.sent.append(("wheel", x, y, dx, dy))


class Hand:
    def __init__(self):
        self.log = Log()
        self.mouse = Mouse(self.log)

    def move(self, x, y):
        self.mouse.move(pygame.Event(pygame.MOUSEMOTION, pos=(x, y)), LAYOUT)

    def button(self, kind, number, x=60, y=70):
        self.mouse.button(pygame.Event(kind, button=number, pos=(x, y)), LAYOUT)

    def wheel(self, dx, dy, x=60, y=70):
        self.mouse.wheel(pygame.Event(pygame.MOUSEWHEEL, x=dx, y=dy), (x, y), LAYOUT)

    @property
    def sent(self):
        return self.log.sent


@pytest.fixture
def hand():
    return Hand()


def test_the_first_move_goes_at_once_and_the_newest_of_many_later(hand):
    hand.move(51, 52)
    assert hand.mouse.flush(10.0) is None
    for x in range(60, 90):
        hand.move(x, 52)
        assert hand.mouse.flush(10.001) == pytest.approx(MOVE_INTERVAL - 0.001)
    assert hand.mouse.flush(10.0 + MOVE_INTERVAL) is None
    assert hand.sent == [("move", 1, 2), ("move", 39, 2)]


def test_a_place_that_is_known_is_not_sent_again(hand):
    for now in (10.0, 11.0):
        hand.move(51, 52)
        assert hand.mouse.flush(now) is None
    assert hand.sent == [("move", 1, 2)]


def test_buttons_carry_the_newest_place_and_leave_no_move_behind(hand):
    hand.move(55, 55)
    hand.button(DOWN, 1)
    hand.button(UP, 1)
    hand.mouse.flush(10.0)
    assert hand.sent == [("button", 10, 20, 1, True), ("button", 10, 20, 1, False)]


@pytest.mark.parametrize(("local", "remote"), [(1, 1), (2, 2), (3, 3), (6, 8), (7, 9)])
def test_buttons_have_x11_numbers(hand, local, remote):
    hand.button(DOWN, local)
    assert hand.sent == [("button", 10, 20, remote, True)]


@pytest.mark.parametrize("button", [4, 5, 20])
def test_the_wheel_is_not_a_button(hand, button):
    hand.button(DOWN, button)
    hand.button(UP, button)
    assert hand.sent == []


def test_the_wheel_grows_right_and_down(hand):
    hand.wheel(0, 1)
    hand.wheel(2, -3)
    hand.wheel(0, 0)
    assert hand.sent == [("wheel", 10, 20, 0, -1), ("wheel", 10, 20, 2, 3)]


def test_beside_the_picture_nothing_is_sent(hand):
    hand.move(10, 10)
    hand.button(DOWN, 1, 10, 10)
    hand.button(UP, 1, 10, 10)
    hand.wheel(0, 1, 10, 10)
    assert hand.mouse.flush(10.0) is None
    assert hand.sent == []


def test_a_drag_goes_on_beside_the_picture_at_its_edge(hand):
    hand.button(DOWN, 1)
    hand.move(500, 10)
    hand.mouse.flush(10.0)
    hand.button(UP, 1, 500, 10)
    assert hand.sent == [("button", 10, 20, 1, True), ("move", 99, 0), ("button", 99, 0, 1, False)]


def test_what_waits_can_be_hurried(hand):
    hand.move(51, 51)
    hand.mouse.hurry()
    hand.mouse.hurry()
    assert hand.mouse.flush(10.0) is None
    assert hand.sent == [("move", 1, 1)]


def test_everything_is_released_once(hand):
    hand.button(DOWN, 3)
    hand.button(DOWN, 1)
    hand.mouse.release_all()
    hand.mouse.release_all()
    hand.button(UP, 1)
    assert hand.sent[2:] == [("button", 10, 20, 1, False), ("button", 10, 20, 3, False)]


def test_what_is_forgotten_is_not_released(hand):
    hand.button(DOWN, 1)
    hand.mouse.forget()
    hand.mouse.release_all()
    assert len(hand.sent) == 1
