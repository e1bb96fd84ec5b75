"""How far the peer's clock is ahead of ours, estimated by round trips and held to what cannot be otherwise.

Half of a round trip is a guess: an answer that waited on one side puts it off by half of the wait. But nothing arrives
before it was sent. So each message with a stamp bounds the offset from one side, and the estimate is moved by the least
that lets every recent one have travelled forwards.
"""

import math
from collections import deque
from dataclasses import dataclass

from fanlight.session.events import ClockSample

_SAMPLES = 8
_LEAST_WAY = 1e-6
"""Seconds: stamps are whole microseconds, and nothing travels in none."""


@dataclass(slots=True)
class _Bounds:
    """What messages have shown since a sample. Clocks drift, so it is forgotten with the sample after that."""

    least: float = -math.inf
    most: float = math.inf


class PeerClock:
    """The peer's clock as seen from ours; all times are seconds."""

    def __init__(self) -> None:
        self._samples: deque[ClockSample] = deque(maxlen=_SAMPLES)
        self._bounds: deque[_Bounds] = deque([_Bounds()], maxlen=_SAMPLES + 1)

    @property
    def offset(self) -> float | None:
        """How far it is ahead, by the quickest of the last samples as far as bounds allow; None before the first."""
        if not self._samples:
            return None
        guess = min(self._samples, key=lambda sample: sample.rtt).offset
        most = min(bounds.most for bounds in self._bounds)
        return max(min(guess, most), max(bounds.least for bounds in self._bounds))

    def measured(self, sample: ClockSample) -> None:
        """Take a round trip."""
        self._samples.append(sample)
        self._bounds.append(_Bounds())

    def came(self, sent_at: float, received_at: float) -> None:
        """Take note of what the peer sent at a time of its clock, and we had at one of ours."""
        now = self._bounds[-1]
        now.least = max(now.least, sent_at - received_at + _LEAST_WAY)

    def went(self, sent_at: float, received_at: float) -> None:
        """Take note of what we sent at a time of our clock, and the peer had at one of its."""
        now = self._bounds[-1]
        now.most = min(now.most, received_at - sent_at - _LEAST_WAY)
