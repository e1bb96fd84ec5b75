"""Decoders against bytes that no honest encoder makes: CodecError, and nothing else, ever."""

import struct
from fractions import Fraction

import av
import pytest
import zstandard
from codec_bytes import TILES, VIDEO, ZSTD, packet_of, section, tile_body, video_body, zstd_body
from codec_scenes import EXACT, OPENING, frames, noise, noisy, same, text, there_and_back, typing, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.codec import open_decoder, open_encoder
from fanlight.errors import CodecError
from fanlight.kernels import stream, tiles
from fanlight.types import Frame

SIZE = (200, 136)
FULL = (0, 0, *SIZE)
LIMITS = settings(max_examples=100)
names = pytest.mark.parametrize("name", OPENING)


def plain_stream(image):
    return bytes(stream.encode(image, (), tiles.all_tiles((image.shape[1], image.shape[0]))))


def updates_of(name):
    """Return a run of honest updates, every lane and operation among them."""
    encoder = open_encoder(name, SIZE)
    timed = frames(typing(SIZE))[:3] + frames(there_and_back(SIZE), start=100.5) + frames(noisy(SIZE), start=101.0)
    return [bytes(encoder.encode(frame)) for frame in timed]


HONEST = {name: updates_of(name) for name in OPENING}


def refused(name, *updates):
    """Check that the last of the updates is refused, and that the decoder is then out of use."""
    decoder = open_decoder(name, SIZE)
    for update in updates[:-1]:
        decoder.decode(update)
    with pytest.raises(CodecError) as first:
        decoder.decode(updates[-1])
    with pytest.raises(CodecError, match="open a new one"):
        decoder.decode(HONEST[name][0])
    return str(first.value)


def survives(name, *updates):
    """Check that updates are shown or refused; return whether all were shown."""
    decoder = open_decoder(name, SIZE)
    for update in updates:
        try:
            shown = decoder.decode(update)
        except CodecError:
            return False
        assert shown.shape == (SIZE[1], SIZE[0], 4)
        assert all(0 <= x <= x + w <= SIZE[0] and 0 <= y <= y + h <= SIZE[1] for x, y, w, h in decoder.damage)
    return True


@names
def test_honest_updates_hold_every_lane(name):
    assert survives(name, *HONEST[name])
    kinds = {update[0] for update in HONEST["hybrid"] if update}
    assert kinds == {TILES, VIDEO}


@names
@given(data=st.binary(min_size=1, max_size=400))
@LIMITS
def test_random_bytes(name, data):
    survives(name, data)


@names
@given(data=st.data())
@LIMITS
def test_mutated_updates(name, data):
    updates = list(HONEST[name])
    victim = data.draw(st.integers(0, len(updates) - 1))
    update = bytearray(updates[victim])
    for _ in range(data.draw(st.integers(1, 6))):
        # Headers are at the start: aim half the blows there.
        most = data.draw(st.sampled_from([min(32, len(update)), len(update)]))
        update[data.draw(st.integers(0, most - 1))] = data.draw(st.integers(0, 255))
    updates[victim] = bytes(update)
    survives(name, *updates)


@names
@given(data=st.data())
@LIMITS
def test_truncated_updates(name, data):
    updates = list(HONEST[name])
    victim = data.draw(st.integers(0, len(updates) - 1))
    updates[victim] = updates[victim][: data.draw(st.integers(0, len(updates[victim]) - 1))]
    survives(name, *updates)


@given(data=st.data())
@LIMITS
def test_mutated_streams(data):
    """The tile stream itself, past the compression that hides it from the other mutations."""
    plain = bytearray(plain_stream(text(SIZE)))
    for _ in range(data.draw(st.integers(1, 6))):
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))
    survives("tiles", tile_body(bytes(plain)))
    survives("hybrid", section(TILES, tile_body(bytes(plain))))


@given(plain=st.binary(max_size=200))
@LIMITS
def test_random_streams(plain):
    survives("tiles", tile_body(plain))


