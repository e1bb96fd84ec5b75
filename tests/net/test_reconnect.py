"""A connection that breaks: the session goes on in another one, with the picture that the viewer has."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from cable import Cable, cable

import fanlight
from fanlight.capture import open_capture
from fanlight.client import RemoteSession
from fanlight.errors import ConnectionLost
from patience import PATIENCE
from serving import PASSWORD, serving
from x11_client import X11Client


def paint(painter: X11Client, count: int, seed: int = 0) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        place = rng.randrange(1000), rng.randrange(700), rng.randrange(1, 60), rng.randrange(1, 60)
        painter.fill(rng.randrange(1 << 24), place)


async def shows(session: RemoteSession, painter: X11Client) -> None:
    """Wait until the session shows what the screen does."""
    async with asyncio.timeout(PATIENCE):
        async for _ in session.updates():
            if session.connected and np.array_equal(session.image[..., :3], painter.image()[..., :3]):
                return


@contextlib.asynccontextmanager
async def wired(home: Path, display: str, reconnect: float) -> AsyncIterator[tuple[RemoteSession, Cable]]:
    """A session with a host of `display`, over a cable."""
    with open_capture(display) as capture:
        async with (
            serving(home / "host", capture=capture) as host,
            cable(host.port) as line,
            fanlight.connect(
                line.address, home=home / "c", password=PASSWORD, trust=host.fingerprint, reconnect=reconnect
            ) as session,
        ):
            yield session, line


async def test_only_what_changed_is_sent_again(tmp_path: Path, xvfb: str, painter: X11Client) -> None:
    paint(painter, 800)
    async with wired(tmp_path, xvfb, 20.0) as (session, line):
        await shows(session, painter)
        whole = max(entry.bytes for entry in session.ledger)
        before = len(session.ledger)
        line.cut()
        paint(painter, 3, seed=1)
        await shows(session, painter)
        assert session.reconnects == 1
        assert sum(entry.bytes for entry in session.ledger[before:]) < whole / 4
        assert session.mismatches == 0
        paint(painter, 5, seed=2)
        await shows(session, painter)


async def test_a_session_comes_back_again_and_again(tmp_path: Path, xvfb: str, painter: X11Client) -> None:
    async with wired(tmp_path, xvfb, 20.0) as (session, line):
        for turn in range(4):
            paint(painter, 20, seed=turn)
            await shows(session, painter)
            line.cut()
        paint(painter, 1, seed=9)
        await shows(session, painter)
        assert session.reconnects == 4
        assert session.mismatches == 0


async def test_without_it_a_broken_connection_is_the_end(tmp_path: Path, xvfb: str, painter: X11Client) -> None:
    async with wired(tmp_path, xvfb, 0.0) as (session, line):
        await shows(session, painter)
        line.cut()
        with pytest.raises(ConnectionLost):
            await shows(session, painter)


async def test_a_host_that_is_gone_ends_the_session(tmp_path: Path, xvfb: str, painter: X11Client) -> None:
    async with wired(tmp_path, xvfb, 0.2) as (session, line):
        await shows(session, painter)
        line.lead_nowhere()
        line.cut()
        with pytest.raises(ConnectionLost):
            await shows(session, painter)
