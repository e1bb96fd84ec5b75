"""One viewer's connection, as the host sees it: bytes to the session, its events to the screen, and back.

Runs on the loop. What the viewer is shown is made by the picture thread, one update at a time and only when this
link asked for it: the transport holds nothing, the window of unacknowledged updates is open, and the pace that the link
can take allows it. When the connection breaks, the viewer is parked, so that it can go on in another one.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol, cast

from fanlight.access import Identity, Rules
from fanlight.channels.input import InputChannel
from fanlight.errors import InjectError
from fanlight.host import Picture, Viewer
from fanlight.inject import Injector
from fanlight.net.alarm import Alarm
from fanlight.net.guest import SessionGuest
from fanlight.net.reception import Reception
from fanlight.net.unsent import LEAST_BYTES, unsent
from fanlight.net.watching import WatchedViewer, Watcher
from fanlight.protocol.messages import MAX_SEQ
from fanlight.session import events
from fanlight.session.host_session import HostSession
from fanlight.session.pacing import RateControl, Window
from fanlight.types import Address, CursorShape, Permission, PointerPlace

log = logging.getLogger("fanlight")

# Answers that a viewer may leave unread before it is taken for one that does not read at all.
_MOST_UNREAD = 1024 * 1024
_MOST_SAID = 20
# How soon to look again whether a link has taken what the kernel holds.
_SOONEST, _LATEST = 0.001, 0.02


class HostSide(Protocol):
    """What a link needs of its host."""

    @property
    def identity(self) -> Identity:
        """The identity that viewers know this host by."""

    @property
    def rules(self) -> Rules:
        """Who may come in."""

    @property
    def reception(self) -> Reception:
        """Where clients that ask, and open sessions, are known."""

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

    def watch(self, link: "HostLink", wanted: events.WatchWanted) -> Viewer | None:
        """Let a viewer take part, or go on, in a codec that both ends have; None where there is none."""

    def want(self, viewer: Viewer) -> None:
        """Take note that a viewer can take an update."""

    def came_in(self, link: "HostLink") -> None:
        """Take note that a link's session is open."""

    def park(self, link: "HostLink", viewer: Viewer) -> None:
        """Keep a viewer whose connection broke."""

    def dismiss(self, viewer: Viewer) -> None:
        """Forget a viewer that is gone."""


