"""What every encoder and its decoder promise together."""

import numpy as np
import pytest
from codec_scenes import (
    EXACT,
    OPENING,
    SCENES,
    frames,
    merged,
    noise,
    resting,
    same,
    scroll,
    text,
    typing,
    whole,
)

from fanlight.codec import open_decoder, open_encoder
from fanlight.errors import UsageError
from fanlight.types import Frame, Rect

SIZES = [(333, 217), (256, 192)]
scenes = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
sizes = pytest.mark.parametrize("size", SIZES, ids=str)
exact_codecs = pytest.mark.parametrize("name", EXACT)


@sizes
@scenes
def test_tiles_are_exact_after_every_update(scene, size):
    encoder, decoder = open_encoder("tiles", size), open_decoder("tiles", size)
    for frame in frames(scene(size)):
        update = encoder.encode(frame)
        shown = decoder.decode(update)
        assert update.exact
        assert same(shown, frame.image)
        assert decoder.digest == encoder.digest
        assert not encoder.pending


@sizes
@scenes
@pytest.mark.parametrize("every", [1, 3])
def test_hybrid_knows_what_is_exact_and_ends_exact(scene, size, every):
    encoder, decoder = open_encoder("hybrid", size), open_decoder("hybrid", size)
    timed = merged(frames(scene(size)), every)
    timed += [resting(timed[-1])] * 8
    for frame in timed:
        update = encoder.encode(frame)
        shown = decoder.decode(update)
        assert update.exact == (not encoder.pending)
        if update.exact:
            assert same(shown, frame.image)
            assert decoder.digest == encoder.digest
    assert update.exact
    assert not encoder.pending


@scenes
def test_tiles_stay_exact_when_frames_are_skipped(scene):
    size = SIZES[0]
    encoder, decoder = open_encoder("tiles", size), open_decoder("tiles", size)
    for frame in merged(frames(scene(size)), 3):
        assert same(decoder.decode(encoder.encode(frame)), frame.image)
        assert decoder.digest == encoder.digest


@pytest.mark.parametrize("name", OPENING)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (63, 65), (64, 64), (130, 70)], ids=str)
def test_every_size_is_shown(name, size):
    encoder, decoder = open_encoder(name, size), open_decoder(name, size)
    for frame in frames(SCENES["full_change"](size)):
        shown = decoder.decode(encoder.encode(frame))
        assert shown.shape == frame.image.shape
        if name in EXACT:
            assert same(shown, frame.image)
    assert shown.max(initial=0, where=np.array([True, True, True, False])) <= 8


@pytest.mark.parametrize("name", OPENING)
def test_nothing_changed_costs_nothing(name):
    size = SIZES[0]
    encoder, decoder = open_encoder(name, size), open_decoder(name, size)
    frame = frames(typing(size))[0]
    decoder.decode(encoder.encode(frame))
    before = decoder.digest
    update = encoder.encode(resting(frame))
    assert update == b""
    assert update.lane == ""
    assert not update.key
    decoder.decode(update)
    assert decoder.damage == ()
    assert decoder.digest == before


@exact_codecs
def test_damage_that_changed_nothing_costs_nothing(name):
    size = SIZES[0]
    encoder = open_encoder(name, size)
    frame = frames(typing(size))[0]
    encoder.encode(frame)
    assert encoder.encode(frame) == b""


@exact_codecs
def test_only_damage_is_looked_at(name):
    size = (256, 192)
    encoder, decoder = open_encoder(name, size), open_decoder(name, size)
    before = text(size)
    decoder.decode(encoder.encode(Frame(before, whole(size), 1.0, 1.0)))
    after = before.copy()
    after[10:20, 10:20, :3] = 7
    after[150:160, 200:210, :3] = 7
    shown = decoder.decode(encoder.encode(Frame(after, (Rect(10, 10, 10, 10),), 1.1, 1.1)))
    assert same(shown[:64, :64], after[:64, :64])
    assert same(shown[128:, 192:], before[128:, 192:])
    assert decoder.damage == (Rect(0, 0, 64, 64),)


@exact_codecs
def test_the_x_byte_means_nothing(name):
    size = (128, 128)
    encoder, decoder = open_encoder(name, size), open_decoder(name, size)
    image = text(size)
    decoder.decode(encoder.encode(Frame(image, whole(size), 1.0, 1.0)))
    other = image.copy()
    other[..., 3] ^= 0xFF
    assert encoder.encode(Frame(other, whole(size), 1.1, 1.1)) == b""
    encoder.refresh()
    decoder.decode(encoder.encode(Frame(other, whole(size), 1.2, 1.2)))
    assert decoder.digest == encoder.digest


@exact_codecs
def test_a_view_into_a_larger_picture_is_encoded(name):
    size = (200, 100)
    large = text((320, 240))
    encoder, decoder = open_encoder(name, size), open_decoder(name, size)
    image = large[40:140, 60:260]
    assert same(decoder.decode(encoder.encode(Frame(image, whole(size), 1.0, 1.0))), image)


def test_a_scroll_costs_a_fraction_of_its_pixels():
    size = (512, 512)
    encoder = open_encoder("tiles", size)
    first, *rest = [len(encoder.encode(frame)) for frame in frames(scroll(size))]
    assert max(rest) < first / 5


def test_a_letter_costs_the_same_on_a_larger_screen():
    costs = []
    for size in ((256, 256), (1024, 1024)):
        encoder = open_encoder("tiles", size)
        _, *letters = [len(encoder.encode(frame)) for frame in frames(typing(size))]
        costs.append(max(letters))
    assert costs[1] < costs[0] * 1.2


@pytest.mark.parametrize("name", OPENING)
def test_a_late_joiner_starts_with_a_refresh(name):
    size = SIZES[0]
    encoder, first = open_encoder(name, size), open_decoder(name, size)
    timed = frames(SCENES["window_move"](size))
    for frame in timed[:4]:
        first.decode(encoder.encode(frame))
    encoder.refresh()
    joined = open_decoder(name, size)
    for number, frame in enumerate(timed[4:]):
        update = encoder.encode(frame)
        assert update.key == (number == 0 or name == "mjpeg")
        assert same(joined.decode(update), first.decode(update))


@pytest.mark.parametrize("name", OPENING)
def test_a_refresh_needs_no_damage(name):
    size = (128, 96)
    encoder = open_encoder(name, size)
    frame = frames(typing(size))[0]
    encoder.encode(frame)
    encoder.refresh()
    update = encoder.encode(resting(frame))
    assert update.key
    assert open_decoder(name, size).decode(update).any()
    assert encoder.encode(resting(frame)) == b""


@pytest.mark.parametrize("name", OPENING)
def test_the_picture_is_read_only(name):
    with open_decoder(name, (64, 64)) as decoder:
        assert not decoder.image.flags.writeable
        assert not decoder.image.any()


@pytest.mark.parametrize("name", OPENING)
def test_another_size_needs_another_encoder(name):
    with open_encoder(name, (64, 64)) as encoder:
        image = noise((64, 65), 0)
        with pytest.raises(UsageError, match=r"64x64.*64x65"):
            encoder.encode(Frame(image, whole((64, 65)), 1.0, 1.0))


@pytest.mark.parametrize("name", OPENING)
def test_what_is_closed_says_so(name):
    with open_encoder(name, (64, 64)) as encoder, open_decoder(name, (64, 64)) as decoder:
        pass
    with pytest.raises(UsageError, match="closed"):
        encoder.encode(Frame(noise((64, 64), 0), whole((64, 64)), 1.0, 1.0))
    with pytest.raises(UsageError, match="closed"):
        decoder.decode(b"")
