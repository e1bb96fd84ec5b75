"""The picture both ends hold, and its digest."""

import numpy as np
import pytest
from codec_scenes import noise, text

from fanlight.codec.picture import Picture
from fanlight.kernels import tiles

SIZE = (200, 136)


def picture_of(image):
    picture = Picture((image.shape[1], image.shape[0]))
    picture.image[:] = image
    picture.touch(tiles.all_tiles(picture.size))
    return picture


def test_the_digest_of_changed_tiles_is_that_of_the_whole():
    picture, image = picture_of(text(SIZE)), text(SIZE)
    assert picture.digest == picture_of(image).digest
    for seed in range(5):
        row, column = seed % 3, seed % 4
        part = np.s_[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64]
        image[part] = picture.image[part] = noise(SIZE, seed)[part]
        touched = tiles.no_tiles(SIZE)
        touched[row, column] = 1
        picture.touch(touched)
        assert picture.digest == picture_of(image).digest


def test_touching_without_changing_keeps_the_digest():
    picture = picture_of(text(SIZE))
    before = picture.digest
    picture.touch(tiles.all_tiles(SIZE))
    assert picture.digest == before


def test_a_new_picture_is_black_and_has_the_digest_of_black():
    assert not Picture(SIZE).image.any()
    assert Picture(SIZE).digest == picture_of(np.zeros((SIZE[1], SIZE[0], 4), np.uint8)).digest


@pytest.mark.parametrize("at", [(0, 0), (63, 64), (135, 199)])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_any_bit_of_any_pixel_counts(at, channel):
    image = text(SIZE)
    before = picture_of(image).digest
    image[*at, channel] ^= 1
    assert picture_of(image).digest != before


def test_the_x_byte_does_not_count():
    image = text(SIZE)
    before = picture_of(image).digest
    image[..., 3] ^= 0xFF
    assert picture_of(image).digest == before


def test_tiles_that_change_places_change_the_digest():
    image = noise((128, 128), 1)
    swapped = np.concatenate([image[64:], image[:64]])
    assert picture_of(image).digest != picture_of(swapped).digest


def test_equal_tiles_do_not_cancel_out():
    one, two = np.zeros((64, 128, 4), np.uint8), np.full((64, 128, 4), 9, np.uint8)
    assert picture_of(one).digest != picture_of(two).digest
