"""What was shown comes back by name, at both ends alike, whatever happens in between."""

import numpy as np
import pytest
from codec_scenes import EXACT, frames, gradient, noise, resting, same, text, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_hash import colliding_pixels, tile_hash

from fanlight.codec import open_decoder, open_encoder
from fanlight.errors import CodecError
from fanlight.types import Frame

SIZE = (320, 256)
PAGES = [text(SIZE), gradient(SIZE), text(SIZE, 2)]
NAMED = 200
"""More bytes than an update needs that names all of its tiles, far fewer than one that brings any."""


def frame(image):
    return Frame(image, whole(SIZE), 1.0, 1.0)


class Pair:
    """An encoder and a decoder that shows all it is sent."""

    def __init__(self, name):
        self.encoder, self.decoder = open_encoder(name, SIZE), open_decoder(name, SIZE)

    def show(self, image):
        update = self.encoder.encode(frame(image))
        shown = self.decoder.decode(update)
        assert not update.exact or same(shown, image)
        assert self.encoder.digest is None or self.encoder.digest == self.decoder.digest
        return len(update)


exact = pytest.mark.parametrize("name", EXACT)


@exact
def test_pages_that_take_turns_cost_little(name):
    pair = Pair(name)
    first = [pair.show(page) for page in PAGES]
    assert min(first) > NAMED
    again = [pair.show(page) for page in PAGES * 2]
    assert max(again) < NAMED


@exact
def test_a_menu_closes_for_little(name):
    pair = Pair(name)
    pair.show(PAGES[0])
    menu = PAGES[0].copy()
    menu[40:200, 100:180] = PAGES[1][40:200, 100:180]
    assert pair.show(menu) > NAMED
    assert pair.show(PAGES[0]) < NAMED
    assert pair.show(menu) < NAMED


@exact
def test_a_refreshed_stream_needs_nothing_earlier(name):
    pair = Pair(name)
    for page in PAGES:
        pair.show(page)
    pair.encoder.refresh()
    pair.decoder = open_decoder(name, SIZE)
    for page in PAGES:
        pair.show(page)


def test_a_decoder_that_comes_late_refuses_names():
    pair = Pair("tiles")
    for page in PAGES:
        pair.show(page)
    update = pair.encoder.encode(frame(PAGES[0]))
    with pytest.raises(CodecError):
        open_decoder("tiles", SIZE).decode(update)


def test_both_ends_stay_in_step_where_video_takes_over():
    pair = Pair("hybrid")
    film = [(noise(SIZE, seed), whole(SIZE)) for seed in range(5)]
    lanes = []
    for shown in frames([(page, whole(SIZE)) for page in PAGES] + film):
        update = pair.encoder.encode(shown)
        lanes.append(update.lane)
        pair.decoder.decode(update)
    while pair.encoder.pending:
        pair.decoder.decode(pair.encoder.encode(resting(shown)))
    assert lanes[-1] == "video"
    for page in PAGES:
        pair.show(page)
        assert same(pair.decoder.image, page)


@exact
@given(data=st.data())
@settings(max_examples=40)
def test_any_order_of_pages_is_shown(name, data):
    pair = Pair(name)
    for turn in range(data.draw(st.integers(1, 12))):
        page = data.draw(st.sampled_from([*PAGES, np.zeros_like(PAGES[0])])).copy()
        page[turn : turn + 9, 60:70, :3] = data.draw(st.integers(0, 2))
        if data.draw(st.integers(0, 5)) == 0:
            pair.encoder.refresh()
        pair.show(page)
        if pair.encoder.digest is not None:
            assert same(pair.decoder.image, page)


@exact
def test_tiles_whose_hashes_collide_cost_bytes_but_no_pixel(name):
    """A hash only proposes: a tile that merely has the hash of one put aside is sent."""
    pair, (one, other) = Pair(name), colliding_pixels()
    first, second = text(SIZE), text(SIZE)
    first[5, 64:66], second[5, 64:66] = one, other
    assert tile_hash(first[:64, 64:128]) == tile_hash(second[:64, 64:128])
    pair.show(first)
    pair.show(PAGES[2])
    pair.show(second)
    assert same(pair.decoder.image, second)
