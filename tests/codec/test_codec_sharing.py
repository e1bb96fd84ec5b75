"""One encoder for several decoders: those that miss updates are caught up, or leave with a fork."""

import numpy as np
import pytest
from codec_scenes import EXACT, FRAME_SECONDS, frames, gradient, noise, resting, same, scroll, text, typing, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.codec import LOSSY, decoders, encoders, open_decoder, open_encoder
from fanlight.errors import UsageError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, PointerPlace, Rect

SIZE = (333, 260)
exact = pytest.mark.parametrize("name", EXACT)
LIMITS = settings(max_examples=60)


class Viewer:
    """A decoder, and the marks of what it lacks of its encoder's picture."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.decoder = open_decoder(encoder.name, encoder.size)
        self.lacks = tile_kernels.no_tiles(encoder.size)

    def miss(self):
        """Be left out of the last update."""
        self.lacks |= self.encoder.touched

    def catch_up(self):
        """Be brought what was missed, if that is possible now."""
        if self.lacks.any() and not self.encoder.chained:
            self.decoder.decode(self.encoder.catch_up(self.lacks))
            self.lacks[:] = 0

    def leave(self):
        """Go on with an encoder of one's own."""
        self.encoder = self.encoder.fork(self.lacks)
        self.lacks[:] = 0

    def agrees(self):
        """Tell whether both ends know the same of this viewer's picture."""
        return self.decoder.digest == self.encoder.digest and np.array_equal(
            self.decoder.states(), self.encoder.states()
        )


class Screen:
    """What is shown, and the clock of the host."""

    def __init__(self, size=SIZE):
        self.size, self.now, self.image = size, 50.0, text(size)

    def frame(self, damage=(), later=FRAME_SECONDS):
        """Return what is shown now."""
        self.now += later
        return Frame(self.image, tuple(damage), self.now, self.now + 0.001)

    def change(self, data):
        """Change the screen in some way; return the frame."""
        kind = data.draw(st.sampled_from(["letter", "page", "film", "film", "scroll", "rest", "rest"]))
        image = self.image.copy()
        if kind == "letter":
            x, y = data.draw(st.integers(0, SIZE[0] - 8)), data.draw(st.integers(0, SIZE[1] - 8))
            image[y : y + 8, x : x + 8, :3] = data.draw(st.integers(0, 255))
        elif kind == "page":
            image = data.draw(st.sampled_from([text(SIZE), gradient(SIZE), text(SIZE, 2)]))
        elif kind == "film":
            image = noise(SIZE, data.draw(st.integers(0, 99)))
        elif kind == "scroll":
            image[7:] = self.image[:-7]
        self.image = image
        return self.frame(() if kind == "rest" else whole(SIZE))


@exact
@given(data=st.data())
@LIMITS
def test_a_viewer_that_misses_updates_ends_with_the_same_picture(name, data):
    screen, encoder = Screen(), open_encoder(name, SIZE)
    steady, late = Viewer(encoder), Viewer(encoder)
    frame = screen.frame(whole(SIZE))
    for _ in range(data.draw(st.integers(1, 14))):
        misses = data.draw(st.booleans())
        if not misses:
            late.catch_up()
        update = encoder.encode(frame)
        steady.decoder.decode(update)
        assert steady.agrees()
        assert bool(update) or not encoder.touched.any()
        if late.lacks.any() or misses:
            late.miss()
        else:
            late.decoder.decode(update)
        frame = screen.change(data)
    while encoder.pending:
        late.miss()
        steady.decoder.decode(encoder.encode(resting(frame)))
    late.miss()
    steady.decoder.decode(encoder.encode(resting(frame)))
    late.catch_up()
    assert late.agrees()
    assert same(steady.decoder.image, late.decoder.image)


