"""The control socket: who may speak to it, what it answers, and what it does with those who mean no good."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fanlight.errors import FanlightError, StateError, UsageError
from fanlight.net import control
from fanlight.net.control import ControlServer, answer, ask, controlled
from fanlight.net.reception import Reception, SessionFacts
from fanlight.types import Permission

CONTROL, VIEW = Permission.CONTROL, Permission.VIEW


class FakeGuest:
    """A guest that notes what is done to it."""

    def __init__(self, *, requesting: bool = False, rights: frozenset[Permission] = frozenset()) -> None:
        self.is_requesting, self.is_open, self.rights = requesting, not requesting, rights
        self.session = ""
        self.done: list[Any] = []

    def facts(self, number: str) -> SessionFacts:
        return SessionFacts(
            id=number,
            state="requesting" if self.is_requesting else "open",
            client="c" * 64,
            alias=None,
            address="192.0.2.1:5",
            verified="key",
            profiles=["Default"],
            session="",
            method="request",
            profile="",
            rights=sorted(self.rights),
            denied=[],
            unavailable=[],
            tls="TLSv1.3",
            cipher="x",
            direct=True,
            host="d" * 64,
        )

    def accept(self, profile: str, without: frozenset[Permission]) -> None:
        if profile == "None":
            raise UsageError("no such profile")
        self.done.append(("accept", profile, without))

    def reject(self) -> None:
        self.done.append("reject")

    def dismiss(self, reason: str) -> None:
        self.done.append("dismiss")

    def switch(self, right: Permission, on: bool) -> None:
        self.done.append((right, on))

    def drop(self) -> None:
        self.done.append("drop")

    def review(self) -> None:
        self.done.append("review")


@pytest.fixture
def reception() -> Reception:
    return Reception()


@pytest.fixture
async def listening(tmp_path: Path, reception: Reception) -> AsyncIterator[ControlServer]:
    server = ControlServer(tmp_path, reception)
    await server.start()
    yield server
    await server.stop()


async def asked(home: Path, **request: Any) -> Any:
    return await asyncio.to_thread(ask, home, request)


async def test_the_socket_is_private_and_goes_with_the_host(tmp_path: Path, listening: ControlServer) -> None:
    path = tmp_path / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await listening.stop()
    assert not path.exists()


async def test_each_command_reaches_its_session(tmp_path: Path, reception: Reception, listening: ControlServer) -> None:
    asking, inside = FakeGuest(requesting=True), FakeGuest(rights=frozenset({VIEW}))
    reception.enter(asking)
    reception.enter(inside)
    said = await asked(tmp_path, do="list")
    assert [(each["id"], each["state"]) for each in said["sessions"]] == [("1", "requesting"), ("2", "open")]
    assert await asked(tmp_path, do="accept", id="1") == {"ok": True}
    await asked(tmp_path, do="accept", id="1", profile="Full Access", without=["control"])
    await asked(tmp_path, do="reject", id="1")
    await asked(tmp_path, do="end", id="1")
    assert asking.done == [
        ("accept", "Default", frozenset()),
        ("accept", "Full Access", frozenset({CONTROL})),
        "reject",
        "reject",
    ]
    await asked(tmp_path, do="grant", id="2", right="control")
    await asked(tmp_path, do="withdraw", id="2", right="view")
    await asked(tmp_path, do="review")
    await asked(tmp_path, do="end", id="2")
    assert inside.done == [(CONTROL, True), (VIEW, False), "review", "dismiss"]


async def test_a_refusal_is_raised_with_its_sentence_and_exit_code(
    tmp_path: Path, reception: Reception, listening: ControlServer
) -> None:
    reception.enter(FakeGuest(requesting=True))
    with pytest.raises(FanlightError, match="there is no session") as caught:
        await asked(tmp_path, do="end", id="7")
    assert caught.value.exit_code == 2
    with pytest.raises(FanlightError, match="no such profile"):
        await asked(tmp_path, do="accept", id="1", profile="None")


def test_the_old_connection_of_a_session_that_goes_on_is_dropped(reception: Reception) -> None:
    old, other, new = FakeGuest(), FakeGuest(), FakeGuest()
    old.session = new.session = "a"
    other.session = "b"
    for guest in (old, other, new):
        reception.enter(guest)
    assert (old.done, other.done, new.done) == (["drop"], [], [])


async def test_it_says_whether_a_session_controls_this_machine(
    tmp_path: Path, reception: Reception, listening: ControlServer
) -> None:
    assert await asyncio.to_thread(controlled, tmp_path) is False
    guest = FakeGuest(rights=frozenset({VIEW}))
    reception.enter(guest)
    assert await asyncio.to_thread(controlled, tmp_path) is False
    guest.rights = frozenset({CONTROL})
    assert await asyncio.to_thread(controlled, tmp_path) is True
    reception.leave(guest)
    assert await asyncio.to_thread(controlled, tmp_path) is False


def test_where_no_host_runs_nothing_is_controlled(tmp_path: Path) -> None:
    assert ask(tmp_path, {"do": "list"}) is None
    assert controlled(tmp_path) is False


BAD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"do":"format"}',
    b'{"do":"end"}',
    b'{"do":"end","id":7}',
    b'{"do":"end","id":"7","more":1}',
    b'{"do":"grant","id":"1","right":"root"}',
    b'{"do":"accept","id":"1","without":"all"}',
    b"\xff\xfe",
    b"[" * 5000,
]


@pytest.mark.parametrize("line", BAD)
def test_what_is_no_request_is_answered_with_an_error(reception: Reception, line: bytes) -> None:
    assert answer(reception, line)["exit_code"] == 2


async def test_a_line_without_end_is_cut_off_and_others_are_served(tmp_path: Path, listening: ControlServer) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    writer.write(b"x" * 200_000)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    assert await asked(tmp_path, do="list") == {"sessions": []}


async def test_several_requests_may_come_on_one_connection(tmp_path: Path, listening: ControlServer) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    for _ in range(3):
        writer.write(b'{"do":"controlled"}\n')
        assert json.loads(await reader.readline()) == {"controlled": False}
    writer.close()


async def test_callers_that_only_stand_there_are_bounded(tmp_path: Path, listening: ControlServer) -> None:
    idle = [await asyncio.open_unix_connection(tmp_path / "control.sock") for _ in range(16)]
    reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    for _, each in [*idle, (reader, writer)]:
        each.close()


async def test_another_user_is_not_served(
    tmp_path: Path, listening: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.geteuid() + 1
    monkeypatch.setattr(control.os, "geteuid", lambda: user)
    reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_second_host_of_the_same_home_is_told(tmp_path: Path, listening: ControlServer) -> None:
    with pytest.raises(StateError, match="another host runs"):
        await ControlServer(tmp_path, Reception()).start()
    assert await asked(tmp_path, do="list") == {"sessions": []}


async def test_the_socket_of_a_killed_host_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    assert await asked(tmp_path, do="list") is None
    server = ControlServer(tmp_path, Reception())
    await server.start()
    assert await asked(tmp_path, do="list") == {"sessions": []}
    await server.stop()


async def test_a_home_with_a_long_path_has_a_socket_too(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    home.mkdir()
    server = ControlServer(home, Reception())
    await server.start()
    assert await asked(home, do="list") == {"sessions": []}
    await server.stop()


async def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "control.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be used"):
        await ControlServer(tmp_path, Reception()).start()
    assert not (tmp_path / "elsewhere").exists()
