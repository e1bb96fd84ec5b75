"""What one viewer is shown: updates of the picture at the pace that its link bears, and where the pointer stands.

Runs on the loop. An update is made by the picture thread, one at a time and only when it was asked for here: the
transport holds nothing, the kernel holds little that is unsent, the window of unacknowledged updates is open, and the
pace of the link allows it. When the connection breaks, the viewer is parked, so that it can go on in another one.
"""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from fanlight.host import Picture, Screen, Viewer
from fanlight.net.congestion import Congestion
from fanlight.net.host_side import HostSide
from fanlight.net.unsent import LEAST_BYTES, unsent
from fanlight.net.watching import WatchedViewer
from fanlight.protocol.messages import MAX_SEQ
from fanlight.session import events
from fanlight.session.host_session import HostSession
from fanlight.session.pacing import RateControl, Window
from fanlight.types import CursorShape, Permission, PointerPlace

if TYPE_CHECKING:
    from fanlight.net.host_link import HostLink

log = logging.getLogger("fanlight")

# How soon to look again whether a link has taken what the kernel holds.
_SOONEST, _LATEST = 0.001, 0.02


class Showing:
    """The picture's way to the viewer of one link. `unread` counts bytes of pictures that the transport may hold."""

    def __init__(self, host: HostSide, link: "HostLink", session: HostSession) -> None:
        self.unread = 0
        self._host = host
        self._interval = host.interval
        self._link = link
        self._session = session
        self._window = Window(self._interval)
        self._pace = RateControl(self._interval)
        self._viewer: Viewer | None = None
        # Set while the picture thread knows that the viewer can take an update, and has not made it.
        self._wanted = False
        self._watched: WatchedViewer | None = None
        self._watching: events.WatchWanted | None = None
        self._resumes: events.Resumed | None = None
        self._screen_serial = 0
        self._sent_before = 0
        self._sent = 0
        self._next_at = 0.0
        self._waiting: asyncio.TimerHandle | None = None
        self._number = -1
        # The most that the kernel can hold unsent: what it held when it was asked, and what was sent since. The last
        # update may still have been on its way to it.
        self._held = self._last_bytes = 0
        self._congestion: Congestion | None = None
        self._writable = True
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None
        self._next_cursor: CursorShape | None = None
        self._next_pointer: PointerPlace | None = None
        self._pointer_due = False
        # Set while a pointer's shape may be unsent, which may be large and is never acknowledged.
        self._beside = False

    @property
    def waits_for_nothing(self) -> bool:
        """Whether an acknowledgement changes nothing now: the next update is asked for, and nobody watches."""
        return self._wanted and self._watched is None

    # -- what the link tells -----------------------------------------------------------------------------------------

    def connected(self, number: int) -> None:
        """Take note of the file descriptor of the connection."""
        self._number = number
        self._congestion = Congestion(number, time.monotonic())

    def opened(self, session: str) -> None:
        """Take note that the session is open."""
        if self._host.watchers:
            self._watched = WatchedViewer(session, self._host.watchers)

    def pause(self) -> None:
        """Ask for nothing while the transport is full."""
        self._writable = False

    def resume(self) -> None:
        """Go on once everything handed over has been taken."""
        self._writable = True
        self.unread = 0
        self._send_pointer()
        self.want()

    def take(self, event: events.WatchWanted | events.ClockSample | events.Acked | events.Presented) -> None:
        """Act on what the viewer says of its pictures."""
        if isinstance(event, events.Acked):
            self._acknowledged(event)
        elif isinstance(event, events.Presented):
            if self._watched is not None:
                self._watched.presented(event)
        elif isinstance(event, events.ClockSample):
            self._window.measured(event)
        else:
            self._watch(event)

    def note_input(self, seq: int) -> None:
        """Remember that an input event has been injected: a picture will answer it."""
        if self._viewer is not None:
            self._viewer.note_input(seq, time.monotonic())

    def refresh(self) -> None:
        """Make the next update stand alone."""
        if self._viewer is not None:
            self._viewer.ask_refresh()
            # The picture thread may sleep, since it knew of nothing that this viewer lacks.
            self._wanted = False
        if self._watched is not None:
            self._watched.refresh_wanted()

    def leave(self, *, comes_back: bool) -> None:
        """Show nothing any more; safe to call twice. `comes_back`: keep what the viewer has for another connection."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._watching = None
        if self._viewer is not None and comes_back:
            self._host.park(self._link, self._viewer)
            self._viewer = None
        self._stop_watching()
        if self._watched is not None:
            self._watched.leave()
            self._watched = None

    # -- pictures ----------------------------------------------------------------------------------------------------

    def show(self, picture: Picture, input_seq: int, now: float) -> None:
        """Queue an update that was encoded for this viewer; `input_seq`: the last input before it was captured."""
        self._wanted = False
        viewer = self._viewer
        if viewer is None:
            return
        if Permission.VIEW not in self._session.granted:
            self._stop_watching()
            return
        if picture.screen.serial != self._screen_serial:
            self._announce(picture.screen)
        length = len(picture.update)
        asks = bool(picture.pixels.video) or self._window.asks(length, now)
        self._sent = self._session.send_picture(picture, input_seq=input_seq, now=now, asks=asks)
        self.unread += length
        self._held += length
        self._last_bytes = length
        self._window.sent(self._sent, length, now, asked=asks)
        if self._watched is not None:
            self._watched.sent(self._sent, picture, input_seq, now)
        # What is lossy may take no more of the link than its part, and what refines it no more than its moment.
        viewer.portion = self._window.portion
        if picture.pixels.video:
            self._keep_pace(length, viewer, now)
        self._next_at = now + self._pace.interval if self._pace.interval > self._interval else 0.0
        if self._congestion is not None and now >= self._congestion.fresh_until:
            self._congestion.sending(now)

    def want(self) -> None:
        """Ask for the next update, now or as soon as the link can take it."""
        viewer = self.wanting()
        if viewer is not None:
            self._host.want(viewer)

    def wanting(self) -> Viewer | None:
        """Return the viewer where the next update shall be asked for now; where it shall be soon, see to that."""
        if self._viewer is None and self._watching is not None and Permission.VIEW in self._session.granted:
            self._watch(events.WatchWanted(self._watching.codecs, None))
        if self._wanted or self._viewer is None or self._waiting is not None:
            return None
        if not (self._writable and self._window.is_open):
            return None
        # Nor can more be unsent than what was not acknowledged. Where that is little, the kernel need not be asked.
        held = min(self._held, self._window.unacknowledged)
        early = self._full_for() if self._beside or held > LEAST_BYTES else 0.0
        if self._next_at:
            early = max(early, self._next_at - time.monotonic())
        if early > 0:
            self._waiting = asyncio.get_running_loop().call_later(early, self._want_now)
            return None
        self._wanted = True
        return self._viewer

    def _want_now(self) -> None:
        self._waiting = None
        self.want()

    def _full_for(self) -> float:
        """Return in how many seconds to look again, where so much is unsent that another update would queue."""
        held = unsent(self._number)
        self._held = held + self._last_bytes
        excess = held - LEAST_BYTES
        if excess <= 0:
            self._beside = False
            return 0.0
        rate = self._window.rate
        return min(_LATEST, max(_SOONEST, excess / rate if rate else 0.0))

    def _watch(self, event: events.WatchWanted) -> None:
        """Begin, or begin again, to show pictures."""
        self._watching, self._resumes = event, event.resume
        self._sent_before = self._sent
        self._wanted = False
        self._viewer = self._host.watch(self._link, event)
        if self._viewer is None:
            self._link.end("this host has no codec that the viewer can decode")

    def _stop_watching(self) -> None:
        """Show nothing any more, until the right to see is back: the viewer then begins with nothing."""
        if self._viewer is not None:
            self._host.dismiss(self._viewer)
            self._viewer = None

    def _acknowledged(self, event: events.Acked) -> None:
        self._window.acknowledged(event.seq, event.received_at, event.decoded_at, event.at)
        if self._viewer is not None:
            self._viewer.acknowledged((event.seq - self._sent_before) % MAX_SEQ)
        if self._watched is not None:
            self._watched.acknowledged(event, self._session.peer_clock)

    def _announce(self, screen: Screen) -> None:
        """Say what the next pictures belong to."""
        had, self._resumes = self._resumes, None
        continues = had is not None and had.screen == screen.serial
        self._session.send_screen(screen.size, screen.codec, screen.serial, continues=continues)
        self._screen_serial = screen.serial

    def _keep_pace(self, length: int, viewer: Viewer, now: float) -> None:
        """Choose the quality, and the rate, by an update that was lossy."""
        if reason := self._pace.lossy_sent(length, self._window.rate, now):
            log.info("%s: %s", self._link.peer, reason)
        viewer.quality = self._pace.quality

    # -- the pointer -------------------------------------------------------------------------------------------------

    def point(self, cursor: CursorShape | None, pointer: PointerPlace | None) -> None:
        """Tell the viewer about the pointer: the newest state, when the transport can take it."""
        self._next_cursor, self._next_pointer = cursor, pointer
        self.point_again()

    def point_again(self) -> None:
        """Tell what the viewer was not told yet, because it had no right to see it, for instance."""
        self._pointer_due = True
        self._send_pointer()

    def _send_pointer(self) -> None:
        if not (self._pointer_due and self._writable and self._viewer is not None):
            return
        if Permission.VIEW not in self._session.granted:
            return
        self._pointer_due = False
        if self._next_cursor is not self._cursor:
            self._cursor = self._next_cursor
            self._session.send_cursor(self._cursor)
            self._beside = True
        if self._next_pointer != self._pointer:
            self._pointer = self._next_pointer
            self._session.send_pointer(self._pointer)
        self._link.flush()