@pytest.mark.parametrize("name", ["tiles", "hybrid"])
def test_every_truncation_of_an_exact_update_is_refused(name):
    update = HONEST[name][0]
    for length in range(1, len(update), max(1, len(update) // 200)):
        refused(name, update[:length])


def test_a_length_beyond_what_the_picture_needs_is_refused_unread():
    assert "more than this picture can need" in refused("tiles", tile_body(b"", ZSTD, 0xFFFFFFFF))
    assert "more than this picture can need" in refused("tiles", zstd_body(bytes(50_000_000)))


def test_a_zstd_frame_that_lies_about_its_size_is_refused():
    bomb = zstandard.ZstdCompressor().compress(bytes(50_000_000))
    assert "its zstd frame 50000000" in refused("tiles", struct.pack("<BI", ZSTD, 1000) + bomb)


def test_a_zstd_frame_without_a_size_is_refused():
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1000))
    assert "zstd frame" in refused("tiles", struct.pack("<BI", ZSTD, 1000) + frame)


def test_a_zstd_frame_of_a_huge_window_is_refused():
    # Magic number, a descriptor without single segment and with an 8-byte size, then a window of 2^41 bytes.
    frame = b"\x28\xb5\x2f\xfd" + b"\xc0" + b"\xf8" + struct.pack("<Q", 1000) + b"\x01\x00\x00"
    assert "decompress" in refused("tiles", struct.pack("<BI", ZSTD, 1000) + frame)


@pytest.mark.parametrize(
    "body",
    [
        b"\0",
        tile_body(b"", 2),
        tile_body(b"abc", length=2),
        tile_body(b"abc", length=4),
        zstd_body(bytes(100), length=99),
        zstd_body(bytes(100), length=101),
        zstd_body(bytes(100)) + b"more",
        tile_body(b"not zstd at all", ZSTD),
        tile_body(b"", ZSTD, 0),
    ],
    ids=["header", "compression", "long", "short", "zstd-long", "zstd-short", "extra", "not-zstd", "empty"],
)
def test_a_tile_update_whose_lengths_disagree_is_refused(body):
    refused("tiles", body)
    refused("hybrid", section(TILES, body))


def test_more_after_the_last_operation_is_refused():
    refused("tiles", tile_body(plain_stream(text(SIZE)) + b"\xff\xff\xff\xff"))


@pytest.mark.parametrize(
    "update",
    [
        b"\x01\0\0",
        section(0, b""),
        section(4, b"x"),
        section(TILES, b"", length=0xFFFFFFFF),
        section(TILES, tile_body(b""), length=4),
        section(TILES, tile_body(b"")) * 13,
        section(TILES, tile_body(b"")) + b"\x01",
    ],
    ids=["header", "kind-0", "kind-4", "long", "short", "too-many", "trailing"],
)
def test_sections_that_do_not_fit_are_refused(update):
    refused("hybrid", update)


@pytest.mark.parametrize(
    "options",
    [
        {"region": 8},
        {"flags": 2},
        {"rect": (1, 0, SIZE[0] - 1, SIZE[1])},
        {"rect": (8, 0, SIZE[0] - 8, SIZE[1])},
        {"rect": (0, 0, SIZE[0] - 1, SIZE[1])},
        {"rect": (0, 0, SIZE[0], SIZE[1] - 4)},
        {"rect": (0, 0, SIZE[0], SIZE[1] + 1)},
        {"rect": (16, 0, *SIZE)},
        {"rect": (65535, 65535, 65535, 65535)},
        {"rect": (0, 0, 0, 0)},
        {"rect": (0, 0, SIZE[0], 0)},
    ],
    ids=str,
)
def test_a_video_region_that_does_not_fit_is_refused(options):
    packet = packet_of(SIZE)
    assert survives("hybrid", section(VIDEO, video_body(packet, FULL)))
    refused("hybrid", section(VIDEO, video_body(packet, **{"rect": FULL} | options)))


@pytest.mark.parametrize(
    "body", [b"", video_body(b"", FULL), video_body(b"\0" * 40, FULL), video_body(b"\0\0\1", FULL)], ids=len
)
def test_a_video_section_without_a_picture_is_refused(body):
    refused("hybrid", section(VIDEO, body))


