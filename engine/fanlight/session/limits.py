"""How much a peer may ask for: token buckets, and the signs of life that a session needs."""

from fanlight.errors import RemoteProtocolError
from fanlight.protocol.messages import MAX_STAMP, Ping, Pong, seconds, stamp
from fanlight.session.events import ClockSample

PING_INTERVAL = 5.0
QUICK_PINGS, QUICK_INTERVAL = 7, 0.25
"""At first a few more, because one answer that waited for a first picture is a bad measure of the peer's clock."""

DEAD_AFTER = 15.0


class Bucket:
    """A rate with a burst. `name` stands in the error of a peer that is over it."""

    def __init__(self, name: str, rate: float, burst: float) -> None:
        self._name = name
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at: float | None = None

    def take(self, now: float) -> None:
        """Take one; RemoteProtocolError when there is none left."""
        if self._at is not None:
            self._level = min(self._burst, self._level + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            raise RemoteProtocolError(f"too many {self._name}: at most {self._rate:g} a second are allowed")
        self._level -= 1


class KeepAlive:
    """Both ends ping when the session opens, a few times quickly, then every PING_INTERVAL.

    Silence for DEAD_AFTER is the end.
    """

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._ping_due = now
        self._quick = QUICK_PINGS
        self._asked_at: float | None = None
        self._asked = 0

    @property
    def deadline(self) -> float:
        """When to look again."""
        return min(self._ping_due, self._heard_at + DEAD_AFTER)

    def heard(self, now: float) -> None:
        """Note that bytes came."""
        self._heard_at = now

    def is_dead(self, now: float) -> bool:
        """Whether the peer has been silent for too long."""
        return now >= self._heard_at + DEAD_AFTER

    def ping(self, now: float) -> Ping | None:
        """Return the ping that is due. One that is not answered yet is not repeated."""
        if now < self._ping_due:
            return None
        self._ping_due = now + (QUICK_INTERVAL if self._quick else PING_INTERVAL)
        self._quick = max(0, self._quick - 1)
        if self._asked_at is not None:
            return None
        self._asked_at, self._asked = now, min(stamp(now), MAX_STAMP)
        return Ping(t=self._asked)

    def pong(self, message: Pong, now: float) -> ClockSample:
        """Read an answer; RemoteProtocolError when nothing was asked."""
        if self._asked_at is None or message.t != self._asked:
            raise RemoteProtocolError("a PONG that answers no PING")
        rtt = max(0.0, now - self._asked_at)
        self._asked_at = None
        return ClockSample(rtt, seconds(message.at) - (now - rtt / 2))
