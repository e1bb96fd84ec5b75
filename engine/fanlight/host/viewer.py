"""One viewer of the screen: what its picture lacks, what is on the way to it, and how long others wait for it."""

import math
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from fanlight.kernels import tiles as tile_kernels
from fanlight.protocol.messages import MAX_SEQ, next_seq
from fanlight.types import Tiles

if TYPE_CHECKING:
    from fanlight.host.group import Group

# Input events that may wait for a frame; a viewer that sends more before it takes one learns of the newest.
_MOST_INPUTS = 4096
# Updates of which it is remembered what they changed; the window of unacknowledged ones is smaller.
_MOST_IN_FLIGHT = 64

MOST_PATIENCE = 0.05
"""Seconds that the viewers of one group wait at most for one of them, all waits together."""

_PATIENCE_PER_SECOND = 0.01
_LEAST_PROBATION, _LONGEST_PROBATION = 2.0, 60.0


class Patience:
    """How long a group may still wait for one viewer: a little, which comes back slowly."""

    def __init__(self) -> None:
        self._left = MOST_PATIENCE
        self._counted_at: float | None = None
        self._since: float | None = None

    def lasts(self, now: float) -> bool:
        """Wait for the viewer; False when that has been done for long enough."""
        if self._since is None:
            if self._counted_at is not None:
                self._left = min(MOST_PATIENCE, self._left + (now - self._counted_at) * _PATIENCE_PER_SECOND)
            self._counted_at = self._since = now
        return now - self._since < self._left

    def rewarded(self, now: float) -> None:
        """End the wait: the viewer is there again, or is no longer waited for."""
        if self._since is not None:
            self._left = max(0.0, self._left - (now - self._since))
            self._counted_at, self._since = now, None


class Viewer:
    """What the host knows of one viewer. The picture thread owns it, but for what is marked as the loop's."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.quality = 0
        self.portion: int | None = None
        self.group: Group | None = None
        """Whose updates it gets; None while it is away."""
        self.base: Group | None = None
        """The group whose picture it has, but for `lacks`, while it is away; None: it has nothing."""
        self.lacks: Tiles | None = None
        self._input_seq = 0
        self._inputs: deque[tuple[int, float]] = deque(maxlen=_MOST_INPUTS)
        self._in_flight: deque[tuple[int, Tiles]] = deque(maxlen=_MOST_IN_FLIGHT)
        self._made = 0
        self.wants_refresh = False
        """Whether it has asked for an update that stands alone."""
        self._lags = 0
        self._lagged_at = self._probation_until = -math.inf

    # -- the loop's ------------------------------------------------------------------------------------------------

    def note_input(self, seq: int, now: float) -> None:
        """Remember that an input event has been injected."""
        self._inputs.append((seq, now))

    def ask_refresh(self) -> None:
        """Make the next update stand alone."""
        self.wants_refresh = True

    def acknowledged(self, seq: int) -> None:
        """Note that every update up to `seq` of this connection is decoded."""
        while self._in_flight and (seq - self._in_flight[0][0]) % MAX_SEQ < MAX_SEQ // 2:
            self._in_flight.popleft()

    # -- the picture thread's ----------------------------------------------------------------------------------------

    def join(self, group: "Group") -> None:
        """Take part in a group, with everything that its decoders have."""
        self.group, self.base, self.lacks, self.wants_refresh = group, None, None, False

    def leave(self, base: "Group | None") -> None:
        """Be away from now on, with the picture of `base` as it is now, or with none."""
        self.group, self.base = None, base
        self.lacks = None if base is None else tile_kernels.no_tiles(base.encoder.size)

    def forget_picture(self) -> None:
        """Take it that the viewer has no picture."""
        self.leave(None)
        self._in_flight.clear()

    def missed(self, touched: Tiles) -> None:
        """Note what an update changed that this viewer does not get."""
        if self.lacks is not None:
            np.bitwise_or(self.lacks, touched, out=self.lacks)

    def given(self, touched: Tiles) -> None:
        """Note what an update changed that this viewer gets; `touched` must not change any more."""
        self._made = next_seq(self._made)
        self._in_flight.append((self._made, touched))

    def reconnected(self, seq: int) -> None:
        """Go on in a new connection, after update `seq` of the one before; what came later has not arrived."""
        if len(self._in_flight) == _MOST_IN_FLIGHT:
            self.forget_picture()
        self.acknowledged(seq)
        for _, touched in self._in_flight:
            self.missed(touched)
        self._in_flight.clear()
        self._made = self._input_seq = 0
        self._inputs.clear()

    def input_before(self, captured_at: float) -> int:
        """Return the last input event that was injected before a capture was complete."""
        while self._inputs and self._inputs[0][1] < captured_at:
            self._input_seq, _ = self._inputs.popleft()
        return self._input_seq

    def lagged(self, now: float) -> None:
        """Note that the others went on without this viewer; who does that again and again stays apart for longer."""
        if now > self._lagged_at + _LONGEST_PROBATION:
            self._lags = 0
        if self._lags:
            self._probation_until = now + min(_LONGEST_PROBATION, _LEAST_PROBATION * 2 ** (self._lags - 1))
        self._lags += 1
        self._lagged_at = now

    def keeps_up(self, now: float) -> bool:
        """Whether it may be trusted to keep pace with the others again."""
        return now >= self._probation_until


def lack_something(viewers: Iterable[Viewer]) -> bool:
    """Whether something is there that one of them has not got, or not exactly; from any thread."""
    groups = set()
    for viewer in viewers:
        group = viewer.group
        if group is None or viewer.wants_refresh:
            return True
        groups.add(group)
    return any(group.owes or group.lossy for group in groups)
