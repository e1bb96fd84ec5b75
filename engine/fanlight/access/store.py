"""The store: one SQLite file that holds the settings and tables of all rules, and the known hosts.

Every read sees what other processes have written: a running host obeys a command at once. What a caller may do and
what the values mean is not decided here. All methods raise StateError when the file cannot be used. One thread only.

Each family of rules keeps its own tables through `rows` and `changing`; the tables stand in `schema`.
"""

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from fanlight.access.schema import STEPS
from fanlight.access.scram import ITERATIONS
from fanlight.errors import IdentityError, StateError

SCHEMA = len(STEPS)
_APPLICATION_ID = int.from_bytes(b"fanl", "big")
_BUSY_SECONDS = 5.0
_SALT_BYTES = 32
_MAX_ADDRESS = 300

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host whose identity was trusted; `certificate` is DER."""

    address: str
    fingerprint: str
    certificate: bytes
    first_seen: datetime


class Store:
    """The file at `path`; a new one, with a salt of its own, where there is none or an empty one."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._create_private()
        with self._explained(), self._alone():
            self._db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- settings --------------------------------------------------------------------------------------------------

    @property
    def salt(self) -> bytes:
        """The host's salt, shared by all passwords, so that the one that matches can select the profile."""
        return self.setting("salt", bytes)

    @property
    def iterations(self) -> int:
        """How often passwords are stretched."""
        return self.setting("iterations", int)

    def setting(self, name: str, kind: type[T]) -> T:
        """Return a setting. StateError when it is missing or of another type: a store has them all from the start."""
        rows = self.rows("SELECT value FROM settings WHERE name = ?", name)
        value = rows[0][0] if rows else None
        if not isinstance(value, kind):
            raise StateError(f"{self.path} is damaged: the setting {name!r} is missing; restore it from a backup")
        return value

    def put_setting(self, name: str, value: bytes | str | int) -> None:
        """Change a setting."""
        with self.changing() as db:
            db.execute("UPDATE settings SET value = ? WHERE name = ?", (value, name))

    # -- tables ----------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds."""
        with self._explained():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction that is on disk when this returns, or not at all; inside another one, be part of it."""
        if self._db.in_transaction:
            yield self._db
            return
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # SQLite has already rolled back what failed for a full disk.
                with suppress(sqlite3.OperationalError):
                    self._db.execute("ROLLBACK")
                raise

    # -- known hosts -----------------------------------------------------------------------------------------------

    def known_hosts(self) -> list[KnownHost]:
        """Return all pinned hosts, by address."""
        return [_known_host(row) for row in self.rows("SELECT * FROM known_hosts ORDER BY address")]

    def known_host(self, address: str) -> KnownHost | None:
        """Return what is pinned for an address."""
        rows = self.rows("SELECT * FROM known_hosts WHERE address = ?", address)
        return _known_host(rows[0]) if rows else None

    def pin_host(self, host: KnownHost) -> None:
        """Pin a host. IdentityError when its address is pinned to another one: that is for a person to forget first."""
        if not 0 < len(host.address) <= _MAX_ADDRESS:
            raise StateError(f"an address of {len(host.address)} characters cannot be kept: at most {_MAX_ADDRESS}")
        values = host.address, host.fingerprint, host.certificate, int(host.first_seen.timestamp())
        with self.changing() as db:
            db.execute("INSERT OR IGNORE INTO known_hosts VALUES (?, ?, ?, ?)", values)
            pinned = db.execute("SELECT fingerprint FROM known_hosts WHERE address = ?", (host.address,)).fetchone()[0]
        if pinned != host.fingerprint:
            raise IdentityError(f"{host.address} is pinned to {pinned}: forget it before another is pinned")

    def forget_host(self, address: str) -> bool:
        """Remove a pin; False when there was none."""
        with self.changing() as db:
            return db.execute("DELETE FROM known_hosts WHERE address = ?", (address,)).rowcount > 0

    # -- the file --------------------------------------------------------------------------------------------------

    def _create_private(self) -> None:
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StateError(f"{self.path} cannot be made: {error.strerror}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time open the file: SQLite does not wait when two of them turn WAL on."""
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _prepare(self) -> None:
        """Check that the file is ours and whole before anything is written to it; make the tables in a new one."""
        self._db.execute("PRAGMA trusted_schema = OFF")
        self._check_ours()
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        with self.changing() as db:
            _upgrade(db, self._pragma("user_version"))

    def _check_ours(self) -> None:
        # In one transaction: another process may be making the tables now.
        self._db.execute("BEGIN")
        owner, version = self._pragma("application_id"), self._pragma("user_version")
        empty = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        whole = self._pragma("quick_check") == "ok"
        self._db.execute("COMMIT")
        if not whole:
            raise StateError(f"{self.path} is damaged: restore it from a backup, or remove it and set up access anew")
        if (owner, version, empty) == (0, 0, True):
            return
        if owner != _APPLICATION_ID:
            raise StateError(f"{self.path} is a database of another program: choose another --home, or move it away")
        if version > SCHEMA:
            raise StateError(
                f"{self.path} was written by a newer fanlight (schema {version}, here {SCHEMA}): update this"
            )

    def _pragma(self, name: str) -> Any:
        return self._db.execute(f"PRAGMA {name}").fetchone()[0]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StateError(f"{self.path} is in use by another process: try again") from error
            # SQLite calls it an I/O error where there is no room for its index of the log.
            full = "; is the disk full?" if "I/O" in str(error) else ""
            raise StateError(f"{self.path} cannot be used: {error}{full}") from error
        except sqlite3.Error as error:
            raise StateError(
                f"{self.path} is damaged or no fanlight store ({error}): restore it, or move it away"
            ) from error


def _upgrade(db: sqlite3.Connection, version: int) -> None:
    for statement in chain.from_iterable(STEPS[version:]):
        db.execute(statement)
    if version == 0:
        settings = {"salt": secrets.token_bytes(_SALT_BYTES), "iterations": ITERATIONS, "unattended": 0}
        db.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    if version < SCHEMA:
        db.execute(f"PRAGMA user_version = {SCHEMA}")


def _known_host(row: tuple[Any, ...]) -> KnownHost:
    address, fingerprint, certificate, first_seen = row
    return KnownHost(address, fingerprint, bytes(certificate), datetime.fromtimestamp(first_seen, UTC))
