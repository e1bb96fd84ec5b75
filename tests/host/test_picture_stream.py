"""What one viewer lacks: damage of skipped frames merges, and nothing is kept twice."""

import numpy as np

from fanlight.codec import open_decoder, open_encoder
from fanlight.host import PictureStream
from fanlight.types import Frame, Rect, Size

SIZE = (200, 150)


class Screen:
    """A picture that is drawn on, and the frames a capture would give of it."""

    def __init__(self, size: Size = SIZE) -> None:
        self.image = np.zeros((size[1], size[0], 4), np.uint8)
        self.now = 0.0

    def frame(self, *damage: Rect) -> Frame:
        self.now += 1 / 60
        return Frame(self.image, damage, self.now - 0.001, self.now)

    def draw(self, rect: Rect, value: int) -> Frame:
        self.image[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w, :3] = value
        return self.frame(rect)


def new_stream() -> PictureStream:
    return PictureStream(lambda size: open_encoder("tiles", size))


def test_a_new_viewer_gets_the_whole_picture_of_a_resting_screen() -> None:
    screen, stream = Screen(), new_stream()
    screen.draw(Rect(10, 10, 50, 50), 200)
    picture = stream.encode(screen.frame(), lambda: 5.0)
    assert picture is not None
    assert np.array_equal(open_decoder("tiles", SIZE).decode(picture.update), screen.image)
    assert picture.screen.size == SIZE
    assert picture.encoded_at == 5.0


def test_skipped_frames_merge_into_one_update() -> None:
    screen, stream, decoder = Screen(), new_stream(), open_decoder("tiles", SIZE)
    stream.note(screen.frame(Rect(0, 0, *SIZE)))
    first = stream.encode(screen.frame(), lambda: 0.0)
    assert first is not None
    decoder.decode(first.update)
    for step in range(300):
        frame = screen.draw(Rect(step % 150, step % 100, 20, 20), step % 256)
        stream.note(frame)
    assert stream.owes
    merged = stream.encode(frame, lambda: 0.0)
    assert merged is not None
    assert np.array_equal(decoder.decode(merged.update), screen.image)
    assert not stream.owes
    assert merged.screen.serial == first.screen.serial


def test_the_stamp_of_a_merged_update_is_that_of_its_oldest_damage() -> None:
    screen, stream = Screen(), new_stream()
    stream.encode(screen.frame(Rect(0, 0, *SIZE)), lambda: 0.0)
    oldest = screen.draw(Rect(0, 0, 5, 5), 9)
    stream.note(oldest)
    newest = screen.draw(Rect(9, 9, 5, 5), 9)
    stream.note(newest)
    picture = stream.encode(newest, lambda: 0.0)
    assert picture is not None
    assert picture.damaged_at == oldest.damaged_at
    assert picture.captured_at == newest.captured_at


def test_damage_that_changed_nothing_makes_no_update() -> None:
    screen, stream = Screen(), new_stream()
    stream.encode(screen.frame(), lambda: 0.0)
    stream.note(screen.frame(Rect(0, 0, *SIZE)))
    assert stream.encode(screen.frame(), lambda: 0.0) is None
    assert not stream.owes


def test_another_size_is_another_screen() -> None:
    screen, stream = Screen(), new_stream()
    first = stream.encode(screen.frame(), lambda: 0.0)
    larger = Screen((300, 200))
    frame = larger.draw(Rect(250, 150, 20, 20), 77)
    stream.note(frame)
    second = stream.encode(frame, lambda: 0.0)
    assert first is not None
    assert second is not None
    assert second.screen.serial == first.screen.serial + 1
    assert second.screen.size == (300, 200)
    assert np.array_equal(open_decoder("tiles", (300, 200)).decode(second.update), larger.image)


def test_a_refresh_stands_alone() -> None:
    screen, stream = Screen(), new_stream()
    stream.encode(screen.draw(Rect(3, 3, 90, 90), 50), lambda: 0.0)
    stream.ask_refresh()
    assert stream.owes
    picture = stream.encode(screen.frame(), lambda: 0.0)
    assert picture is not None
    assert np.array_equal(open_decoder("tiles", SIZE).decode(picture.update), screen.image)


def test_an_update_names_only_input_that_its_capture_could_show() -> None:
    screen, stream = Screen(), new_stream()
    stream.note_input(4, now=screen.now)
    frame = screen.frame()
    stream.note_input(5, now=screen.now + 0.001)
    picture = stream.encode(frame, lambda: 0.0)
    assert picture is not None
    assert picture.input_seq == 4