@exact
@given(data=st.data())
@LIMITS
def test_a_viewer_that_leaves_with_a_fork_ends_exact(name, data):
    screen, encoder = Screen(), open_encoder(name, SIZE)
    steady, leaving = Viewer(encoder), Viewer(encoder)
    frame = screen.frame(whole(SIZE))
    for _ in range(data.draw(st.integers(1, 10))):
        steady.decoder.decode(encoder.encode(frame))
        leaving.miss()
        frame = screen.change(data)
    steady.decoder.decode(encoder.encode(frame))
    leaving.miss()
    leaving.leave()
    for _ in range(data.draw(st.integers(1, 10))):
        frame = screen.change(data)
        for viewer in (steady, leaving):
            viewer.decoder.decode(viewer.encoder.encode(frame))
            assert viewer.agrees()
    for viewer in (steady, leaving):
        while viewer.encoder.pending:
            viewer.decoder.decode(viewer.encoder.encode(resting(frame)))
        viewer.decoder.decode(viewer.encoder.encode(resting(frame)))
        assert same(viewer.decoder.image, screen.image)


@exact
def test_a_late_joiner_needs_no_key_frame_of_the_others(name):
    encoder = open_encoder(name, SIZE)
    first, joiner = Viewer(encoder), Viewer(encoder)
    timed = frames(scroll(SIZE))
    for frame in timed[:4]:
        first.decoder.decode(encoder.encode(frame))
    joiner.lacks[:] = 1
    caught = encoder.catch_up(joiner.lacks)
    assert caught.key
    joiner.decoder.decode(caught)
    for frame in timed[4:]:
        update = encoder.encode(frame)
        assert not update.key
        for viewer in (first, joiner):
            assert same(viewer.decoder.decode(update), frame.image)


@exact
def test_catching_up_costs_what_was_missed(name):
    encoder = open_encoder(name, SIZE)
    viewer = Viewer(encoder)
    first, *letters = frames(typing(SIZE))
    whole_picture = encoder.encode(first)
    viewer.decoder.decode(whole_picture)
    for frame in letters:
        encoder.encode(frame)
        viewer.miss()
    caught = encoder.catch_up(viewer.lacks)
    assert len(caught) < len(whole_picture) / 4
    assert caught.pixels == {"tiles": np.count_nonzero(viewer.lacks) * 64 * 64}
    assert same(viewer.decoder.decode(caught), letters[-1].image)


@exact
def test_touched_marks_what_an_update_changed(name):
    encoder = open_encoder(name, SIZE)
    decoder = open_decoder(name, SIZE)
    for frame in frames(scroll(SIZE)):
        before = decoder.image.copy()
        update = encoder.encode(frame)
        changed = tile_kernels.all_tiles(SIZE)
        tile_kernels.compare(before, decoder.decode(update), changed)
        assert not (changed & ~encoder.touched & 1).any()
    assert encoder.touched.any()
    assert encoder.encode(resting(frame)) == b""
    assert not encoder.touched.any()


@exact
def test_pixels_are_counted_by_operation(name):
    encoder = open_encoder(name, SIZE)
    first, second, *_ = frames(scroll(SIZE))
    assert encoder.encode(first).pixels == {"tiles": SIZE[0] * SIZE[1]}
    pixels = encoder.encode(second).pixels
    assert pixels["copy"] > 10 * 64 * 64
    assert 0 < pixels["tiles"] < pixels["copy"]
    assert encoder.encode(resting(second)).pixels == {}


def film(viewer, screen, count=8):
    """Let the viewer see film, until video runs."""
    for seed in range(count):
        screen.image = noise(screen.size, seed)
        viewer.decoder.decode(viewer.encoder.encode(screen.frame(whole(screen.size))))


def test_video_chains_its_viewers():
    screen = Screen()
    viewer = Viewer(open_encoder("hybrid", SIZE))
    assert not viewer.encoder.chained
    film(viewer, screen)
    assert viewer.encoder.chained
    assert (viewer.encoder.states() == LOSSY).all()
    with pytest.raises(UsageError, match="fork"):
        viewer.encoder.catch_up(viewer.lacks)
    viewer.decoder.decode(viewer.encoder.encode(screen.frame()))
    assert not viewer.encoder.chained
    assert not (viewer.encoder.states() == LOSSY).any()


def test_a_fork_of_running_video_starts_without_video():
    screen = Screen()
    viewer = Viewer(open_encoder("hybrid", SIZE))
    film(viewer, screen)
    viewer.leave()
    assert not viewer.encoder.chained
    assert viewer.encoder.pending
    while viewer.encoder.pending:
        update = viewer.encoder.encode(screen.frame())
        assert update.lane == "tiles"
        viewer.decoder.decode(update)
        assert viewer.agrees()
    assert same(viewer.decoder.image, screen.image)


