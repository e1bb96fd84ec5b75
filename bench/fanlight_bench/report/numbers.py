"""Numbers for people: three digits that count, units that fit, spread beside the middle."""

import math
import re

from fanlight_bench.results import Figure

_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_BYTE_UNIT = re.compile(r"(?:B|bytes)\b")


def number(value: float) -> str:
    """Return a number with three significant digits, or none after the point where it is large."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "?"
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    digits = 2 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(digits, 0)}f}" if digits <= 6 else f"{value:.2e}"


def is_bytes(unit: str) -> bool:
    """Whether a unit is bytes, or bytes by something."""
    return _BYTE_UNIT.match(unit) is not None


def quantity(value: float, unit: str) -> str:
    """Return a number and its unit; large counts of bytes in kB, MB or GB (powers of 1000)."""
    if is_bytes(unit):
        for scale, name in _BYTES:
            if abs(value) >= scale:
                return f"{number(value / scale)} {_BYTE_UNIT.sub(name, unit, count=1)}"
    return f"{number(value)} {unit}".rstrip()


def middle(figure: Figure) -> str:
    """Return the median of the runs with its unit."""
    return quantity(figure.median, figure.unit)


def in_column(figure: Figure) -> str:
    """Return the median as it stands under a heading that names the unit; bytes keep theirs, which differ."""
    unit = _BYTE_UNIT.match(figure.unit)
    return quantity(figure.median, unit.group() if unit else "")


def unit_of_column(unit: str) -> str:
    """Return the unit for the heading of a column."""
    return _BYTE_UNIT.sub("", unit, count=1).strip() if is_bytes(unit) else unit


def spread(figure: Figure) -> str:
    """Return the smallest and the largest run; empty where all runs read the same. Only bytes have their unit."""
    low, high = number(figure.low), number(figure.high)
    if len(figure.runs) < 2 or low == high:
        return ""
    unit = _BYTE_UNIT.match(figure.unit)
    short = unit.group() if unit else ""
    return f"{quantity(figure.low, short)} to {quantity(figure.high, short)}"


def duration(seconds: float) -> str:
    """Return a duration in words, to the second below two minutes and to the minute above."""
    if seconds < 120:
        return f"{max(1, round(seconds))} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours {minutes % 60} minutes"
