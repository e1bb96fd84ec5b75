"""The host's end of an open session: what the viewer sees and does. How it came in and goes: host_presence.py."""

from fanlight.channels import input as channel
from fanlight.errors import RemoteProtocolError
from fanlight.protocol import Denied
from fanlight.protocol import messages as m
from fanlight.protocol.connection import Event as Received
from fanlight.session.events import Acked, HostEvent, InputEvent, Presented, RefreshWanted, Resumed, WatchWanted
from fanlight.session.host_handshake import Door
from fanlight.session.host_presence import HostPresence
from fanlight.session.limits import Bucket
from fanlight.session.outgoing import Outgoing
from fanlight.types import MAX_SIDE, CursorShape, PointerPlace, Size

INPUT_RATE = 5_000


class HostSession(HostPresence):
    """One viewer, as the host sees it.

    The send methods raise LocalProtocolError when the session is not open yet or lacks the right: look at `granted`
    first. After the end they do nothing.
    """

    def __init__(self, door: Door, now: float) -> None:
        super().__init__(door, now)
        self._screen: Size | None = None
        self._serial = 0
        self._sent = 0
        self._acked = 0
        self._presented = 0
        self._watched = False
        self._inputs = Bucket("input events", rate=INPUT_RATE, burst=INPUT_RATE)
        self._refreshes = Bucket("requests for the whole picture", rate=2, burst=10)

    # -- what the host says ----------------------------------------------------------------------------------------

    def send_screen(self, size: Size, codec: str, serial: int, *, continues: bool = False) -> None:
        """Announce the picture that the next updates belong to; `serial` must grow.

        `continues`: the viewer has asked to go on with the picture of an earlier connection, and this is that.
        """
        self._send(m.Screen(width=size[0], height=size[1], codec=codec, serial=serial, continues=continues))
        self._screen, self._serial = size, serial

    def send_picture(self, picture: Outgoing, *, input_seq: int, now: float, asks: bool = True) -> int:
        """Send an update; return its sequence number. Nothing of it is copied.

        `input_seq` is the last input injected before the capture, 0 if none. `asks`: we wait for the ACK.
        """
        seq = m.next_seq(self._sent)
        if not self._ended:
            assert picture.packed is not None
            own = seq, self._serial, input_seq
            self._connection.send_picture(picture.packed, own, m.stamp(now), asks=asks)
        self._sent = seq
        return seq

    def send_cursor(self, shape: CursorShape | None) -> None:
        """Send the pointer's shape; None hides it. What is over 512 pixels is cut off."""
        self._send(_cursor(shape))

    def send_pointer(self, place: PointerPlace | None) -> None:
        """Send where the pointer stands; None: hidden or outside."""
        point = None
        if place is not None:
            x, y = self._inside(place.x, place.y, self._screen or (MAX_SIDE, MAX_SIDE))
            point = m.Point(x=x, y=y)
        self._send(m.PointerPlace(place=point))

    # -- what the client says --------------------------------------------------------------------------------------

    def _take(self, received: Received, now: float) -> list[HostEvent]:
        # First of all, since they come with every picture.
        if isinstance(received, m.Ack):
            return [self._acknowledged(received, now)]
        if isinstance(received, m.Presented):
            return [self._shown(received)]
        return super()._take(received, now)

    def _handle_open(self, received: Received, now: float) -> list[HostEvent]:
        match received:
            case m.Refresh(reason=reason):
                self._refreshes.take(now)
                return [RefreshWanted(m.plain(reason))]
            case m.Watch():
                return [self._watching(received)]
            case m.Key() | m.Pointer() | m.Button() | m.Wheel():
                self._inputs.take(now)
                return [InputEvent(self._input(received))]
            case Denied():
                self._inputs.take(now)
            case _:
                return super()._handle_open(received, now)
        return []

    def _watching(self, watch: m.Watch) -> WatchWanted:
        if self._watched:
            raise RemoteProtocolError("a second WATCH: the pictures have begun")
        self._watched = True
        had = watch.resume
        return WatchWanted(tuple(watch.codecs), Resumed(had.session, had.screen, had.seq) if had else None)

    def _acknowledged(self, ack: m.Ack, now: float) -> Acked:
        """Move the acknowledged end forward, mark by mark; sequence numbers are compared on their circle."""
        before, on_the_way = self._acked, (self._sent - self._acked) % m.MAX_SEQ
        reached = 0
        for mark in ack.marks:
            advance = (mark.seq - before) % m.MAX_SEQ
            if not reached < advance <= on_the_way:
                raise RemoteProtocolError(
                    f"an ACK of picture {mark.seq}: {self._acked} is acknowledged, {self._sent} was sent"
                )
            reached, self._acked = advance, mark.seq
        return Acked(mark.seq, m.seconds(mark.received_at), m.seconds(mark.decoded_at), now, ack.marks[:-1])

    def _shown(self, presented: m.Presented) -> Presented:
        """Move the presented end forward, which follows the acknowledged one: so each picture is presented once."""
        advance = (presented.seq - self._presented) % m.MAX_SEQ
        if not 1 <= advance <= (self._acked - self._presented) % m.MAX_SEQ:
            raise RemoteProtocolError(
                f"a PRESENTED of picture {presented.seq}: {self._presented} is presented, {self._acked} acknowledged"
            )
        self._presented = presented.seq
        return Presented(presented.seq, m.seconds(presented.at))

    def _input(self, message: m.Key | m.Pointer | m.Button | m.Wheel) -> channel.Input:
        if isinstance(message, m.Key):
            return channel.Key(message.seq, message.keysym, message.down)
        if self._screen is None:
            raise RemoteProtocolError("a place in the picture before there is one")
        x, y = self._inside(message.x, message.y, self._screen)
        match message:
            case m.Pointer(seq=seq):
                return channel.Pointer(seq, x, y)
            case m.Button(seq=seq, button=button, down=down):
                return channel.Button(seq, x, y, button, down)
            case m.Wheel(seq=seq, dx=dx, dy=dy):
                return channel.Wheel(seq, x, y, dx, dy)

    @staticmethod
    def _inside(x: int, y: int, size: Size) -> tuple[int, int]:
        return min(max(x, 0), size[0] - 1), min(max(y, 0), size[1] - 1)


def _cursor(shape: CursorShape | None) -> m.Cursor:
    if shape is None or shape.width == 0 or shape.height == 0:
        return m.Cursor(0, 0, 0, 0, b"")
    width, height = min(shape.width, m.MAX_CURSOR_SIDE), min(shape.height, m.MAX_CURSOR_SIDE)
    pixels = shape.pixels
    if (width, height) != (shape.width, shape.height):
        row = shape.width * 4
        pixels = b"".join(pixels[y * row : y * row + width * 4] for y in range(height))
    hot_x, hot_y = min(max(shape.hot_x, 0), width - 1), min(max(shape.hot_y, 0), height - 1)
    return m.Cursor(width, height, hot_x, hot_y, pixels)