class HostLink(asyncio.Protocol):
    """The transport, session and pace of one viewer."""

    def __init__(self, host: HostSide, peer: Address, binding: bytes) -> None:
        self._host = host
        self.address, self.peer = peer, str(peer)
        now = time.monotonic()
        self._session = HostSession(
            host.rules,
            host.identity,
            binding,
            self.peer,
            now,
            available=host.available,
            desk=host.reception,
            wall_ahead=time.time() - now,
        )
        self._guest = SessionGuest(self._session, self._act)
        self._window = Window(host.interval)
        self._pace = RateControl(host.interval)
        self._viewer: Viewer | None = None
        self._watched: WatchedViewer | None = None
        self._input: InputChannel | None = None
        self._watching: events.WatchWanted | None = None
        self._resumes: events.Resumed | None = None
        self._screen_serial = 0
        self._sent_before = 0
        self._sent = 0
        self._next_at = 0.0
        self._waiting: asyncio.TimerHandle | None = None
        self._writable = True
        self._said: set[str] = set()
        self._picture_bytes = 0
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None
        self._next_cursor: CursorShape | None = None
        self._next_pointer: PointerPlace | None = None
        self._pointer_due = False
        self._transport: asyncio.Transport | None = None
        self._number = -1
        self._alarm = Alarm(self._timeout)
        self.session_name = ""
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def fingerprint(self) -> str:
        """The client's, proved once the session is open."""
        return self._session.fingerprint

    # -- the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake's clock; the client speaks first."""
        self._transport = cast(asyncio.Transport, transport)
        # With 0, TLS transports say that they are full also where they hold nothing, until they are next used.
        self._transport.set_write_buffer_limits(high=1, low=0)
        tls = self._transport.get_extra_info("ssl_object")
        self._session.secured_by(tls.version(), tls.cipher()[0])
        self._number = self._transport.get_extra_info("socket").fileno()
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
        self._act(self._session.lost(time.monotonic()))
        self._leave()
        if not self.gone.done():
            self.gone.set_result(None)

    # -- what the server says --------------------------------------------------------------------------------------

    def show_picture(self, picture: Picture) -> None:
        """Send an update that was encoded for this viewer."""
        if self._viewer is None:
            return
        if Permission.VIEW not in self._session.granted:
            self._stop_watching()
            return
        now = time.monotonic()
        self._announce(picture)
        self._sent = self._session.send_picture(
            picture.update,
            exact=picture.update.exact,
            key=picture.update.key,
            digest=picture.digest,
            quality=picture.quality if picture.pixels.video else None,
            pixels=picture.pixels,
            input_seq=picture.input_seq,
            damaged_at=picture.damaged_at,
            captured_at=picture.captured_at,
            encode_started_at=picture.encode_started_at,
            encoded_at=picture.encoded_at,
            now=now,
        )
        self._picture_bytes += len(picture.update)
        self._window.sent(self._sent, len(picture.update), now)
        if self._watched is not None:
            self._watched.sent(self._sent, picture, now)
        self._keep_pace(picture, now)
        self._flush()
        self._want()

    def show_pointer(self, cursor: CursorShape | None, pointer: PointerPlace | None) -> None:
        """Tell the viewer about the pointer: the newest state, when the transport can take it."""
        self._pointer_due = True
        self._next_cursor, self._next_pointer = cursor, pointer
        self._send_pointer()

    @property
    def is_known(self) -> bool:
        """Whether the session is open, or a person is asked about it."""
        return self._guest.is_open or self._guest.is_requesting

    def abort(self) -> bool:
        """Drop the connection at once; False where TLS does not stand yet."""
        if self._transport is None:
            return False
        self._transport.abort()
        return True

    def give_way(self) -> None:
        """Leave what the viewer has to another connection of the same client: this one is broken, as it turns out."""
        self._act(self._session.lost(time.monotonic()))
        self.abort()

    def end(self, reason: str) -> None:
        """Say goodbye and close once it is written."""
        self._act(self._session.end(reason, time.monotonic()))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _act(self, happened: list[events.HostEvent]) -> None:
        for event in happened:
            match event:
                case events.Requested():
                    self._guest.note(event)
                    self._host.reception.enter(self._guest)
                case events.Opened():
                    self._open(event)
                case events.RightsChanged(rights=rights):
                    self._change_rights(rights)
                case events.InputEvent():
                    self._inject(event)
                case events.ClockSample():
                    self._window.measured(event)
                case events.WatchWanted():
                    self._watch(event)
                case events.Acked(seq=seq, received_at=received_at):
                    self._window.acknowledged(seq, received_at, time.monotonic())
                    if self._viewer is not None:
                        self._viewer.acknowledged((seq - self._sent_before) % MAX_SEQ)
                    if self._watched is not None:
                        self._watched.acknowledged(event, self._session.clock_offset)
                case events.Presented() if self._watched is not None:
                    self._watched.presented(event, self._session.clock_offset)
                case events.RefreshWanted(reason=reason):
                    self._refresh(reason)
                case events.Denied(kind=kind, needs=needs):
                    self._say_once(f"denied: {kind} needs the right {needs}")
                case events.Ended(reason=reason, broken=broken):
                    log.info("%s: ended: %s", self.peer, reason)
                    self._leave(comes_back=broken)
        self._flush()
        self._want()

    def _change_rights(self, rights: frozenset[Permission]) -> None:
        log.info("%s: the rights are now: %s", self.peer, ", ".join(sorted(rights)) or "none")
        if Permission.CONTROL not in rights:
            self._release_input()
        self._pointer_due = True
        self._send_pointer()

    def _open(self, event: events.Opened) -> None:
        self._guest.note(event)
        self._host.reception.enter(self._guest)
        self._host.came_in(self)
        rights = ", ".join(sorted(event.rights))
        log.info("%s: session open for %s (%s): %s", self.peer, event.fingerprint, event.profile, rights)
        if self._host.injector is not None:
            self._input = InputChannel(self._host.injector)
        self.session_name = event.session
        if self._host.watchers:
            self._watched = WatchedViewer(event.session, self._host.watchers)

    def _watch(self, event: events.WatchWanted) -> None:
        """Begin, or begin again, to show pictures."""
        self._watching, self._resumes = event, event.resume
        self._sent_before = self._sent
        self._viewer = self._host.watch(self, event)
        if self._viewer is None:
            self.end("this host has no codec that the viewer can decode")

    def _stop_watching(self) -> None:
        """Show nothing any more, until the right to see is back: the viewer then begins with nothing."""
        if self._viewer is not None:
            self._host.dismiss(self._viewer)
            self._viewer = None

    def _announce(self, picture: Picture) -> None:
        """Say what the picture belongs to, where the viewer does not know that yet."""
        screen = picture.screen
        if screen.serial == self._screen_serial:
            return
        had, self._resumes = self._resumes, None
        continues = had is not None and had.screen == screen.serial
        self._session.send_screen(screen.size, screen.codec, screen.serial, continues=continues)
        self._screen_serial = screen.serial

    def _keep_pace(self, picture: Picture, now: float) -> None:
        """Let what is lossy take no more of the link than its part, and what refines it no more than its moment."""
        if self._viewer is not None:
            self._viewer.portion = self._window.portion
        if self._viewer is not None and picture.update.lane in ("video", "both"):
            if reason := self._pace.lossy_sent(len(picture.update), self._window.rate, now):
                log.info("%s: %s", self.peer, reason)
            self._viewer.quality = self._pace.quality
        self._next_at = now + self._pace.interval if self._pace.interval > self._host.interval else now

    def _inject(self, event: events.InputEvent) -> None:
        if self._input is None:
            return
        try:
            self._input.apply(event.message)
        except InjectError as error:
            self._say_once(f"input was lost: {error}")
        if self._viewer is not None:
            self._viewer.note_input(event.message.seq, time.monotonic())

    def _say_once(self, words: str) -> None:
        """Log what a viewer may cause as often as it likes, once, and only so many kinds of it."""
        if words not in self._said and len(self._said) < _MOST_SAID:
            self._said.add(words)
            log.info("%s: %s", self.peer, words)

    def _refresh(self, reason: str) -> None:
        self._say_once(f"asks for the whole picture: {reason}")
        if self._viewer is not None:
            self._viewer.ask_refresh()
        if self._watched is not None:
            self._watched.refresh_wanted()

    def _leave(self, *, comes_back: bool = False) -> None:
        """Give back what the session held; safe to call twice."""
        self._host.reception.leave(self._guest)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._watching = None
        if self._viewer is not None and comes_back:
            self._host.park(self, self._viewer)
            self._viewer = None
        self._stop_watching()
        if self._watched is not None:
            self._watched.leave()
            self._watched = None
        self._release_input()
        self._input = None

    def _release_input(self) -> None:
        if self._input is not None:
            try:
                self._input.release_all()
            except InjectError as error:
                log.warning("%s: held keys could not be released: %s", self.peer, error)

    def _want(self) -> None:
        if self._viewer is None and self._watching is not None and Permission.VIEW in self._session.granted:
            self._watch(events.WatchWanted(self._watching.codecs, None))
        if self._viewer is None or self._waiting is not None or not (self._writable and self._window.is_open):
            return
        early = max(self._next_at - time.monotonic(), self._full_for())
        if early > 0:
            self._waiting = asyncio.get_running_loop().call_later(early, self._want_now)
        else:
            self._host.want(self._viewer)

    def _full_for(self) -> float:
        """Return in how many seconds to look again, where so much is unsent that another update would queue."""
        excess = unsent(self._number) - LEAST_BYTES
        if excess <= 0:
            return 0.0
        rate = self._window.rate
        return min(_LATEST, max(_SOONEST, excess / rate if rate else 0.0))

    def _want_now(self) -> None:
        self._waiting = None
        self._want()

    def _send_pointer(self) -> None:
        if not (self._pointer_due and self._writable and self._viewer is not None):
            return
        if Permission.VIEW not in self._session.granted:
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
        held = transport.get_write_buffer_size()
        if not held:
            self._picture_bytes = 0
        if self._session.ended:
            transport.close()
        elif held - self._picture_bytes > _MOST_UNREAD:
            log.info("%s: ended: the viewer does not read what it asks for", self.peer)
            transport.abort()
        self._alarm.set(self._session.deadline)

    def _timeout(self) -> None:
        self._act(self._session.timeout(time.monotonic()))
