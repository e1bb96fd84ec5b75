"""The frame that a video encoder is fed: it follows the picture, though only what changed is converted."""

import numpy as np
import pytest
from codec_scenes import gradient, noise
from kernel_cases import SIZES

from fanlight.codec.feeding import Feed
from fanlight.codec.profiles import PROFILES
from fanlight.types import Rect

SMALL = [size for size in SIZES if size[0] <= 257]


def pixels(frame):
    return [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : frame.width] for plane in frame.planes]


def same(one, other):
    return np.array_equal(one.to_ndarray(), other.to_ndarray())


@pytest.mark.parametrize("name", ["h264", "h264_444", "vp9"])
@pytest.mark.parametrize("size", SMALL)
def test_a_frame_that_follows_is_one_made_anew(name, size):
    feed, image = Feed(PROFILES[name], size), gradient(size)
    feed.frame(image)
    rect = Rect(size[0] // 2, size[1] // 2, min(20, size[0] - size[0] // 2), min(9, size[1] - size[1] // 2))
    image[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w] = noise((rect.w, rect.h), 1)
    feed.note([rect])
    assert same(feed.frame(image), Feed(PROFILES[name], size).frame(image))


def test_only_damage_is_looked_at():
    size = (256, 256)
    feed, image = Feed(PROFILES["h264"], size), gradient(size)
    before = [plane.copy() for plane in pixels(feed.frame(image))]
    image[:] = noise(size, 1)
    feed.note([Rect(64, 64, 1, 1)])
    for old, new, scale in zip(before, pixels(feed.frame(image)), (1, 2), strict=True):
        changed = np.argwhere(old != new)
        assert changed.min() >= 64 // scale
        assert changed[:, 0].max() < 128 // scale


def test_an_encoder_that_may_hold_frames_gets_a_new_one_each_time():
    delaying = next(profile for profile in PROFILES.values() if profile.may_delay)
    feed, image = Feed(delaying, (64, 64)), gradient((64, 64))
    first = feed.frame(image)
    kept = first.to_ndarray()
    assert feed.frame(noise((64, 64), 1)) is not first
    assert np.array_equal(first.to_ndarray(), kept)
