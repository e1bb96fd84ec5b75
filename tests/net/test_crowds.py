"""Many who connect and do nothing: who is known still comes in, and nobody who is inside notices."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import fanlight
from fanlight.net import server as server_module
from patience import PATIENCE
from serving import PASSWORD, Serving, serving


@contextlib.contextmanager
def crowd(host: Serving, places: int, each: int) -> Iterator[list[socket.socket]]:
    """Connections from many addresses of this machine that say nothing, or half a TLS hello."""
    with contextlib.ExitStack() as stack:
        made = []
        for place in range(places):
            for number in range(each):
                sock = stack.enter_context(socket.socket())
                sock.bind((f"127.0.1.{place + 1}", 0))
                sock.connect(("127.0.0.1", host.port))
                if number % 2:
                    sock.send(bytes.fromhex("1603010200010001fc0303"))
                made.append(sock)
        yield made


async def test_the_oldest_at_the_door_makes_room_for_who_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MOST_CONNECTIONS", 16)
    async with serving(tmp_path / "host") as host:
        known = {"home": tmp_path / "viewer", "password": PASSWORD, "trust": host.fingerprint}
        async with fanlight.connect(host.address, **known) as inside:
            with crowd(host, places=8, each=10):
                async with fanlight.connect(host.address, **known) as session:
                    assert session.rights
            assert len(host.server._connections) <= 17
            seen = len(inside.ledger)
            async with asyncio.timeout(PATIENCE):
                async for _ in inside.updates():
                    if len(inside.ledger) > seen:
                        break


async def test_a_crowd_from_the_same_address_does_not_keep_a_client_out(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        known = {"home": tmp_path / "viewer", "password": PASSWORD, "trust": host.fingerprint}
        async with fanlight.connect(host.address, **known):
            pass
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(socket.create_connection(("127.0.0.1", host.port)))
            async with fanlight.connect(host.address, **known) as session:
                assert session.rights


async def test_a_host_that_is_full_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanlight.net.reception.MOST_SESSIONS", 1)
    async with serving(tmp_path / "host") as host:
        known = {"home": tmp_path / "viewer", "password": PASSWORD, "trust": host.fingerprint}
        async with fanlight.connect(host.address, **known):
            with pytest.raises(fanlight.FanlightError, match="refused"):
                async with fanlight.connect(host.address, **known):
                    pytest.fail("a session was opened")
        async with fanlight.connect(host.address, **known) as session:
            assert session.rights
