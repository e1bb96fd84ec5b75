"""Many viewers on one screen: who shares an encode, who is waited for, and what brings back the one that was away."""

import random

import numpy as np
import pytest
from crowd_stage import SIZE, Screen, Stage

from fanlight.host.viewer import MOST_PATIENCE
from fanlight.types import Rect

ALL = Rect(0, 0, *SIZE)


def noise(stage: Stage, rect: Rect, seed: int) -> None:
    rng = np.random.default_rng(seed)
    part = stage.screen.image[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w]
    part[..., :3] = rng.integers(0, 256, (rect.h, rect.w, 3), np.uint8)
    stage.note(stage.screen.frame(rect))


def test_a_new_viewer_gets_the_whole_picture_of_a_resting_screen() -> None:
    stage = Stage()
    stage.screen.image[10:60, 10:60, :3] = 200
    got = stage.serve()
    assert stage.shows(*stage.watchers)
    assert [picture.screen.size for picture in got.values()] == [SIZE]


def test_skipped_frames_merge_into_one_update() -> None:
    stage = Stage()
    stage.serve()
    for step in range(300):
        stage.draw(Rect(step % 150, step % 100, 20, 20), step % 256)
    assert stage.crowd.owes({stage.watchers[0].viewer})
    assert len(stage.serve()) == 1
    assert stage.shows(*stage.watchers)
    assert not stage.crowd.owes({stage.watchers[0].viewer})


def test_the_stamp_of_a_merged_update_is_that_of_its_oldest_damage() -> None:
    stage = Stage()
    stage.serve()
    oldest = stage.screen.draw(Rect(0, 0, 5, 5), 9)
    stage.note(oldest)
    stage.draw(Rect(9, 9, 5, 5), 9)
    (picture,) = stage.serve().values()
    assert picture.damaged_at == oldest.damaged_at
    assert picture.captured_at == stage.last.captured_at
    assert picture.damaged_at <= picture.captured_at <= picture.encode_started_at <= picture.encoded_at


def test_damage_that_changed_nothing_makes_no_update() -> None:
    stage = Stage()
    stage.serve()
    stage.note(stage.screen.frame(ALL))
    assert stage.serve() == {}
    assert not stage.crowd.owes({stage.watchers[0].viewer})


def test_viewers_in_the_same_state_share_one_encode() -> None:
    stage = Stage(count=8)
    stage.serve()
    stage.draw(Rect(30, 30, 9, 9), 77)
    got = stage.serve()
    assert len(got) == 8
    assert len({id(picture.update) for picture in got.values()}) == 1
    assert {picture.shared for picture in got.values()} == {8}
    assert stage.shows(*stage.watchers)
    assert len(stage.opened) == 1


def test_a_late_joiner_gets_the_picture_and_the_others_nothing() -> None:
    stage = Stage(count=2)
    stage.serve()
    stage.draw(Rect(5, 5, 90, 90), 120)
    stage.serve()
    before = [len(watcher.pictures) for watcher in stage.watchers]
    late = stage.join()
    stage.watchers.append(late)
    assert list(stage.serve()) == [late]
    assert stage.shows(late)
    assert [len(watcher.pictures) for watcher in stage.watchers[:2]] == before
    stage.draw(Rect(100, 100, 40, 40), 3)
    assert len({id(picture.update) for picture in stage.serve().values()}) == 1
    assert stage.shows(*stage.watchers)


def test_a_stalled_viewer_is_waited_for_once_and_then_left_behind() -> None:
    stage = Stage(count=3)
    _, *others = stage.watchers
    stage.serve()
    stage.draw(Rect(0, 0, 9, 9), 1)
    assert stage.serve(*others) == {}
    stage.screen.now += 1.01 * MOST_PATIENCE
    assert set(stage.serve(*others)) == set(others)
    for step in range(200):
        stage.draw(Rect(step % 200, 7, 9, 9), step % 256)
        assert set(stage.serve(*others)) == set(others)
    assert stage.shows(*others)


