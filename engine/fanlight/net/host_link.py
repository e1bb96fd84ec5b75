"""One viewer's connection, as the host sees it: bytes to the session, its events to the screen, and back.

Runs on the loop. What the viewer is shown is made by the picture thread, one update at a time and only when this
link asked for it: the transport holds nothing and the window of unacknowledged updates is open.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol, cast

from fanlight.access import Identity, Rules
from fanlight.channels.input import InputChannel
from fanlight.errors import InjectError
from fanlight.host import Picture, PictureStream
from fanlight.inject import Injector
from fanlight.net.alarm import Alarm
from fanlight.net.watching import WatchedViewer, Watcher
from fanlight.session import events
from fanlight.session.host_session import HostSession
from fanlight.session.pacing import Window
from fanlight.types import CursorShape, Permission, PointerPlace

log = logging.getLogger("fanlight")

# Answers that a viewer may leave unread before it is taken for one that does not read at all.
_MOST_UNREAD = 1024 * 1024
_MOST_SAID = 20


class HostSide(Protocol):
    """What a link needs of its host."""

    @property
    def identity(self) -> Identity:
        """The identity that viewers know this host by."""

    @property
    def rules(self) -> Rules:
        """Who may come in."""

    @property
    def injector(self) -> Injector | None:
        """Where input goes; None where this display takes none."""

    @property
    def available(self) -> frozenset[Permission]:
        """The rights that mean something on this machine."""

    @property
    def interval(self) -> float:
        """The shortest time between two updates, in seconds."""

    @property
    def watchers(self) -> Sequence[Watcher]:
        """Who is told what becomes of updates."""

    def admit(self, link: "HostLink") -> PictureStream:
        """Give a link whose session is open its stream of pictures."""

    def want(self, stream: PictureStream) -> None:
        """Take note that a viewer can take an update."""

    def dismiss(self, stream: PictureStream) -> None:
        """Forget a viewer that is gone."""


class HostLink(asyncio.Protocol):
    """The transport, session and stream of one viewer."""

    def __init__(self, host: HostSide, peer: str, binding: bytes) -> None:
        self._host = host
        self._peer = peer
        self._session = HostSession(
            host.rules, host.identity, binding, peer, time.monotonic(), available=host.available
        )
        self._window = Window(host.interval)
        self._stream: PictureStream | None = None
        self._watched: WatchedViewer | None = None
        self._input: InputChannel | None = None
        self._screen_serial = 0
        self._writable = True
        self._said: set[str] = set()
        self._picture_bytes = 0
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None
        self._next_cursor: CursorShape | None = None
        self._next_pointer: PointerPlace | None = None
        self._pointer_due = False
        self._transport: asyncio.Transport | None = None
        self._alarm = Alarm(self._timeout)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # -- the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake's clock; the client speaks first."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Feed the session and act on what the bytes mean."""
        self._act(self._session.receive_data(data, time.monotonic()))

    def pause_writing(self) -> None:
        """Take note that the viewer's side is full; nothing is encoded for it until that changes."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on once everything handed over has been taken."""
        self._writable = True
        self._picture_bytes = 0
        self._send_pointer()
        self._want()

    def connection_lost(self, error: Exception | None) -> None:
        """Release all that the viewer held, whatever ended the connection."""
        self._alarm.cancel()
        self._leave()
        self._act(self._session.lost(time.monotonic()))
        if not self.gone.done():
            self.gone.set_result(None)

    # -- what the server says --------------------------------------------------------------------------------------

    def show_picture(self, picture: Picture) -> None:
        """Send an update that was encoded for this viewer."""
        if self._stream is None:
            return
        now = time.monotonic()
        if picture.screen.serial != self._screen_serial:
            self._screen_serial = picture.screen.serial
            self._session.send_screen(picture.screen.size, picture.screen.codec, picture.screen.serial)
        seq = self._session.send_picture(
            picture.update,
            exact=picture.update.exact,
            key=picture.update.key,
            digest=picture.digest,
            pixels=picture.pixels,
            input_seq=picture.input_seq,
            damaged_at=picture.damaged_at,
            captured_at=picture.captured_at,
            encode_started_at=picture.encode_started_at,
            encoded_at=picture.encoded_at,
            now=now,
        )
        self._picture_bytes += len(picture.update)
        self._window.sent(seq, now)
        if self._watched is not None:
            self._watched.sent(seq, picture, now)
        self._flush()
        self._want()

    def show_pointer(self, cursor: CursorShape | None, pointer: PointerPlace | None) -> None:
        """Tell the viewer about the pointer: the newest state, when the transport can take it."""
        self._pointer_due = True
        self._next_cursor, self._next_pointer = cursor, pointer
        self._send_pointer()

    def end(self, reason: str) -> None:
        """Say goodbye and close once it is written."""
        self._act(self._session.end(reason, time.monotonic()))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _act(self, happened: list[events.HostEvent]) -> None:
        for event in happened:
            match event:
                case events.Opened():
                    self._open(event)
                case events.InputEvent():
                    self._inject(event)
                case events.Acked(seq=seq):
                    self._window.acknowledged(seq, time.monotonic())
                    if self._watched is not None:
                        self._watched.acknowledged(event, self._session.clock_offset)
                case events.Presented() if self._watched is not None:
                    self._watched.presented(event, self._session.clock_offset)
                case events.RefreshWanted(reason=reason):
                    self._refresh(reason)
                case events.Denied(kind=kind, needs=needs):
                    self._say_once(f"denied: {kind} needs the right {needs}")
                case events.Ended(reason=reason):
                    log.info("%s: ended: %s", self._peer, reason)
                    self._leave()
        self._flush()
        self._want()

    def _open(self, event: events.Opened) -> None:
        rights = ", ".join(sorted(event.rights))
        log.info("%s: session open for %s (%s): %s", self._peer, event.fingerprint, event.profile, rights)
        if self._host.injector is not None:
            self._input = InputChannel(self._host.injector)
        self._stream = self._host.admit(self)
        if self._host.watchers:
            self._watched = WatchedViewer(event.session, self._host.watchers)

    def _inject(self, event: events.InputEvent) -> None:
        if self._input is None or self._stream is None:
            return
        try:
            self._input.apply(event.message)
        except InjectError as error:
            self._say_once(f"input was lost: {error}")
        self._stream.note_input(event.message.seq, time.monotonic())

    def _say_once(self, words: str) -> None:
        """Log what a viewer may cause as often as it likes, once, and only so many kinds of it."""
        if words not in self._said and len(self._said) < _MOST_SAID:
            self._said.add(words)
            log.info("%s: %s", self._peer, words)

    def _refresh(self, reason: str) -> None:
        self._say_once(f"asks for the whole picture: {reason}")
        if self._stream is not None:
            self._stream.ask_refresh()
        if self._watched is not None:
            self._watched.refresh_wanted()

    def _leave(self) -> None:
        """Give back what the session held; safe to call twice."""
        if self._stream is not None:
            self._host.dismiss(self._stream)
            self._stream = None
        if self._watched is not None:
            self._watched.leave()
            self._watched = None
        if self._input is not None:
            try:
                self._input.release_all()
            except InjectError as error:
                log.warning("%s: held keys could not be released: %s", self._peer, error)
            self._input = None

    def _want(self) -> None:
        if self._stream is not None and self._writable and self._window.is_open:
            self._host.want(self._stream)

    def _send_pointer(self) -> None:
        if not (self._pointer_due and self._writable and self._stream is not None):
            return
        self._pointer_due = False
        if self._next_cursor is not self._cursor:
            self._cursor = self._next_cursor
            self._session.send_cursor(self._cursor)
        if self._next_pointer != self._pointer:
            self._pointer = self._next_pointer
            self._session.send_pointer(self._pointer)
        self._flush()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data = self._session.data_to_send()
        if data:
            transport.writelines(data)
        if self._session.ended:
            transport.close()
        elif transport.get_write_buffer_size() - self._picture_bytes > _MOST_UNREAD:
            log.info("%s: ended: the viewer does not read what it asks for", self._peer)
            transport.abort()
        self._alarm.set(self._session.deadline)

    def _timeout(self) -> None:
        self._act(self._session.timeout(time.monotonic()))
