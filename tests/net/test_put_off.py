"""Acknowledgements that the host reads later: with the next update, or with whatever else comes from the viewer."""

import socket
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from fanlight.codec import Update
from fanlight.host import Picture, Viewer
from fanlight.host.picture import Screen
from fanlight.net.host_link import HostLink
from fanlight.net.reception import Reception
from fanlight.net.watching import Watcher
from fanlight.protocol import State
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS
from fanlight.types import Address, Permission, Pixels


class Wire:
    """A transport that takes everything at once."""

    def __init__(self, sock: socket.socket) -> None:
        self._known = {
            "socket": sock,
            "ssl_object": SimpleNamespace(version=lambda: "TLSv1.3", cipher=lambda: ("TLS_AES_256_GCM_SHA384",)),
        }
        self.closed = False

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        pass

    def get_extra_info(self, name: str) -> object:
        return self._known[name]

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Side:
    """A host with one viewer, which remembers what it was asked for."""

    identity = injector = None
    available = frozenset({Permission.VIEW})
    interval = 1 / 60
    rules: Any = SimpleNamespace(audit=None, ended=lambda name: None, lives=lambda name, rights, wall: None)

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self.reception = Reception()
        self.watchers = watchers
        self.viewer = Viewer()
        self.wanted = 0

    def watch(self, link: HostLink, wanted: object) -> Viewer:
        return self.viewer

    def want(self, viewer: Viewer) -> None:
        self.wanted += 1

    def park(self, link: HostLink, viewer: Viewer) -> None:
        pass

    def dismiss(self, viewer: Viewer) -> None:
        pass


def frame(message: m.Message) -> bytes:
    body = b"".join(message.encode())
    return pack_header(KINDS[type(message)], len(body)) + body


class Scene:
    """A link whose session is open, and which shows pictures."""

    def __init__(self, sock: socket.socket, watchers: Sequence[Watcher] = ()) -> None:
        self.side, self.wire = Side(watchers), Wire(sock)
        self.link = HostLink(self.side, Address("127.0.0.1", 1), bytes(32))  # type: ignore[arg-type]
        self.link.connection_made(self.wire)  # type: ignore[arg-type]
        session = self.link._session
        session._connection._enter(State.SESSION)
        session._connection.granted = frozenset({Permission.VIEW})
        session._open(time.monotonic())
        self.link._showing.opened("name")
        self.link.data_received(frame(m.Watch(codecs=["tiles"], resume=None)))

    @property
    def acked(self) -> int:
        return self.link._session._acked

    def show(self) -> None:
        picture = Picture(
            update=Update(b"update", exact=True, lane="tiles"), exact=True, key=True, digest=7, quality=None,
            pixels=Pixels(), damaged_at=1.0, captured_at=1.0, encode_started_at=1.0, encoded_at=1.0,
            screen=Screen(1, (64, 64), "tiles"), states=1, shared=1,
        )  # fmt: skip
        self.link.take_picture(picture, 0, time.monotonic())
        self.link.flush()
        if (viewer := self.link.wanting()) is not None:
            self.side.want(viewer)

    def acknowledge(self, seq: int) -> None:
        self.link.data_received(frame(m.Ack((m.Mark(seq, 0, 0),))))


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
async def scene(ends: tuple[socket.socket, socket.socket]) -> Scene:
    return Scene(ends[0])


async def test_an_acknowledgement_is_read_when_the_next_update_is_sent(scene: Scene) -> None:
    scene.show()
    scene.acknowledge(1)
    assert scene.acked == 0
    wanted = scene.side.wanted
    scene.show()
    assert scene.acked == 1
    assert scene.side.wanted == wanted + 1


async def test_its_round_trip_ends_when_it_came(scene: Scene) -> None:
    scene.show()
    scene.acknowledge(1)
    ((_, came_at),) = scene.link._put_off
    scene.link._put_off = [(data, came_at + 100) for data, _ in scene.link._put_off]
    scene.show()
    trip = scene.link._showing._window.trip
    assert trip is not None
    assert trip >= 100


async def test_it_is_read_at_once_where_the_next_update_waits_for_it(scene: Scene) -> None:
    scene.show()
    scene.show()
    assert not scene.link._showing.waits_for_nothing
    wanted = scene.side.wanted
    scene.acknowledge(2)
    assert scene.acked == 2
    assert scene.side.wanted == wanted + 1


async def test_it_is_read_at_once_where_somebody_watches(ends: tuple[socket.socket, socket.socket]) -> None:
    scene = Scene(ends[0], [Watcher()])
    scene.show()
    scene.acknowledge(1)
    assert scene.acked == 1


async def test_it_is_read_before_whatever_else_comes(scene: Scene) -> None:
    scene.show()
    scene.acknowledge(1)
    scene.link.data_received(frame(m.Presented(1, 0)))
    assert scene.acked == 1
    assert not scene.link._session.ended


async def test_one_that_lies_ends_the_session_when_it_is_read(scene: Scene) -> None:
    scene.show()
    scene.acknowledge(5)
    assert not scene.link._session.ended
    scene.show()
    assert scene.link._session.ended
    assert scene.wire.closed


async def test_only_so_many_are_put_off(scene: Scene) -> None:
    scene.show()
    for _ in range(5):
        scene.acknowledge(1)
    assert scene.link._session.ended
    assert scene.wire.closed


async def test_it_is_read_when_the_connection_is_lost(scene: Scene) -> None:
    scene.show()
    scene.acknowledge(1)
    scene.link.connection_lost(None)
    assert scene.acked == 1
