"""Whatever arrives at the port: that connection ends with a line in the log, and nobody else notices."""

import asyncio
import contextlib
import logging
import ssl
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import fanlight
from fanlight.capture import open_capture
from fanlight.client import RemoteSession
from fanlight.net.tls import client_context
from patience import PATIENCE
from serving import PASSWORD, Serving, serving


@contextlib.asynccontextmanager
async def witnessed(home: Path) -> AsyncIterator[tuple[Serving, RemoteSession]]:
    """A host with a viewer that watches; at the end that viewer must still see the screen change."""
    async with (
        serving(home / "host") as host,
        fanlight.connect(host.address, home=home / "witness", password=PASSWORD, trust=host.fingerprint) as session,
    ):
        yield host, session
        seen = session.ledger[-1].seq if session.ledger else 0
        async with asyncio.timeout(PATIENCE):
            async for update in session.updates():
                if update.seq >= seen + 5:
                    break
        assert session.mismatches == 0


async def plain(port: int, data: bytes) -> bytes:
    """Send raw bytes to the port and return the answer, at most until the host hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def through_tls(port: int, data: bytes) -> bytes:
    """Send bytes inside TLS, as somebody who has not said hello, and return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context(None))
    writer.write(data)
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    except (ConnectionResetError, ssl.SSLError):
        return b""
    finally:
        writer.close()


PLAIN = {
    "random": bytes(range(256)) * 4,
    "http": b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "cut-off hello": bytes.fromhex("1603010200010001fc0303"),
}


@pytest.mark.parametrize("name", ["random", "http", "ssh"])
async def test_what_is_not_tls(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with witnessed(tmp_path) as (host, _):
        await plain(host.port, PLAIN[name])
    assert any("ended" in line and "127.0.0.1:" in line for line in caplog.messages)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_hello_of_tls_1_1(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    async with witnessed(tmp_path) as (host, _):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", host.port, ssl=context)
    assert any("below 1.2" in line for line in caplog.messages)


async def test_a_cipher_without_authentication_is_not_offered(tmp_path: Path) -> None:
    context = client_context(None)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    async with serving(tmp_path / "host") as host:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", host.port, ssl=context)


def frame(kind: int, body: bytes) -> bytes:
    return struct.pack("<IB", len(body) + 1, kind) + body


INSIDE = {
    "a length of 4 GiB": struct.pack("<IB", 0xFFFF_FFFF, 0x01),
    "no type": struct.pack("<I", 0) + b"\x01",
    "a hello over its limit": struct.pack("<IB", 5000, 0x01),
    "a message that does not exist": frame(0xEE, b"{}"),
    "a message of an open session": frame(0x30, b'{"seq":1,"keysym":97,"down":true}'),
    "a hello that is no JSON": frame(0x01, b"\xff\xfe"),
    "a hello nested deep": frame(0x01, b"[" * 4000),
    "http inside tls": b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
}


@pytest.mark.parametrize("name", INSIDE)
async def test_what_is_not_our_protocol(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with witnessed(tmp_path) as (host, _):
        answer = await through_tls(host.port, INSIDE[name])
        assert len(answer) < 4096
    assert any("ended" in line for line in caplog.messages)


async def test_a_viewer_that_hangs_up_in_the_middle(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as (host, _):
        for data in (b"", PLAIN["cut-off hello"]):
            _, writer = await asyncio.open_connection("127.0.0.1", host.port)
            writer.write(data)
            writer.transport.abort()


async def test_a_viewer_that_stops_reading_is_sent_no_more_than_its_window(tmp_path: Path) -> None:
    with open_capture("pattern:1280x720", max_fps=60) as capture:
        async with serving(tmp_path / "host", capture=capture) as host:
            opening = {"home": tmp_path / "viewer", "password": PASSWORD, "trust": host.fingerprint}
            async with fanlight.connect(host.address, **opening) as stalled:
                await _watch(stalled, 3)
                transport = stalled._link._transport
                assert transport is not None
                transport.pause_reading()
                seen = stalled.ledger[-1].seq
                async with fanlight.connect(host.address, **opening) as reading:
                    await _watch(reading, 120)
                resumed_at = time.monotonic()
                transport.resume_reading()
                async with asyncio.timeout(PATIENCE):
                    async for update in stalled.updates():
                        if update.seq > seen + 10:
                            break
                # Both ends have one clock here: what they think of each other's is taken out again.
                queued = [
                    entry
                    for entry in stalled.ledger
                    if entry.seq > seen and entry.captured_at + (entry.offset or 0.0) < resumed_at
                ]
                # What the window let out, two or three on a machine that is quick and never more than 32, and one that
                # was being made: the other viewer had 120.
                assert len(queued) <= 33
                assert stalled.mismatches == 0


async def _watch(session: RemoteSession, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        async for update in session.updates():
            count -= update.merged
            if count <= 0:
                return
