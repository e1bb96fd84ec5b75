"""Who watches what a host does for its viewers: the metrics, and the file of ledger lines."""

from collections.abc import Sequence

from fanlight.host import Picture
from fanlight.session.clocks import PeerClock
from fanlight.session.events import Acked, Presented
from fanlight.session.ledger import HostLedger, LedgerEntry, SentUpdate


class Watcher:
    """Told on the host's loop, in order; overrides what it wants to know. `session` is the session's name."""

    def opened(self, session: str) -> None:
        """Hear that a viewer has come in."""

    def left(self, session: str) -> None:
        """Hear that it is gone."""

    def sent(self, session: str, update: SentUpdate, states: int) -> None:
        """Hear of an update that was handed to the transport; `states` of the screen were captured for it."""

    def complete(self, session: str, entry: LedgerEntry) -> None:
        """Hear of an update that the viewer has shown or, without a window, decoded."""

    def refresh_wanted(self, session: str) -> None:
        """Hear that the viewer asks for the whole picture."""


class WatchedViewer:
    """One viewer's ledger, and those who are told of it."""

    def __init__(self, session: str, watchers: Sequence[Watcher]) -> None:
        self._session = session
        self._watchers = watchers
        self._ledger = HostLedger()
        self._ledger.entries.watch(lambda entry, _: self._complete(entry))
        for watcher in watchers:
            watcher.opened(session)

    def sent(self, seq: int, picture: Picture, input_seq: int, now: float) -> None:
        """Note an update that was handed to the transport as number `seq`."""
        update = SentUpdate(
            seq=seq,
            bytes=len(picture.update),
            exact=picture.exact,
            key=picture.key,
            quality=picture.quality,
            pixels=picture.pixels,
            input_seq=input_seq,
            damaged_at=picture.damaged_at,
            captured_at=picture.captured_at,
            encode_started_at=picture.encode_started_at,
            encoded_at=picture.encoded_at,
            sent_at=now,
        )
        self._ledger.sent(update)
        for watcher in self._watchers:
            watcher.sent(self._session, update, picture.states)

    def acknowledged(self, acked: Acked, clock: PeerClock) -> None:
        """Note what the viewer has decoded, by its clock."""
        self._ledger.acknowledged(acked, clock)

    def presented(self, presented: Presented) -> None:
        """Note what the viewer has shown."""
        self._ledger.presented(presented)

    def refresh_wanted(self) -> None:
        """Note that the viewer asks for the whole picture."""
        for watcher in self._watchers:
            watcher.refresh_wanted(self._session)

    def leave(self) -> None:
        """End the ledger; nothing more is told of this viewer."""
        self._ledger.entries.finish()
        for watcher in self._watchers:
            watcher.left(self._session)

    def _complete(self, entry: LedgerEntry) -> None:
        for watcher in self._watchers:
            watcher.complete(self._session, entry)
