"""Pictures in memory that others can map: who has a descriptor, and until when."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from fanlight.errors import UsageError
from fanlight.kernels.shared import black_picture, descriptor_of, take_pages


def test_a_picture_is_black_and_the_descriptor_has_what_is_drawn():
    image = black_picture((70, 50))
    assert image.shape == (50, 70, 4)
    assert not image.any()
    image[3, 5] = 1, 2, 3, 0
    descriptor = descriptor_of(image)
    assert descriptor is not None
    assert os.pread(descriptor, 4, (3 * 70 + 5) * 4) == bytes((1, 2, 3, 0))


def test_views_of_the_whole_picture_have_it_and_nothing_else_does():
    image = black_picture((70, 50))
    view = image.view()
    view.flags.writeable = False
    assert descriptor_of(view) == descriptor_of(image)
    for other in (image[1:], image[:, 1:], image[::-1], image.copy(), np.zeros((50, 70, 4), np.uint8)):
        assert descriptor_of(other) is None


def test_it_goes_with_the_last_array():
    image = black_picture((70, 50))
    descriptor = descriptor_of(image)
    kept = image[2:4]
    del image
    gc.collect()
    assert os.fstat(descriptor).st_size == 70 * 50 * 4
    del kept
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (20_000, 5), (16_384, 16_384)])
def test_no_picture_of_a_size_that_there_is_not(size):
    with pytest.raises(UsageError):
        black_picture(size)


def test_without_such_memory_it_is_a_picture_all_the_same(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    image = black_picture((70, 50))
    assert not image.any()
    assert descriptor_of(image) is None


def test_what_is_never_written_to_costs_nothing_until_its_pages_are_taken():
    image = black_picture((4096, 4096))
    descriptor = descriptor_of(image)
    assert os.fstat(descriptor).st_blocks == 0
    assert take_pages(descriptor, image.nbytes)
    assert os.fstat(descriptor).st_blocks * 512 == image.nbytes


def test_pages_that_cannot_be_had_are_told():
    with Path("/dev/null").open("rb") as nothing:
        assert not take_pages(nothing.fileno(), 4096)
