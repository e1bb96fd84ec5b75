"""What the kernel holds unsent, and that a host makes nothing new above it."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

import fanlight
from fanlight.capture import open_capture
from fanlight.net.host_link import HostLink
from fanlight.net.unsent import LEAST_BYTES, prepare, unsent
from serving import PASSWORD, serving

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A connection whose far end takes little."""
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with closing(socket.create_connection(listener.getsockname())) as near:
            far, _ = listener.accept()
            with closing(far):
                yield near, far


def test_what_is_read_is_not_unsent(ends: Ends) -> None:
    near, far = ends
    prepare(near)
    near.sendall(b"x" * 1000)
    assert len(far.recv(1000, socket.MSG_WAITALL)) == 1000
    assert unsent(near.fileno()) == 0


def test_what_the_other_end_does_not_take_is_unsent_and_bounded(ends: Ends) -> None:
    near, _ = ends
    prepare(near)
    near.setblocking(False)
    taken = 0
    with suppress(BlockingIOError):
        while True:
            taken += near.send(b"x" * 65_536)
    assert LEAST_BYTES < unsent(near.fileno()) <= taken <= 1024 * 1024


def test_what_is_no_connection_holds_nothing() -> None:
    near, far = socket.socketpair()
    with near, far:
        assert unsent(near.fileno()) == 0


async def test_transport_that_holds_nothing_is_not_taken_for_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full: list[HostLink] = []
    monkeypatch.setattr(HostLink, "pause_writing", lambda link: full.append(link))
    with open_capture("pattern:64x64", max_fps=60) as capture:
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
    assert not full
