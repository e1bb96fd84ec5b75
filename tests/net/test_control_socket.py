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

from fanlight.config import Home
from fanlight.errors import FanlightError, StateError, UsageError
from fanlight.net import control
from fanlight.net.control import ControlServer
from fanlight.net.control_client import ask, controlled
from fanlight.net.reception import Reception, SessionFacts
from fanlight.types import Permission
from patience import PATIENCE

CONTROL, VIEW = Permission.CONTROL, Permission.VIEW


class FakeGuest:
    """A guest that notes what is done to it."""

    def __init__(self, *, requesting: bool = False, rights: frozenset[Permission] = frozenset()) -> None:
        self.is_requesting, self.is_open, self.rights = requesting, not requesting, rights
        self.session = ""
        self.done: list[Any] = []

    @property
    def controls(self) -> bool:
        return CONTROL in self.rights

    def facts(self, number: str) -> SessionFacts:
        return SessionFacts(
            id=number,
            state="requesting" if self.is_requesting else "open",
            client="c" * 64,
            alias=None,
            address="192.0.2.1:5",
            verified="key",
            profiles={"Default": []},
            seconds_left=60.0 if self.is_requesting else None,
            session="",
            method="request",
            profile="",
            rights=sorted(self.rights),
            denied=[],
            unavailable=[],
            withdrawn=[],
            controls=self.controls,
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
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    return place


def control_server(home: Path, reception: Reception) -> ControlServer:
    return ControlServer(home, reception, Home(home).rules())


@pytest.fixture
async def listening(home: Path, reception: Reception) -> AsyncIterator[ControlServer]:
    server = control_server(home, reception)
    await server.start()
    yield server
    await server.stop()


async def asked(home: Path, **request: Any) -> Any:
    return await asyncio.to_thread(ask, home, request)


async def test_the_socket_is_private_and_goes_with_the_host(home: Path, listening: ControlServer) -> None:
    path = home / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await listening.stop()
    assert not path.exists()


async def test_each_command_reaches_its_session(home: Path, reception: Reception, listening: ControlServer) -> None:
    asking, inside = FakeGuest(requesting=True), FakeGuest(rights=frozenset({VIEW}))
    reception.enter(asking)
    reception.enter(inside)
    said = await asked(home, do="list")
    assert [(each["id"], each["state"]) for each in said["sessions"]] == [("1", "requesting"), ("2", "open")]
    assert await asked(home, do="accept", id="1") == {"ok": True}
    await asked(home, do="accept", id="1", profile="Full Access", without=["control"])
    await asked(home, do="reject", id="1")
    await asked(home, do="end", id="1")
    assert asking.done == [
        ("accept", "Default", frozenset()),
        ("accept", "Full Access", frozenset({CONTROL})),
        "reject",
        "reject",
    ]
    await asked(home, do="grant", id="2", right="control")
    await asked(home, do="withdraw", id="2", right="view")
    await asked(home, do="review")
    await asked(home, do="end", id="2")
    assert inside.done == [(CONTROL, True), (VIEW, False), "review", "dismiss"]


async def test_a_refusal_is_raised_with_its_sentence_and_exit_code(
    home: Path, reception: Reception, listening: ControlServer
) -> None:
    reception.enter(FakeGuest(requesting=True))
    with pytest.raises(FanlightError, match="there is no session") as caught:
        await asked(home, do="end", id="7")
    assert caught.value.exit_code == 2
    with pytest.raises(FanlightError, match="no such profile"):
        await asked(home, do="accept", id="1", profile="None")


def test_the_old_connection_of_a_session_that_goes_on_is_dropped(reception: Reception) -> None:
    old, other, new = FakeGuest(), FakeGuest(), FakeGuest()
    old.session = new.session = "a"
    other.session = "b"
    for guest in (old, other, new):
        reception.enter(guest)
    assert (old.done, other.done, new.done) == (["drop"], [], [])


async def test_it_says_whether_a_session_controls_this_machine(
    home: Path, reception: Reception, listening: ControlServer
) -> None:
    assert await asyncio.to_thread(controlled, home) is False
    guest = FakeGuest(rights=frozenset({VIEW}))
    reception.enter(guest)
    assert await asyncio.to_thread(controlled, home) is False
    guest.rights = frozenset({CONTROL})
    assert await asyncio.to_thread(controlled, home) is True
    reception.leave(guest)
    assert await asyncio.to_thread(controlled, home) is False


def test_where_no_host_runs_nothing_is_controlled(home: Path) -> None:
    assert ask(home, {"do": "list"}) is None
    assert controlled(home) is False


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
async def test_what_is_no_request_is_answered_with_an_error(home: Path, listening: ControlServer, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    writer.write(line + b"\n")
    assert json.loads(await reader.readline())["exit_code"] == 2
    writer.close()


async def test_a_line_without_end_is_cut_off_and_others_are_served(home: Path, listening: ControlServer) -> None:
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    writer.write(b"x" * 200_000)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
    assert await asked(home, do="list") == {"sessions": []}


async def test_several_requests_may_come_on_one_connection(home: Path, listening: ControlServer) -> None:
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    for _ in range(3):
        writer.write(b'{"do":"controlled"}\n')
        assert json.loads(await reader.readline()) == {"controlled": False}
    writer.close()


async def test_callers_that_only_stand_there_are_bounded(home: Path, listening: ControlServer) -> None:
    idle = [await asyncio.open_unix_connection(home / "control.sock") for _ in range(16)]
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    for _, each in [*idle, (reader, writer)]:
        each.close()


async def test_another_user_is_not_served(
    home: Path, listening: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.geteuid() + 1
    monkeypatch.setattr(control.os, "geteuid", lambda: user)
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()


async def test_a_second_host_of_the_same_home_is_told(home: Path, listening: ControlServer) -> None:
    with pytest.raises(StateError, match="another host runs"):
        await control_server(home, Reception()).start()
    assert await asked(home, do="list") == {"sessions": []}


async def test_the_socket_of_a_killed_host_is_replaced(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home / "control.sock"))
    assert await asked(home, do="list") is None
    server = control_server(home, Reception())
    await server.start()
    assert await asked(home, do="list") == {"sessions": []}
    await server.stop()


async def test_a_home_with_a_long_path_has_a_socket_too(home: Path) -> None:
    home = home / ("long" * 40)
    home.mkdir(mode=0o700)
    server = control_server(home, Reception())
    await server.start()
    assert await asked(home, do="list") == {"sessions": []}
    await server.stop()


async def test_a_link_in_the_place_of_the_lock_is_not_followed(home: Path) -> None:
    (home / "control.lock").symlink_to(home / "elsewhere")
    with pytest.raises(StateError, match="cannot be used"):
        await control_server(home, Reception()).start()
    assert not (home / "elsewhere").exists()


# -- while a session controls this computer -------------------------------------------------------------------------

ADMIN = "the admin of this test"
MORE = [{"do": "accept", "id": "2"}, {"do": "grant", "id": "1", "right": "view"}]
LESS = [{"do": "withdraw", "id": "1", "right": "view"}, {"do": "reject", "id": "2"}, {"do": "end", "id": "1"}]


@pytest.fixture
def guests(reception: Reception) -> tuple[FakeGuest, FakeGuest]:
    """One that controls this computer, as number 1, and one that asks to be let in, as number 2."""
    inside, asking = FakeGuest(rights=frozenset({CONTROL})), FakeGuest(requesting=True)
    reception.enter(inside)
    reception.enter(asking)
    return inside, asking


@pytest.mark.parametrize("request_", MORE, ids=lambda each: each["do"])
async def test_a_viewer_that_controls_gives_nobody_more(
    home: Path, listening: ControlServer, guests: tuple[FakeGuest, FakeGuest], request_: dict[str, Any]
) -> None:
    with pytest.raises(FanlightError, match="withdraw its right to control") as caught:
        await asked(home, **request_)
    assert caught.value.exit_code == 1
    with pytest.raises(FanlightError, match="there is no admin secret"):
        await asked(home, **request_, secret=ADMIN)
    Home(home).rules().admin.set(ADMIN)
    with pytest.raises(FanlightError, match="give the admin secret"):
        await asked(home, **request_)
    with pytest.raises(FanlightError, match="the admin secret is wrong"):
        await asked(home, **request_, secret="another one")
    assert [guest.done for guest in guests] == [[], []]


@pytest.mark.parametrize("request_", MORE, ids=lambda each: each["do"])
async def test_the_admin_secret_gives_more(
    home: Path, listening: ControlServer, guests: tuple[FakeGuest, FakeGuest], request_: dict[str, Any]
) -> None:
    Home(home).rules().admin.set(ADMIN)
    assert await asked(home, **request_, secret=ADMIN) == {"ok": True}
    assert sum(len(guest.done) for guest in guests) == 1


@pytest.mark.parametrize("request_", MORE, ids=lambda each: each["do"])
async def test_without_a_session_that_controls_nobody_is_asked_for_a_secret(
    home: Path, listening: ControlServer, guests: tuple[FakeGuest, FakeGuest], request_: dict[str, Any]
) -> None:
    Home(home).rules().admin.set(ADMIN)
    guests[0].rights = frozenset({VIEW})
    assert await asked(home, **request_) == {"ok": True}


@pytest.mark.parametrize("request_", LESS, ids=lambda each: each["do"])
async def test_what_takes_away_never_asks_for_a_secret(
    home: Path, listening: ControlServer, guests: tuple[FakeGuest, FakeGuest], request_: dict[str, Any]
) -> None:
    Home(home).rules().admin.set(ADMIN)
    assert await asked(home, **request_) == {"ok": True}
    assert sum(len(guest.done) for guest in guests) == 1


async def test_guesses_of_the_admin_secret_are_counted(
    home: Path, listening: ControlServer, guests: tuple[FakeGuest, FakeGuest]
) -> None:
    Home(home).rules().admin.set(ADMIN)
    for _ in range(5):
        with pytest.raises(FanlightError, match="is wrong"):
            await asked(home, **MORE[0], secret="another one")
    with pytest.raises(FanlightError, match="wrong too often"):
        await asked(home, **MORE[0], secret=ADMIN)
    assert guests[1].done == []


# -- windows that look after the sessions ---------------------------------------------------------------------------


class Attending:
    """A window's end of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def at(cls, home: Path, **how: Any) -> "Attending":
        reader, writer = await asyncio.open_unix_connection(home / "control.sock")
        writer.write(json.dumps({"do": "attend", **how}).encode() + b"\n")
        return cls(reader, writer)

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE):
            line = await self._reader.readline()
        return json.loads(line) if line else None


async def test_who_attends_is_told_at_once_and_of_every_change(
    home: Path, reception: Reception, listening: ControlServer
) -> None:
    window = await Attending.at(home)
    assert await window.next() == {
        "sessions": [],
        "console": False,
        "controlled": False,
        "admin_secret": False,
    }
    guest = FakeGuest(requesting=True)
    reception.enter(guest)
    assert [each["state"] for each in (await window.next())["sessions"]] == ["requesting"]
    Home(home).rules().admin.set(ADMIN)
    guest.is_requesting, guest.is_open, guest.rights = False, True, frozenset({CONTROL})
    reception.enter(guest)
    said = await window.next()
    assert (said["controlled"], said["admin_secret"]) == (True, True)
    reception.withdraw("1", CONTROL)
    assert (await window.next())["sessions"] != []
    await asked(home, do="review")
    assert (await window.next())["sessions"] != []
    reception.leave(guest)
    assert (await window.next())["sessions"] == []
    window.writer.close()


async def test_a_window_is_an_open_console_only_where_a_person_sees_it_and_while_it_stands(
    home: Path, reception: Reception, listening: ControlServer
) -> None:
    hidden = await Attending.at(home)
    await hidden.next()
    assert not reception.console_is_open
    shown = await Attending.at(home, console=True)
    await shown.next()
    assert reception.console_is_open
    assert (await hidden.next())["console"] is True
    shown.writer.close()
    assert (await hidden.next())["console"] is False
    assert not reception.console_is_open
    hidden.writer.close()


async def test_windows_leave_room_for_commands(home: Path, listening: ControlServer) -> None:
    windows = [await Attending.at(home) for _ in range(4)]
    for window in windows:
        await window.next()
    one_more = await Attending.at(home)
    assert "as many windows" in (await one_more.next())["error"]
    assert await asked(home, do="list") == {"sessions": []}
    for window in [*windows, one_more]:
        window.writer.close()


async def test_windows_are_told_when_the_host_ends(home: Path, listening: ControlServer) -> None:
    window = await Attending.at(home)
    await window.next()
    await listening.stop()
    assert await window.next() is None
