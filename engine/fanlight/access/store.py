"""The one SQLite file of a home: settings, password verifiers and known hosts.

Every change is on disk before it is acted on (WAL, synchronous=FULL). A command and a running host use the file at
the same time, so nothing is cached.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fanlight.access.scram import SALT_BYTES
from fanlight.errors import StateError

_SCHEMA_VERSION = 1
_BUSY_MILLISECONDS = 5_000
_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE password (profile TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE known_host (address TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, certificate BLOB NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host whose identity is pinned."""

    address: str
    fingerprint: str
    certificate: bytes


class Store:
    """The file; StateError says what to do when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        with self._explained():
            # A host reads the rules on its loop and the commands in their own process; sqlite serialises both.
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def setting(self, name: str) -> bytes | None:
        """Return a setting, or None where it was never set."""
        with self._transaction() as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def set_setting(self, name: str, value: bytes) -> None:
        """Set a setting."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def passwords(self) -> list[tuple[str, bytes]]:
        """Return (profile, sealed verifier) of every password."""
        with self._transaction() as db:
            rows = db.execute("SELECT profile, sealed FROM password ORDER BY profile").fetchall()
        return [(str(profile), bytes(sealed)) for profile, sealed in rows]

    def set_password(self, profile: str, sealed: bytes) -> None:
        """Keep the sealed verifier of a profile's password."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO password VALUES (?, ?)", (profile, sealed))

    def known_hosts(self) -> list[KnownHost]:
        """Return every pinned host, by address."""
        with self._transaction() as db:
            rows = db.execute("SELECT address, fingerprint, certificate FROM known_host ORDER BY address").fetchall()
        return [KnownHost(str(a), str(f), bytes(c)) for a, f, c in rows]

    def known_host(self, address: str) -> KnownHost | None:
        """Return the pinned host at an address."""
        return next((host for host in self.known_hosts() if host.address == address), None)

    def pin_host(self, host: KnownHost) -> None:
        """Pin a host; one that is pinned already stays as it is."""
        with self._transaction() as db:
            row = (host.address, host.fingerprint, host.certificate)
            db.execute("INSERT OR IGNORE INTO known_host VALUES (?, ?, ?)", row)

    def forget_host(self, address: str) -> bool:
        """Forget a pinned host; False where there was none."""
        with self._transaction() as db:
            return db.execute("DELETE FROM known_host WHERE address = ?", (address,)).rowcount > 0

    def _prepare(self) -> None:
        with self._transaction() as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version == _SCHEMA_VERSION:
                return
            if version != 0 or db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                raise StateError(f"{self._path} was written by another version of fanlight: update fanlight, or remove it")
            for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                db.execute(statement)
            # One salt for all profiles: so a password proved once can be checked against each, and selects its profile.
            db.execute("INSERT INTO setting VALUES ('salt', ?)", (secrets.token_bytes(SALT_BYTES),))
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            if self._db is None:
                raise StateError(f"{self._path} is closed")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StateError(f"{self._path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self._path} is damaged ({error}): restore it, or remove it to start anew") from error