def test_who_was_left_behind_gets_only_what_it_lacks_and_then_the_newest() -> None:
    stage = Stage(count=3)
    stalled, *others = stage.watchers
    noise(stage, ALL, 1)
    stage.serve()
    whole = stalled.bytes
    stage.draw(Rect(0, 0, 9, 9), 1)
    stage.serve(*others)
    stage.screen.now += 60
    stage.serve(*others)
    for step in range(50):
        stage.draw(Rect(step, 0, 9, 9), step)
        stage.serve(*others)
    (picture,) = stage.serve().values()
    assert stage.shows(stalled)
    assert len(picture.update) < whole / 4
    stage.draw(Rect(90, 90, 9, 9), 1)
    got = stage.serve()
    assert len(got) == 3
    assert len({id(picture.update) for picture in got.values()}) == 1


def test_a_viewer_that_lags_again_and_again_follows_at_its_own_pace() -> None:
    stage = Stage(count=2)
    slow, fast = stage.watchers
    stage.serve()
    fast_got = 0
    for step in range(600):
        stage.draw(Rect(step % 200, step % 150, 30, 30), step % 256)
        ready = (slow, fast) if step % 20 == 0 else (fast,)
        fast_got += fast in stage.serve(*ready)
    # It was waited for 50 ms at first, which is three frames, and then for a little each second.
    assert fast_got >= 580
    assert stage.crowd.encoders == 2
    stage.serve()
    stage.screen.now += 120
    for _ in range(4):
        stage.serve(rested=True)
    stage.draw(Rect(3, 3, 30, 30), 17)
    assert len({id(picture.update) for picture in stage.serve().values()}) == 1
    assert stage.crowd.encoders == 1
    assert stage.shows(slow, fast)


def test_a_stalled_lone_viewer_does_not_keep_a_new_one_out() -> None:
    stage = Stage()
    stage.serve()
    stage.draw(Rect(0, 0, 50, 50), 9)
    late = stage.join()
    assert stage.serve(late) == {}
    stage.screen.now += 1.01 * MOST_PATIENCE
    assert list(stage.serve(late)) == [late]
    assert stage.shows(late)


@pytest.mark.parametrize("count", [1, 3])
def test_a_refresh_stands_alone_and_is_for_the_one_who_asked(count: int) -> None:
    stage = Stage(count=count)
    noise(stage, ALL, 2)
    stage.serve()
    asked = stage.watchers[0]
    asked.viewer.ask_refresh()
    assert stage.crowd.owes({asked.viewer})
    (picture,) = stage.serve().values()
    assert picture.update.key
    assert list(stage.serve()) == []
    stage.draw(Rect(0, 0, 9, 9), 9)
    stage.serve()
    assert stage.shows(*stage.watchers)


def test_another_size_is_another_screen_for_everybody() -> None:
    stage = Stage(count=2)
    first = stage.serve()
    larger = Screen((300, 200))
    larger.now = stage.screen.now
    stage.screen = larger
    stage.note(larger.draw(Rect(250, 150, 20, 20), 77))
    second = stage.serve()
    assert {picture.screen.serial for picture in second.values()} == {
        1 + picture.screen.serial for picture in first.values()
    }
    assert stage.shows(*stage.watchers)
    assert stage.crowd.encoders == 1


def test_a_parked_viewer_gets_what_changed_since_and_what_was_lost_on_the_way() -> None:
    stage = Stage(count=1)
    noise(stage, ALL, 3)
    stage.serve()
    watcher = stage.watchers[0]
    watcher.viewer.acknowledged(1)
    stage.draw(Rect(0, 0, 9, 9), 5)
    lost = stage.crowd.serve(stage.last, {watcher.viewer}, stage.screen.clock, rested=False)
    assert len(lost) == 1
    stage.crowd.park(watcher.viewer)
    stage.draw(Rect(200, 150, 9, 9), 6)
    watcher.viewer.reconnected(1)
    (picture,) = stage.serve().values()
    assert stage.shows(watcher)
    assert len(picture.update) < watcher.pictures[0].update.__len__() / 2
    assert not picture.update.key


def test_a_parked_viewer_that_lacks_nothing_is_told_so() -> None:
    stage = Stage(count=1)
    stage.serve()
    watcher = stage.watchers[0]
    stage.crowd.park(watcher.viewer)
    watcher.viewer.reconnected(1)
    assert len(stage.serve()) == 1
    assert stage.shows(watcher)


def test_the_last_one_out_closes_the_encoder() -> None:
    stage = Stage(count=2)
    stage.serve()
    for watcher in stage.watchers:
        stage.crowd.remove(watcher.viewer)
    assert not stage.crowd
    assert stage.crowd.encoders == 0


