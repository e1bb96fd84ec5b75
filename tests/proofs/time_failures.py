"""Time how long a host takes to say no, by cause, and tell whether any two causes can be told apart.

`python tests/proofs/time_failures.py --rounds 40`: every cause of FAILED after a password, token or resume secret and
after a code, and every cause of ASK_CODE after a password. The causes take turns in random order, over TLS on loopback,
with some hosts at once, since each waits most of the time. Exits 1 where the Mann-Whitney test tells two of them apart
at one in a thousand, for all pairs of a family together.
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
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyotp

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
ME = Who(CLIENT.fingerprint, None, "")
NOTHING = bytes(32)
Give = Callable[[ClientSession], None]


class Try(NamedTuple):
    """What the client gives, and the code for it, where one is asked for."""

    give: Give
    code: str = ""


class Causes:
    """Each method of a family prepares one cause of its answer and returns what the client then gives."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        offer = rules.offer()
        self.salted = scram.salt_password(PASSWORD, offer.salt, offer.iterations)
        self.app = pyotp.TOTP(pyotp.random_base32())

    def reset(self) -> None:
        self.rules.throttle.reset()
        self.rules.totp.switch_off()
        self.rules.set_unattended(True)
        self.rules.profiles.enable(PROFILE, True)

    def enrol(self) -> str:
        """Switch codes on anew; return the code of now, which was not used yet."""
        now = time.time()
        self.app = pyotp.TOTP(self.rules.totp.enrol("proof").secret)
        self.rules.totp.confirm(self.app.at(int(now - 3600)), now - 3600)
        return self.app.at(int(now))

    def count_out(self, kind: str) -> None:
        while self.rules.throttle.count(kind, ME, time.time()):  # type: ignore[arg-type]
            pass

    def password(self, *, right: bool) -> Give:
        return lambda session: session.prove(self.salted if right else NOTHING, time.monotonic())

    # -- a credential ----------------------------------------------------------------------------------------------

    def off(self) -> Try:
        self.rules.set_unattended(False)
        return Try(self.password(right=True))

    def wrong(self) -> Try:
        return Try(self.password(right=False))

    def throttled(self) -> Try:
        self.count_out("guess")
        return Try(self.password(right=True))

    def disabled(self) -> Try:
        self.rules.profiles.enable(PROFILE, False)
        return Try(self.password(right=True))

    def unknown_token(self) -> Try:
        return Try(lambda session: session.show_token(NOTHING, time.monotonic()))

    def foreign_token(self) -> Try:
        issued = self.rules.tokens.issue(Who(OTHER.fingerprint, None, ""), PROFILE, time.time())
        return Try(lambda session: session.show_token(issued, time.monotonic()))

    def used_resume(self) -> Try:
        return Try(lambda session: session.resume(NOTHING, time.monotonic()))

    # -- a code after a password -----------------------------------------------------------------------------------

    def wrong_code(self) -> Try:
        right = self.enrol()
        return Try(self.password(right=True), f"{(int(right) + 1) % 1_000_000:06}")

    def replayed_code(self) -> Try:
        code = self.enrol()
        self.rules.totp.check(code, time.time(), use=True)
        return Try(self.password(right=True), code)

    def throttled_code(self) -> Try:
        code = self.enrol()
        self.count_out("code")
        return Try(self.password(right=True), code)

    def right_code_wrong_password(self) -> Try:
        return Try(self.password(right=False), self.enrol())

    def wrong_code_wrong_password(self) -> Try:
        return Try(self.password(right=False), self.wrong_code().code)

    def right_code_while_off(self) -> Try:
        return self.off()._replace(code=self.enrol())

    def right_code_throttled_password(self) -> Try:
        return self.throttled()._replace(code=self.enrol())

    # -- the question for a code -----------------------------------------------------------------------------------

    def asked_after_right(self) -> Try:
        self.enrol()
        return Try(self.password(right=True))

    def asked_after_wrong(self) -> Try:
        self.enrol()
        return self.wrong()

    def asked_after_throttled(self) -> Try:
        self.enrol()
        return self.throttled()

    def asked_while_off(self) -> Try:
        self.enrol()
        return self.off()


