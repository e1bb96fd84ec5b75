"""A film plays over a slow link, and somebody types: how soon a key shows, and what waits before it."""

import re
import time
from dataclasses import dataclass, field

import msgspec

from fanlight.types import Size
from fanlight_bench.link.case import Figures, LinkCase, once, percentile
from fanlight_bench.link.guest import Seen
from fanlight_bench.link.network import DEVICE, Link, Network
from fanlight_bench.link.scene import Scene, finish, scene, start
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Program

_KEY_SECONDS = 0.25
_LONGEST_KEY_SECONDS = 2.5
_SAMPLE_SECONDS = 0.05
_NOT_SENT = re.compile(r"\bnotsent:(\d+)")
_WINDOW = re.compile(r"\bcwnd:(\d+)")
SMALL_WINDOW = 4
"""The packets that BBR lets be on their way while it learns the round trip."""


class SlowCase(LinkCase):
    """`keys` keys over `link`, after `settle` seconds in which the host learns what the link carries."""

    def __init__(self, workload: str, shown: str, size: Size, rate: int, link: Link, keys: int, settle: float) -> None:
        super().__init__(workload, shown, size, rate, settle + keys * _KEY_SECONDS)
        self.link, self.keys, self.settle = link, keys, settle
        self.settings |= {"link": link.words, "keys": keys}

    def take(self) -> Figures:
        """Type, and look at the host's socket meanwhile."""
        with scene(self.shown, self.size, rate=self.rate, link=self.link, echoes=True) as made:
            guest = made.guest(self.keys)
            time.sleep(self.settle)
            start(guest)
            began = time.monotonic()
            queues = _look_until_done(guest, made, began + self.keys * _LONGEST_KEY_SECONDS)
            seconds = time.monotonic() - began
            return figures(finish(guest), queues, began, seconds)


@dataclass
class Queues:
    """What waited, in bytes, at each look: given to the kernel and not sent, and in the link's own queue.

    `windows` are the packets that TCP let be on their way, with when it was looked.
    """

    unsent: list[int] = field(default_factory=list)
    link: list[int] = field(default_factory=list)
    windows: list[tuple[float, int]] = field(default_factory=list)

    def look(self, network: Network) -> None:
        """Look once more, at what is connected."""
        told = network.read("ss", "--no-header", "--tcp", "--info", "state", "established")
        self.unsent.append(sum(map(int, _NOT_SENT.findall(told))))
        if window := _WINDOW.search(told):
            self.windows.append((time.monotonic(), int(window[1])))
        self.link.append(backlog(network.read("tc", "-s", "-j", "qdisc", "show", "dev", DEVICE)))

    def is_small(self, began: float, end: float) -> bool:
        """Tell whether the window was small at some look of a span, or at the last one before it."""
        before = [packets for at, packets in self.windows if at < began][-1:]
        return any(packets <= SMALL_WINDOW for packets in before) or any(
            began <= at < end and packets <= SMALL_WINDOW for at, packets in self.windows
        )


def backlog(told: str) -> int:
    """Return the bytes in the queue that tc told of; 0 where it told nothing."""
    return sum(one.get("backlog", 0) for one in msgspec.json.decode(told)) if told else 0


def figures(seen: Seen, queues: Queues, began: float, seconds: float) -> Figures:
    """Sum up what a viewer saw from a moment on, and what was queued for it."""
    inside = [update for update in seen.updates if began <= update.received < began + seconds]
    if not inside or not queues.unsent:
        raise Unavailable("no update came over the link while keys were typed")
    largest = max(update.bytes for update in inside)
    typed = list(zip(seen.pressed, seen.keys, strict=True))
    free = [key for at, key in typed if not queues.is_small(at, at + key)]
    return {
        "key to pixel p50": once(1000 * percentile(seen.keys, 50, "key"), "ms"),
        "key to pixel p99": once(1000 * percentile(seen.keys, 99, "key"), "ms"),
        "keys in a small TCP window": once(len(typed) - len(free), ""),
        **({"key to pixel p99 of the others": once(1000 * percentile(free, 99, "key"), "ms")} if free else {}),
        "key to answer p99": once(1000 * percentile(seen.answers, 99, "answered key"), "ms"),
        "lost keys": once(seen.lost_keys, ""),
        "updates a second": once(len(inside) / seconds, "1/s", "higher"),
        "bytes a second": once(sum(update.bytes for update in inside) / seconds, "B/s"),
        "largest update": once(largest, "B"),
        "unsent at the host, most": once(max(queues.unsent), "B"),
        "unsent beside one update, most": once(max(0, max(queues.unsent) - largest), "B"),
        "in the link's queue p50": once(percentile(queues.link, 50, "queue"), "B"),
        "in the link's queue, most": once(max(queues.link), "B"),
        "digests that differ": once(seen.mismatches, ""),
    }


def _look_until_done(guest: Program, made: Scene, until: float) -> Queues:
    assert made.network is not None
    queues = Queues()
    while guest.status is None:
        if time.monotonic() > until:
            raise TimeoutError("the viewer did not finish typing")
        queues.look(made.network)
        time.sleep(_SAMPLE_SECONDS)
    return queues
