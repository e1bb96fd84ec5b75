import numpy as np
import pygame
import pytest
from remote_fake import noise

from fanlight.errors import UsageError
from fanlight.viewer import save_png


def read(path):
    surface = pygame.image.load(path)
    assert surface.get_bitsize() == 24, "the picture is opaque"
    size = surface.get_size()
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(size[1], size[0], 3)


@pytest.mark.parametrize("size", [(1, 1), (333, 211), (64, 1), (1, 65)])
def test_another_reader_finds_every_pixel(tmp_path, size):
    image = noise(size)
    save_png(image, tmp_path / "shot.png")
    assert np.array_equal(read(tmp_path / "shot.png"), image[:, :, 2::-1])


def test_a_part_of_a_larger_picture(tmp_path):
    image = noise((100, 80))
    save_png(image[10:40, 20:70], tmp_path / "part.png")
    assert np.array_equal(read(tmp_path / "part.png"), image[10:40, 20:70, 2::-1])


def test_missing_directories_are_made(tmp_path):
    save_png(noise((4, 4)), tmp_path / "a" / "b" / "shot.png")
    assert (tmp_path / "a" / "b" / "shot.png").is_file()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        save_png(noise((4, 4)), tmp_path)
