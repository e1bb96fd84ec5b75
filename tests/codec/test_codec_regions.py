"""Video regions: where they open, what goes round them, how they move and close; both ends agree throughout."""

import itertools

import numpy as np
import pytest
from codec_scenes import FRAME_SECONDS, gradient, noise, psnr, same, text, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.codec import EXACT, LOSSY, REFINING, decoders, open_decoder, open_encoder, region, regions
from fanlight.codec.base import QUALITY_STEP
from fanlight.codec.sections import VIDEO, is_region, read, read_video
from fanlight.errors import EncoderError, UsageError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, PointerPlace, Rect

SIZE = (900, 700)
FILM = Rect(200, 150, 240, 200)
OTHER = Rect(600, 450, 250, 210)


class Link:
    """An encoder and its decoder; after every update both must know the same, and know it rightly."""

    def __init__(self, size=SIZE, **options):
        self.size = size
        self.encoder = open_encoder("hybrid", size, **options)
        self.decoder = open_decoder(self.encoder.name, size)
        self.now = 50.0
        self.seeds = itertools.count()
        self.image = gradient(size)
        self.show(whole(size))

    def show(self, damage, *, later=FRAME_SECONDS):
        """Let the viewer see the screen."""
        self.now += later
        frame = Frame(self.image, tuple(damage), self.now, self.now + 0.001)
        update = self.encoder.encode(frame)
        self.decoder.decode(update)
        self.check(update)
        return update

    def check(self, update):
        """Hold every claim of the update against the two pictures."""
        states = self.decoder.states()
        assert np.array_equal(states, self.encoder.states())
        assert self.decoder.digest == self.encoder.digest
        assert update.exact == self.update_is_exact() == (not self.encoder.pending)
        differs = tile_kernels.all_tiles(self.size)
        tile_kernels.compare(self.decoder.image, self.image, differs)
        assert not differs[states == 0].any()

    def update_is_exact(self):
        """Tell whether no tile is lossy."""
        return not self.encoder.states().any()

    def play(self, *places, count=12, damage=None, later=FRAME_SECONDS):
        """Show film in some places; return the updates."""
        updates = []
        for _ in range(count):
            self.image = self.image.copy()
            for place in places:
                x, y, w, h = place
                self.image[y : y + h, x : x + w] = noise((w, h), next(self.seeds))
            updates.append(self.show(places if damage is None else damage, later=later))
        return updates

    def write(self, place, value=9):
        """Fill a rectangle with one grey."""
        x, y, w, h = place
        self.image = self.image.copy()
        self.image[y : y + h, x : x + w, :3] = value
        return self.show((place,))

    def rest(self):
        """Let the screen rest until all is exact."""
        updates = []
        while self.encoder.pending:
            updates.append(self.show(()))
        assert same(self.decoder.image, self.image)
        return updates


def videos(update, size=SIZE):
    """Return the sections of video of an update."""
    return [read_video(body, size) for kind, body in read(memoryview(update)) if kind == VIDEO]


def inside(rect, other):
    """Tell whether a rectangle lies in another."""
    return (
        other.x <= rect.x
        and other.y <= rect.y
        and rect.x + rect.w <= other.x + other.w
        and rect.y + rect.h <= other.y + other.h
    )


@pytest.fixture
def link():
    """A link over which film runs in one place."""
    link = Link()
    assert videos(link.play(FILM)[-1])
    return link


def test_a_film_gets_a_region_of_its_own_size_within_a_tenth_of_a_second():
    updates = Link().play(FILM)
    first = next(number for number, update in enumerate(updates) if videos(update))
    assert 2 <= first <= 6
    assert all(len(videos(update)) == 1 for update in updates[first:])
    assert [videos(update)[0].key for update in updates[first:]] == [True] + [False] * (11 - first)
    (video,) = videos(updates[-1])
    assert inside(FILM, video.rect)
    assert video.rect.w < FILM.w + 32
    assert video.rect.h < FILM.h + 32
    assert updates[-1].pixels == {"video": video.rect.w * video.rect.h}
    assert not updates[first].key


def test_coarse_damage_costs_a_region_of_whole_tiles_at_most():
    updates = Link().play(FILM, damage=whole(SIZE))
    (video,) = videos(updates[-1])
    assert inside(FILM, video.rect)
    assert inside(video.rect, Rect(192, 128, 256, 256))


def test_a_film_costs_a_fraction_of_its_tiles(link):
    as_tiles = len(Link(video=False).play(FILM, count=1)[0])
    assert len(link.play(FILM, count=1)[0]) < as_tiles / 2


