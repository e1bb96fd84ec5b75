"""The window of one viewer: how many updates may be on their way to it."""

from fanlight.session.pacing import Window

INTERVAL = 1 / 60


def test_a_viewer_that_never_acknowledges_closes_its_window() -> None:
    window = Window(INTERVAL)
    sent = 0
    while window.is_open and sent < 100:
        sent += 1
        window.sent(sent, now=0.0)
    assert sent == 2


def test_an_acknowledgement_covers_all_updates_before_it() -> None:
    window = Window(INTERVAL)
    window.sent(1, now=0.0)
    window.sent(2, now=0.01)
    assert not window.is_open
    window.acknowledged(2, now=0.02)
    assert window.is_open


def test_the_window_covers_one_round_trip() -> None:
    window = Window(INTERVAL)
    window.sent(1, now=0.0)
    window.acknowledged(1, now=0.1)
    assert window.limit == 7


def test_a_queue_on_the_way_does_not_widen_the_window() -> None:
    window = Window(INTERVAL)
    window.sent(1, now=0.0)
    window.acknowledged(1, now=0.02)
    before = window.limit
    window.sent(2, now=1.0)
    window.acknowledged(2, now=3.0)
    assert window.limit == before


def test_the_window_is_bounded_on_the_longest_way() -> None:
    window = Window(INTERVAL)
    window.sent(1, now=0.0)
    window.acknowledged(1, now=60.0)
    assert window.limit == 32
