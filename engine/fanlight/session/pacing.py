"""When one viewer can take its next update, and how good that may be: never more than its link carries away.

Theory of operation. An acknowledgement tells when an update was received, on the viewer's clock. How much longer it
took than the quickest of the last ones (`_Transit`) is what it waited behind others and what its own bytes took; so the
time in which the link was busy with it, and with that the link's rate, is known without saturating it. A viewer may
have on its way what one round trip covers and one update besides, in number and, where the link's rate is known, in
bytes. One that does not acknowledge closes its own window, and what changes meanwhile merges into the one update that
it gets when it is back. Nothing is ever queued for it.

An acknowledgement wakes the host, which costs it more than to send the update. So a viewer that was prompt with its
last updates is asked for one only now and then: until then its updates count as arrived. From the first one that it is
asked for, it is asked for all, and the window holds. So one that stops is sent what it may hold back besides, no more.

What is lossy may take a part of the link, so that a key that is pressed finds it free: quality goes first, then the
rate of updates. Both come back slowly, and every change has a reason in words.
"""

import math
from collections import deque
from statistics import median

import msgspec

from fanlight.session.events import ClockSample

_LEAST, _MOST = 2, 32
_SAMPLES, _PINGS = 64, 12
# A link's rate shows in updates that it was busy with for a while; shorter ones tell of the machines at its ends.
_LEAST_BYTES, _LEAST_BUSY = 2_000, 0.002
_RATES, _LEAST_RATES = 15, 3
# What a viewer may hold back: updates, their bytes, and for how long; and with how many updates it has to be prompt.
_MOST_HELD, _MOST_HELD_BYTES, _HELD_SECONDS = 16, 64 << 10, 1.0
_PROMPT_UPDATES = 8

BEST_QUALITY, WORST_QUALITY = 26, 44
LONGEST_INTERVAL = 0.25
"""Seconds between updates at the worst that a slow link is given."""

_PORTION_SECONDS = 0.02
_LEAST_PORTION = 4 << 10
"""Seconds of the link that one update may spend on what nobody waits for, and the bytes that it may in any case."""

_SHARE = 0.6
_ROOM = 0.5
_WORSE_SECONDS, _BETTER_SECONDS = 0.25, 1.5
_QP_OF_HALF = 6
_MOST_WORSE, _MOST_BETTER = 8, 6
_LOSSY, _LEAST_LOSSY = 15, 5
# What is better may take this part of the room at most: less would come back at once.
_BETTER_SHARE = 0.72
_LEAST_USED = 0.01


class _Sent(msgspec.Struct, frozen=True):
    seq: int
    bytes: int
    at: float
    asked: bool


class _Least:
    """The least of the last samples; infinite before the first."""

    def __init__(self, most: int) -> None:
        self.value = math.inf
        self._samples: deque[float] = deque(maxlen=most)

    def add(self, sample: float) -> None:
        """Take a sample in the place of the oldest; all are looked at only where that was the least."""
        samples = self._samples
        leaves = samples[0] if len(samples) == samples.maxlen else math.inf
        samples.append(sample)
        if sample <= self.value:
            self.value = sample
        elif leaves == self.value:
            self.value = min(samples)


class _Transit:
    """How long updates take to the viewer, above the least that anything took; the clocks need not agree."""

    def __init__(self) -> None:
        self._updates = _Least(_SAMPLES)
        self._pings = _Least(_PINGS)
        self._free_at = -math.inf
        self.excess = 0.0
        """How much longer than the least the last update took."""

    def measured(self, sample: ClockSample) -> None:
        """Take a ping, which has next to no bytes of its own, for what a way takes at least."""
        self._pings.add(sample.offset + sample.rtt / 2)

    def busy(self, sent: _Sent, received_at: float) -> float:
        """Return for how many seconds the link was busy with one update."""
        took = received_at - sent.at
        self._updates.add(took)
        self.excess = took - min(self._updates.value, self._pings.value)
        done_at = sent.at + self.excess
        began_at, self._free_at = max(sent.at, self._free_at), max(done_at, self._free_at)
        return done_at - began_at


