"""What this client remembers of a host between two connections: logins, and the heads of its audit log.

The store is opened for each look: a session may last for days, and other commands use the same home.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from fanlight.access.audit_heads import keep_receipt
from fanlight.access.saved import Saved, SavedLogins
from fanlight.access.store import Store
from fanlight.config import Home
from fanlight.session.events import Secrets

log = logging.getLogger("fanlight")


class Logins:
    """The memory of the home at `home` of the host with a fingerprint."""

    def __init__(self, home: Path | str | None, host: str) -> None:
        self._home = home
        self._host = host

    def saved(self) -> Saved:
        """Return what may let this client in now."""
        with self._store() as store:
            return SavedLogins(store).of(self._host, time.time())

    def opened(self, secrets: Secrets) -> None:
        """Keep what a session brought."""
        with self._store() as store:
            SavedLogins(store).keep(self._host, secrets.token, secrets.resume)

    def cut_off(self, secrets: Secrets) -> None:
        """Note that the connection was lost: the session may go on for a while."""
        if secrets.resume is not None:
            with self._store() as store:
                SavedLogins(store).keep_until(self._host, secrets.resume, time.time() + secrets.resume_seconds)

    def used(self, resume: bytes | None) -> None:
        """Forget a secret that is used up, or whose session was ended on purpose."""
        if resume is not None:
            with self._store() as store:
                SavedLogins(store).forget_resume(self._host, resume)

    def token_is_dead(self) -> None:
        """Forget a token that the host does not take."""
        with self._store() as store:
            SavedLogins(store).forget_token(self._host)

    def audit_shown(self, head: bytes) -> None:
        """Keep the head of the host's audit log that was countersigned, and tell when its history has changed."""
        with self._store() as store:
            fault = keep_receipt(store, self._host, head, time.time())
        if fault is not None:
            log.warning("%s: %s", self._host, fault)

    @contextlib.contextmanager
    def _store(self) -> Iterator[Store]:
        with contextlib.closing(Home(self._home).store()) as store:
            yield store
