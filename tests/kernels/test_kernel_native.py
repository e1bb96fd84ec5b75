"""Native results to exceptions."""

import errno

import numpy as np
import pytest

from fanlight._native import ffi, lib
from fanlight.errors import CodecError, FanlightError, UsageError
from fanlight.kernels import native, tiles


@pytest.mark.parametrize("result", [0, 1, 2**40])
def test_a_result_passes(result):
    assert native.check(result, "a test") == result


@pytest.mark.parametrize(
    ("code", "error"), [(errno.EINVAL, UsageError), (errno.EBADMSG, CodecError), (errno.ENOSPC, FanlightError)]
)
def test_a_failure_is_raised_and_says_what_failed(code, error):
    with pytest.raises(error, match=r"a test failed: .") as raised:
        native.check(-code, "a test")
    assert type(raised.value) is error


@pytest.mark.parametrize("size", [(16384, 4097), (4097, 16384), (8193, 8192), (46341, 46341), (65536, 65537)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_looked_at(size):
    image = np.broadcast_to(np.zeros(4, np.uint8), (size[1], size[0], 4))
    with pytest.raises(UsageError, match="67108864"):
        native.check_size(size)
    with pytest.raises(UsageError):
        native.read_picture(image, "image")
    mark, pixel, hashes = ffi.new("uint8_t[1]", b"\1"), ffi.new("uint8_t[4]"), ffi.new("uint64_t[1]")
    assert lib.fl_tiles_hash(pixel, 4 * size[0], *size, mark, hashes) == -errno.EINVAL
    assert lib.fl_tiles_rects(mark, *size, ffi.new("fl_rect[1]"), 1) == -errno.EINVAL


def test_a_picture_of_as_many_pixels_as_there_may_be_is_taken():
    assert native.check_size((16384, 4096)) == (16384, 4096)
    assert tiles.rects(tiles.no_tiles((8192, 8192)), (8192, 8192)) == ()


def test_a_stride_that_would_leave_the_address_space_is_refused():
    mark, pixel, hashes = ffi.new("uint8_t[1]", b"\1"), ffi.new("uint8_t[4]"), ffi.new("uint64_t[1]")
    assert lib.fl_tiles_hash(pixel, 2**62, 1, 2, mark, hashes) == -errno.EINVAL
    assert lib.fl_tiles_hash(pixel, 2**62, 1, 1, mark, hashes) == 0