FAMILIES = {
    "FAILED": (
        *("off", "wrong", "throttled", "disabled", "unknown_token", "foreign_token", "used_resume"),
        *("wrong_code", "replayed_code", "throttled_code", "right_code_wrong_password", "wrong_code_wrong_password"),
        *("right_code_while_off", "right_code_throttled_password"),
    ),
    "ASK_CODE": ("asked_after_right", "asked_after_wrong", "asked_after_throttled", "asked_while_off"),
}


async def answered_after(host: Serving, certificate: bytes, tried: Try) -> tuple[str, float]:
    """Come as far as METHODS and give what is tried; return the last answer, and how long it took."""
    given_at = 0.0
    answered: asyncio.Future[tuple[str, float]] = asyncio.get_running_loop().create_future()
    links: list[ClientLink] = []

    def answer(kind: str) -> None:
        if not answered.done():
            answered.set_result((kind, time.monotonic() - given_at))

    def on_event(event: events.ClientEvent) -> None:
        nonlocal given_at
        match event:
            case events.HostIdentity():
                links[0].session.trust(time.monotonic())
            case events.SaltWanted():
                tried.give(links[0].session)
                given_at = time.monotonic()
            case events.CodeWanted() if tried.code:
                links[0].session.give_code(tried.code, time.monotonic())
                given_at = time.monotonic()
            case events.CodeWanted():
                answer("ASK_CODE")
                links[0].close()
            case events.Ended():
                answer("FAILED")

    def make(leaf: bytes) -> ClientSession:
        return ClientSession(CLIENT, leaf, time.monotonic(), NOW)

    links.append(await open_link(Address("127.0.0.1", host.port), certificate, make, on_event))
    took = await answered
    await links[0].gone
    return took


async def time_causes(home: Home, host: Serving, rounds: int, times: dict[str, list[float]]) -> None:
    """Time every cause `rounds` times on one host."""
    rules = home.rules()
    causes, family_of = Causes(rules), {name: family for family, names in FAMILIES.items() for name in names}
    for _ in range(rounds):
        for name in random.sample(list(times), len(times)):
            causes.reset()
            kind, took = await answered_after(host, home.identity().certificate_der, getattr(causes, name)())
            assert kind == family_of[name], f"{name} was answered by {kind}"
            times[name].append(took)
    rules.close()


def told_apart(one: list[float], other: list[float]) -> float:
    """Return the two-sided p of the Mann-Whitney test, by its normal approximation."""
    ranks = np.argsort(np.argsort(np.array(one + other))) + 1
    n, m = len(one), len(other)
    u = ranks[:n].sum() - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def report(family: str, times: dict[str, list[float]]) -> bool:
    """Print the times of a family; return whether two of its causes can be told apart."""
    for name in FAMILIES[family]:
        middle, low, high = np.percentile(np.array(times[name]) * 1000, [50, 5, 95])
        sys.stdout.write(f"{family:8} {name:30} {middle:8.2f} ms   (5 %: {low:.2f}, 95 %: {high:.2f})\n")
    pairs = list(itertools.combinations(FAMILIES[family], 2))
    worst = min((told_apart(times[a], times[b]), a, b) for a, b in pairs)
    tries = len(times[worst[1]])
    sys.stdout.write(
        f"{family:8} most unlike, with {tries} tries each: {worst[1]} and {worst[2]}, "
        f"p = {worst[0]:.4f} of {len(pairs)} pairs\n"
    )
    return worst[0] * len(pairs) < 0.001


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="tries of each cause")
    parser.add_argument("--hosts", type=int, default=8, help="hosts that are tried at once")
    given = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for names in FAMILIES.values() for name in names}
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        homes = [place / str(number) for number in range(given.hosts)]
        hosts = [await stack.enter_async_context(serving(home, connection_rate=1000)) for home in homes]
        rounds = -(-given.rounds // given.hosts)
        await asyncio.gather(
            *(time_causes(Home(home), host, rounds, times) for home, host in zip(homes, hosts, strict=True))
        )
    apart = [report(family, times) for family in FAMILIES]
    return any(apart)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
