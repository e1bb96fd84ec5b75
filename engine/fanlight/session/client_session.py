"""The client's end of an open session: what it sees and does. How it came in and leaves: client_presence.py."""

from datetime import datetime

from fanlight.access import Identity
from fanlight.errors import RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session import events
from fanlight.session.client_presence import ClientPresence
from fanlight.session.events import ClientEvent
from fanlight.types import MAX_PIXELS, CursorShape, Permission, Pixels, PointerPlace

HELD_SECONDS = 1.5
"""How long an acknowledgement that the host does not wait for may be held, so that it needs no packet of its own."""


class ClientSession(ClientPresence):
    """One session with a host. `leaf` is the certificate (DER) that TLS has shown; `at` the date (aware).

    The send methods raise LocalProtocolError when the session is not open yet or lacks the right, and for a value out
    of bounds. After the end they do nothing.
    """

    def __init__(
        self, identity: Identity, leaf: bytes, now: float, at: datetime, *, certificate: bytes | None = None
    ) -> None:
        # First, since the client's HELLO is sent while the others are made.
        self._held: list[m.Mark] = []
        self._held_shown: list[m.Presented] = []
        self._held_until: float | None = None
        super().__init__(identity, leaf, now, at, certificate=certificate)
        self._serial = 0
        self._picture_seq = 0
        self._acked = 0
        self._presented = 0
        self._input_seq = 0
        self._refresh_asked = False
        self._resumes: events.Resumed | None = None

    # -- what the client says --------------------------------------------------------------------------------------

    def send_key(self, keysym: int, down: bool) -> int:
        """Press or release the key of an X keysym; return the event's sequence number."""
        return self._send_input(m.Key(seq=self._next_input(), keysym=keysym, down=down))

    def send_pointer(self, x: int, y: int) -> int:
        """Move the pointer, in pixels of the picture; return the event's sequence number."""
        return self._send_input(m.Pointer(seq=self._next_input(), x=x, y=y))

    def send_button(self, x: int, y: int, button: int, down: bool) -> int:
        """Press or release button 1 to 9 at a place; return the event's sequence number."""
        return self._send_input(m.Button(seq=self._next_input(), x=x, y=y, button=button, down=down))

    def send_wheel(self, x: int, y: int, dx: int, dy: int) -> int:
        """Turn the wheel at a place, at most 32 notches to the right or down; return the event's sequence number."""
        return self._send_input(m.Wheel(seq=self._next_input(), x=x, y=y, dx=dx, dy=dy))

    def send_watch(self, codecs: tuple[str, ...], resume: events.Resumed | None = None) -> None:
        """Let the pictures begin, in one of these codecs, best first; `resume` is what is left of before."""
        had = m.Resumed(session=resume.session, screen=resume.screen, seq=resume.seq) if resume else None
        self._send(m.Watch(codecs=list(codecs), resume=had))
        self._resumes = resume

    def send_ack(self, seq: int, received_at: float, decoded_at: float, *, asked: bool = True) -> None:
        """Say that every picture up to `seq` is decoded; both times are on this machine's clock.

        Where the host has not asked it is held, for HELD_SECONDS at most, and goes with whatever is sent next.
        """
        self._held.append(m.Mark(seq, m.stamp(received_at), m.stamp(decoded_at)))
        self._acked = seq
        self._hold(decoded_at, full=asked or len(self._held) == m.MOST_MARKS)

    def send_presented(self, seq: int, at: float) -> None:
        """Say that every picture up to `seq` is on this screen since `at` of our clock; held as an acknowledgement is.

        Nothing is said twice, and nothing of what is not acknowledged in this session: a window may be behind it.
        """
        advance, acknowledged = ((end - self._presented) % m.MAX_SEQ for end in (seq, self._acked))
        if 1 <= advance <= acknowledged:
            self._presented = seq
            self._held_shown.append(m.Presented(seq, m.stamp(at)))
            self._hold(at, full=len(self._held_shown) == m.MOST_MARKS)

    def send_refresh(self, reason: str) -> None:
        """Ask for an update that stands alone, unless one is asked for already or the right to see is gone."""
        if not self._refresh_asked and Permission.VIEW in self.granted:
            self._send(m.Refresh(reason=m.plain(reason)))
            self._refresh_asked = True

    # -- what is held --------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        deadline = super().deadline
        if deadline is None or self._held_until is None:
            return deadline
        return min(deadline, self._held_until)

    def timeout(self, now: float) -> list[ClientEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        if self._held_until is not None and now >= self._held_until:
            self._say_held()
        return super().timeout(now)

    def _hold(self, now: float, *, full: bool) -> None:
        if full:
            self._say_held()
        elif self._held_until is None:
            self._held_until = now + HELD_SECONDS

    def _say_held(self) -> None:
        """Queue what is held; the pictures that were shown are acknowledged first."""
        held, shown = self._held, self._held_shown
        self._held, self._held_shown, self._held_until = [], [], None
        if held:
            super()._send(m.Ack(tuple(held)))
        for presented in shown:
            super()._send(presented)

    def _send(self, message: m.Message) -> None:
        if self._held_until is not None:
            self._say_held()
        super()._send(message)

    def _say_bye(self, reason: str) -> None:
        if self._held_until is not None:
            self._say_held()
        super()._say_bye(reason)

    # -- what the host says ----------------------------------------------------------------------------------------

    def _handle_open(self, received: Received, now: float) -> list[ClientEvent]:
        match received:
            case m.RightsChanged(rights=rights, epoch=epoch):
                if epoch != m.next_seq(self._epoch):
                    raise RemoteProtocolError(f"rights of epoch {epoch} after {self._epoch}")
                self._epoch = epoch
                return [events.RightsChanged(frozenset(rights), epoch)]
            case m.Screen():
                return [self._announced(received)]
            case m.Picture():
                return [self._picture(received, now)]
            case m.Cursor(width=width, height=height, hot_x=hot_x, hot_y=hot_y, pixels=pixels):
                shape = CursorShape(width, height, hot_x, hot_y, bytes(pixels)) if width else None
                return [events.Cursor(shape)]
            case m.PointerPlace(place=place):
                return [events.Pointer(PointerPlace(place.x, place.y) if place else None)]
        return super()._handle_open(received, now)

    def _announced(self, screen: m.Screen) -> events.Screen:
        if screen.width * screen.height > MAX_PIXELS:
            raise RemoteProtocolError(f"a screen of {screen.width}x{screen.height}: at most {MAX_PIXELS} pixels")
        if screen.serial <= self._serial:
            raise RemoteProtocolError(f"screen {screen.serial} after screen {self._serial}")
        may_continue = self._resumes is not None and self._serial == 0 and screen.serial == self._resumes.screen
        if screen.continues and not may_continue:
            raise RemoteProtocolError(f"screen {screen.serial} continues one that is not there")
        self._serial = screen.serial
        return events.Screen((screen.width, screen.height), screen.codec, screen.serial, screen.continues)

    def _picture(self, picture: m.Picture, now: float) -> events.Picture:
        if picture.screen != self._serial or picture.seq != m.next_seq(self._picture_seq):
            raise RemoteProtocolError(
                f"picture {picture.seq} of screen {picture.screen} after picture {self._picture_seq} of {self._serial}"
            )
        self._picture_seq = picture.seq
        self.peer_clock.came(m.seconds(picture.sent_at), now)
        if picture.key:
            self._refresh_asked = False
        return events.Picture(
            seq=picture.seq,
            screen=picture.screen,
            input_seq=picture.input_seq,
            exact=picture.exact,
            key=picture.key,
            quality=picture.quality or None,
            pixels=Pixels(picture.copy_pixels, picture.tile_pixels, picture.video_pixels),
            damaged_at=m.seconds(picture.damaged_at),
            captured_at=m.seconds(picture.captured_at),
            encode_started_at=m.seconds(picture.encode_started_at),
            encoded_at=m.seconds(picture.encoded_at),
            sent_at=m.seconds(picture.sent_at),
            digest=picture.digest if picture.proved else None,
            update=picture.update,
            asks=picture.asks,
        )

    def _next_input(self) -> int:
        return m.next_seq(self._input_seq)

    def _send_input(self, message: m.Key | m.Pointer | m.Button | m.Wheel) -> int:
        self._send(message)
        self._input_seq = message.seq
        return message.seq
