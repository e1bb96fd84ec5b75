"""`fanlight.connect` against a real host: who gets in, and what each refusal says."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import fanlight
from fanlight.access import Identity
from fanlight.capture import open_capture
from fanlight.config import Home
from fanlight.errors import AuthenticationFailed, FanlightError, IdentityError, Unreachable, UsageError
from fanlight.net.tls import host_context
from serving import PASSWORD, serving


async def test_a_viewer_sees_the_screen_exactly(tmp_path: Path) -> None:
    with open_capture("pattern:320x200", max_fps=30) as capture:
        async with (
            serving(tmp_path / "host", capture=capture, codec="tiles") as host,
            fanlight.connect(
                host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint
            ) as session,
        ):
            seen = 0
            async for update in session.updates():
                seen += update.merged
                if seen >= 10:
                    break
            assert session.size == (320, 200)
            assert session.ledger[-1].exact
            assert session.mismatches == 0
            assert session.rights == {"view"}


async def test_a_resting_screen_is_equal_byte_for_byte(tmp_path: Path) -> None:
    class Still(type(open_capture("pattern:64x64"))):  # type: ignore[misc]
        def _draw(self):  # type: ignore[no-untyped-def]
            return ()

    with Still((200, 100), 30) as capture:
        picture = capture.next(0.0).image.copy()  # type: ignore[union-attr]
        async with (
            serving(tmp_path / "host", capture=capture) as host,
            fanlight.connect(
                host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint
            ) as session,
        ):
            async for update in session.updates():
                if update.exact:
                    break
            assert np.array_equal(session.image, picture)


async def test_a_wrong_password_opens_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        with pytest.raises(AuthenticationFailed):
            async with fanlight.connect(
                host.address, home=tmp_path / "viewer", password="not the password", trust=host.fingerprint
            ):
                pytest.fail("a session was opened")


async def test_the_right_password_opens_nothing_while_unattended_access_is_off(tmp_path: Path) -> None:
    async with serving(tmp_path / "host", unattended=False) as host:
        with pytest.raises(AuthenticationFailed):
            async with fanlight.connect(
                host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint
            ):
                pytest.fail("a session was opened")


async def test_a_password_that_is_set_while_the_host_runs_counts_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        Home(tmp_path / "host").rules().set_password("quite another password")
        async with fanlight.connect(
            host.address, home=tmp_path / "viewer", password="quite another password", trust=host.fingerprint
        ) as session:
            assert session.rights


async def test_without_a_password_none_is_tried(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        with pytest.raises(AuthenticationFailed, match="password is needed"):
            async with fanlight.connect(host.address, home=tmp_path / "viewer", trust=host.fingerprint):
                pytest.fail("a session was opened")


async def test_an_unknown_host_is_named_by_its_fingerprint_and_nothing_is_sent(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        with pytest.raises(IdentityError, match=host.fingerprint):
            async with fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD):
                pytest.fail("a session was opened")
        assert not Home(tmp_path / "viewer").rules().known_hosts()


async def test_another_fingerprint_than_the_given_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        with pytest.raises(IdentityError):
            async with fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD, trust="ab" * 32):
                pytest.fail("a session was opened")
        assert not Home(tmp_path / "viewer").rules().known_hosts()


async def test_a_known_host_needs_no_fingerprint(tmp_path: Path) -> None:
    async with serving(tmp_path / "host") as host:
        for trust in (host.fingerprint, None):
            async with fanlight.connect(
                host.address, home=tmp_path / "viewer", password=PASSWORD, trust=trust
            ) as session:
                assert session.rights


async def test_a_host_whose_identity_changed_is_a_hard_stop(tmp_path: Path) -> None:
    viewer = tmp_path / "viewer"
    async with serving(tmp_path / "host") as host:
        port = host.port
        async with fanlight.connect(host.address, home=viewer, password=PASSWORD, trust=host.fingerprint):
            pass
    async with serving(tmp_path / "impostor", port=port) as impostor:
        for trust in (None, impostor.fingerprint):
            with pytest.raises(IdentityError, match="identity forget"):
                async with fanlight.connect(impostor.address, home=viewer, password=PASSWORD, trust=trust):
                    pytest.fail("a session was opened")


async def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match="nothing listens"):
            async with fanlight.connect(f"127.0.0.1:{port}", home=tmp_path, password=PASSWORD, trust="ab" * 32):
                pytest.fail("a session was opened")


async def test_something_else_listens(tmp_path: Path) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(Unreachable, match="no fanlight host"):
            async with fanlight.connect(f"127.0.0.1:{port}", home=tmp_path, password=PASSWORD, trust="ab" * 32):
                pytest.fail("a session was opened")


@contextlib.asynccontextmanager
async def old_host(version: int) -> AsyncIterator[tuple[str, str]]:
    """A host that answers a hello with another version of the protocol: its address and fingerprint."""
    identity = Identity.create(datetime.now(UTC))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        body = json.dumps({"version": version, "greeting": "as it was in those days"}).encode()
        writer.write(struct.pack("<IB", len(body) + 1, 0x02) + body)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=host_context(identity.leaf(datetime.now(UTC))))
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", identity.fingerprint


@pytest.mark.parametrize(("version", "word"), [(0, "old"), (99, "new")])
async def test_a_host_of_another_version_says_which_to_update(tmp_path: Path, version: int, word: str) -> None:
    async with old_host(version) as (address, fingerprint):
        with pytest.raises(FanlightError, match=f"too {word}.*update"):
            async with fanlight.connect(address, home=tmp_path, password=PASSWORD, trust=fingerprint):
                pytest.fail("a session was opened")


@pytest.mark.parametrize("address", ["", "a b", "host:0", "host:70000", "host:x", "[::1", "u@h", "h/x"])
async def test_what_is_no_address_says_so(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError):
        async with fanlight.connect(address, home=tmp_path):
            pytest.fail("a session was opened")
