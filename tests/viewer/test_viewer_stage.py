import numpy as np
from remote_fake import FakeScreen, FakeUpdate, noise, whole

from fanlight.types import CursorShape, PointerPlace, Rect
from fanlight.viewer.stage import Stage


def staged(remote: FakeScreen) -> tuple[Stage, list[int]]:
    woken: list[int] = []
    stage = Stage(lambda: woken.append(1), 0.0)
    stage.show(remote, 1, (whole(remote.image),))
    stage.take(remote, FakeUpdate((whole(remote.image),)), 0.1)
    stage.changes()
    woken.clear()
    return stage, woken


def picture(stage: Stage) -> np.ndarray:
    with stage.picture() as image:
        return image.copy()


def test_the_first_update_brings_the_whole_picture():
    remote = FakeScreen(noise((300, 200)))
    stage = Stage(lambda: None, 0.0)
    stage.show(remote, 1, ())
    assert stage.changes().rects == (Rect(0, 0, 300, 200),)
    assert np.array_equal(picture(stage), remote.image)
    assert stage.size == (300, 200)


def test_only_damage_is_told():
    remote = FakeScreen(noise((300, 200)))
    stage, woken = staged(remote)
    remote.image[:] = noise((300, 200), seed=2)
    stage.show(remote, 2, (Rect(10, 20, 30, 40),))
    assert stage.changes().rects == (Rect(10, 20, 30, 40),)
    assert np.array_equal(picture(stage), remote.image)
    assert len(woken) == 1


def test_what_was_not_shown_merges():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    for _ in range(5):
        stage.show(remote, 2, (Rect(0, 0, 8, 8), Rect(20, 20, 8, 8)))
    assert sorted(stage.changes().rects) == [Rect(0, 0, 8, 8), Rect(20, 20, 8, 8)]
    assert stage.changes().rects == ()


def test_a_window_that_is_away_costs_no_memory():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    for number in range(5_000):
        stage.show(remote, 2, (Rect(number % 200, 10 + number % 150, 4, 4),))
    rects = stage.changes().rects
    assert len(rects) <= 64
    hits = np.zeros((200, 300), bool)
    for x, y, w, h in rects:
        hits[y : y + h, x : x + w] = True
    assert all(hits[10 + number % 150, number % 200] for number in range(5_000))


def test_damage_outside_the_picture_is_clipped():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    stage.show(remote, 2, (Rect(290, 190, 50, 50), Rect(400, 0, 5, 5), Rect(0, 0, 0, 9)))
    assert stage.changes().rects == (Rect(290, 190, 10, 10),)


def test_a_resize_replaces_what_waited():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    stage.show(remote, 2, (Rect(0, 0, 8, 8),))
    remote.image = noise((120, 90))
    stage.show(remote, 2, (Rect(0, 0, 4, 4),))
    changes = stage.changes()
    assert (changes.size, changes.rects) == ((120, 90), (Rect(0, 0, 120, 90),))
    assert np.array_equal(picture(stage), remote.image)


def test_the_decoders_picture_is_lent_while_no_update_can_change_it():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    assert not remote.lock.locked()
    with stage.picture() as image:
        assert image is remote.image
        assert remote.lock.locked()
    assert not remote.lock.locked()


def test_another_picture_of_the_same_size_is_shown_whole():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    remote.image = noise((300, 200), seed=2)
    stage.show(remote, 2, (Rect(0, 0, 4, 4),))
    assert stage.changes().rects == (Rect(0, 0, 300, 200),)
    assert np.array_equal(picture(stage), remote.image)


def test_the_pointer_comes_along():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    remote.cursor, remote.pointer = CursorShape(1, 1, 0, 0, b"\1\2\3\4"), PointerPlace(5, 6)
    stage.take(remote, FakeUpdate((), bytes=0), 0.2)
    changes = stage.changes()
    assert (changes.rects, changes.cursor, changes.pointer) == ((), remote.cursor, PointerPlace(5, 6))


def test_it_counts():
    remote = FakeScreen(noise((300, 200)))
    stage, _ = staged(remote)
    assert stage.summary(1.0).as_json()["frames"] == 1
    assert np.array_equal(stage.summary(1.0).image, remote.image)
    assert stage.recent(1.0).size == (300, 200)


def test_what_is_shown_at_once_wakes_nobody():
    remote = FakeScreen(noise((300, 200)))
    stage, woken = staged(remote)
    taken = []
    stage.show_at_once(lambda: taken.append(stage.changed_picture()) is None)
    stage.show(remote, 2, (Rect(10, 20, 30, 40),))
    assert (taken, woken) == ([(2, (Rect(10, 20, 30, 40),))], [])
    stage.show_at_once(lambda: False)
    stage.show(remote, 3, (Rect(1, 2, 3, 4),))
    assert woken == [1]
    stage.show_at_once(None)
    stage.show(remote, 4, (Rect(5, 6, 7, 8),))
    assert woken == [1, 1]
    assert stage.changes().rects == (Rect(1, 2, 3, 4), Rect(5, 6, 7, 8))


def test_only_what_stands_beside_the_picture_wakes_for_an_update():
    remote = FakeScreen(noise((300, 200)))
    stage, woken = staged(remote)
    stage.take(remote, FakeUpdate((Rect(1, 2, 3, 4),), seq=2), 0.2)
    assert woken == []
    for change in (
        lambda: setattr(remote, "pointer", PointerPlace(5, 6)),
        lambda: setattr(remote, "cursor", CursorShape(1, 1, 0, 0, b"\1\2\3\4")),
        lambda: setattr(remote, "rights", frozenset()),
        lambda: setattr(remote, "connected", False),
    ):
        change()
        stage.take(remote, FakeUpdate((), bytes=0), 0.2)
        assert woken.pop() == 1


def test_states_that_are_followed_come_with_every_update():
    remote = FakeScreen(noise((300, 200)))
    stage, woken = staged(remote)
    remote.states = np.zeros((4, 5), np.uint8)
    stage.follow_states(remote)
    stage.take(remote, FakeUpdate((Rect(1, 2, 3, 4),), seq=2), 0.2)
    assert woken == [1, 1]
