"""The listening host: accepts connections, gives each a HostLink, and ends them all cleanly.

A connection that fails before TLS stands costs one log line and nothing else. The leaf certificate is made anew every
day; connections that stand keep the one they were bound to.
"""

import asyncio
import errno
import hashlib
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fanlight.access.identity import Identity
from fanlight.access.rules import Rules
from fanlight.capture import Capture
from fanlight.codec import encoders, open_encoder
from fanlight.errors import FanlightError, UsageError
from fanlight.host import Served, Viewer
from fanlight.inject import Injector
from fanlight.net.gate import RATE, Gate
from fanlight.net.host_link import HostLink
from fanlight.net.parking import Parked, Parking
from fanlight.net.picture import PictureThread
from fanlight.net.reception import Reception
from fanlight.net.tls import TlsProfile, explain, host_context
from fanlight.net.unsent import prepare
from fanlight.net.watching import Watcher
from fanlight.session.events import WatchWanted
from fanlight.types import Address, CursorShape, Permission, PointerPlace

log = logging.getLogger("fanlight")

_TLS_SECONDS = 10.0
_LEAF_SECONDS = 24 * 3600.0
_MOST_CONNECTIONS = 256
_FAREWELL_SECONDS = 2.0
REVIEW_SECONDS = 5.0
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the host serves."""

    listen: Address
    codec: str
    max_fps: int
    tls: TlsProfile = "intermediate"
    connection_rate: float = RATE


class Server:
    """One screen, served to every viewer that may see it."""

    def __init__(
        self,
        options: ServerOptions,
        capture: Capture,
        injector: Injector | None,
        identity: Identity,
        rules: Rules,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._options = options
        self._watchers = watchers
        self._injector = injector
        self._identity = identity
        self._rules = rules
        self._capture = capture
        self._loop = asyncio.get_running_loop()
        self._failure: asyncio.Future[None] = self._loop.create_future()
        self._viewers: dict[Viewer, HostLink] = {}
        self._codecs: dict[Viewer, str] = {}
        self._parking = Parking(self.dismiss)
        self._connections: dict[asyncio.Task[None], HostLink] = {}
        self._gate = Gate(self._begin, options.connection_rate)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._context: ssl.SSLContext | None = None
        self._context_until = 0.0
        self._binding = b""
        self._picture = PictureThread(
            capture, self._loop, open_encoder, self._deliver, self._pointer_changed, self._fail
        )
        self.reception = Reception()
        self.address = options.listen
        self.fingerprint = identity.fingerprint

    async def start(self) -> None:
        """Listen and serve; a port that is taken is an error that says so."""
        open_encoder(self._options.codec, (64, 64)).close()
        self._sockets = await _listen(self._options.listen)
        port = self._sockets[0].getsockname()[1]
        self.address = replace(self._options.listen, port=port)
        self._picture.start()
        self._accepting = [self._loop.create_task(self._accept(sock)) for sock in self._sockets]
        self._accepting.append(self._loop.create_task(self._review()))
        for task in self._accepting:
            task.add_done_callback(self._duty_ended)
        log.info("listening on %s", self.address)

    async def failed(self) -> None:
        """Wait for ever, or raise what ended the service: the screen went away."""
        await asyncio.shield(self._failure)

    async def stop(self) -> None:
        """Say goodbye to every viewer, release what they hold, and close everything."""
        for task in self._accepting:
            task.cancel()
        for sock in self._sockets:
            sock.close()
        self._gate.close()
        for viewer in tuple(self._connections.values()):
            viewer.end("it was stopped")
        self._parking.clear()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_FAREWELL_SECONDS)
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.to_thread(self._picture.stop)
        if self._failure.done():
            # Whoever stops the host for another reason has not asked, and need not hear of it.
            self._failure.exception()

    # -- connections ---------------------------------------------------------------------------------------------

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, peer = await self._loop.sock_accept(listener)
            except OSError as error:
                # Out of descriptors, most likely: those who are connected must not suffer from who is not.
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            self._gate.arrive(sock, Address(peer[0], peer[1]))

    def _begin(self, sock: socket.socket, peer: Address) -> None:
        """Serve a connection that came through the gate; the oldest that is still at the door makes room for it."""
        if len(self._connections) >= _MOST_CONNECTIONS:
            self._evict()
        context, binding = self._tls()
        viewer = HostLink(self, peer, binding)
        task = self._loop.create_task(self._serve(sock, viewer, context))
        self._connections[task] = viewer
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    def _evict(self) -> None:
        for task, viewer in self._connections.items():
            if not viewer.is_known:
                log.info("%s: ended: %d connections are open, and it was not in yet", viewer.peer, _MOST_CONNECTIONS)
                # Its task ends a little later; who comes in the meantime must evict somebody else.
                del self._connections[task]
                if not viewer.abort():
                    task.cancel()
                return

    async def _review(self) -> None:
        """Let live sessions feel what was revoked or disabled since, long before the minute that is promised."""
        while True:
            await asyncio.sleep(REVIEW_SECONDS)
            self.reception.review()

    def _duty_ended(self, task: asyncio.Task[None]) -> None:
        # A host that lets nobody in, or cannot take back what was revoked, must not go on as if it could.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _serve(self, sock: socket.socket, viewer: HostLink, context: ssl.SSLContext) -> None:
        """Run one connection from its first byte to its last; nothing that it does gets past this method."""
        try:
            prepare(sock)
            await self._loop.connect_accepted_socket(
                lambda: viewer, sock, ssl=context, ssl_handshake_timeout=_TLS_SECONDS, ssl_shutdown_timeout=1.0
            )
        except ssl.SSLError as error:
            log.info("%s: ended: %s", viewer.peer, explain(error))
        except OSError as error:
            log.info("%s: ended before TLS stood: %s", viewer.peer, error.strerror or error)
        else:
            await viewer.gone
        finally:
            sock.close()

    def _tls(self) -> tuple[ssl.SSLContext, bytes]:
        now = time.monotonic()
        if self._context is None or now >= self._context_until:
            leaf = self._identity.leaf(datetime.now(UTC))
            self._context = host_context(leaf, self._options.tls)
            self._context_until = now + _LEAF_SECONDS
            self._binding = hashlib.sha256(leaf.certificate_der).digest()
        return self._context, self._binding

    # -- what a HostLink asks of its host ---------------------------------------------------------------------------

    @property
    def identity(self) -> Identity:
        """The identity that viewers know this host by."""
        return self._identity

    @property
    def rules(self) -> Rules:
        """Who may come in."""
        return self._rules

    @property
    def injector(self) -> Injector | None:
        """Where input goes; None where this display takes none."""
        return self._injector

    @property
    def available(self) -> frozenset[Permission]:
        """The rights that mean something on this machine."""
        return frozenset({Permission.VIEW} | ({Permission.CONTROL} if self._injector else set()))

    @property
    def watchers(self) -> Sequence[Watcher]:
        """Who is told what becomes of updates."""
        return self._watchers

    @property
    def interval(self) -> float:
        """The shortest time between two updates, in seconds."""
        return 1.0 / self._options.max_fps

    def watch(self, link: HostLink, wanted: WatchWanted) -> Viewer | None:
        """Let a viewer take part, or go on, in a codec that both ends have; None where there is none."""
        had = wanted.resume
        parked = self._parked(link, had.session) if had is not None else None
        if parked is not None and parked.codec not in wanted.codecs:
            self.dismiss(parked.viewer)
            parked = None
        codec = parked.codec if parked else self._agree(wanted.codecs)
        if codec is None:
            return None
        viewer = parked.viewer if parked else Viewer()
        self._viewers[viewer] = link
        self._codecs[viewer] = codec
        link.show_pointer(self._capture.cursor, self._capture.pointer)
        if parked and had:
            self._picture.resume(viewer, had.seq)
        else:
            self._picture.add(viewer, codec)
        return viewer

    def _parked(self, link: HostLink, session: str) -> Parked | None:
        """Return what is left of a client's earlier session, also where its connection broke without our knowing."""
        for other in tuple(self._viewers.values()):
            if (other.fingerprint, other.session_name) == (link.fingerprint, session) and other is not link:
                other.give_way()
        return self._parking.take(link.fingerprint, session)

    def want(self, viewer: Viewer) -> None:
        """Say that a viewer can take an update."""
        self._picture.want(viewer)

    def came_in(self, link: HostLink) -> None:
        """Let a connection that became a session not count among those that came."""
        self._gate.came_in(link.address.host)

    def park(self, link: HostLink, viewer: Viewer) -> None:
        """Keep a viewer whose connection broke."""
        self._viewers.pop(viewer, None)
        self._picture.park(viewer)
        self._parking.put(link.fingerprint, link.session_name, Parked(viewer, self._codecs.pop(viewer)))

    def dismiss(self, viewer: Viewer) -> None:
        """Forget a viewer that is gone."""
        self._viewers.pop(viewer, None)
        self._codecs.pop(viewer, None)
        self._picture.remove(viewer)

    def _agree(self, codecs: tuple[str, ...]) -> str | None:
        """Choose what a viewer gets: the host's own codec, or else the best that the viewer names and we encode."""
        if self._options.codec in codecs:
            return self._options.codec
        ours = encoders()
        return next((codec for codec in codecs if codec in ours), None)

    # -- what the picture thread brings -----------------------------------------------------------------------------

    def _deliver(self, served: list[Served]) -> None:
        now = time.monotonic()
        links = []
        for one in served:
            link = self._viewers.get(one.viewer)
            if link is None:
                continue
            if isinstance(one.picture, FanlightError):
                link.end(f"the host cannot encode its screen: {one.picture}")
            else:
                link.take_picture(one.picture, one.input_seq, now)
                links.append(link)
        for link in links:
            link.flush()
        self._picture.want(*(viewer for link in links if (viewer := link.wanting()) is not None))

    def _pointer_changed(self, cursor: CursorShape | None, pointer: PointerPlace | None) -> None:
        for viewer in self._viewers.values():
            viewer.show_pointer(cursor, pointer)

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)


async def _listen(address: Address) -> list[socket.socket]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise UsageError(f"{address.host} is not an address of this machine: {error.strerror}") from error
    family, kind, protocol, _, name = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(name)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _listen_error(address, error) from error
    return [sock]


def _listen_error(address: Address, error: OSError) -> FanlightError:
    if error.errno == errno.EADDRINUSE:
        return FanlightError(
            f"port {address.port} on {address.host} is in use: stop the program that has it, "
            "or choose another port with --listen (port 0 takes a free one)"
        )
    return FanlightError(f"cannot listen on {address}: {error.strerror}")
