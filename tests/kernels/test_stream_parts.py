"""Parts of tiles in the tile stream: only what changed of a tile is sent, where the decoder has the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_stream import CACHED, COPY, PART, RAW, RUNS, SOLID, STORE
from stream_links import LIMITS, START, Link, check_agreement, codes, no_x, no_x_scene, part_op, slots_op, tile_op
from stream_scenes import SCENES, scene

from fanlight.kernels import stream, tiles
from fanlight.types import Move

SIZE = (200, 136)
PAGE = no_x_scene("photo", SIZE)
LAST_TILE = (2, 1)  # 22 x 36 pixels of START
PART_HEAD = 5


def changed(x, y, w, h, name="photo"):
    """Return the page with another scene in one place, which differs from it in every pixel."""
    image = PAGE.copy()
    image[y : y + h, x : x + w] = no_x_scene(name, SIZE, 1)[y : y + h, x : x + w]
    same = (image[..., :3] == PAGE[..., :3]).all(axis=2)
    same[:y] = same[y + h :] = same[:, :x] = same[:, x + w :] = False
    image[same, 0] ^= 1
    return image


def shown(*images, **options):
    """Send pictures in turn; return the operations of the last and its bytes."""
    link = Link(SIZE)
    for image in images[:-1]:
        link.show(image)
    data = link.encode(images[-1], **options)
    link.encoder.take_back()
    return link.show(images[-1], **options), data


def test_only_the_box_round_what_changed_is_sent():
    found, data = shown(PAGE, changed(70, 3, 9, 12))
    assert found == [PART]
    assert data[:PART_HEAD] == bytes([PART, 6, 3, 8, 11])
    assert len(data) <= PART_HEAD + 5 + 3 * 9 * 12


def test_each_tile_has_a_part_of_its_own():
    assert shown(PAGE, changed(60, 60, 8, 8))[0] == [PART] * 4


def test_a_part_of_one_colour_is_a_rectangle_that_goes_on():
    image = PAGE.copy()
    image[70:73, 10:150, :3] = 9
    found, data = shown(PAGE, image)
    assert found == [SOLID]
    assert data == bytes([SOLID, 10, 0, 70, 0, 140, 0, 3, 0, 9, 9, 9])


def test_rectangles_of_two_heights_do_not_join():
    image = PAGE.copy()
    image[70:73, 10:64, :3] = image[70:74, 64:80, :3] = 9
    assert shown(PAGE, image)[0] == [SOLID] * 2


def test_an_l_is_two_parts():
    image = changed(70, 3, 40, 6)
    image[9:60, 70:76] = changed(70, 9, 6, 51)[9:60, 70:76]
    found, data = shown(PAGE, image)
    assert found == [STORE] + [PART] * 2
    assert data[8:][:PART_HEAD] == bytes([PART, 6, 3, 39, 5])
    assert bytes([PART, 6, 9, 5, 50]) in data


def test_a_tile_has_at_most_four_parts():
    image = PAGE.copy()
    for i in range(12):
        image[5 * i, 64 + 5 * i : 68 + 5 * i] ^= 0x55
    assert shown(PAGE, image)[0] == [STORE] + [PART] * 4


def test_a_tile_that_changed_all_over_is_sent_whole():
    assert PART not in shown(PAGE, no_x_scene("photo", SIZE, 1))[0]


def test_a_box_that_hardly_saves_anything_is_no_part():
    assert PART in shown(PAGE, changed(64, 0, 64, 47))[0]
    assert PART not in shown(PAGE, changed(64, 0, 64, 48))[0]


def test_what_is_marked_and_equal_is_not_sent():
    marks = tiles.all_tiles(SIZE)
    assert bytes(stream.encode(PAGE, (), marks, None, PAGE)) == b""


def test_x_bytes_are_no_change():
    image = PAGE.copy()
    image[..., 3] = 255
    assert bytes(stream.encode(image, (), tiles.all_tiles(SIZE), None, PAGE)) == b""


def test_lossy_tiles_are_sent_whole():
    lossy = tiles.all_tiles(SIZE)
    marks = tiles.no_tiles(SIZE)
    marks[0, 1] = 1
    image = changed(70, 3, 9, 12)
    assert codes(bytes(stream.encode(image, (), marks, None, PAGE, lossy)), SIZE) != [PART]
    lossy[0, 1] = 0
    assert codes(bytes(stream.encode(image, (), marks, None, PAGE, lossy)), SIZE) == [PART]


def test_nothing_is_a_part_for_a_decoder_of_which_nothing_is_known():
    assert PART not in codes(bytes(stream.encode(changed(70, 3, 9, 12), (), tiles.all_tiles(SIZE))), SIZE)


def test_small_parts_put_nothing_aside():
    assert STORE not in shown(PAGE, changed(70, 3, 9, 12))[0]
    assert STORE in shown(PAGE, changed(70, 3, 30, 30))[0]


def test_a_tile_that_comes_back_is_named_rather_than_sent_in_part():
    assert shown(PAGE, changed(70, 3, 30, 30), PAGE)[0] == [STORE, CACHED]


def test_parts_come_after_moves():
    """A window that moved uncovers two strips, and what it left is there already."""
    before, image = PAGE.copy(), PAGE.copy()
    window = no_x_scene("text", SIZE)[:80, :90]
    before[10:90, 20:110], image[15:95, 27:117] = window, window
    after_moves = before.copy()
    after_moves[15:95, 27:117] = window
    marks = tiles.all_tiles(SIZE)
    tiles.compare(after_moves, image, marks)
    data = bytes(stream.encode(image, [Move(27, 15, 90, 80, 20, 10)], marks, None, after_moves))
    found = codes(data, SIZE)
    assert found[0] == COPY
    assert found.count(PART) >= 2
    assert len(data) < 3 * (90 * 5 + 80 * 7) + 200
    assert check_agreement(data, before)
    decoded = before.copy()
    stream.decode(data, decoded, tiles.no_tiles(SIZE))
    assert np.array_equal(decoded, no_x(image))


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("place", [(0, 0, 1, 1), (63, 63, 1, 1), (190, 130, 10, 6), (3, 5, 40, 17), (64, 0, 1, 64)])
def test_every_form_brings_a_part(name, place):
    found, _ = shown(PAGE, changed(*place, name))
    assert found


@given(st.data())
@LIMITS
def test_any_change_is_brought(data):
    size = data.draw(st.sampled_from([(1, 1), (64, 64), (70, 66), (130, 7)]))
    link, image = Link(size), scene(data.draw(st.sampled_from(SCENES)), size)
    link.show(no_x(image))
    for _ in range(data.draw(st.integers(1, 4))):
        image = image.copy()
        other = scene(data.draw(st.sampled_from(SCENES)), size, 1)
        x, y = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(0, size[1] - 1))
        w, h = data.draw(st.integers(1, size[0])), data.draw(st.integers(1, size[1]))
        image[y : y + h, x : x + w] = other[y : y + h, x : x + w]
        link.show(no_x(image))


# ---- hostile bytes ----


def test_a_part_must_lie_in_its_tile():
    assert check_agreement(part_op(21, 35, 1, 1, tile_op(RAW, *LAST_TILE, bytes(3))), START)
    assert not check_agreement(part_op(21, 35, 2, 1, tile_op(RAW, *LAST_TILE, bytes(6))), START)
    assert not check_agreement(part_op(21, 35, 1, 2, tile_op(RAW, *LAST_TILE, bytes(6))), START)
    assert not check_agreement(part_op(255, 255, 256, 256, tile_op(RAW, 0, 0, bytes(4096 * 3))), START)


@pytest.mark.parametrize("code", [0, COPY, SOLID, CACHED, STORE, PART, 11, 255])
def test_only_pixels_of_a_tile_come_in_part(code):
    body = part_op(0, 0, 2, 2, bytes([code])) + bytes([0] * 12)
    assert not check_agreement(slots_op(STORE, 0, 0, 1, 0) + body, START)


def test_the_operation_after_a_part_is_whole_again():
    data = part_op(1, 1, 2, 2, tile_op(RUNS, *LAST_TILE, b"\xff\1\2\3\4")) + tile_op(
        RAW, *LAST_TILE, bytes(3 * 22 * 36)
    )
    assert check_agreement(data, START)
    assert not check_agreement(data[:-1], START)


def test_a_part_counts_as_work_by_its_own_pixels():
    whole = bytes([SOLID, 0, 0, 0, 0, 150, 0, 100, 0, 1, 2, 3])
    most = bytes([SOLID, 0, 0, 0, 0, 150, 0, 99, 0, 1, 2, 3]) + bytes([SOLID, 0, 0, 99, 0, 146, 0, 1, 0, 1, 2, 3])
    part = part_op(0, 0, 2, 2, tile_op(RAW, 0, 0, bytes(12)))
    assert check_agreement(whole * 3 + most + part, START)
    assert not check_agreement(whole * 3 + most + part + part_op(0, 0, 1, 1, tile_op(RAW, 0, 0, bytes(3))), START)
