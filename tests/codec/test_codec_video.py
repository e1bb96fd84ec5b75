"""The whole-picture codecs: what a lossy codec can promise."""

import contextlib
import os
from dataclasses import replace

import av
import numpy as np
import pytest
from codec_scenes import EXACT, OPENING, SCENES, blank, frames, gradient, psnr, resting, text, typing, whole

from fanlight.codec import encoders, open_decoder, open_encoder, video
from fanlight.codec.profiles import H264
from fanlight.codec.whole import VideoEncoder
from fanlight.errors import CodecError, EncoderError
from fanlight.types import Frame, Rect

SIZE = (322, 198)


def access_units(update: bytes) -> int:
    """Count the pictures in a packet: VCL units that start with macroblock 0 (first_mb_in_slice is a lone 1 bit)."""
    starts = [i + 3 for i in range(len(update) - 4) if update[i : i + 3] == b"\0\0\1"]
    return sum(1 for at in starts if update[at] & 0x1F in (1, 5) and update[at + 1] & 0x80)


@pytest.mark.parametrize("scene", ["typing", "gradients", "window_move", "full_change"])
def test_every_frame_is_one_packet_that_shows_at_once(scene):
    encoder, decoder = open_encoder("h264", SIZE), open_decoder("h264", SIZE)
    for number, frame in enumerate(frames(SCENES[scene](SIZE))):
        update = encoder.encode(frame)
        assert update.lane == "video"
        assert update.key == (number == 0)
        assert not update.exact
        assert access_units(update) == 1
        assert psnr(decoder.decode(update), frame.image) > (30 if scene == "gradients" else 15)
        assert decoder.damage == (Rect(0, 0, *SIZE),)


@pytest.mark.parametrize("size", [(320, 200), (321, 199), (330, 202), (97, 65)], ids=str)
def test_smooth_pictures_are_near_at_every_size(size):
    encoder, decoder = open_encoder("h264", size, qp=16), open_decoder("h264", size)
    image = gradient(size)
    image[..., 2] = image[..., 1]
    shown = decoder.decode(encoder.encode(Frame(image, whole(size), 1.0, 1.0)))
    assert psnr(shown, image) > 38
    assert psnr(shown[-4:], image[-4:]) > 30
    assert psnr(shown[:, -4:], image[:, -4:]) > 30


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (30, 60, 90)])
def test_both_ends_mean_the_same_colour(colour):
    image = blank(SIZE)
    image[..., :3] = colour
    encoder, decoder = open_encoder("h264", SIZE, qp=10), open_decoder("h264", SIZE)
    shown = decoder.decode(encoder.encode(Frame(image, whole(SIZE), 1.0, 1.0)))
    assert np.abs(shown[..., :3].astype(int) - colour).max() <= 4


def test_a_finer_qp_is_nearer_and_larger():
    results = []
    for qp in (12, 24, 40):
        encoder, decoder = open_encoder("h264", SIZE, qp=qp), open_decoder("h264", SIZE)
        frame = frames(typing(SIZE))[0]
        update = encoder.encode(frame)
        results.append((len(update), psnr(decoder.decode(update), frame.image)))
    assert results == sorted(results, reverse=True)


def test_the_stream_says_which_colours_it_means():
    encoder = open_encoder("h264", SIZE)
    packet = encoder.encode(frames(typing(SIZE))[0])
    context = av.CodecContext.create("h264", "r")
    frame = (context.decode(av.Packet(packet)) + context.decode(None))[0]
    assert (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc) == (1, 2, 1, 1)


def test_it_never_refines_and_never_claims_to_be_exact():
    encoder = open_encoder("h264", SIZE)
    frame = frames(typing(SIZE))[0]
    encoder.encode(frame)
    assert not encoder.pending
    assert encoder.digest is None
    assert encoder.encode(resting(frame)) == b""


def test_a_refresh_is_a_key_frame_and_only_one():
    encoder = open_encoder("h264", SIZE)
    timed = frames(typing(SIZE))
    encoder.encode(timed[0])
    encoder.encode(timed[1])
    encoder.refresh()
    assert encoder.encode(timed[2]).key
    assert not encoder.encode(timed[3]).key


def test_key_frames_come_only_when_asked_for():
    encoder = open_encoder("h264", (64, 64))
    one, other = text((64, 64), 1), blank((64, 64), 200)
    keys = [encoder.encode(Frame(one if n % 2 else other, whole((64, 64)), n / 60, n / 60)).key for n in range(400)]
    assert keys == [True] + [False] * 399


VIDEO = [name for name in OPENING if name not in EXACT]


@pytest.mark.parametrize("name", VIDEO)
def test_every_frame_shows_at_once(name):
    encoder, decoder = open_encoder(name, SIZE, qp=8), open_decoder(name, SIZE)
    for frame in frames(SCENES["gradients"](SIZE)):
        assert psnr(decoder.decode(encoder.encode(frame)), frame.image) > 28
        assert not encoder.pending


