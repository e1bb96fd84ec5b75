"""Hybrid decoders against sections of video and state that no honest encoder makes."""

import contextlib
import struct

import pytest
from codec_bytes import KEY, STATE, VIDEO, packet_of, section, video_body
from codec_scenes import noise, text, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.codec import open_decoder, open_encoder
from fanlight.errors import CodecError
from fanlight.types import Frame, Rect

SIZE = (200, 136)
LIMITS = settings(max_examples=100)


def show(*updates):
    """Let a new decoder show updates."""
    decoder = open_decoder("hybrid", SIZE)
    for update in updates:
        decoder.decode(update)


def refused(*updates):
    """Check that the last of the updates is refused; return why."""
    decoder = open_decoder("hybrid", SIZE)
    for update in updates[:-1]:
        decoder.decode(update)
    with pytest.raises(CodecError) as refusal:
        decoder.decode(updates[-1])
    return str(refusal.value)


def patch(region, rect, flags=KEY):
    """Make the section that brings a region's key frame."""
    return section(VIDEO, video_body(packet_of(rect[2:]), rect, region, flags))


def test_video_regions_larger_than_the_picture_together_are_refused():
    half, other = patch(0, (0, 0, 112, SIZE[1])), patch(1, (112, 0, SIZE[0] - 112, SIZE[1]))
    show(half + other)
    assert "larger than the picture" in refused(half + other, patch(2, (0, 0, 16, 16)))
    # One that takes the place of another does not count twice, and what is closed does not count.
    show(half + other, patch(0, (0, 0, 96, SIZE[1])) + patch(2, (96, 0, 16, SIZE[1])))
    show(half + other, section(STATE, b"\x01") + patch(2, (0, 0, 16, 16)))


def test_a_video_region_that_moves_without_a_key_frame_is_refused():
    first = patch(0, (0, 0, 64, 64))
    assert "no key frame" in refused(first, patch(0, (16, 0, 64, 64), flags=0))
    assert "no key frame" in refused(first, patch(1, (0, 0, 64, 64), flags=0))
    assert "no key frame" in refused(first, section(STATE, b"\x01"), patch(0, (0, 0, 64, 64), flags=0))


@pytest.mark.parametrize("body", [b"", b"\x01\x00", bytes(4), b"\x00\x00\xf0", b"\x00\x00\x10"], ids=bytes.hex)
def test_a_state_that_does_not_fit_the_picture_is_refused(body):
    show(section(STATE, b"\x01"), section(STATE, b"\x00\xff\x0f"))
    refused(section(STATE, body))


def regions_of(size):
    """Return a run of honest updates with two regions, and what brings them to rest."""
    encoder = open_encoder("hybrid", size)
    image, updates = text(size), []
    places = (Rect(16, 16, 180, 130), Rect(300, 20, 150, 180))
    for number in range(4):
        if number:
            image = image.copy()
            for x, y, w, h in places:
                image[y : y + h, x : x + w] = noise((w, h), number)
        damage = places if number else whole(size)
        updates.append(bytes(encoder.encode(Frame(image, damage, 99.0 + number, 100.0 + number))))
    while encoder.pending:
        updates.append(bytes(encoder.encode(Frame(image, (), 110.0, 110.0))))
    return updates


WIDE = (500, 240)
REGIONS = regions_of(WIDE)


@given(data=st.data())
@LIMITS
def test_mutated_regions(data):
    """Where sections follow each other, and the headers of each are aimed at."""
    updates = list(REGIONS)
    victim = data.draw(st.integers(0, len(updates) - 1))
    update = bytearray(updates[victim])
    at = 0
    heads = []
    while at < len(update):
        heads.append(at)
        at += 5 + struct.unpack_from("<I", update, at + 1)[0]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(heads)) + data.draw(st.integers(0, 24))
        update[min(place, len(update) - 1)] = data.draw(st.integers(0, 255))
    updates[victim] = bytes(update)
    decoder = open_decoder("hybrid", WIDE)
    with contextlib.suppress(CodecError):
        for one in updates:
            decoder.decode(one)
            assert decoder.states().shape == (4, 8)


def test_honest_regions_end_exact():
    decoder = open_decoder("hybrid", WIDE)
    lossy = []
    for update in REGIONS:
        decoder.decode(update)
        lossy.append(int((decoder.states() != 0).sum()))
    assert max(lossy) > 8
    assert lossy[-1] == 0
