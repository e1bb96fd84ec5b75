"""BBR, begun anew before it would hold packets back; no other congestion control is touched."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fanlight.net.congestion import Congestion, choose

TCP_CC_INFO = 26
_BBR = struct.Struct("<5I")

offers_bbr = pytest.mark.skipif(
    "bbr" not in Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split(),
    reason="this kernel offers no bbr",
)


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    """One end of a connection over which much has gone."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    with closing(near), closing(far):
        choose(near)
        for _ in range(20):
            near.sendall(b"x" * 50_000)
            far.recv(50_000, socket.MSG_WAITALL)
        yield near


def name(sock: socket.socket) -> str:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()


def known_bandwidth(sock: socket.socket) -> int:
    """What BBR has learned of the link; nothing when it has just begun."""
    low, high, *_ = _BBR.unpack_from(sock.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, _BBR.size))
    return high << 32 | low


@offers_bbr
def test_it_begins_anew_before_ten_seconds_are_over_and_no_sooner(sender: socket.socket) -> None:
    assert name(sender) == "bbr"
    assert known_bandwidth(sender) > 0
    congestion = Congestion(sender.fileno(), 100.0)
    for now in (100.0, 104.0, 107.9):
        congestion.sending(now)
    assert known_bandwidth(sender) > 0
    congestion.sending(108.0)
    assert known_bandwidth(sender) == 0
    assert name(sender) == "bbr"


def test_another_congestion_control_is_left_alone(sender: socket.socket) -> None:
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    Congestion(sender.fileno(), 100.0).sending(120.0)
    assert name(sender) == "reno"


def test_what_is_no_connection_is_left_alone() -> None:
    near, far = socket.socketpair()
    with near, far:
        Congestion(near.fileno(), 0.0).sending(20.0)
        choose(near)
    reading, writing = os.pipe()
    os.close(writing)
    Congestion(reading, 0.0).sending(20.0)
    os.close(reading)
    Congestion(reading, 0.0).sending(20.0)