@pytest.mark.parametrize("other", [(208, 138), (16, 16), (192, 136)], ids=str)
def test_video_of_another_size_is_refused(other):
    packet = packet_of(other)
    assert "was agreed" in refused("h264", packet)
    assert "was agreed" in refused("hybrid", section(VIDEO, video_body(packet, FULL)))


@pytest.mark.parametrize("other", [(208, 200), (16384, 16), (16, 16384), (1920, 1088)], ids=str)
def test_video_of_a_larger_size_is_refused_before_it_is_decoded(other):
    packet = packet_of(other, text(other))
    assert "does not decode" in refused("h264", packet)
    assert "does not decode" in refused("hybrid", section(VIDEO, video_body(packet, FULL)))


def test_video_that_changes_its_size_on_the_way_is_refused():
    first, other = packet_of(SIZE), packet_of((208, 200))
    refused("h264", first, other)
    refused("hybrid", section(VIDEO, video_body(first, FULL)), section(VIDEO, video_body(other, FULL)))


def test_video_without_its_key_frame_is_refused():
    encoder = open_encoder("h264", SIZE)
    _, second = (bytes(encoder.encode(frame)) for frame in frames(typing(SIZE))[:2])
    refused("h264", second)
    refused("hybrid", section(VIDEO, video_body(second, FULL, flags=0)))


def test_video_with_parameter_sets_but_no_key_frame_is_refused():
    encoder = open_encoder("h264", SIZE)
    first, second = (bytes(encoder.encode(frame)) for frame in frames(typing(SIZE))[:2])
    units = first.split(b"\0\0\1")
    sets = b"".join(b"\0\0\1" + unit.rstrip(b"\0") for unit in units[1:] if unit[0] & 0x1F in (7, 8))
    assert len(sets) > 10
    refused("h264", sets + second)


def test_two_pictures_in_one_packet_are_refused():
    encoder = open_encoder("h264", SIZE)
    first, second = (bytes(encoder.encode(frame)) for frame in frames(typing(SIZE))[:2])
    assert not survives("h264", first + second)


def test_video_of_another_format_is_refused():
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 208, 136, "yuv444p"
    context.options = {"tune": "zerolatency", "preset": "ultrafast"}
    context.time_base = Fraction(1, 60)
    picture = av.VideoFrame.from_ndarray(noise((208, 136), 1), "bgra").reformat(format="yuv444p")
    assert "4:2:0" in refused("h264", bytes(context.encode(picture)[0]))


def test_a_refused_decoder_leaves_others_alone():
    good, bad = open_decoder("tiles", SIZE), open_decoder("tiles", SIZE)
    with pytest.raises(CodecError):
        bad.decode(b"\xff" * 20)
    encoder = open_encoder("tiles", SIZE)
    image = text(SIZE)
    assert same(good.decode(encoder.encode(Frame(image, whole(SIZE), 1.0, 1.0))), image)


VIDEO_NAMES = [name for name in OPENING if name not in EXACT]


def packets_of(name, size):
    encoder = open_encoder(name, size)
    return [bytes(encoder.encode(frame)) for frame in frames(typing(size))[:2]]


@pytest.mark.parametrize("name", VIDEO_NAMES)
@pytest.mark.parametrize("other", [(64, 136), (400, 136), (1920, 1088)], ids=str)
def test_every_video_codec_refuses_another_size(name, other):
    refused(name, packets_of(name, other)[0])
    refused(name, HONEST[name][0], packets_of(name, other)[0])


@pytest.mark.parametrize("name", [name for name in VIDEO_NAMES if name != "mjpeg"])
def test_every_video_codec_refuses_to_start_without_a_key_frame(name):
    refused(name, packets_of(name, SIZE)[1])


@pytest.mark.parametrize("name", VIDEO_NAMES)
def test_two_pictures_in_one_update_show_one_or_are_refused(name):
    first, second = packets_of(name, SIZE)
    shown = survives(name, first + second)
    assert shown == (not name.startswith(("h264", "hevc")))
