"""A straight line through measured costs: what is fixed, what grows, and how well a line tells it."""

from collections.abc import Sequence

import numpy as np

from fanlight_bench.results import Figure


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Return a, b and R² of the least squares fit y = a + b x; R² is 1 where y never differs."""
    b, a = np.polyfit(x, y, 1)
    spread = float(np.sum((np.asarray(y) - np.mean(y)) ** 2))
    missed = float(np.sum((np.asarray(y) - (a + b * np.asarray(x))) ** 2))
    return float(a), float(b), 1 - missed / spread if spread else 1.0


def cost_figures(shares: Sequence[float], pixels: Sequence[int], costs: Sequence[float]) -> dict[str, Figure]:
    """Return the cost in ms at each share (0 to 1) that is so many changed pixels, and the line t = a + b x."""
    found = {f"at {100 * share:g} %": Figure((cost,), "ms") for share, cost in zip(shares, costs, strict=True)}
    a, b, r2 = line([count / 1e6 for count in pixels], costs)
    found["fixed (a)"] = Figure((a,), "ms")
    found["a changed megapixel (b)"] = Figure((b,), "ms")
    found["R²"] = Figure((r2,), "", "higher")
    return found
