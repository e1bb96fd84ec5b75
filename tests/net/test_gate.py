"""How fast connections may come: the buckets, and who is let in when they are empty."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from fanlight.net.gate import RATE, Arrivals, Gate, networks
from fanlight.types import Address
from patience import PATIENCE


def come(arrivals: Arrivals, address: str, count: int, now: float) -> int:
    """Let connections come at one moment; return how many may."""
    return sum(arrivals.wait(address, now) == 0 for _ in range(count))


def test_ten_may_come_at_once_and_then_two_a_second() -> None:
    arrivals = Arrivals()
    assert come(arrivals, "192.0.2.1", 50, 100.0) == 10
    assert arrivals.wait("192.0.2.1", 100.0) == pytest.approx(1 / RATE)
    assert come(arrivals, "192.0.2.1", 50, 101.0) == RATE == 2
    assert come(arrivals, "192.0.2.1", 50, 200.0) == 10


def test_a_host_behind_a_proxy_may_take_more() -> None:
    arrivals = Arrivals(rate=100)
    assert come(arrivals, "192.0.2.1", 1000, 100.0) == 500
    assert come(arrivals, "192.0.2.1", 1000, 101.0) == 100


def test_one_address_does_not_use_up_another_s() -> None:
    arrivals = Arrivals()
    come(arrivals, "192.0.2.1", 50, 100.0)
    assert come(arrivals, "192.0.2.2", 1, 100.0) == 1


def test_a_mapped_address_is_the_ipv4_address_that_it_is() -> None:
    assert networks("::ffff:192.0.2.1") == networks("192.0.2.1")
    assert networks("fe80::1%eth0") == networks("fe80::1")


def test_ipv6_counts_by_64_56_and_48_bits() -> None:
    arrivals = Arrivals()
    assert come(arrivals, "2001:db8:0:100::1", 50, 100.0) == 10
    assert arrivals.wait("2001:db8:0:100:ffff::2", 100.0) > 0
    assert come(arrivals, "2001:db8:0:101::1", 50, 100.0) == 10
    for last in range(0x102, 0x110):
        come(arrivals, f"2001:db8:0:{last:x}::1", 50, 100.0)
    assert arrivals.wait("2001:db8:0:1ff::1", 100.0) > 0, "the /56 is used up"
    assert come(arrivals, "2001:db8:0:200::1", 1, 100.0) == 1
    for last in range(0x200, 0x2000, 0x20):
        come(arrivals, f"2001:db8:0:{last:x}::1", 50, 100.0)
    assert arrivals.wait("2001:db8:0:ffff::1", 100.0) > 0, "the /48 is used up"
    assert come(arrivals, "2001:db8:1::1", 1, 100.0) == 1


def test_a_clock_that_stands_still_gives_nothing_back() -> None:
    arrivals = Arrivals()
    come(arrivals, "192.0.2.1", 50, 100.0)
    assert come(arrivals, "192.0.2.1", 50, 99.0) == 0


def test_memory_is_bounded_whoever_comes() -> None:
    arrivals = Arrivals()
    for number in range(10_000):
        arrivals.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 100.0)
    assert len(arrivals._buckets) <= 4096


class Sockets:
    """Connections that a gate may keep or close."""

    def __init__(self) -> None:
        self.ends: list[socket.socket] = []
        self.served: list[int] = []
        self.more = asyncio.Event()

    def make(self) -> socket.socket:
        here, there = socket.socketpair()
        self.ends += [here, there]
        return here

    def serve(self, sock: socket.socket, peer: Address) -> None:
        self.served.append(peer.port)
        self.more.set()


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    made = Sockets()
    yield made
    for end in made.ends:
        end.close()


class Clock:
    """The time that a gate goes by."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("fanlight.net.gate.time", made)
    return made


async def test_who_comes_too_fast_waits_and_the_newest_goes_first(sockets: Sockets, clock: Clock) -> None:
    gate = Gate(sockets.serve)
    for number in range(13):
        gate.arrive(sockets.make(), Address("192.0.2.1", number))
    assert sockets.served == list(range(10))
    clock.now += 1 / RATE
    sockets.more.clear()
    await asyncio.wait_for(sockets.more.wait(), PATIENCE)
    assert sockets.served[10:] == [12]
    gate.close()


async def test_a_connection_that_became_a_session_lets_the_next_one_in(sockets: Sockets) -> None:
    gate = Gate(sockets.serve)
    for number in range(12):
        gate.arrive(sockets.make(), Address("192.0.2.1", number))
    sockets.more.clear()
    gate.came_in("192.0.2.1")
    await asyncio.wait_for(sockets.more.wait(), PATIENCE)
    assert sockets.served[10:] == [11]
    gate.came_in("192.0.2.2")
    gate.close()


def test_what_is_given_back_is_never_more_than_the_burst() -> None:
    arrivals = Arrivals()
    for _ in range(5):
        arrivals.give_back("2001:db8::1", 100.0)
    assert come(arrivals, "2001:db8::1", 50, 100.0) == 10


async def test_who_waits_is_turned_away_when_too_many_do(sockets: Sockets) -> None:
    gate = Gate(sockets.serve)
    made = [sockets.make() for _ in range(10 + 20)]
    for number, sock in enumerate(made):
        gate.arrive(sock, Address("192.0.2.1", number))
    closed = [number for number, sock in enumerate(made) if sock.fileno() < 0]
    assert closed == [10, 11, 12, 13]
    gate.close()
    assert all(sock.fileno() < 0 for sock in made[10:])


async def test_many_places_together_keep_only_so_many_waiting(sockets: Sockets) -> None:
    gate = Gate(sockets.serve)
    made = []
    for place in range(20):
        made.append([sockets.make() for _ in range(10 + 16)])
        for sock in made[-1]:
            gate.arrive(sock, Address(f"192.0.2.{place}", 1))
    waiting = sum(sock.fileno() >= 0 for socks in made for sock in socks[10:])
    assert waiting <= 256
    gate.close()
