import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanlight.errors import UsageError
from fanlight_bench import clock, workloads


def picture(width=640, height=360, channels=4):
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), np.uint8)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_what_was_drawn_is_read(micros, seq):
    image = picture()
    clock.draw(image, micros, seq)
    assert clock.read(image) == (micros, seq, False)


@pytest.mark.parametrize("shape", [(128, 128, 3), (64, 256, 4), (361, 643, 3)])
def test_clocks_stand_in_pictures_of_any_shape(shape):
    image = np.zeros(shape, np.uint8)
    clock.draw(image, 123_456_789, 7)
    assert clock.read(image) == (123_456_789, 7, False)


def test_only_the_corners_are_drawn_upon():
    image = np.full((360, 640, 4), 90, np.uint8)
    clock.draw(image, 1, 1)
    drawn = np.zeros((360, 640), bool)
    for x, y, w, h in clock.corners((640, 360)):
        drawn[y : y + h, x : x + w] = True
    assert np.all(image[~drawn] == 90)
    assert np.all(np.isin(image[drawn], (0, 255)))


def test_sequence_keeps_its_low_32_bits():
    image = picture()
    clock.draw(image, 5, 2**32 + 6)
    assert clock.read(image) == (5, 6, False)


@pytest.mark.parametrize("newer_corner", [0, 1])
def test_corners_of_two_frames_are_torn_and_as_old_as_the_older(newer_corner):
    image, later = picture(), picture()
    clock.draw(image, 1_000, 1)
    clock.draw(later, 17_667, 2)
    x, y, w, h = clock.corners((640, 360))[newer_corner]
    image[y : y + h, x : x + w] = later[y : y + h, x : x + w]
    assert clock.read(image) == (1_000, 1, True)


def test_one_legible_corner_is_torn():
    image = picture()
    clock.draw(image, 1_000, 1)
    image[8:16, 8:16] ^= 255
    assert clock.read(image) == (1_000, 1, True)


@pytest.mark.parametrize("image", [picture(), np.zeros((360, 640, 4), np.uint8), np.full((360, 640, 3), 255, np.uint8)])
def test_no_clock_reads_as_none(image):
    assert clock.read(image) is None


def test_a_bit_that_flipped_in_both_corners_is_no_reading():
    image = picture()
    clock.draw(image, 1_000, 1)
    for x, y, _, _ in clock.corners((640, 360)):
        image[y + 56 : y + 64, x : x + 8] ^= 255
    assert clock.read(image) is None


@pytest.mark.parametrize("size", [(127, 400), (400, 63), (200, 100)])
def test_pictures_without_room_for_two_clocks_are_refused(size):
    with pytest.raises(UsageError, match="too small"):
        clock.draw(np.zeros((size[1], size[0], 4), np.uint8), 0, 0)


def test_clock_is_read_after_h264_of_low_quality():
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 640, 360, "yuv420p", 60
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "30"}
    decoder = av.CodecContext.create("h264", "r")
    shown = []
    for image in workloads.frames("full-change", (640, 360), 6):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[..., :3]), "bgr24").reformat(format="yuv420p")
        for packet in encoder.encode(frame):
            shown += decoder.decode(packet)
    shown += decoder.decode(None)
    readings = [clock.read(frame.to_ndarray(format="bgr24")) for frame in shown]
    assert readings == [(n * 1_000_000 // 60, n, False) for n in range(6)]
