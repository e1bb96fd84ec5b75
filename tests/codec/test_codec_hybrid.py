"""Which lane the hybrid encoder takes, and how it gets back to exact."""

import numpy as np
import pytest
from codec_scenes import FRAME_SECONDS, blank, frames, noise, same, scroll, text, whole, window_move

from fanlight.codec import open_decoder, open_encoder
from fanlight.types import Frame, Rect

SIZE = (640, 512)
TILES = 10 * 8
KEY_FLAG = 6
"""Where the flags stand in an update that starts with a section of video."""


class Link:
    """An encoder and its decoder, and the clock of the host between them."""

    def __init__(self, **options):
        self.encoder = open_encoder("hybrid", SIZE, **options)
        self.decoder = open_decoder("hybrid", SIZE)
        self.now = 50.0
        self.image = None

    def show(self, image, damage=None, *, later=FRAME_SECONDS):
        """Let the screen change and the viewer see it; no claim of the encoder goes unchecked."""
        self.now += later
        self.image = image
        frame = Frame(image, whole(SIZE) if damage is None else damage, self.now, self.now + 0.001)
        update = self.encoder.encode(frame)
        shown = self.decoder.decode(update)
        assert update.exact == (not self.encoder.pending) == (not self.encoder.states().any())
        assert self.decoder.digest == self.encoder.digest
        assert np.array_equal(self.decoder.states(), self.encoder.states())
        if update.exact:
            assert same(shown, image)
        return update

    def film(self, count=12, *, later=FRAME_SECONDS):
        """Show noise all over; return the updates."""
        return [self.show(noise(SIZE, seed), later=later) for seed in range(count)]

    def rest(self):
        """Show nothing new, as the host does when the screen rests."""
        return self.show(self.image, ())


@pytest.fixture
def link():
    """A link over which film runs, in the video lane."""
    link = Link()
    link.show(text(SIZE))
    assert link.film()[-1].lane == "video"
    return link


@pytest.mark.parametrize("steps", [scroll, window_move])
def test_what_is_cheap_goes_as_the_tiles_encoder_has_it(steps):
    hybrid, exact = open_encoder("hybrid", SIZE), open_encoder("tiles", SIZE)
    for frame in frames(steps(SIZE)):
        mine, plain = hybrid.encode(frame), exact.encode(frame)
        assert mine.endswith(plain)
        assert (mine.lane, mine.pixels, mine.exact) == (plain.lane, plain.pixels, plain.exact)
        assert np.array_equal(hybrid.touched, exact.touched)
        assert hybrid.digest == exact.digest


def test_film_goes_to_video_within_a_tenth_of_a_second():
    link = Link()
    link.show(text(SIZE))
    updates = link.film(12)
    lanes = [update.lane for update in updates]
    first = lanes.index("video")
    assert 2 <= first <= 6
    assert lanes == ["tiles"] * first + ["video"] * (12 - first)
    assert [update[KEY_FLAG] for update in updates[first:]] == [1] + [0] * (11 - first)
    assert not any(update.key for update in updates)
    assert link.encoder.pending


def test_a_slow_viewer_of_film_gets_video_at_its_second_update():
    link = Link()
    link.show(text(SIZE))
    lanes = []
    for seed in range(4):
        link.now += 2.0
        image = noise(SIZE, seed)
        # Damage merged over two seconds: the first of it came right after the frame before.
        update = link.encoder.encode(Frame(image, whole(SIZE), link.now - 1.98, link.now + 0.001))
        link.decoder.decode(update)
        lanes.append(update.lane)
    assert lanes == ["tiles", "video", "video", "video"]


def test_film_that_rests_becomes_exact_in_bounded_portions(link):
    link.encoder.portion = 100_000
    portions = []
    while link.encoder.pending:
        portions.append(link.rest())
        assert len(portions) <= TILES
    assert portions[-1].exact
    assert all(update.lane == "tiles" for update in portions)
    assert max(map(len, portions)) <= 2 * link.encoder.portion + 1000
    assert len(portions) > 5
    assert link.rest() == b""


def test_refinement_goes_on_beside_small_changes(link):
    """A blinking caret must not keep the rest of the screen lossy for ever."""
    link.rest()
    assert link.encoder.pending
    rounds = 0
    while link.encoder.pending:
        rounds += 1
        assert rounds <= TILES
        image = link.image.copy()
        image[500:510, 630:634, :3] = 255 * (rounds % 2)
        link.show(image, (Rect(630, 500, 4, 10),))


