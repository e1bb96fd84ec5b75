"""Codecs by name, with their options and their refusals."""

import av
import pytest
from codec_scenes import OPENING

import fanlight.codec.video as video
from fanlight.codec import encoders, open_decoder, open_encoder
from fanlight.errors import EncoderError, UsageError
from fanlight.types import MAX_SIDE


def test_the_default_comes_first():
    assert encoders()[:3] == ["hybrid", "tiles", "h264"]
    assert {"h264_444", "hevc", "vp9", "av1", "mjpeg", "h264_nvenc", "h264_vaapi", "h264_qsv"} < set(encoders())


@pytest.mark.parametrize("name", OPENING)
def test_both_ends_know_their_name_and_size(name):
    for end in (open_encoder(name, (80, 50)), open_decoder(name, (80, 50))):
        assert end.name == name
        assert end.size == (80, 50)


@pytest.mark.parametrize("open_end", [open_encoder, open_decoder])
def test_an_unknown_name_lists_those_that_exist(open_end):
    with pytest.raises(UsageError, match=r"'vp8'.*hybrid, tiles, h264"):
        open_end("vp8", (64, 64))


def test_an_unknown_option_lists_those_that_exist():
    with pytest.raises(UsageError, match="no option crf; it has fps, preset, qp"):
        open_encoder("h264", (64, 64), crf=20)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("tiles", {"level": 0}, "level .* 1 to 19"),
        ("tiles", {"level": 20}, "level .* 1 to 19"),
        ("tiles", {"level": True}, "level"),
        ("hybrid", {"level": "fast"}, "level"),
        ("hybrid", {"video": 1}, "video"),
        ("hybrid", {"qp": 0}, "qp .* 1 to 51"),
        ("h264", {"qp": 52}, "qp .* 1 to 51"),
        ("h264", {"qp": "24"}, "qp"),
        ("h264", {"preset": "placebo"}, "preset is one of ultrafast"),
        ("h264", {"fps": 0}, "fps .* 1 to 240"),
        ("hevc", {"preset": "placebo"}, "preset is one of ultrafast"),
        ("vp9", {"qp": 64}, "qp .* 1 to 63"),
        ("vp9", {"preset": 8}, "preset is one of 5"),
        ("av1", {"preset": "1"}, "preset is one of 7"),
        ("mjpeg", {"qp": 32}, "qp .* 1 to 31"),
        ("mjpeg", {"preset": "fast"}, "no option preset"),
        ("h264_nvenc", {"preset": "p9"}, "preset is one of p1"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name, options, said):
    with pytest.raises(UsageError, match=said):
        open_encoder(name, (64, 64), **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tiles", {"level": 19}),
        ("hybrid", {"video": False, "level": 3, "qp": 30, "preset": "veryfast"}),
        ("h264", {"qp": 1, "preset": "veryfast", "fps": 240}),
        ("h264_444", {"qp": 51, "preset": "medium"}),
        ("hevc", {"qp": 51, "preset": "superfast", "fps": 30}),
        ("vp9", {"qp": 63, "preset": "5"}),
        ("av1", {"qp": 63, "preset": "12"}),
        ("mjpeg", {"qp": 31, "fps": 1}),
    ],
)
def test_a_value_that_fits_is_taken(name, options):
    open_encoder(name, (64, 64), **options).close()


@pytest.mark.parametrize("name", encoders())
@pytest.mark.parametrize("open_end", [open_encoder, open_decoder])
@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 5), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (16384, 4097)])
def test_a_size_no_picture_has_is_refused(name, open_end, size):
    with pytest.raises(UsageError, match="picture has"):
        open_end(name, size)


@pytest.mark.parametrize("name", ["h264", "hybrid", "av1"])
def test_an_encoder_that_cannot_open_says_why(name, monkeypatch):
    def without_encoder(*_):
        raise ValueError("no such luck")

    video.check_encoder.cache_clear()
    monkeypatch.setattr(video, "_open_encoder", without_encoder)
    with pytest.raises(EncoderError, match="cannot be opened: no such luck"):
        open_encoder(name, (64, 64))


@pytest.mark.parametrize("name", [name for name in encoders() if name != "tiles"])
def test_an_encoder_that_pyav_lacks_is_named(name, monkeypatch):
    def unknown(profile, *_):
        raise av.codec.codec.UnknownCodecError(profile.encoder)

    video.check_encoder.cache_clear()
    monkeypatch.setattr(video, "_open_encoder", unknown)
    with pytest.raises(EncoderError, match="this PyAV has no encoder"):
        open_encoder(name, (64, 64))


@pytest.mark.parametrize("name", [name for name in encoders() if name not in OPENING])
def test_missing_hardware_is_a_reason_and_its_streams_decode_all_the_same(name):
    with pytest.raises(EncoderError, match=r"cannot be opened: .*; it needs "):
        open_encoder(name, (640, 360))
    assert open_decoder(name, (640, 360)).name == name


def test_an_error_that_ffmpeg_has_no_words_for_is_none_of_ours(monkeypatch):
    def fails(*_):
        raise av.UnknownError(-1313558101, "Unknown error occurred")

    video.check_encoder.cache_clear()
    monkeypatch.setattr(video, "_open_encoder", fails)
    with pytest.raises(EncoderError, match="FFmpeg gives no reason; it needs an Intel GPU"):
        open_encoder("h264_qsv", (640, 360))