def test_a_decoder_may_come_to_a_fork_before_its_first_update():
    screen = Screen()
    viewer = Viewer(open_encoder("hybrid", SIZE))
    film(viewer, screen)
    viewer.leave()
    late = open_decoder("hybrid", SIZE)
    late.decode(viewer.encoder.catch_up(tile_kernels.all_tiles(SIZE)))
    assert late.digest == viewer.encoder.digest
    assert np.array_equal(late.states() != 0, viewer.encoder.states() != 0)
    while viewer.encoder.pending:
        late.decode(viewer.encoder.encode(screen.frame()))
    assert same(late.image, screen.image)


def test_what_is_lossy_is_refined_nearest_the_pointer_first():
    screen = Screen((1024, 640))
    viewer = Viewer(open_encoder("hybrid", screen.size))
    film(viewer, screen)
    viewer.encoder.near = PointerPlace(700, 400)
    viewer.decoder.decode(viewer.encoder.encode(screen.frame()))
    states = viewer.decoder.states()
    rows, columns = np.nonzero(states == 0)
    assert 0 < rows.size < states.size
    assert np.hypot(rows - 400 // 64, columns - 700 // 64).max() <= np.hypot(5, 5)
    assert states[400 // 64, 700 // 64] == 0


@pytest.mark.parametrize("name", [name for name in ("h264", "vp9", "mjpeg") if name in encoders()])
def test_whole_pictures_cannot_be_caught_up_but_forked(name):
    encoder = open_encoder(name, SIZE)
    (frame,) = frames([(gradient(SIZE), whole(SIZE))])
    encoder.encode(frame)
    lacks = tile_kernels.no_tiles(SIZE)
    assert encoder.chained
    assert not encoder.can_catch_up
    assert encoder.digest is None
    assert encoder.touched.all()
    with pytest.raises(UsageError, match="key frame"):
        encoder.catch_up(lacks)
    twin = encoder.fork(lacks)
    assert twin.encode(frame).key
    assert twin.quality == encoder.quality


@exact
def test_a_closed_encoder_shares_nothing(name):
    encoder = open_encoder(name, SIZE)
    encoder.close()
    for share in (encoder.catch_up, encoder.fork):
        with pytest.raises(UsageError, match="closed"):
            share(tile_kernels.no_tiles(SIZE))


@pytest.mark.parametrize("name", ["hybrid", "h264"])
def test_quality_changes_from_a_key_frame_on(name):
    screen = Screen()
    viewer = Viewer(open_encoder(name, SIZE, qp=20))
    film(viewer, screen)
    assert viewer.encoder.quality == 20
    sizes = []
    for seed, qp in ((50, 20), (51, 21), (52, 40), (53, 40)):
        viewer.encoder.set_quality(qp)
        screen.image = noise(SIZE, seed)
        update = viewer.encoder.encode(screen.frame(whole(SIZE)))
        sizes.append(len(update))
        # The flags of the one section of video.
        assert (update[6] == 1 if name == "hybrid" else update.key) == (seed == 52)
        assert viewer.encoder.quality in (qp, 20)
    assert max(sizes[2:]) < min(sizes[:2]) / 2
    with pytest.raises(UsageError, match="quality"):
        viewer.encoder.set_quality(52)


def test_lossless_encoders_have_no_quality():
    encoder = open_encoder("tiles", SIZE)
    encoder.set_quality(30)
    assert encoder.quality is None


def test_decoders_lists_what_opens():
    assert decoders()[0] == "hybrid"
    for name in decoders():
        open_decoder(name, SIZE).close()
    assert "tiles" in decoders()


def test_damage_outside_of_a_missed_part_stays_cheap():
    """A caret beside a viewer that stands still costs no more for having been shared."""
    encoder = open_encoder("tiles", SIZE)
    (frame,) = frames([(text(SIZE), whole(SIZE))])
    encoder.encode(frame)
    encoder.catch_up(tile_kernels.all_tiles(SIZE))
    image = frame.image.copy()
    image[5:15, 5:7, :3] = 0
    assert len(encoder.encode(Frame(image, (Rect(5, 5, 2, 10),), 101.0, 101.0))) < 2000
