"""Time how long a host takes to say FAILED, by cause, and tell whether any two causes can be told apart.

`python tests/fuzz/time_failures.py --rounds 40`; the causes take turns in random order, over TLS on loopback. Exits 1
where the Mann-Whitney test tells two of them apart at one in a thousand, for all pairs together.
"""

import argparse
import asyncio
import itertools
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from fanlight.access import Identity, Rules, Who, scram
from fanlight.config import Home
from fanlight.net.client_link import ClientLink, open_link
from fanlight.session import events
from fanlight.session.client_session import ClientSession
from fanlight.types import Address
from serving import PASSWORD, Serving, serving

PROFILE = "Unattended Access"
NOW = datetime.now(UTC)
CLIENT, OTHER = Identity.create(NOW), Identity.create(NOW)
Give = Callable[[ClientSession], None]


class Causes:
    """Each method prepares one cause and returns what the client then gives."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        offer = rules.offer()
        self.salted = scram.salt_password(PASSWORD, offer.salt, offer.iterations)

    def password(self, salted: bytes) -> Give:
        return lambda session: session.prove(salted, time.monotonic())

    def off(self) -> Give:
        self.rules.set_unattended(False)
        return self.password(self.salted)

    def wrong(self) -> Give:
        return self.password(bytes(32))

    def throttled(self) -> Give:
        while self.rules.throttle.count("guess", Who(CLIENT.fingerprint, None, ""), time.time()):
            pass
        return self.password(self.salted)

    def disabled(self) -> Give:
        self.rules.profiles.enable(PROFILE, False)
        return self.password(self.salted)

    def unknown_token(self) -> Give:
        return lambda session: session.show_token(bytes(32), time.monotonic())

    def foreign_token(self) -> Give:
        issued = self.rules.tokens.issue(Who(OTHER.fingerprint, None, ""), PROFILE, time.time())
        return lambda session: session.show_token(issued, time.monotonic())

    def used_resume(self) -> Give:
        return lambda session: session.resume(bytes(32), time.monotonic())

    def reset(self) -> None:
        self.rules.throttle.reset()
        self.rules.set_unattended(True)
        self.rules.profiles.enable(PROFILE, True)


async def failed_after(host: Serving, certificate: bytes, give: Give) -> float:
    """Come as far as METHODS, give the credential, and return how long FAILED took."""
    given_at = 0.0
    answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    links: list[ClientLink] = []

    def on_event(event: events.ClientEvent) -> None:
        nonlocal given_at
        match event:
            case events.HostIdentity():
                links[0].session.trust(time.monotonic())
            case events.SaltWanted():
                give(links[0].session)
                given_at = time.monotonic()
            case events.Ended():
                answered.set_result(time.monotonic() - given_at)

    def make(leaf: bytes) -> ClientSession:
        return ClientSession(CLIENT, leaf, time.monotonic(), NOW)

    links.append(await open_link(Address("127.0.0.1", host.port), certificate, make, on_event))
    took = await answered
    await links[0].gone
    return took


def told_apart(one: list[float], other: list[float]) -> float:
    """Return the two-sided p of the Mann-Whitney test, by its normal approximation."""
    ranks = np.argsort(np.argsort(np.array(one + other))) + 1
    n, m = len(one), len(other)
    u = ranks[:n].sum() - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        async with serving(Path(place) / "host", connection_rate=1000) as host:
            home = Home(Path(place) / "host")
            with closing(home.rules()) as rules:
                causes = Causes(rules)
                names = ["off", "wrong", "throttled", "disabled", "unknown_token", "foreign_token", "used_resume"]
                times: dict[str, list[float]] = {name: [] for name in names}
                for _ in range(rounds):
                    for name in random.sample(names, len(names)):
                        causes.reset()
                        give = getattr(causes, name)()
                        times[name].append(await failed_after(host, home.identity().certificate_der, give))
    pairs = list(itertools.combinations(names, 2))
    worst = min((told_apart(times[a], times[b]), a, b) for a, b in pairs)
    for name in names:
        middle, low, high = np.percentile(np.array(times[name]) * 1000, [50, 5, 95])
        sys.stdout.write(f"{name:14} {middle:8.2f} ms   (5 %: {low:.2f}, 95 %: {high:.2f})\n")
    sys.stdout.write(f"most unlike: {worst[1]} and {worst[2]}, p = {worst[0]:.4f} of {len(pairs)} pairs\n")
    return worst[0] * len(pairs) < 0.001


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