def test_a_newer_change_interrupts_refinement(link):
    link.rest()
    image = link.image.copy()
    image[0:20, 0:20, :3] = 77
    update = link.show(image, (Rect(0, 0, 20, 20),))
    assert same(link.decoder.image[:64, :64], image[:64, :64])
    assert update.lane == "tiles"


def test_small_changes_in_film_are_exact_at_once_and_keep_the_lane(link):
    image = link.image.copy()
    image[100:110, 100:110, :3] = 9
    small = link.show(image, (Rect(100, 100, 10, 10),))
    assert small.lane == "tiles"
    assert len(small) < 2 * 64 * 64 * 3
    assert same(link.decoder.image[64:128, 64:128], image[64:128, 64:128])
    following = link.show(noise(SIZE, 90))
    assert following.lane == "video"
    assert not following.key


def test_small_changes_after_film_close_the_lane(link):
    image = link.image
    for step in range(1, 12):
        image = image.copy()
        image[:10, :10, :3] = step
        link.show(image, (Rect(0, 0, 10, 10),))
    assert not link.encoder.chained
    assert link.show(noise(SIZE, 90), later=1.2).lane == "tiles"


def test_changing_back_while_lossy_is_not_taken_for_exact(link):
    shown = link.image
    link.show(noise(SIZE, 70))
    link.show(shown)
    assert link.encoder.pending
    assert not same(link.decoder.image, shown)
    while link.encoder.pending:
        link.rest()
    assert same(link.decoder.image, shown)


def test_a_scroll_of_lossy_tiles_is_not_copied(link):
    """What moves was exact on the host, but the viewer has only an approximation to copy from."""
    page = np.concatenate([link.image, noise(SIZE, 60)])
    link.rest()
    assert link.encoder.pending
    for top in (8, 16, 24):
        link.show(page[top : top + SIZE[1]].copy())
    while link.encoder.pending:
        link.rest()
    assert same(link.decoder.image, link.image)


def test_text_leaves_the_video_lane(link):
    page = text((SIZE[0], SIZE[1] * 2))
    lanes = [link.show(page[top : top + SIZE[1]].copy()).lane for top in range(0, 60, 6)]
    assert lanes[0] == "video"
    assert lanes[-5:] == ["tiles"] * 5


def test_text_stays_in_tiles():
    link = Link()
    for frame in frames(scroll(SIZE)):
        assert link.show(frame.image, frame.damage).lane in ("tiles", "")
    for seed in range(10):
        assert link.show(text(SIZE, seed + 10)).lane == "tiles"


def test_slides_stay_exact():
    link = Link()
    for seed in range(6):
        update = link.show(noise(SIZE, seed), later=1.0)
        assert update.exact
        assert update.lane == "tiles"


def test_film_that_scrolls_is_copied_not_coded():
    link = Link()
    page = noise((SIZE[0], SIZE[1] * 2), 5)
    costs = [len(link.show(page[top : top + SIZE[1]].copy())) for top in range(0, 96, 8)]
    assert not link.encoder.pending
    assert max(costs[1:]) < costs[0] / 4


def test_without_video_everything_is_exact():
    link = Link(video=False)
    assert all(update.exact and update.lane == "tiles" for update in link.film())


def test_a_late_joiner_in_film_gets_a_key_frame(link):
    link.encoder.refresh()
    joined = open_decoder("hybrid", SIZE)
    for seed in (40, 41):
        update = link.show(noise(SIZE, seed))
        assert update.lane == "video"
        assert update.key == (seed == 40)
        assert same(joined.decode(update), link.decoder.image)
    while link.encoder.pending:
        joined.decode(link.rest())
    assert joined.digest == link.encoder.digest


def test_a_joiner_between_film_can_follow_the_film_that_goes_on(link):
    """A refresh answered by tiles must not be followed by video that leans on frames the joiner never had."""
    link.encoder.refresh()
    joined = open_decoder("hybrid", SIZE)
    image = link.image.copy()
    image[:10, :10, :3] = 1
    tiles = link.show(image, (Rect(0, 0, 10, 10),))
    assert tiles.key
    assert tiles.lane == "tiles"
    joined.decode(tiles)
    for seed in range(8):
        assert same(joined.decode(link.show(noise(SIZE, seed))), link.decoder.image)


def test_film_again_after_rest_starts_with_a_key_frame(link):
    while link.encoder.pending:
        link.rest()
    link.show(blank(SIZE), later=2.0)
    updates = link.film()
    assert next(update[KEY_FLAG] for update in updates if update.lane == "video")
    assert updates[-1].lane == "video"