@pytest.mark.parametrize("name", VIDEO)
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)], ids=str)
def test_every_codec_means_the_same_colour_at_both_ends(name, colour):
    image = blank(SIZE)
    image[..., :3] = colour
    encoder, decoder = open_encoder(name, SIZE, qp=6), open_decoder(name, SIZE)
    shown = decoder.decode(encoder.encode(Frame(image, whole(SIZE), 1.0, 1.0)))
    assert np.abs(shown[..., :3].astype(int) - colour).max() <= 5


@pytest.mark.parametrize("name", VIDEO)
def test_every_codec_is_nearer_at_a_finer_qp(name):
    results = []
    for qp in (4, 30):
        encoder, decoder = open_encoder(name, SIZE, qp=qp), open_decoder(name, SIZE)
        frame = frames(typing(SIZE))[0]
        update = encoder.encode(frame)
        results.append((len(update), psnr(decoder.decode(update), frame.image)))
    assert results == sorted(results, reverse=True)


# SVT-AV1 4.1 was once seen to wait for itself for ever, on a busy machine, so it gets fewer pictures.
@pytest.mark.parametrize(("name", "count"), [("hevc", 400), ("vp9", 400), ("av1", 80)])
def test_no_codec_makes_key_frames_of_its_own_accord(name, count):
    encoder = open_encoder(name, (64, 64))
    one, other = text((64, 64), 1), blank((64, 64), 200)
    keys = [encoder.encode(Frame(one if n % 2 else other, whole((64, 64)), n / 60, n / 60)).key for n in range(count)]
    assert keys == [True] + [False] * (count - 1)


@pytest.mark.parametrize("name", ["h264", "hevc", "vp9"])
def test_colour_in_full_is_nearer_for_coloured_text(name):
    image = blank(SIZE, 255)
    image[text(SIZE)[..., 0] < 100, :3] = (0, 0, 255)
    reached = []
    for one in (f"{name}_444", name):
        encoder, decoder = open_encoder(one, SIZE, qp=10), open_decoder(one, SIZE)
        reached.append(psnr(decoder.decode(encoder.encode(Frame(image, whole(SIZE), 1.0, 1.0))), image))
    assert reached[0] > reached[1] + 6


@pytest.mark.parametrize(("sent", "expected"), [("h264", "h264_444"), ("vp9_444", "vp9"), ("hevc", "hevc_444")])
def test_the_other_colour_sampling_is_refused(sent, expected):
    update = open_encoder(sent, SIZE).encode(frames(typing(SIZE))[0])
    with pytest.raises(CodecError, match="with 8 bits"):
        open_decoder(expected, SIZE).decode(update)


class Late:
    """An encoder context that gives each packet one frame late."""

    def __init__(self, context):
        self._context = context
        self._held = []

    def encode(self, frame):
        self._held += self._context.encode(frame)
        return [self._held.pop(0)] if len(self._held) > 1 else []


@pytest.fixture
def late(monkeypatch):
    opened = video._open_encoder
    monkeypatch.setattr(video, "_open_encoder", lambda *options: Late(opened(*options)))
    return replace(H264, may_delay=True)


def test_a_late_encoder_is_empty_first_and_rest_brings_what_it_held(late):
    encoder, decoder = VideoEncoder(late, SIZE), open_decoder("h264", SIZE)
    timed = frames(SCENES["full_change"](SIZE))[:4]
    updates = [encoder.encode(frame) for frame in timed]
    assert [bool(update) for update in updates] == [False, True, True, True]
    assert updates[0].lane == ""
    assert updates[1].key
    for update in updates:
        decoder.decode(update)
    assert psnr(decoder.image, timed[2].image) > psnr(decoder.image, timed[3].image)
    assert encoder.pending
    decoder.decode(encoder.encode(resting(timed[3])))
    assert psnr(decoder.image, timed[3].image) > psnr(decoder.image, timed[2].image)
    assert not encoder.pending
    assert encoder.encode(resting(timed[3])) == b""


def test_an_encoder_that_may_not_be_late_says_so(late):
    encoder = VideoEncoder(H264, SIZE)
    with pytest.raises(EncoderError, match="0 packets for one frame"):
        encoder.encode(frames(typing(SIZE))[0])


def policies():
    """How each thread of ours is scheduled; one that ends meanwhile is not."""
    for thread in os.listdir("/proc/self/task"):  # noqa: PTH208
        with contextlib.suppress(ProcessLookupError):
            yield os.sched_getscheduler(int(thread))


def test_no_encoder_makes_threads_run_in_real_time():
    policy = os.sched_getscheduler(0)
    for name in encoders():
        with contextlib.suppress(EncoderError), open_encoder(name, (320, 240)) as encoder:
            image = np.zeros((240, 320, 4), np.uint8)
            encoder.encode(Frame(image, (Rect(0, 0, 320, 240),), 0.0, 0.0))
            assert set(policies()) == {policy}, name
    assert os.sched_getscheduler(0) == policy