def test_an_update_names_only_input_that_its_capture_could_show() -> None:
    stage = Stage()
    stage.serve()
    viewer = stage.watchers[0].viewer
    viewer.note_input(4, now=stage.screen.now)
    stage.draw(Rect(0, 0, 5, 5), 9)
    viewer.note_input(5, now=stage.screen.now + 0.001)
    (served,) = stage.crowd.serve(stage.last, {viewer}, stage.screen.clock, rested=False)
    assert served.input_seq == 4


@pytest.mark.parametrize("codec", ["tiles", "hybrid", "h264"])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_who_is_ready_at_rest_shows_the_screen(codec: str, seed: int) -> None:
    rng = random.Random(seed)
    stage = Stage(codec, count=3)
    for step in range(120):
        x, y = rng.randrange(SIZE[0] - 64), rng.randrange(SIZE[1] - 64)
        match rng.randrange(10):
            case 0:
                noise(stage, ALL, step)
            case 1 | 2 | 3:
                noise(stage, Rect(0, 0, 192, 128), step)
            case 4:
                stage.screen.image[:-16] = stage.screen.image[16:].copy()
                stage.note(stage.screen.frame(ALL))
            case 5 if len(stage.watchers) < 6:
                stage.watchers.append(stage.join())
            case 6 if len(stage.watchers) > 2:
                stage.crowd.remove(stage.watchers.pop().viewer)
            case 7:
                rng.choice(stage.watchers).viewer.ask_refresh()
            case _:
                stage.draw(Rect(x, y, 60, 60), rng.randrange(256))
        stage.serve(*rng.sample(stage.watchers, rng.randrange(1, len(stage.watchers) + 1)))
        if rng.random() < 0.1:
            stage.screen.now += rng.choice((0.05, 0.2, 3.0))
    for _ in range(40):
        stage.screen.now += 10
        stage.serve(rested=True)
    if codec != "h264":
        assert stage.shows(*stage.watchers)
        assert stage.crowd.encoders == 1
    assert all(watcher.pictures for watcher in stage.watchers)


# ---- waiting for the next frame ----


def awaits(stage: Stage) -> bool:
    return stage.crowd.awaits({watcher.viewer for watcher in stage.watchers})


@pytest.mark.parametrize("codec", ["tiles", "hybrid"])
def test_a_crowd_that_has_all_there_is_takes_the_next_frame_by_itself(codec: str) -> None:
    stage = Stage(codec, count=2)
    assert not awaits(stage)
    stage.serve()
    assert awaits(stage)
    frame = stage.screen.draw(Rect(9, 9, 5, 5), 77)
    got = stage.serve_next(frame)
    assert len(got) == 2
    assert len({id(picture) for picture in got.values()}) == 1
    (picture,) = {id(picture): picture for picture in got.values()}.values()
    assert (picture.damaged_at, picture.captured_at, picture.states) == (frame.damaged_at, frame.captured_at, 1)
    assert picture.captured_at <= picture.encode_started_at <= picture.encoded_at
    assert stage.shows(*stage.watchers)
    assert awaits(stage)
    assert stage.serve_next(None) == {}
    assert stage.serve_next(stage.screen.frame(ALL)) == {}


def test_a_crowd_does_not_wait_by_itself_while_somebody_lacks_something() -> None:
    stage = Stage(count=2)
    stage.serve()
    first, second = (watcher.viewer for watcher in stage.watchers)
    assert not stage.crowd.awaits({first})
    second.ask_refresh()
    assert not awaits(stage)
    stage.serve()
    stage.draw(Rect(0, 0, 5, 5), 9)
    assert not awaits(stage)
    stage.serve()
    assert awaits(stage)
    late = stage.join()
    assert not awaits(stage)
    assert not stage.crowd.awaits({first, second, late.viewer})
    stage.crowd.remove(late.viewer)
    assert awaits(stage)


def test_a_frame_of_another_size_that_was_waited_for_starts_anew() -> None:
    stage = Stage()
    stage.serve()
    stage.screen = Screen((128, 96))
    assert stage.serve_next(stage.screen.draw(Rect(0, 0, 128, 96), 50)) == {}
    assert not awaits(stage)
    stage.serve()
    assert stage.shows(*stage.watchers)
    assert awaits(stage)
