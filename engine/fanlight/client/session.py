"""An open session, as a program sees it: the remote screen as an array, what changed, and input.

Everything here runs on the caller's event loop. Updates are decoded as they come; a caller that is slower than the
screen finds the ones it missed merged into the next, never queued. Where the connection breaks, the session may come
back in another one: the decoder goes on, and only what changed meanwhile is sent.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from fanlight.codec import Decoder, decoders, open_decoder
from fanlight.errors import (
    AuthenticationFailed,
    ConnectionLost,
    FanlightError,
    IdentityError,
    Refused,
    RemoteProtocolError,
    UsageError,
)
from fanlight.net.client_link import ClientLink
from fanlight.session import events
from fanlight.session.ledger import Ledger, LedgerEntry, SentUpdate, arrived
from fanlight.types import Address, CursorShape, Image, Permission, PointerPlace, Rect, Size, Tiles

_MOST_RECTS = 128
# What was on its way for longer is not shown at once: we, or the line, slept, and what is newest comes with the next.
_LATE_SECONDS, _HOLD_SECONDS = 1.0, 0.15


class ScreenUpdate(msgspec.Struct, frozen=True):
    """What changed since the update before: `damage` in pixels; `latency` in seconds, of the newest part.

    `exact` says that the picture equals the host's, proved by its digest. `merged` counts the updates in this one.
    """

    seq: int
    damage: tuple[Rect, ...]
    exact: bool
    resized: bool
    bytes: int
    merged: int
    latency: float | None


class RemoteSession:
    """An open session with a host. Made by `connect`; all methods belong to the event loop it was made on.

    `lock` is held while the picture changes, for another thread that reads `image`.
    `come_back`, where it is set, is awaited when the connection breaks: it opens another one and hands it to `adopt`,
    or raises. `connected` is False meanwhile; what is sent then is lost. `reconnects` counts how often that went well.
    """

    def __init__(
        self, address: Address, link: ClientLink, opened: events.Opened, on_audit: Callable[[bytes], None]
    ) -> None:
        self.address = str(address)
        self.lock = threading.Lock()
        self.connected = True
        self.reconnects = 0
        self.come_back: Callable[[], Awaitable[None]] | None = None
        self._returning: asyncio.Task[None] | None = None
        self._name = ""
        self._serial = 0
        self._decoded = 0
        self._take_over(opened)
        self._on_audit = on_audit
        self.cursor: CursorShape | None = None
        self.pointer: PointerPlace | None = None
        self.ledger = Ledger()
        self.mismatches = 0
        self._watches = False
        self._link = link
        self._decoder: Decoder | None = None
        self._codec = ""
        self._blank = True
        self._pending: ScreenUpdate | None = None
        self._on_picture: Callable[[int, tuple[Rect, ...]], None] | None = None
        self._to_show: tuple[Rect, ...] | None = None
        self._news = asyncio.Event()
        self._held: asyncio.TimerHandle | None = None
        self._error: FanlightError | None = None
        self._closed = False
        self._watch()

    # -- the picture -----------------------------------------------------------------------------------------------

    @property
    def image(self) -> Image:
        """The remote screen now: (H, W, 4) uint8 BGRX, read-only, changed in place by the next update."""
        if self._decoder is None:
            raise UsageError("no picture has come yet: wait for the first update")
        return self._decoder.image

    @property
    def size(self) -> Size:
        """Width and height of the remote screen in pixels; (0, 0) until it is known."""
        return self._decoder.size if self._decoder else (0, 0)

    @property
    def codec(self) -> str:
        """The name of the codec in use."""
        return self._codec

    async def updates(self) -> AsyncIterator[ScreenUpdate]:
        """Yield what changed, newest merged; ends when the session is closed, raises when it is lost."""
        while True:
            await self._news.wait()
            self._news.clear()
            update, self._pending = self._pending, None
            if update is not None:
                yield update
            elif self._error is not None:
                raise self._error
            elif self._closed:
                return
            if self._error is not None or self._closed:
                self._news.set()

    def follow_picture(self, function: Callable[[int, tuple[Rect, ...]], None]) -> None:
        """Call `function(seq, damage)` as soon as `image` has changed, for a window of one's own.

        That is before `updates` tells of it, which waits for the proof that the picture is the host's. What there is
        already is told now.
        """
        self._on_picture = function
        if self._decoder is not None and not self._blank:
            function(self._decoded, (Rect(0, 0, *self.size),))

    def tile_states(self) -> Tiles | None:
        """Return for each 64x64 tile whether it is 0 exact, 1 refining or 2 lossy; None until there is a picture."""
        return None if self._decoder is None else self._decoder.states()

    def presented(self, seq: int, at: float) -> None:
        """Say that all up to update `seq` is on the screen here since `at`, `time.monotonic()` seconds.

        Twice the same says nothing new. For the ledgers of both ends; the host hears of it with whatever is sent next.
        """
        self.ledger.presented(seq, at)
        self._link.session.send_presented(seq, at)

    # -- input -----------------------------------------------------------------------------------------------------

    def send_key(self, keysym: int, down: bool) -> None:
        """Press or release the key of an X11 keysym."""
        self._input_sent(self._link.session.send_key(keysym, down))

    def move_pointer(self, x: int, y: int) -> None:
        """Put the remote pointer at (x, y), in pixels of the picture."""
        self._input_sent(self._link.session.send_pointer(x, y))

    def send_button(self, x: int, y: int, button: int, down: bool) -> None:
        """Press or release a button (1 left, 2 middle, 3 right) at (x, y)."""
        self._input_sent(self._link.session.send_button(x, y, button, down))

    def send_wheel(self, x: int, y: int, dx: int, dy: int) -> None:
        """Turn the wheel by clicks at (x, y): dy grows downwards, dx to the right."""
        self._input_sent(self._link.session.send_wheel(x, y, dx, dy))

    def _input_sent(self, seq: int) -> None:
        self.ledger.input_sent(seq, time.monotonic())
        self._link.flush()

    # -- rights ----------------------------------------------------------------------------------------------------

    @property
    def denied(self) -> frozenset[Permission]:
        """The rights that would mean something on the host, but are not granted."""
        return frozenset(Permission) - self.rights - self.unavailable

    @property
    def was_cut_off(self) -> bool:
        """Whether the connection was lost, rather than the session ended here; it may be resumed then."""
        return isinstance(self._error, ConnectionLost)

    def waive(self, *rights: Permission) -> None:
        """Do without these rights, and only these, from now on; `rights` follows when the host has answered."""
        self._link.session.waive(frozenset(rights))
        self._link.flush()

    # -- what the link brings --------------------------------------------------------------------------------------

    def take(self, event: events.ClientEvent) -> None:
        """Act on an event of the session; called by the connection. What cannot be decoded ends the session."""
        try:
            self._act(event)
        except FanlightError as error:
            self._end(error)
            self._link.session.end(str(error), time.monotonic())

    def _act(self, event: events.ClientEvent) -> None:
        match event:
            case events.Screen():
                self._announced(event)
            case events.Picture():
                self._show(event)
            case events.Cursor(shape=shape):
                self.cursor = shape
                self._tell(())
            case events.Pointer(place=place):
                self.pointer = place
                self._tell(())
            case events.AuditShown(head=head):
                self._on_audit(head)
            case events.RightsChanged(rights=rights):
                self.rights = rights
                self._watch()
                self._tell(())
            case events.Ended(error=error, broken=True) if self.come_back is not None and not self._closed:
                self._returning = asyncio.get_running_loop().create_task(self._return(self.come_back, error))
            case events.Ended(error=error):
                self._end(error)

    def _take_over(self, opened: events.Opened) -> None:
        self.rights = opened.rights
        self.unavailable = opened.unavailable
        self.profile = opened.profile
        self.connection = opened.connection
        self.secrets = opened.secrets
        self._name = opened.session

    async def _return(self, come_back: Callable[[], Awaitable[None]], error: FanlightError | None) -> None:
        """Wait for another connection; where none comes, the session ends as it would have without."""
        self.connected = False
        self._tell(())
        try:
            await come_back()
        except FanlightError as failure:
            self._end(failure if isinstance(failure, (Refused, AuthenticationFailed, IdentityError)) else error)

    def adopt(self, link: ClientLink, opened: events.Opened) -> None:
        """Go on in another connection, with the picture that is here."""
        had = None
        if self._decoder is not None and self._serial:
            had = events.Resumed(self._name, self._serial, self._decoded)
        self._link = link
        self._take_over(opened)
        self._decoded = 0
        self.ledger.reconnected()
        self.connected, self._watches = True, False
        self.reconnects += 1
        self._watch(had)
        self._tell(())

    def _watch(self, had: events.Resumed | None = None) -> None:
        """Let the pictures begin, once we may see them."""
        if not self._watches and Permission.VIEW in self.rights:
            self._watches = True
            self._link.session.send_watch(decoders(), had)
            self._link.flush()

    def _announced(self, screen: events.Screen) -> None:
        self._serial = screen.serial
        if not screen.continues:
            self._replace_decoder(screen.size, screen.codec)
        elif (screen.size, screen.codec) != (self.size, self._codec):
            raise RemoteProtocolError("the host goes on with another screen than the one that we have")

    def _replace_decoder(self, size: Size, codec: str) -> None:
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = open_decoder(codec, size)
        self._codec = codec
        self._blank = True
        # What was held back of the picture before is not to be shown in this one, which has no pixels yet.
        self._to_show = None
        self._tell((Rect(0, 0, *size),), resized=True)

    def _show(self, picture: events.Picture) -> None:
        if self._decoder is None:
            raise RemoteProtocolError("the host sent a picture before it said how large its screen is")
        received_at = time.monotonic()
        with self.lock:
            self._decoder.decode(picture.update)
        decoded_at = time.monotonic()
        self._decoded = picture.seq
        self._blank = False
        session = self._link.session
        late = session.clock_offset is not None and received_at - session.local_time(picture.sent_at) >= _LATE_SECONDS
        self._hand_over(self._decoder.damage, late=late)
        differs = picture.digest is not None and self._decoder.digest != picture.digest
        session.send_ack(picture.seq, received_at, decoded_at, asked=picture.asks)
        if differs:
            self.mismatches += 1
            session.send_refresh(f"the digest of update {picture.seq} does not match")
        sent = SentUpdate(
            seq=picture.seq,
            bytes=len(picture.update),
            exact=picture.exact and not differs,
            key=picture.key,
            quality=picture.quality,
            pixels=picture.pixels,
            input_seq=picture.input_seq,
            damaged_at=session.local_time(picture.damaged_at),
            captured_at=session.local_time(picture.captured_at),
            encode_started_at=session.local_time(picture.encode_started_at),
            encoded_at=session.local_time(picture.encoded_at),
            sent_at=session.local_time(picture.sent_at),
        )
        entry = arrived(sent, received_at, decoded_at, session.clock_offset)
        self.ledger.add(entry)
        self._tell(self._decoder.damage, entry=entry)

    def _tell(self, damage: tuple[Rect, ...], *, resized: bool = False, entry: LedgerEntry | None = None) -> None:
        """Merge what happened into the update that the caller takes next."""
        before = self._pending
        rects = damage if before is None or resized else _merged(before.damage + damage, self.size)
        self._pending = ScreenUpdate(
            seq=entry.seq if entry else self._seq(),
            damage=rects,
            exact=entry.exact if entry else self._exact(),
            resized=resized or (before is not None and before.resized),
            bytes=(entry.bytes if entry else 0) + (before.bytes if before else 0),
            merged=(1 if entry else 0) + (before.merged if before else 0),
            latency=entry.latency if entry else (before.latency if before else None),
        )
        # A size without pixels is nothing to show yet: it comes with the first picture of that size.
        if not self._blank and self._held is None:
            self._news.set()

    def _hand_over(self, damage: tuple[Rect, ...], *, late: bool) -> None:
        """Tell whoever shows the picture; a late one is held back for a moment, as a newer one is to follow."""
        self._to_show = _merged((self._to_show or ()) + damage, self.size)
        if not late:
            self._release()
        elif self._held is None:
            self._held = asyncio.get_running_loop().call_later(_HOLD_SECONDS, self._tell_held)

    def _tell_held(self) -> None:
        self._release()
        self._news.set()

    def _release(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
        rects, self._to_show = self._to_show, None
        if rects is not None and self._on_picture is not None:
            self._on_picture(self._decoded, rects)

    def _seq(self) -> int:
        return self.ledger[-1].seq if self.ledger else 0

    def _exact(self) -> bool:
        return bool(self.ledger) and self.ledger[-1].exact

    def _end(self, error: FanlightError | None) -> None:
        self._closed = True
        self._error = self._error or error
        self._tell_held()

    async def close(self) -> None:
        """Say goodbye, wait until the connection is gone, and free the decoder."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
        self.ledger.finish()
        self._link.session.leave(time.monotonic())
        self._link.flush()
        await self._link.gone
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None


def _merged(rects: tuple[Rect, ...], size: Size) -> tuple[Rect, ...]:
    return rects if len(rects) <= _MOST_RECTS else (Rect(0, 0, *size),)
