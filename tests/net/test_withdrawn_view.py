"""The right to see taken from a viewer while pictures run: not one is sent after it, and the others see on."""

import asyncio
from pathlib import Path

import fanlight
from fanlight.net.watching import Watcher
from fanlight.session.ledger import SentUpdate
from fanlight.types import Permission
from patience import PATIENCE
from serving import PASSWORD, serving


class Counter(Watcher):
    """How many updates each session was sent."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.updates: dict[str, int] = {}
        self.changed = asyncio.Event()

    def opened(self, session: str) -> None:
        self.names.append(session)

    def sent(self, session: str, update: SentUpdate, states: int) -> None:
        self.updates[session] = self.updates.get(session, 0) + 1
        self.changed.set()

    async def reaches(self, session: str, number: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.updates.get(session, 0) < number:
                self.changed.clear()
                await self.changed.wait()


async def test_no_picture_is_sent_once_the_right_to_see_is_withdrawn(tmp_path: Path) -> None:
    counter = Counter()
    async with serving(tmp_path / "host", watchers=[counter]) as host:
        reception = host.server.reception
        one = fanlight.connect(host.address, home=tmp_path / "one", password=PASSWORD, trust=host.fingerprint)
        two = fanlight.connect(host.address, home=tmp_path / "two", password=PASSWORD, trust=host.fingerprint)
        async with one:
            (first,) = reception.sessions()
            async with two:
                for name in counter.names:
                    await counter.reaches(name, 5)
                blind, seeing = counter.names
                reception.withdraw(first.id, Permission.VIEW)
                had = counter.updates[blind]
                await counter.reaches(seeing, counter.updates[seeing] + 10)
                assert counter.updates[blind] == had
                reception.grant(first.id, Permission.VIEW)
                await counter.reaches(blind, had + 5)
