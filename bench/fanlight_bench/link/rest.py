"""The last change: how long until the viewer's picture is the host's, bit for bit, after a workload is stopped."""

import os
import signal
import time
from collections.abc import Sequence

from fanlight.types import Size
from fanlight_bench.link.case import Figures, LinkCase, once, percentile
from fanlight_bench.link.guest import Shown
from fanlight_bench.link.network import Link
from fanlight_bench.link.scene import finish, scene, start
from fanlight_bench.plan import Unavailable

PLAY_SECONDS, REST_SECONDS = 2.0, 2.5
_SETTLE_SECONDS = 3.0


class RestCase(LinkCase):
    """A workload plays and rests `samples` times, seen over `link`, or over loopback where there is none."""

    def __init__(self, workload: str, shown: str, size: Size, rate: int, samples: int, link: Link | None) -> None:
        super().__init__(workload, shown, size, rate, _SETTLE_SECONDS + samples * (PLAY_SECONDS + REST_SECONDS))
        self.samples, self.link = samples, link
        self.settings |= {"link": link.words if link else "loopback", "rests": samples}

    def take(self) -> Figures:
        """Stop the program that draws, and let it go on."""
        rests = []
        with scene(self.shown, self.size, rate=self.rate, link=self.link) as made:
            guest = made.guest()
            time.sleep(_SETTLE_SECONDS)
            for _ in range(self.samples):
                time.sleep(PLAY_SECONDS)
                os.kill(made.shown.pid, signal.SIGSTOP)
                began = time.monotonic()
                time.sleep(REST_SECONDS)
                rests.append((began, time.monotonic()))
                os.kill(made.shown.pid, signal.SIGCONT)
            start(guest)
            seen = finish(guest)
        found = [settled(seen.shown, began, end) for began, end in rests]
        times = [seconds for seconds in found if seconds is not None]
        return {
            "until exact p50": once(1000 * percentile(times, 50, "rest with legible clocks"), "ms"),
            "until exact, most": once(1000 * max(times), "ms"),
            "digests that differ": once(seen.mismatches, ""),
        }


def settled(shown: Sequence[Shown], began: float, end: float) -> float | None:
    """Return the seconds from the last drawing of a rest to the first exact picture of it.

    None where the program was stopped between its two clocks; Unavailable where the picture never became exact.
    """
    before = [one for one in shown if one.at < end]
    if not before:
        raise Unavailable("the viewer saw nothing before the rest")
    last = before[-1]
    if last.drawn is None:
        return None
    if not last.exact:
        raise Unavailable(f"the picture was not exact {end - began:g} s after the last change")
    # From its end backwards, since what is exact must also stay so.
    first = last
    for one in reversed(before):
        if one.drawn != last.drawn or not one.exact:
            break
        first = one
    return first.at - last.drawn