class Window:
    """The updates that are on their way to one viewer. `interval` is the shortest time between two, in seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._sent: deque[_Sent] = deque()
        self.unacknowledged = 0
        """The bytes of the updates that are on their way, as far as is known."""
        # Updates from the first on whose acknowledgement was asked for.
        self._asked = 0
        self._doubts = _PROMPT_UPDATES
        self._trips = _Least(_SAMPLES)
        self._ping_trips = _Least(_PINGS)
        self._transit = _Transit()
        self._rates: deque[float] = deque(maxlen=_RATES)
        self.rate: float | None = None
        """What the link carries, in bytes a second; None while it was never busy for long enough to tell."""
        self.portion: int | None = None
        """How many bytes of an update may refine what is lossy, so that a key does not wait; None while unknown."""

    @property
    def is_open(self) -> bool:
        """Whether another update may be made now."""
        if not self._asked:
            return True
        return self._asked < self.limit and self.unacknowledged <= self._most_bytes

    @property
    def limit(self) -> int:
        """How many updates may be on their way: one, and those that one round trip covers."""
        trip = self.trip
        return _LEAST if trip is None else max(_LEAST, min(_MOST, 1 + math.ceil(trip / self._interval)))

    @property
    def trip(self) -> float | None:
        """The shortest recent round trip, in seconds: a queue on the way must not widen the window that feeds it."""
        least = min(self._trips.value, self._ping_trips.value)
        return None if least == math.inf else least

    @property
    def _most_bytes(self) -> float:
        """The bytes that may be on their way: what the link carries in a round trip and an interval."""
        rate, trip = self.rate, self.trip
        return math.inf if rate is None or trip is None else rate * (trip + self._interval)

    def asks(self, length: int, now: float) -> bool:
        """Whether the viewer shall acknowledge an update of `length` bytes at once, and with it all before."""
        if self._asked or self._doubts:
            return True
        if len(self._sent) + 1 >= _MOST_HELD or self.unacknowledged + length > _MOST_HELD_BYTES:
            return True
        return bool(self._sent) and now - self._sent[0].at >= _HELD_SECONDS

    def sent(self, seq: int, length: int, now: float, *, asked: bool = True) -> None:
        """Note that update `seq` of `length` bytes was handed to the transport."""
        self._sent.append(_Sent(seq, length, now, asked))
        self.unacknowledged += length
        self._asked += asked

    def acknowledged(self, seq: int, received_at: float, decoded_at: float, now: float) -> None:
        """Note that the viewer has decoded every update up to `seq`, received and decoded at times of its own clock.

        Only what was asked for is measured, which is all where something is in doubt.
        """
        while self._sent and self._sent[0].seq <= seq:
            sent = self._sent.popleft()
            self.unacknowledged -= sent.bytes
            self._asked -= sent.asked
            if sent.seq == seq and sent.asked:
                self._trips.add(now - sent.at)
                self._measure(sent, received_at)
                self._judge(sent.at + self._transit.excess + decoded_at - received_at)

    def measured(self, sample: ClockSample) -> None:
        """Take note of a ping that was answered."""
        self._ping_trips.add(sample.rtt)
        self._transit.measured(sample)

    def _judge(self, done_at: float) -> None:
        """Doubt that a viewer is prompt where it was not done with an update when the next one was sent."""
        late = bool(self._sent) and done_at > self._sent[0].at
        self._doubts = _PROMPT_UPDATES if late else max(0, self._doubts - 1)

    def _measure(self, sent: _Sent, received_at: float) -> None:
        busy = self._transit.busy(sent, received_at)
        if sent.bytes >= _LEAST_BYTES and busy >= _LEAST_BUSY:
            self._rates.append(sent.bytes / busy)
            if len(self._rates) >= _LEAST_RATES:
                self.rate = median(self._rates)
                self.portion = max(_LEAST_PORTION, int(self.rate * _PORTION_SECONDS))


class RateControl:
    """How good the lossy part of one viewer's picture may be, and how often it may come.

    `quality` is an H.264 QP, `interval` seconds between two updates. `lossy_sent` returns the reason for a change. It
    goes by the median of the last updates: a key frame is many times as large, and each new quality begins with one.
    """

    def __init__(self, interval: float) -> None:
        self.quality = BEST_QUALITY
        self.interval = interval
        self._shortest = interval
        self._lengths: deque[float] = deque(maxlen=_LOSSY)
        self._changed_at = -math.inf

    def lossy_sent(self, length: int, rate: float | None, now: float) -> str | None:
        """Note an update that was lossy; return why something changed, or None where nothing did."""
        self._lengths.append(length)
        if rate is None or len(self._lengths) < _LEAST_LOSSY:
            return None
        used = median(self._lengths) / (_SHARE * rate * self.interval)
        if used > 1 and now - self._changed_at >= _WORSE_SECONDS:
            return self._worsen(used, rate, now)
        if used < _ROOM and now - self._changed_at >= _BETTER_SECONDS:
            return self._improve(used, rate, now)
        return None

    def _worsen(self, excess: float, rate: float, now: float) -> str | None:
        if self.quality < WORST_QUALITY:
            steps = min(_MOST_WORSE, math.ceil(_QP_OF_HALF * math.log2(excess)))
            return self._set_quality(min(WORST_QUALITY, self.quality + max(1, steps)), rate, now)
        return self._set_interval(min(LONGEST_INTERVAL, self.interval * excess), rate, now)

    def _improve(self, used: float, rate: float, now: float) -> str | None:
        if self.interval > self._shortest:
            return self._set_interval(max(self._shortest, self.interval / 1.5), rate, now)
        # In few steps, since each costs a key frame.
        steps = min(_MOST_BETTER, math.floor(_QP_OF_HALF * math.log2(_BETTER_SHARE / max(used, _LEAST_USED))))
        return self._set_quality(max(BEST_QUALITY, self.quality - steps), rate, now)

    def _set_quality(self, quality: int, rate: float, now: float) -> str | None:
        before, self.quality = self.quality, quality
        if before == quality:
            return None
        self._changed_at = now
        expected = 2 ** ((before - quality) / _QP_OF_HALF)
        self._lengths = deque((length * expected for length in self._lengths), maxlen=_LOSSY)
        return f"q {before} -> {quality}: link {_text(rate)}"

    def _set_interval(self, interval: float, rate: float, now: float) -> str | None:
        before, self.interval = self.interval, interval
        if before == interval:
            return None
        self._changed_at = now
        return f"{1 / before:.0f} -> {1 / interval:.0f} updates a second: link {_text(rate)}"


def _text(rate: float) -> str:
    return f"{rate * 8 / 1e6:.1f} Mbit/s"
