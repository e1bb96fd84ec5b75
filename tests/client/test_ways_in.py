"""Coming in to a real host by each way there is, and what stays in the client's home afterwards."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

import fanlight
from fanlight.access import Rules
from fanlight.access.audit_heads import receipts
from fanlight.access.saved import SavedLogins
from fanlight.client import RemoteSession
from fanlight.config import Home
from fanlight.errors import AuthenticationFailed, CodeNeeded, ConnectionLost, Refused, UsageError
from fanlight.types import Permission
from patience import PATIENCE
from serving import PASSWORD, Serving, serving


class Viewer:
    """A client with a home of its own that knows the host."""

    def __init__(self, home: Path, host: Serving) -> None:
        self.home, self.host = home, host

    @contextlib.asynccontextmanager
    async def comes(self, **how: Any) -> AsyncIterator[RemoteSession]:
        async with fanlight.connect(self.host.address, home=self.home, trust=self.host.fingerprint, **how) as session:
            yield session

    async def stays_out(self, error: type[Exception], **how: Any) -> None:
        with pytest.raises(error):
            async with self.comes(**how):
                pytest.fail("a session was opened")

    def saved(self) -> Any:
        with contextlib.closing(Home(self.home).store()) as store:
            return SavedLogins(store).of(self.host.fingerprint, 0.0)


@contextlib.asynccontextmanager
async def visited(tmp_path: Path) -> AsyncIterator[tuple[Serving, Viewer, Rules]]:
    async with serving(tmp_path / "host") as host:
        with contextlib.closing(Home(tmp_path / "host").rules()) as rules:
            yield host, Viewer(tmp_path / "viewer", host), rules


class Person:
    """Who is told of the sessions; a request may come before or after he looks."""

    is_console = True

    def __init__(self) -> None:
        self.news = asyncio.Event()

    def changed(self) -> None:
        self.news.set()


async def answer(host: Serving, *, profile: str | None = None, accept: bool = True) -> None:
    """Answer the request that comes next."""
    reception = host.server.reception
    person = Person()
    reception.attend(person)
    while not (asking := [facts.id for facts in reception.sessions() if facts.state == "requesting"]):
        await person.news.wait()
        person.news.clear()
    reception.dismiss(person)
    (number,) = asking
    if accept:
        reception.accept(number, profile)
    else:
        reception.reject(number)


async def a_picture(session: RemoteSession) -> None:
    """Wait for a picture; without one, a session has nothing to tell."""
    async with asyncio.timeout(PATIENCE):
        async for _ in session.updates():
            return


async def rights_are(session: RemoteSession, *rights: Permission) -> None:
    """Wait until a session has just these rights."""
    async with asyncio.timeout(PATIENCE):
        async for _ in session.updates():
            if session.rights == set(rights):
                return


async def test_a_remembered_login_needs_no_password(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, rules):
        async with viewer.comes(password=PASSWORD, remember=True):
            pass
        async with viewer.comes() as session:
            assert session.connection.method == "token"
        rules.tokens.clear()
        await viewer.stays_out(AuthenticationFailed)


async def test_a_login_is_not_remembered_unasked(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, _):
        async with viewer.comes(password=PASSWORD):
            pass
        assert viewer.saved().token is None
        await viewer.stays_out(AuthenticationFailed)


async def test_a_dead_token_gives_way_to_the_password_and_is_forgotten(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, rules):
        async with viewer.comes(password=PASSWORD, remember=True):
            pass
        rules.tokens.clear()
        async with viewer.comes(password=lambda: PASSWORD) as session:
            assert session.connection.method == "password"
        assert viewer.saved().token is None


async def test_a_session_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, _):
        async with viewer.comes(password=PASSWORD) as session:
            name = session._link.session.fingerprint
            session._link.abort()
            with pytest.raises(ConnectionLost):
                async for _ in session.updates():
                    pass
        async with viewer.comes() as session:
            assert session.connection.method == "resume"
            assert session._link.session.fingerprint == name
        assert viewer.saved().resume is None
        await viewer.stays_out(AuthenticationFailed)


async def test_the_connection_that_a_session_left_is_dropped_when_it_goes_on(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _), viewer.comes(password=PASSWORD) as session:
        async with viewer.comes() as again:
            assert again.connection.method == "resume"
            assert len(host.server.reception.sessions()) == 1
        with pytest.raises(ConnectionLost):
            async for _ in session.updates():
                pass


async def test_a_session_goes_on_with_the_host_that_was_started_anew(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _):
        port = host.port
        async with viewer.comes(password=PASSWORD) as session:
            await host.server.stop()
            with pytest.raises(ConnectionLost):
                async for _ in session.updates():
                    pass
    async with serving(tmp_path / "host", port=port), viewer.comes() as session:
        assert session.connection.method == "resume"


async def test_a_session_that_the_person_at_the_host_ended_does_not_go_on(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _):
        async with viewer.comes(password=PASSWORD) as session:
            host.server.reception.end(host.server.reception.sessions()[0].id)
            with pytest.raises(ConnectionLost, match="ended the session"):
                async for _ in session.updates():
                    pass
        await viewer.stays_out(AuthenticationFailed)


async def test_a_code_is_given_where_it_is_asked_for(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, rules):
        app = pyotp.TOTP(rules.totp.enrol("tests").secret)
        codes = rules.totp.confirm(app.now(), time.time())
        await viewer.stays_out(CodeNeeded, password=PASSWORD)
        await viewer.stays_out(AuthenticationFailed, password=PASSWORD, code="000000")
        await viewer.stays_out(AuthenticationFailed, password="not the password", code=codes[0])
        async with viewer.comes(password=PASSWORD, code=lambda: codes[0]) as session:
            assert session.rights


async def test_what_is_no_code_at_all_is_a_misuse(tmp_path: Path) -> None:
    async with visited(tmp_path) as (_, viewer, rules):
        app = pyotp.TOTP(rules.totp.enrol("tests").secret)
        rules.totp.confirm(app.now(), time.time())
        await viewer.stays_out(UsageError, password=PASSWORD, code="???")


async def test_a_request_is_let_in_with_what_the_person_chose(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, rules):
        rules.set_unattended(False)
        answering = asyncio.create_task(answer(host, profile="Screen Sharing"))
        async with viewer.comes(request=True) as session:
            assert session.connection.method == "request"
            assert session.profile == "Screen Sharing"
        await answering


async def test_a_request_that_is_rejected_is_refused(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, rules):
        answering = asyncio.create_task(answer(host, accept=False))
        await viewer.stays_out(Refused, request=True)
        await answering
        rules.prompts.set_mode("never")
        await viewer.stays_out(Refused, request=True)


async def test_a_request_takes_no_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no password"):
        async with fanlight.connect("127.0.0.1:1", home=tmp_path, password="x", request=True):
            pytest.fail("a session was opened")


async def test_a_viewer_sees_which_rights_are_granted_denied_or_unavailable(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _), viewer.comes(password=PASSWORD) as session:
        assert session.rights == {Permission.VIEW}
        assert session.unavailable == frozenset(Permission) - {Permission.VIEW}
        assert session.denied == frozenset()
        await a_picture(session)
        number = host.server.reception.sessions()[0].id
        host.server.reception.withdraw(number, Permission.VIEW)
        await rights_are(session)
        assert session.denied == {Permission.VIEW}
        host.server.reception.grant(number, Permission.VIEW)
        async with asyncio.timeout(PATIENCE):
            seen = len(session.ledger)
            async for _ in session.updates():
                if len(session.ledger) > seen + 2:
                    break
        assert session.mismatches == 0


async def test_a_viewer_can_do_without_a_right(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _), viewer.comes(password=PASSWORD) as session:
        await a_picture(session)
        session.waive(Permission.VIEW)
        await rights_are(session)
        assert host.server.reception.sessions()[0].rights == []


async def test_both_ends_tell_the_same_of_the_connection(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _), viewer.comes(password=PASSWORD) as session:
        (facts,) = host.server.reception.sessions()
        how = session.connection
        assert (facts.tls, facts.cipher, facts.direct) == (how.tls, how.cipher, how.direct)
        assert (facts.client, facts.host, facts.method) == (how.client, how.host, "password")
        assert how.tls == "TLSv1.3"


async def test_a_disabled_profile_ends_its_session(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, rules), viewer.comes(password=PASSWORD) as session:
        rules.profiles.enable("Unattended Access", False)
        host.server.reception.review()
        with pytest.raises(ConnectionLost):
            async for _ in session.updates():
                pass


async def test_the_head_of_the_host_s_log_is_kept(tmp_path: Path) -> None:
    async with visited(tmp_path) as (host, viewer, _):
        async with viewer.comes(password=PASSWORD):
            pass
        with contextlib.closing(Home(viewer.home).store()) as store:
            ((kept, head, _),) = receipts(store)
        assert kept == host.fingerprint
        assert head.seq > 0
        assert "countersigned" in (tmp_path / "host" / "audit.jsonl").read_text()