def test_what_changes_round_a_film_is_exact_in_the_same_update(link):
    letter = Rect(700, 600, 8, 12)
    link.image = link.image.copy()
    link.image[letter.y : letter.y + 12, letter.x : letter.x + 8, :3] = 0
    update = link.play(FILM, count=1, damage=(FILM, letter))[0]
    assert update.lane == "both"
    assert link.decoder.states()[600 // 64, 700 // 64] == 0


def test_what_changes_at_the_edge_of_a_film_is_brought_at_once(link):
    """A tile that the region cuts holds pixels that no video brings."""
    (video,) = videos(link.play(FILM, count=1)[0])
    x, y = video.rect.x + 10, video.rect.y + video.rect.h
    assert y % 64
    link.image = link.image.copy()
    link.image[y : y + 4, x : x + 4, :3] = 77
    update = link.play(FILM, count=1, damage=(FILM, Rect(x, y, 4, 4)))[0]
    assert update.lane == "both"
    assert same(link.decoder.image[y : y + 4, x : x + 4], link.image[y : y + 4, x : x + 4])


def test_a_film_that_rests_becomes_exact_beside_one_that_plays():
    link = Link()
    link.play(FILM, OTHER)
    assert len(videos(link.play(FILM, OTHER, count=1)[0])) == 2
    updates = link.play(OTHER, count=30)
    assert all(len(videos(update)) == 1 for update in updates[10:])
    states = link.decoder.states()
    assert not states[: 350 // 64 + 1, 192 // 64 : 440 // 64 + 1].any()
    assert states.any()


def test_a_caret_in_a_film_is_exact_and_keeps_the_region(link):
    update = link.write(Rect(300, 200, 4, 12))
    assert update.lane == "tiles"
    assert videos(link.play(FILM, count=1)[0])[0].key is False


def test_a_region_closes_when_the_film_rests_and_letters_are_typed_elsewhere(link):
    for column in range(10):
        link.write(Rect(650 + 10 * column, 600, 8, 12), column)
    assert not link.encoder.chained
    assert not videos(link.play(FILM, count=1, later=1.2)[0])


def test_the_states_of_tiles_follow_the_film_at_both_ends(link):
    """A viewer knows what is about to be exact: what is lossy and lies in no region that runs."""
    assert (link.decoder.states()[3:5, 4:6] == LOSSY).all()
    assert link.decoder.states()[0, 0] == 0
    link.encoder.portion = 2000
    link.show(())
    states = link.decoder.states()
    assert (states != LOSSY).all()
    assert (states == REFINING).any()
    while link.encoder.pending:
        link.show(())
    assert not link.decoder.states().any()


def test_of_two_films_only_the_one_that_stopped_is_refining():
    link = Link()
    link.play(FILM, OTHER)
    link.encoder.portion = 2000
    for _ in range(60):
        link.play(OTHER, count=1)
        if (link.decoder.states() == REFINING).any():
            break
    states = link.decoder.states()
    assert (states == REFINING).any()
    assert (states == LOSSY).any()
    assert set(np.unique(states[: 350 // 64 + 1, 192 // 64 : 440 // 64 + 1])) <= {EXACT, REFINING}


def test_slow_film_stays_in_tiles():
    """Five pictures a second are no film: each is exact before the next comes."""
    updates = Link().play(FILM, count=10, later=0.2)
    assert all(update.exact for update in updates)


def test_small_or_cheap_animations_stay_in_tiles():
    link = Link()
    assert all(update.exact for update in link.play(Rect(300, 300, 60, 60), count=60))
    for seed in range(60):
        link.image = link.image.copy()
        link.image[128:384, 128:384] = text((256, 256), seed)
        assert link.show((Rect(128, 128, 256, 256),)).exact


def test_less_dear_film_gets_its_region_after_half_a_second():
    """Small enough to be borne for a while, and too dear to be borne for long."""
    place = Rect(256, 256, 128, 128)
    updates = Link().play(place, count=60)
    first = next(number for number, update in enumerate(updates) if videos(update))
    assert 25 <= first <= 35


def test_a_film_that_grows_is_one_region_begun_anew(link):
    larger = Rect(200, 150, 420, 300)
    updates = link.play(larger, count=12)
    (video,) = videos(updates[-1])
    assert inside(larger, video.rect)
    assert sum(video.key for update in updates for video in videos(update)) == 1


def test_a_film_that_shrinks_gets_a_smaller_region():
    link = Link()
    large = Rect(100, 100, 600, 400)
    (before,) = videos(link.play(large)[-1])
    small = Rect(300, 200, 250, 200)
    updates = link.play(small, count=200)
    (after,) = videos(updates[-1])
    assert inside(small, after.rect)
    assert after.rect.w * after.rect.h < before.rect.w * before.rect.h / 2
    assert sum(video.key for update in updates for video in videos(update)) <= 2
    assert (link.decoder.states() != 0).sum() < 40


def test_a_film_that_is_only_drawn_again_comes_to_rest(link):
    """Damage is all that is known of film, so what does not move has to be looked at."""
    for _ in range(60):
        update = link.show((FILM,))
    assert update == b""
    assert not link.encoder.pending
    assert same(link.decoder.image, link.image)


def test_a_film_that_is_drawn_again_where_a_little_moves_becomes_exact(link):
    for number in range(80):
        link.image = link.image.copy()
        link.image[250:260, 300:310, 1] = number
        update = link.show((FILM,))
    assert update.exact
    assert update.lane == "tiles"
    assert len(update) < 1000


def test_what_film_has_left_is_what_stood_there_when_it_ended(link):
    """A part of it that goes back to what was there before it began has changed all the same."""
    x, y, w, h = FILM
    before = gradient(SIZE)
    link.play(FILM)
    link.image = link.image.copy()
    link.image[y : y + h, x : x + w] = before[y : y + h, x : x + w]
    link.show((FILM,))
    link.rest()


def test_films_that_come_near_each_other_are_one_region():
    link = Link()
    near = Rect(450, 160, 200, 180)
    (video,) = videos(link.play(FILM, near)[-1])
    assert inside(FILM, video.rect)
    assert inside(near, video.rect)


def test_films_that_nearly_fill_the_picture_are_one_region():
    (video,) = videos(Link().play(Rect(0, 0, 900, 600))[-1])
    assert video.rect == (0, 0, *SIZE)


def test_there_are_no_more_regions_than_the_cores_bear(monkeypatch):
    monkeypatch.setattr(regions, "MOST_REGIONS", 2)
    link = Link()
    places = [Rect(x, y, 190, 190) for x in (0, 330, 700) for y in (0, 400)]
    for place in places[:2]:
        link.play(place, count=6)
    updates = link.play(*places)
    assert max(len(videos(update)) for update in updates) == 2
    link.rest()


def test_a_screen_that_scrolls_under_a_film_is_moved_round_it(link):
    """What the film covers is lossy, so no move reads it."""
    page = np.concatenate([text(SIZE), text(SIZE, 2)])
    for top in range(0, 80, 8):
        link.image = page[top : top + SIZE[1]].copy()
        updates = link.play(FILM, count=1, damage=whole(SIZE))
    assert videos(updates[-1])
    link.rest()


def test_a_refresh_beside_a_film_stands_alone(link):
    link.encoder.refresh()
    (update,) = link.play(FILM, count=1)
    assert update.key
    assert update.lane == "both"
    joined = open_decoder("hybrid", SIZE)
    joined.decode(update)
    for update in [*link.play(FILM, count=2), *link.rest()]:
        joined.decode(update)
    assert joined.digest == link.decoder.digest
    assert same(joined.image, link.image)


def test_a_fork_goes_on_with_the_film_as_video(link):
    """A viewer that lags behind in film needs no tile of it."""
    lacks = tile_kernels.all_tiles(SIZE)
    link.encoder = link.encoder.fork(lacks)
    assert not link.encoder.chained
    link.decoder = open_decoder("hybrid", SIZE)
    (update,) = link.play(FILM, count=1)
    assert videos(update)[0].key
    assert link.encoder.chained
    link.rest()


def test_refinement_beside_a_change_leaves_it_room(link):
    link.encoder.portion = 30_000
    link.show(())
    update = link.write(Rect(700, 600, 30, 30))
    assert update.lane == "tiles"
    assert len(update) < 2 * 30_000 / 4 + 13_000
    assert link.encoder.pending
    link.encoder.near = PointerPlace(440, 340)
    link.rest()


def test_a_coarser_quality_is_taken_at_once_and_a_finer_one_after_a_while(link):
    def next_is_key():
        return videos(link.play(FILM, count=1)[0])[0].key

    link.encoder.set_quality(40)
    assert next_is_key()
    link.encoder.set_quality(30)
    assert not next_is_key()
    assert link.encoder.quality == 30
    keys = [next_is_key() for _ in range(70)]
    assert sum(keys) == 1
    assert keys.index(True) > 50


def test_a_little_more_or_less_quality_restarts_nothing(link):
    before = link.encoder.quality
    for quality in (before + QUALITY_STEP - 1, before - QUALITY_STEP + 1, before):
        link.encoder.set_quality(quality)
        assert not any(video.key for update in link.play(FILM, count=70) for video in videos(update))


def test_another_quality_restarts_the_regions_and_leaves_tiles_alone():
    link = Link()
    link.play(FILM, OTHER)
    link.write(Rect(8, 8, 8, 12))
    link.encoder.set_quality(45)
    (update,) = link.play(FILM, OTHER, count=1)
    assert [video.key for video in videos(update)] == [True, True]
    assert not update.key
    assert update.lane == "video"
    assert not any(video.key for video in videos(link.play(FILM, OTHER, count=1)[0]))


def test_an_encoder_that_fails_at_work_leaves_exact_tiles(link, monkeypatch):
    def fails(*_, **__):
        raise EncoderError("H.264 (libx264) failed at work: no luck")

    monkeypatch.setattr(region.VideoWriter, "encode", fails)
    assert link.encoder.fallback is None
    updates = link.play(FILM)
    assert "failed at work" in link.encoder.fallback
    assert not any(videos(update) for update in updates)
    link.rest()
    assert all(update.exact for update in link.play(FILM))


@pytest.mark.parametrize("video", ["h264-444", "hevc", "vp9", "vp9_444", "av1", "mjpeg"])
def test_regions_take_any_codec_and_say_so_in_the_name(video):
    try:
        link = Link(video=video)
    except EncoderError as error:
        pytest.skip(str(error))
    assert link.encoder.name == f"hybrid-{video.replace('_', '-')}"
    assert link.encoder.name in decoders()
    assert open_encoder(link.encoder.name, SIZE).name == link.encoder.name
    link.play(FILM, count=6)
    x, y, w, h = FILM
    link.image = link.image.copy()
    link.image[y : y + h, x : x + w] = gradient((w, h))
    update = link.show((FILM,))
    assert videos(update)
    assert psnr(link.decoder.image[y : y + h, x : x + w], gradient((w, h))) > 25
    link.rest()


def test_a_codec_for_regions_that_does_not_exist_is_named():
    with pytest.raises(UsageError, match="h264-444"):
        open_encoder("hybrid", SIZE, video="divx")


@pytest.mark.parametrize("size", [(333, 251), (100, 90), (641, 513)], ids=str)
def test_films_at_odd_edges_of_odd_pictures(size):
    link = Link(size)
    place = Rect(size[0] - size[0] // 3, size[1] - size[1] // 2, size[0] // 3, size[1] // 2)
    link.play(place)
    link.play(Rect(0, 0, *size))
    link.rest()


PLACES = [FILM, OTHER, Rect(440, 300, 180, 200), Rect(0, 0, 300, 200), Rect(0, 0, *SIZE), Rect(210, 160, 40, 40)]


@given(data=st.data())
@settings(max_examples=25)
def test_both_ends_agree_whatever_happens(data):
    link = Link()
    link.encoder.portion = data.draw(st.sampled_from([1 << 12, 1 << 16]))
    for _ in range(data.draw(st.integers(2, 8))):
        kind = data.draw(st.sampled_from(["play"] * 3 + ["write", "again", "rest", "quality", "refresh", "pause"]))
        if kind == "play":
            places = data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3))
            coarse = data.draw(st.booleans())
            link.play(*places, count=data.draw(st.integers(1, 6)), damage=whole(SIZE) if coarse else None)
        elif kind == "write":
            x, y = data.draw(st.integers(0, SIZE[0] - 70)), data.draw(st.integers(0, SIZE[1] - 70))
            link.write(Rect(x, y, data.draw(st.integers(1, 70)), data.draw(st.integers(1, 70))))
        elif kind == "again":
            for _ in range(data.draw(st.integers(1, 9))):
                link.show([data.draw(st.sampled_from(PLACES))])
        elif kind == "rest":
            link.show(())
        elif kind == "quality":
            link.encoder.set_quality(data.draw(st.integers(10, 51)))
        elif kind == "refresh":
            link.encoder.refresh()
        else:
            link.now += 0.3
        assert all(is_region(one.rect, SIZE) for one in link.encoder._regions)
    link.rest()


def test_film_that_stood_still_goes_on_as_video_at_once():
    link = Link()
    link.play(FILM)
    link.now += 0.2
    link.rest()
    assert not link.encoder.chained
    (update,) = link.play(FILM, count=1)
    assert videos(update)


def test_film_that_ended_long_ago_is_sent_exactly_at_first():
    link = Link()
    link.play(FILM)
    link.now += 0.2
    link.rest()
    link.now += 3.0
    (update,) = link.play(FILM, count=1)
    assert not videos(update)
    assert update.exact


def test_text_where_film_stood_is_sent_exactly():
    link = Link()
    link.play(FILM)
    link.now += 0.2
    link.rest()
    update = link.write(FILM)
    assert not videos(update)
    assert update.exact
