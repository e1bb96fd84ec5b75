"""Figures of quality against values worked out by hand or by a plain loop."""

import numpy as np
import pytest

from fanlight_bench import quality


def grey(value, size=(40, 24)):
    return np.full((size[1], size[0], 4), value, np.uint8)


def noise(seed, size=(40, 24)):
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), np.uint8)


def test_psnr_of_a_known_error():
    counts = quality.error_counts(grey(110), grey(100))
    assert quality.psnr(counts) == pytest.approx(28.1308, abs=1e-4)
    assert quality.largest_error(counts) == 10


def test_psnr_is_of_the_mean_square_and_errors_have_no_sign():
    shown, wanted = grey(100), grey(100)
    shown[0, 0, 0], shown[0, 1, 1] = 0, 255
    counts = quality.error_counts(shown, wanted)
    mean = (100**2 + 155**2) / (40 * 24 * 3)
    assert quality.psnr(counts) == pytest.approx(10 * np.log10(255**2 / mean))
    assert quality.largest_error(counts) == 155
    assert counts.sum() == 40 * 24 * 3


def test_equal_pictures_have_no_error_whatever_their_fourth_byte():
    shown, wanted = noise(1), noise(1)
    shown[..., 3] ^= 255
    counts = quality.error_counts(shown, wanted)
    assert quality.psnr(counts) == quality.MOST_DB
    assert quality.largest_error(counts) == 0
    assert quality.ssim(shown, wanted) == 1


def test_counts_add_up_over_frames():
    pairs = [(noise(1), noise(2)), (noise(3), noise(3))]
    counts = sum(quality.error_counts(*pair) for pair in pairs)
    square = np.mean([np.mean((a[..., :3].astype(float) - b[..., :3]) ** 2) for a, b in pairs])
    assert quality.psnr(counts) == pytest.approx(10 * np.log10(255**2 / square))


def test_ssim_of_two_flat_pictures():
    c1 = (0.01 * 255) ** 2
    assert quality.ssim(grey(50), grey(200)) == pytest.approx((2 * 50 * 200 + c1) / (50**2 + 200**2 + c1))


def test_ssim_is_what_a_plain_loop_says():
    shown, wanted = noise(1)[..., :3], noise(2)[..., :3]
    shown[:, :20] = wanted[:, :20] // 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for y in range(0, 24 - 7, 4):
        for x in range(0, 40 - 7, 4):
            for channel in range(3):
                a = shown[y : y + 8, x : x + 8, channel].astype(float)
                b = wanted[y : y + 8, x : x + 8, channel].astype(float)
                covariance = ((a - a.mean()) * (b - b.mean())).mean()
                top = (2 * a.mean() * b.mean() + c1) * (2 * covariance + c2)
                values.append(top / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (a.var() + b.var() + c2)))
    assert quality.ssim(shown, wanted) == pytest.approx(np.mean(values), rel=1e-9)


def test_ssim_wants_a_window():
    with pytest.raises(ValueError, match="8 pixels"):
        quality.ssim(grey(1, (7, 20)), grey(1, (7, 20)))


def test_the_sharpest_pixels_are_those_beside_edges():
    picture = grey(200, (60, 50))
    picture[:, 30:, :3] = 20
    mask = quality.sharpest(picture)
    assert mask[:, 29:31].all()
    assert mask.sum() == 100


def test_the_sharpest_tenth_is_a_tenth_of_a_busy_picture():
    assert quality.sharpest(noise(5, (100, 100))).mean() == pytest.approx(0.1, abs=0.001)


def test_a_flat_picture_has_no_sharp_pixel():
    assert not quality.sharpest(grey(77)).any()


def test_masked_errors_are_those_under_the_mask():
    shown, wanted = grey(100), grey(100)
    shown[:10] = 90
    mask = np.zeros((24, 40), bool)
    mask[9:11] = True
    counts = quality.masked_error_counts(shown, wanted, mask)
    assert counts[10] == counts[0] == 40 * 3
    assert counts.sum() == 2 * 40 * 3


CURVE = [(1000.0, 30.0), (2000.0, 34.0), (4500.0, 37.0), (9000.0, 41.0)]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_curve_that_needs_so_many_times_the_bytes_says_so(factor):
    other = [(size * factor, reached) for size, reached in CURVE]
    assert quality.bytes_ratio(CURVE, other) == pytest.approx(factor)
    assert quality.bytes_ratio(other, CURVE) == pytest.approx(1 / factor)


def test_the_ratio_of_straight_curves_is_that_of_their_mean_logarithms():
    # log10 of the bytes is q / 10 and q / 20 + 1: over q = 20 to 30 they differ by 0.25 - 0.5 on average.
    anchor = [(10 ** (q / 10), q) for q in (10, 20, 30)]
    other = [(10 ** (q / 20 + 1), q) for q in (20, 25, 35)]
    assert quality.bytes_ratio(anchor, other) == pytest.approx(10 ** (25 / 20 + 1 - 2.5))


def test_points_may_come_in_any_order_and_useless_ones_are_left_out():
    useless = [(20_000.0, 39.0), (9000.0, 40.0)]
    assert quality.bytes_ratio(CURVE, [*CURVE[::-1], *useless]) == pytest.approx(1)


@pytest.mark.parametrize(
    "other",
    [[], CURVE[:2], [(size, reached + 20) for size, reached in CURVE], [(1.0, 35.0), (2.0, 35.0), (3.0, 35.0)]],
    ids=["empty", "two-points", "no-overlap", "level"],
)
def test_curves_without_overlap_have_no_ratio(other):
    assert quality.bytes_ratio(CURVE, other) is None
    assert quality.bytes_ratio(other, CURVE) is None


def test_the_interpolation_goes_through_its_points_and_never_beyond_them():
    x, y = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 1.0, 5.0])
    assert quality.interpolate(x, y, x) == pytest.approx(y)
    values = quality.interpolate(x, y, np.linspace(0, 4, 200))
    assert (np.diff(values) >= -1e-12).all()
    assert quality.interpolate(x, y, np.linspace(1, 2, 9)) == pytest.approx(np.ones(9))


def test_the_interpolation_by_hand():
    # Slopes at the ends by three points, 7/6 and 1/6; in the middle the harmonic mean, 9 / (5 / 1 + 4 / 0.5) = 9/13.
    x, y = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 2.0])
    first = 0.5 * 0 + 0.125 * 7 / 6 + 0.5 * 1 - 0.125 * 9 / 13
    second = 0.5 * 1 + 0.25 * 9 / 13 + 0.5 * 2 - 0.25 * 1 / 6
    assert quality.interpolate(x, y, np.array([0.5, 2.0])) == pytest.approx([first, second])
