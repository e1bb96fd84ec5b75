"""One viewer's connection, as the host sees it: bytes to the session, its events to the screen, and back.

Runs on the loop. What the viewer is shown, and when, is in `showing`.
"""

import asyncio
import logging
import time
from typing import cast

from fanlight.channels.input import InputChannel
from fanlight.errors import InjectError
from fanlight.host import Picture, Viewer
from fanlight.net.alarm import Alarm
from fanlight.net.guest import SessionGuest
from fanlight.net.host_side import HostSide
from fanlight.net.showing import Showing
from fanlight.net.writing import write
from fanlight.session import Door, HostSession, events
from fanlight.types import Address, CursorShape, Permission, PointerPlace

log = logging.getLogger("fanlight")

# Answers that a viewer may leave unread before it is taken for one that does not read at all.
_MOST_UNREAD = 1024 * 1024
_MOST_SAID = 20
_MOST_PUT_OFF = 4


class HostLink(asyncio.Protocol):
    """The transport and the session of one viewer."""

    def __init__(self, host: HostSide, peer: Address, binding: bytes) -> None:
        self._host = host
        self.address, self.peer = peer, str(peer)
        now = time.monotonic()
        door = Door(host.rules, host.identity, binding, self.peer, host.available, host.reception, time.time() - now)
        self._session = HostSession(door, now)
        self._guest = SessionGuest(self._session, self._act)
        self._showing = Showing(host, self, self._session)
        self._input: InputChannel | None = None
        self._said: set[str] = set()
        self._put_off: list[tuple[bytes, float]] = []
        self._transport: asyncio.Transport | None = None
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
        self._showing.connected(self._transport.get_extra_info("socket").fileno())
        self._act([])

    def data_received(self, data: bytes) -> None:
        """Feed the session and act on what the bytes mean."""
        now = time.monotonic()
        if self._may_wait(data):
            self._put_off.append((data, now))
        else:
            self.catch_up()
            self._act(self._session.receive_data(data, now))

    def catch_up(self) -> None:
        """Read the acknowledgements that were put off.

        With each update comes one, and wakes the loop. Where nothing waits for it, it costs least when the next update
        is sent: all viewers' are then read one after the other, by code that is in the caches.
        """
        put_off, self._put_off = self._put_off, []
        for data, at in put_off:
            self._act(self._session.receive_data(data, at))

    def _may_wait(self, data: bytes) -> bool:
        waits = self._showing.waits_for_nothing and len(self._put_off) < _MOST_PUT_OFF
        return waits and self._session.only_acknowledges(data)

    def pause_writing(self) -> None:
        """Take note that the viewer's side is full; nothing is encoded for it until that changes."""
        self._showing.pause()

    def resume_writing(self) -> None:
        """Go on once everything handed over has been taken."""
        self._showing.resume()

    def connection_lost(self, error: Exception | None) -> None:
        """Release all that the viewer held, whatever ended the connection."""
        self._alarm.cancel()
        self.catch_up()
        self._act(self._session.lost(time.monotonic()))
        self._leave()
        if not self.gone.done():
            self.gone.set_result(None)

    # -- what the server says --------------------------------------------------------------------------------------

    def take_picture(self, picture: Picture, input_seq: int, now: float) -> None:
        """Queue an update that was encoded for this viewer; `input_seq`: the last input before it was captured.

        What was put off is read first, and may end the session. Then `flush`, and ask who is `wanting`: the host does
        each of these for all viewers before the next, so that its code is in the caches for all but the first.
        """
        if self._put_off:
            self.catch_up()
        self._showing.show(picture, input_seq, now)

    def wanting(self) -> Viewer | None:
        """Return the viewer where the next update shall be asked for now."""
        return self._showing.wanting()

    def show_pointer(self, cursor: CursorShape | None, pointer: PointerPlace | None) -> None:
        """Tell the viewer about the pointer: the newest state, when the transport can take it."""
        self._showing.point(cursor, pointer)

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
        deadline_moves = not happened
        for event in happened:
            if isinstance(event, (events.Acked, events.Presented)):
                # They come with every update, and bring no deadline nearer.
                self._showing.take(event)
            else:
                self._act_on(event)
                deadline_moves = True
        self.flush()
        if deadline_moves:
            self._alarm.set(self._session.deadline)
        self._showing.want()

    def _act_on(self, event: events.HostEvent) -> None:
        match event:
            case events.Requested():
                self._host.reception.enter(self._guest)
            case events.Opened():
                self._open(event)
            case events.RightsChanged(rights=rights):
                self._change_rights(rights)
            case events.InputEvent():
                self._inject(event)
            case events.WatchWanted() | events.ClockSample():
                self._showing.take(event)
            case events.RefreshWanted(reason=reason):
                self.say_once(f"asks for the whole picture: {reason}")
                self._showing.refresh()
            case events.Denied(kind=kind, needs=needs):
                self.say_once(f"denied: {kind} needs the right {needs}")
            case events.Ended(reason=reason, broken=broken):
                log.info("%s: ended: %s", self.peer, reason)
                self._leave(comes_back=broken)

    def _change_rights(self, rights: frozenset[Permission]) -> None:
        log.info("%s: the rights are now: %s", self.peer, ", ".join(sorted(rights)) or "none")
        if Permission.CONTROL not in rights:
            self._release_input()
        self._showing.point_again()
        self._host.reception.changed()

    def _open(self, event: events.Opened) -> None:
        self._guest.note(event)
        self._host.reception.enter(self._guest)
        self._host.came_in(self)
        rights = ", ".join(sorted(event.rights))
        log.info("%s: session open for %s (%s): %s", self.peer, event.fingerprint, event.profile, rights)
        if self._host.injector is not None:
            self._input = InputChannel(self._host.injector)
        self.session_name = event.session
        self._showing.opened(event.session)

    def _inject(self, event: events.InputEvent) -> None:
        if self._input is None:
            return
        try:
            self._input.apply(event.message)
        except InjectError as error:
            self.say_once(f"input was lost: {error}")
        self._showing.note_input(event.message.seq)

    def say_once(self, words: str) -> None:
        """Log what a viewer may cause as often as it likes, once, and only so many kinds of it."""
        if words not in self._said and len(self._said) < _MOST_SAID:
            self._said.add(words)
            log.info("%s: %s", self.peer, words)

    def _leave(self, *, comes_back: bool = False) -> None:
        """Give back what the session held; safe to call twice."""
        self._host.reception.leave(self._guest)
        self._showing.leave(comes_back=comes_back)
        self._release_input()
        self._input = None

    def _release_input(self) -> None:
        if self._input is not None:
            try:
                self._input.release_all()
            except InjectError as error:
                log.warning("%s: held keys could not be released: %s", self.peer, error)

    def flush(self) -> None:
        """Write what the session has to say."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data, ended = self._session.data_to_send(), self._session.ended
        if data:
            write(transport, data)
        elif not ended:
            return
        held = transport.get_write_buffer_size()
        if not held:
            self._showing.unread = 0
        if ended:
            transport.close()
        elif held - self._showing.unread > _MOST_UNREAD:
            log.info("%s: ended: the viewer does not read what it asks for", self.peer)
            transport.abort()

    def _timeout(self) -> None:
        self.catch_up()
        self._act(self._session.timeout(time.monotonic()))
