"""The right to control taken from a viewer that holds keys: they are released at once, and it presses no others."""

import asyncio
from pathlib import Path

import pytest

import fanlight
from fanlight.errors import SettingRefused
from fanlight.inject import Injector
from fanlight.types import Permission
from patience import PATIENCE
from serving import PASSWORD, serving


class Keys(Injector):
    """Keys, and nothing else, and an event for each change."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.changed = asyncio.Event()

    async def are(self, *keysyms: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.held != set(keysyms):
                self.changed.clear()
                await self.changed.wait()

    def press_key(self, keysym: int) -> None:
        self.held.add(keysym)
        self.changed.set()

    def release_key(self, keysym: int) -> None:
        self.held.discard(keysym)
        self.changed.set()

    def move_pointer(self, x: int, y: int) -> None:
        raise AssertionError("no pointer was moved")

    def press_button(self, number: int) -> None:
        raise AssertionError("no button was pressed")

    def release_button(self, number: int) -> None:
        raise AssertionError("no button was pressed")

    def scroll(self, dx: int, dy: int) -> None:
        raise AssertionError("no wheel was turned")

    def close(self) -> None:
        self.held.clear()


async def test_keys_are_released_when_control_is_withdrawn_and_work_again_when_it_is_back(tmp_path: Path) -> None:
    keys = Keys()
    async with (
        serving(tmp_path / "host", injector=keys) as host,
        fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint) as session,
    ):
        reception = host.server.reception
        (facts,) = reception.sessions()
        session.send_key(97, True)
        await keys.are(97)
        assert reception.is_controlled
        reception.withdraw(facts.id, Permission.CONTROL)
        assert keys.held == set()
        assert not reception.is_controlled
        await rights_with(session, control=False)
        reception.grant(facts.id, Permission.CONTROL)
        await rights_with(session, control=True)
        session.send_key(98, True)
        await keys.are(98)
        reception.end(facts.id)
        assert keys.held == set()


async def test_a_viewer_that_waives_control_still_counts_as_controlling(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "host", injector=Keys()) as host,
        fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint) as session,
    ):
        reception = host.server.reception
        (facts,) = reception.sessions()
        session.waive(Permission.CONTROL)
        await rights_with(session, control=False)
        assert reception.sessions()[0].rights == [Permission.VIEW]
        assert reception.is_controlled, "it can take back at any moment what it waives"
        with pytest.raises(SettingRefused, match="controls this computer"):
            reception.grant(facts.id, Permission.VIEW)
        reception.withdraw(facts.id, Permission.CONTROL)
        assert not reception.is_controlled
        reception.grant(facts.id, Permission.VIEW)


async def rights_with(session: fanlight.RemoteSession, *, control: bool) -> None:
    async with asyncio.timeout(PATIENCE):
        async for _ in session.updates():
            if (Permission.CONTROL in session.rights) == control:
                return
