"""Symbols in the tile stream: what stands on a ground of one colour is sent once, then named."""

import numpy as np
import pytest
from reference_stream import MAX_SYMBOLS, PART, RUNS, SYMBOLS, Reader
from stream_links import Link, check_agreement, codes, encoded, native_decode, no_x, tile_op
from stream_scenes import SCENES, scene

from fanlight.kernels import stream
from fanlight.kernels.lane import HEAD, Lane
from fanlight.kernels.shadow import Shadow

TILE = (64, 64)
PAPER, INK = (255, 255, 255), (1, 2, 3)


def paper(width=64, height=64, colour=PAPER):
    image = np.zeros((height, width, 4), np.uint8)
    image[..., :3] = colour
    return image


def draw(image, x, y, *rows, ink=INK):
    """Draw a letter: what is no blank is ink."""
    for i, row in enumerate(rows):
        for k, pixel in enumerate(row):
            if pixel != " ":
                image[y + i, x + k, :3] = ink


def known_symbols(data, image):
    reader = Reader(data, np.zeros_like(image))
    reader.run()
    return reader.known_symbols


def check(image):
    """Encode, check that both decoders bring the picture back, and return the stream."""
    data = encoded(image)
    assert check_agreement(data, np.zeros_like(image))
    assert np.array_equal(native_decode(data, np.zeros_like(image))[0], no_x(image))
    return data


def test_a_symbol_is_told_once_and_then_named():
    image = paper()
    draw(image, 3, 5, "xx", "x ")
    draw(image, 9, 5, "xx", "x ")
    draw(image, 1, 20, " x", "xx")
    draw(image, 5, 21, "xx", "x ")
    body = bytes([*PAPER, 4])
    body += bytes([3, 5, 0, 0]) + b"\1\1" + b"\xff\1\2\3\3" + b"\xfe\xff\xff\xff"
    body += bytes([4, 0, 0, 0])
    body += bytes([246, 15, 1, 0]) + b"\1\1" + b"\1" + b"\0"
    body += bytes([2, 1, 0, 0])
    assert check(image) == tile_op(SYMBOLS, 0, 0, body)


def test_symbols_are_known_in_the_tiles_that_follow():
    image = paper(192)
    for x in (5, 70, 80, 140):
        draw(image, x, 9, "xxx", " x ", " x ")
    data = check(image)
    assert codes(data, (192, 64)) == [SYMBOLS] * 3
    assert known_symbols(data, image) == [(5, 9, 3, 3)]


def test_the_ground_is_the_usual_colour_of_each_tile():
    image = paper(128)
    image[:, 64:] = paper(colour=(9, 9, 9))
    for x in (5, 70):
        draw(image, x, 9, "xxx", " x ", " x ")
    data = check(image)
    assert codes(data, (128, 64)) == [SYMBOLS] * 2
    assert len(known_symbols(data, image)) == 2


def test_one_shape_in_two_inks_is_two_symbols():
    image = paper()
    draw(image, 5, 9, "xxx", "xxx", "xxx")
    draw(image, 15, 9, "xxx", "xxx", "xxx", ink=(200, 0, 0))
    draw(image, 25, 9, "xxx", "xxx", "xxx")
    image[11, 27, :3] = 77  # Where no hash looks.
    assert len(known_symbols(check(image), image)) == 3


def test_many_symbols_that_differ_in_one_hidden_pixel_are_all_told_apart():
    image = paper(256, 256)
    shades = iter(range(1, 256))
    for top in range(2, 256, 32):
        for left in range(2, 256, 16):
            draw(image, left, top, "xxx", "xxx", "xxx")
            image[top + 2, left + 2, 1] = next(shades)
    image = np.hstack([image, image])
    assert SYMBOLS in codes(check(image), (512, 256))


def test_a_tile_has_at_most_255_symbols():
    image = paper(128)
    image[1:62:4, 1:128:4, :3] = 0
    assert codes(check(image), (128, 64)) != [SYMBOLS] * 2
    image[1, 1, :3] = image[1, 65, :3] = 255
    assert codes(check(image), (128, 64)) == [SYMBOLS] * 2


def test_the_known_symbols_end_and_more_are_told_each_time():
    image = paper(64 * 8, 64 * 8)
    numbers = iter(range(64 * 64 * 64))
    for top in range(0, 512, 6):
        for left in range(0, 512, 6):
            image[top : top + 4, left : left + 4, :3] = (*divmod(next(numbers), 256), 7)
    image = np.vstack([image, image])
    data = check(image)
    assert len(known_symbols(data, image)) == MAX_SYMBOLS


def test_what_a_tile_gave_up_is_not_known_after_it():
    image = np.hstack([paper(), paper()])
    draw(image, 3, 5, "xx", "x ")
    image[20:64, 10:64] = scene("noise", TILE)[20:64, 10:64]
    draw(image, 70, 5, "xx", "x ")
    data = check(image)
    assert SYMBOLS in codes(data, (128, 64))
    assert known_symbols(data, image) == [(70, 5, 2, 2)]


def test_what_goes_through_the_whole_tile_is_no_symbol():
    image = paper()
    image[30:40] = scene("sixteen", TILE)[:10].repeat(2, axis=1)[:, :64]
    assert codes(check(image), TILE) == [RUNS]


def test_parts_have_symbols_where_they_are_large():
    link = Link(TILE)
    image = paper()
    link.show(image)
    for x in (3, 43):
        draw(image, x, 2, "x" * 4, *["x  x"] * 30, "x" * 4)
    data = link.encode(image)
    link.encoder.take_back()
    assert data[0] == PART
    assert data[5] == SYMBOLS
    link.show(image)


@pytest.mark.parametrize("seed", range(3))
def test_a_shadow_sends_the_same_stream_whatever_ground_was_guessed(variant, seed):
    size = (1100, 1040)  # So many tiles that they are taken past the caches.
    image = np.vstack([np.hstack([scene("text", (550, 260), seed + k) for k in (i, i + 1)]) for i in range(4)])
    random = np.random.default_rng(seed)
    for _ in range(40):
        x, y = random.integers(0, 1000, 2)
        image[y : y + 90, x : x + 130][(image[y : y + 90, x : x + 130, :3] == 255).all(axis=2)] = random.integers(
            0, 255
        )
    shadow, cache = Shadow(size), stream.Cache(stream.slots_for(size))
    lane = Lane(shadow, cache, np.zeros(HEAD + stream.bound(size), np.uint8))
    sent = bytes(lane.written[HEAD : HEAD + lane.whole(image)])
    assert sent == encoded(image)
    assert np.array_equal(shadow.image, no_x(image))
    assert np.array_equal(native_decode(sent, np.zeros_like(image))[0], no_x(image))


@pytest.mark.parametrize("name", SCENES)
def test_scenes_on_a_ground(name):
    image = paper(200, 140)
    image[10:50, 10:50] = scene(name, (40, 40))
    image[70:110, 20:60] = scene(name, (40, 40))
    image[70:110, 130:170] = scene(name, (40, 40))
    check(image)
