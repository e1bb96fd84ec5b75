"""What a session delivered: totals for its end, and the last two seconds for people who watch."""

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from fanlight.types import Image, Size
from fanlight.viewer.remote import RemoteUpdate

_SAMPLE = 8_192
_RECENT_SECONDS = 2.0
_RECENT_MOST = 1_024


def percentile(values: Collection[float], percent: float) -> float | None:
    """Return the smallest value that `percent` of the values do not exceed (nearest rank); None where there is none."""
    if not values:
        return None
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


@dataclass(frozen=True, slots=True)
class Summary:
    """A session's totals; latencies in seconds over the last 8192 pictures, None where none was known.

    `image` is a copy of the last picture, None where none came. `interrupted`: Ctrl-C ended the session. `window`: how
    it got pixels to the screen; None without one.
    """

    frames: int
    seconds: float
    bytes: int
    latency_p50: float | None
    latency_p99: float | None
    exact: bool
    size: Size
    image: Image | None = field(default=None, compare=False, repr=False)
    interrupted: bool = False
    window: str | None = None

    @property
    def fps(self) -> float:
        """Pictures a second over the whole session."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the values that `connect --json` prints, ready for `json.dumps`; latencies in milliseconds."""
        return {
            "frames": self.frames,
            "fps": round(self.fps, 2),
            "bytes": self.bytes,
            "latency_ms": {"p50": _milliseconds(self.latency_p50), "p99": _milliseconds(self.latency_p99)},
            "exact": self.exact,
            "size": list(self.size),
        } | ({} if self.window is None else {"window": self.window})


@dataclass(frozen=True, slots=True)
class Recent:
    """The last two seconds: pictures and bytes a second, latencies in seconds."""

    fps: float
    bytes_per_second: float
    latency_p50: float | None
    latency_p99: float | None
    exact: bool
    size: Size

    def line(self, codec: str, quality: int | None = None) -> str:
        """Say it in one line; `quality` is the quantiser of the newest video, where there is one."""
        width, height = self.size
        parts = (
            f"{self.fps:.0f} fps",
            f"{_words(self.latency_p50)} / {_words(self.latency_p99)} ms",
            "exact" if self.exact else "refining",
            _rate(self.bytes_per_second),
            codec if quality is None else f"{codec} q {quality}",
            f"{width}x{height}",
        )
        return "  ·  ".join(parts)


class Meter:
    """Counts updates; `now` is `time.monotonic()` seconds."""

    def __init__(self, now: float) -> None:
        self._started = now
        self._size: Size = (0, 0)
        self._frames = 0
        self._bytes = 0
        self._exact = False
        self._latencies: deque[float] = deque(maxlen=_SAMPLE)
        self._recent: deque[tuple[float, int, float | None]] = deque(maxlen=_RECENT_MOST)

    def add(self, update: RemoteUpdate, size: Size, now: float) -> None:
        """Count one update; one that only resizes or moves the pointer is no picture."""
        self._size = size
        self._bytes += update.bytes
        self._exact = update.exact
        if not update.damage or not update.bytes:
            return
        self._frames += 1
        self._recent.append((now, update.bytes, update.latency))
        if update.latency is not None:
            self._latencies.append(update.latency)

    def summary(self, now: float, image: Image | None) -> Summary:
        """Return the totals so far, with a copy of the last picture."""
        p50, p99 = percentile(self._latencies, 50), percentile(self._latencies, 99)
        copy = image.copy() if image is not None and self._frames else None
        return Summary(self._frames, now - self._started, self._bytes, p50, p99, self._exact, self._size, copy)

    def recent(self, now: float) -> Recent:
        """Return what the last two seconds held."""
        since = max(now - _RECENT_SECONDS, self._started)
        held = [entry for entry in self._recent if entry[0] > since]
        latencies = [latency for _, _, latency in held if latency is not None]
        seconds = max(now - since, 0.001)
        p50, p99 = percentile(latencies, 50), percentile(latencies, 99)
        total = sum(count for _, count, _ in held)
        return Recent(len(held) / seconds, total / seconds, p50, p99, self._exact, self._size)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1_000, 3)


def _words(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1_000:.1f}"


def _rate(bytes_per_second: float) -> str:
    bits = bytes_per_second * 8
    return f"{bits / 1_000:.0f} kbit/s" if bits < 1_000_000 else f"{bits / 1_000_000:.1f} Mbit/s"
