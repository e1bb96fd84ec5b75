"""A viewer looks at a screen on which nothing happens: what the host uses, and what it sends."""

import time

from fanlight.types import Size
from fanlight_bench.link.case import Figures, LinkCase, once
from fanlight_bench.link.scene import finish, scene, start
from fanlight_bench.processes import cpu_seconds

# The first pictures, and the pings with which a session begins.
_SETTLE_SECONDS = 4.0


class QuietCase(LinkCase):
    """Nothing, for `watched` seconds."""

    def __init__(self, workload: str, shown: str, size: Size, rate: int, watched: float) -> None:
        super().__init__(workload, shown, size, rate, _SETTLE_SECONDS + watched)
        self.watched = watched

    def take(self) -> Figures:
        """Wait."""
        with scene(self.shown, self.size, rate=self.rate) as made:
            guest = made.guest()
            time.sleep(_SETTLE_SECONDS)
            began, used = time.monotonic(), cpu_seconds(made.host.pid)
            time.sleep(self.watched)
            used, ended = cpu_seconds(made.host.pid) - used, time.monotonic()
            start(guest)
            seen = finish(guest)
        sent = sum(update.bytes for update in seen.updates if began <= update.received < ended)
        return {
            "host CPU": once(100 * used / (ended - began), "% of a core"),
            "picture bytes": once(sent, "B"),
        }
