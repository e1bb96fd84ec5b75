"""How fast connections may come from one place, before TLS has cost anything.

Who comes faster than the rate after a burst is not turned away but parked, and the newest is let in first: so a
crowd that only stands there, from the same address, does not keep out who really wants something. A connection that
becomes a session does not count in the end. IPv6 addresses count in three networks at once, because a /48 is what one
subscriber may have.
"""

import asyncio
import ipaddress
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Callable

from fanlight.types import Address

log = logging.getLogger("fanlight")

RATE = 2.0
# How many may come at once, in seconds of the rate.
_BURST_SECONDS = 5.0
# Prefix length and how much of the rate: a larger network holds more people.
_SHARES = {64: 1, 56: 4, 48: 16}
_MOST_NETWORKS = 4096
_MOST_PARKED, _MOST_PARKED_HERE = 256, 16

Network = tuple[str, int]
"""The first address of a network, and how many times the rate it has."""


def networks(address: str) -> tuple[Network, ...]:
    """Return the networks that an address counts in, the smallest first."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, ipaddress.IPv4Address):
        return ((str(ip), 1),)
    nets = {bits: ipaddress.ip_network((ip, bits), strict=False) for bits in _SHARES}
    return tuple((str(net), _SHARES[bits]) for bits, net in nets.items())


class Arrivals:
    """The buckets of all networks that came lately; those that came longest ago are forgotten first."""

    def __init__(self, rate: float = RATE) -> None:
        self._rate, self._burst = rate, rate * _BURST_SECONDS
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Count a connection and return 0, or return after how many seconds it may come and count nothing."""
        found = networks(address)
        levels = [self._level(name, share, now) for name, share in found]
        lacking = max((1 - level) / (self._rate * share) for level, (_, share) in zip(levels, found, strict=True))
        taken = 1.0 if lacking <= 0 else 0.0
        for level, (name, _) in zip(levels, found, strict=True):
            self._buckets[name] = (level - taken, now)
            self._buckets.move_to_end(name)
        while len(self._buckets) > _MOST_NETWORKS:
            self._buckets.popitem(last=False)
        return max(0.0, lacking)

    def give_back(self, address: str, now: float) -> None:
        """Take back the count of one connection."""
        for name, share in networks(address):
            self._buckets[name] = (min(self._burst * share, self._level(name, share, now) + 1), now)

    def _level(self, name: str, share: int, now: float) -> float:
        level, at = self._buckets.get(name, (self._burst * share, now))
        return min(self._burst * share, level + max(0.0, now - at) * self._rate * share)


class Gate:
    """Lets connections through to `serve` as fast as they may come, and keeps the others for a while."""

    def __init__(self, serve: Callable[[socket.socket, Address], None], rate: float = RATE) -> None:
        self._serve = serve
        self._rate = rate
        self._arrivals = Arrivals(rate)
        self._parked: dict[str, list[tuple[socket.socket, Address]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def arrive(self, sock: socket.socket, peer: Address) -> None:
        """Take a connection that was accepted."""
        place = networks(peer.host)[0][0]
        wait = self._arrivals.wait(peer.host, time.monotonic())
        if not wait:
            self._serve(sock, peer)
            return
        parked = self._parked.setdefault(place, [])
        parked.append((sock, peer))
        if len(parked) > _MOST_PARKED_HERE or sum(map(len, self._parked.values())) > _MOST_PARKED:
            self._turn_away(place)
        if place in self._parked and place not in self._timers:
            self._set_timer(place, peer.host, wait)

    def came_in(self, address: str) -> None:
        """Take note that a connection has become a session: it does not count, and who waits there goes on sooner."""
        self._arrivals.give_back(address, time.monotonic())
        place = networks(address)[0][0]
        if place in self._timers:
            self._timers.pop(place).cancel()
            self._set_timer(place, address, 0.0)

    def close(self) -> None:
        """Hang up on everybody who is parked."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for parked in self._parked.values():
            for sock, _ in parked:
                sock.close()
        self._parked.clear()

    def _turn_away(self, place: str) -> None:
        sock, peer = self._parked[place].pop(0)
        log.info("%s: turned away: connections come too fast from there", peer)
        sock.close()
        if not self._parked[place]:
            del self._parked[place]

    def _set_timer(self, place: str, address: str, wait: float) -> None:
        loop = asyncio.get_running_loop()
        self._timers[place] = loop.call_later(wait, self._let_in, place, address)

    def _let_in(self, place: str, address: str) -> None:
        del self._timers[place]
        wait = self._arrivals.wait(address, time.monotonic())
        if not wait:
            sock, peer = self._parked[place].pop()
            if not self._parked[place]:
                del self._parked[place]
            self._serve(sock, peer)
        if place in self._parked:
            self._set_timer(place, address, wait or 1 / self._rate)
