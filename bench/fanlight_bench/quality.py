"""How near a picture is to the one it should be: errors, PSNR, SSIM, text, and curves of rate against quality.

Pictures are (H, W, 4) uint8 BGRX, as the viewer shows them; the X byte carries no meaning. Plain numpy, so every figure
can be checked by hand.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Counts = NDArray[np.int64]
Curve = Sequence[tuple[float, float]]
"""Points of (bytes, quality)."""

MOST_DB = 100.0
"""What PSNR says of pictures that are equal: no number in dB is right, and JSON knows no infinity."""

_SAME_LUMA = np.float32(1 / 255**2)
_WINDOW = 8
_STEP = 4
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_FEWEST_POINTS = 3


def error_counts(shown: Picture, wanted: Picture) -> Counts:
    """Count the absolute errors of B, G and R: how many are 0, 1, ... 255."""
    apart = np.maximum(shown, wanted) - np.minimum(shown, wanted)
    apart[..., 3] = 0
    # Two bytes at a time, which halves the work.
    pairs = np.bincount(apart.reshape(-1).view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts = np.asarray(pairs.sum(0) + pairs.sum(1), np.int64)
    counts[0] -= apart.size // 4
    return counts


def masked_error_counts(shown: Picture, wanted: Picture, mask: NDArray[np.bool_]) -> Counts:
    """Count the absolute errors of B, G and R where the (H, W) mask is set."""
    return error_counts(shown[mask], wanted[mask])


def psnr(counts: Counts) -> float:
    """Return the peak signal-to-noise ratio of counted errors in dB; MOST_DB where there are none."""
    squares = int(counts @ np.arange(256, dtype=np.int64) ** 2)
    if squares == 0:
        return MOST_DB
    return float(10 * np.log10(255**2 * int(counts.sum()) / squares))


def largest_error(counts: Counts) -> int:
    """Return the largest of counted errors."""
    return int(np.flatnonzero(counts)[-1]) if counts.any() else 0


def sharpest(picture: Picture, share: float = 0.1) -> NDArray[np.bool_]:
    """Mark the pixels with the largest steps of brightness, where text is: the `share` of all, and never a flat one."""
    luma = picture[..., :3] @ np.array([0.0722, 0.7152, 0.2126], np.float32)
    steps = np.zeros(luma.shape, np.float32)
    steps[:, 1:-1] += (luma[:, 2:] - luma[:, :-2]) ** 2
    steps[1:-1] += (luma[2:] - luma[:-2]) ** 2
    rank = int(steps.size * (1 - share))
    least = np.partition(steps, rank, axis=None)[rank]
    return np.asarray((steps >= least) & (steps > _SAME_LUMA))


def ssim(shown: Picture, wanted: Picture) -> float:
    """Return the mean structural similarity of B, G and R over windows of 8x8 pixels, one every 4.

    Wang et al. 2004 with a flat window, as libx264 and FFmpeg do it. Pictures have sides of at least 8 pixels.
    """
    height, width = (side // _STEP * _STEP for side in wanted.shape[:2])
    if min(height, width) < _WINDOW:
        raise ValueError(f"SSIM needs sides of {_WINDOW} pixels or more")
    x, y = (one[:height, :width, :3].astype(np.int32) for one in (shown, wanted))
    size = _WINDOW**2
    sum_x, sum_y, sum_xx, sum_yy, sum_xy = (_window_sums(one) for one in (x, y, x * x, y * y, x * y))
    mean_x, mean_y = sum_x / size, sum_y / size
    var_x, var_y = sum_xx / size - mean_x**2, sum_yy / size - mean_y**2
    covariance = sum_xy / size - mean_x * mean_y
    top = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    bottom = (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return float(np.mean(top / bottom))


def _window_sums(values: NDArray[np.int32]) -> NDArray[np.float64]:
    rows = values[0::4] + values[1::4] + values[2::4] + values[3::4]
    blocks = rows[:, 0::4] + rows[:, 1::4] + rows[:, 2::4] + rows[:, 3::4]
    pairs = blocks[1:] + blocks[:-1]
    sums: NDArray[np.float64] = (pairs[:, 1:] + pairs[:, :-1]).astype(np.float64)
    return sums


def bytes_ratio(anchor: Curve, other: Curve) -> float | None:
    """Return how many bytes `other` needs for one byte of `anchor`, at equal quality; BD-rate is this less 1.

    Bjontegaard's mean over the qualities that both reach, of the logarithm of the rate, interpolated by monotone
    piecewise cubics. None where the curves do not overlap, or have fewer than three points.
    """
    curves = [_rising(anchor), _rising(other)]
    if any(len(quality) < _FEWEST_POINTS for quality, _ in curves):
        return None
    low = max(quality[0] for quality, _ in curves)
    high = min(quality[-1] for quality, _ in curves)
    if low >= high:
        return None
    first, second = (_mean(quality, rate, low, high) for quality, rate in curves)
    return float(np.exp(second - first))


def _rising(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return qualities, strictly rising, and the logarithms of the rates, without points that a cheaper one beats."""
    kept: list[tuple[float, float]] = []
    for size, quality in sorted(curve, key=lambda point: (point[0], -point[1])):
        if size > 0 and (not kept or quality > kept[-1][1]):
            kept.append((size, quality))
    points = np.array(kept, np.float64).reshape(-1, 2)
    return points[:, 1], np.log(points[:, 0])


def _mean(x: NDArray[np.float64], y: NDArray[np.float64], low: float, high: float) -> float:
    """Average the interpolated curve from low to high; Simpson's rule is exact on each cubic piece."""
    knots = np.concatenate(([low], x[(x > low) & (x < high)], [high]))
    left, right = knots[:-1], knots[1:]
    ends, middle = interpolate(x, y, knots), interpolate(x, y, (left + right) / 2)
    return float(np.sum((right - left) * (ends[:-1] + 4 * middle + ends[1:]) / 6) / (high - low))


def interpolate(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate the monotone piecewise cubic (PCHIP, Fritsch and Butland) through the points, inside their range."""
    slopes = _slopes(np.diff(x), np.diff(y) / np.diff(x))
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width = x[piece + 1] - x[piece]
    t = (at - x[piece]) / width
    value: NDArray[np.float64] = (
        (1 + 2 * t) * (1 - t) ** 2 * y[piece]
        + t * (1 - t) ** 2 * width * slopes[piece]
        + t**2 * (3 - 2 * t) * y[piece + 1]
        + t**2 * (t - 1) * width * slopes[piece + 1]
    )
    return value


def _slopes(width: NDArray[np.float64], rise: NDArray[np.float64]) -> NDArray[np.float64]:
    slopes = np.empty(len(rise) + 1)
    before, after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        harmonic = (before + after) / (before / rise[:-1] + after / rise[1:])
    slopes[1:-1] = np.where(rise[:-1] * rise[1:] > 0, harmonic, 0.0)
    slopes[0] = _end_slope(width, rise)
    slopes[-1] = _end_slope(width[::-1], rise[::-1])
    return slopes


def _end_slope(width: NDArray[np.float64], rise: NDArray[np.float64]) -> float:
    if len(rise) == 1:
        return float(rise[0])
    slope = ((2 * width[0] + width[1]) * rise[0] - width[0] * rise[1]) / (width[0] + width[1])
    if slope * rise[0] <= 0:
        return 0.0
    if rise[0] * rise[1] <= 0 and abs(slope) > 3 * abs(rise[0]):
        return float(3 * rise[0])
    return float(slope)
