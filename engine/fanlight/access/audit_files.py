"""The files of the audit log: one writer at a time, every entry on disk before it counts, repaired after a crash.

    audit.jsonl           the entries, until it is full
    audit-SEQ.jsonl       full files, named for their first entry
    audit.key             the seed of the next entry, and how far the log went; replaced after each entry
    audit-lost-N/         what was left of a log whose loss the owner has accepted
    audit.lock            who holds its lock may write

An entry is written and synced first, then the key moves on. A process that dies between the two leaves an entry that is
valid and is taken over; one that dies within a line leaves a torn line, which stays, and the next entry tells its hash.
"""

import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fanlight.access.audit_chain import HASH_BYTES, KEY_BYTES, SEED_BYTES, START, public_key
from fanlight.errors import StateError

LOG, KEY, LOCK = "audit.jsonl", "audit.key", "audit.lock"
_ASIDE = "audit-lost-{}"
_KEY_DRAFT, _LOG_DRAFT = "audit.key.new", "audit.jsonl.new"
# Held while a log is replaced, and given back for what the store writes then: where there is none, nothing is replaced.
_ROOM, _ROOM_BYTES = "audit.room", 64 * 1024
_MAX_KEY_FILE = 4096
# The most that is read of a file: more was never written by us.
_MAX_READ = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Tip:
    """Where the log ends: the next entry's number and seed, the hash of the last, and the newest file.

    `begun` is the public key of entry 0; `first` the first entry in the newest file and `size` that file's bytes.
    """

    begun: bytes
    seq: int
    previous: bytes
    seed: bytes
    first: int
    size: int

    @classmethod
    def new(cls) -> "Tip":
        """Begin a log."""
        seed = secrets.token_bytes(SEED_BYTES)
        return cls(public_key(seed), 0, START, seed, 0, 0)

    def to_json(self) -> bytes:
        """Return the key file's content. Secret."""
        texts = {"begun": self.begun.hex(), "previous": self.previous.hex(), "seed": self.seed.hex()}
        return json.dumps({"seq": self.seq, "first": self.first, "size": self.size, **texts}).encode("ascii")

    @classmethod
    def from_json(cls, raw: bytes) -> "Tip":
        """Read the key file's content; ValueError when it is damaged."""
        try:
            values = json.loads(raw)
            numbers = {name: values[name] for name in ("seq", "first", "size")}
            texts = {name: bytes.fromhex(values[name]) for name in ("begun", "previous", "seed")}
        except (KeyError, TypeError) as error:
            raise ValueError("not a key file") from error
        lengths = {"begun": KEY_BYTES, "previous": HASH_BYTES, "seed": SEED_BYTES}
        is_counted = all(type(number) is int and number >= 0 for number in numbers.values())
        if not is_counted or any(len(texts[name]) != length for name, length in lengths.items()):
            raise ValueError("not a key file")
        return cls(texts["begun"], numbers["seq"], texts["previous"], texts["seed"], numbers["first"], numbers["size"])


class DamagedKeyError(StateError):
    """The key file is there and cannot be read."""


class AuditFiles:
    """The files in one directory. All methods raise StateError when they cannot be used."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who reads or writes."""
        with self._explained():
            lock = self._open(LOCK, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)

    def tip(self) -> Tip | None:
        """Return where the log ends; None before the first entry."""
        try:
            raw = self._read(KEY, 0)
        except FileNotFoundError:
            return None
        try:
            return Tip.from_json(raw[:_MAX_KEY_FILE])
        except ValueError as error:
            raise DamagedKeyError(
                f"{self.directory / KEY} is damaged: restore it, or give it up by `fanlight audit accept-loss`"
            ) from error

    def tip_or_damage(self) -> tuple[Tip | None, bool]:
        """Return where the log ends, if that is known, and whether the key file that should say it is damaged."""
        try:
            return self.tip(), False
        except DamagedKeyError:
            return None, True

    def save_tip(self, tip: Tip) -> None:
        """Replace the key file, whole or not at all; the old seed is gone from it."""
        # Always the same draft, so that a crash leaves no old seed in a file that nobody replaces.
        self._write_draft(_KEY_DRAFT, tip.to_json())
        (self.directory / _KEY_DRAFT).rename(self.directory / KEY)
        self._sync_directory()

    def after(self, offset: int) -> bytes | None:
        """Return what the newest file holds from an offset on; None when it is shorter, and b"" when there is none."""
        try:
            size = (self.directory / LOG).lstat().st_size
        except FileNotFoundError:
            return None if offset else b""
        return None if size < offset else self._read(LOG, offset)

    def newest_size(self) -> int:
        """Return the newest file's bytes; 0 where there is none."""
        try:
            return (self.directory / LOG).lstat().st_size
        except FileNotFoundError:
            return 0

    def append(self, raw: bytes) -> None:
        """Write at the end of the newest file; on disk when this returns."""
        is_new = not (self.directory / LOG).exists()
        descriptor = self._open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            _write_all(descriptor, raw)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            self._sync_directory()

    def full_name(self, first: int) -> str:
        """Return the name of a full file by its first entry."""
        return f"audit-{first:012d}.jsonl"

    def is_full(self, first: int) -> bool:
        """Tell whether the file that begins with entry `first` was set aside."""
        return (self.directory / self.full_name(first)).exists()

    def set_aside(self, first: int) -> None:
        """Name the newest file for its first entry; the next entry begins a new one."""
        (self.directory / LOG).rename(self.directory / self.full_name(first))
        self._sync_directory()

    def full_files(self) -> list[str]:
        """Return the names of all full files, oldest first."""
        return sorted(path.name for path in self.directory.glob("audit-*.jsonl"))

    def left(self) -> dict[str, str]:
        """Return SHA-256 of each file that is left of a damaged log, by name.

        The key is one of them only where it cannot be read: one that can be could write at the end of the old log.
        """
        names = [name for name, _ in self.content()]
        if self.tip_or_damage()[1]:
            names.append(KEY)
        return {name: hashlib.sha256(self._read(name, 0)).hexdigest() for name in names}

    def next_aside(self) -> str:
        """Return the name of the next directory for what is set aside."""
        number = 1
        while (self.directory / _ASIDE.format(number)).exists():
            number += 1
        return _ASIDE.format(number)

    def replace_all(self, names: Iterable[str], aside: str, raw: bytes, tip: Tip) -> None:
        """Move files, unchanged, into a new directory, and let a log begin with `raw`, of which `tip` is the end.

        Whatever needs room on the disk is done first: where there is none, everything stays as it was.
        """
        try:
            (self.directory / aside).mkdir(mode=0o700)
            self._write_draft(_LOG_DRAFT, raw)
            self._write_draft(_KEY_DRAFT, tip.to_json())
            self._hold_room()
            self._sync_directory()
        except OSError:
            for draft in (_LOG_DRAFT, _KEY_DRAFT, _ROOM):
                (self.directory / draft).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                (self.directory / aside).rmdir()
            raise
        for name in names:
            (self.directory / name).rename(self.directory / aside / name)
        # The key last: as long as the old one is there, it tells of the old log whatever happens here.
        (self.directory / _LOG_DRAFT).rename(self.directory / LOG)
        (self.directory / _KEY_DRAFT).rename(self.directory / KEY)
        (self.directory / _ROOM).unlink()
        self._sync_directory()

    def content(self) -> list[tuple[str, bytes]]:
        """Return names and bytes of all files, oldest first."""
        names = [*self.full_files(), LOG]
        return [(name, self._read(name, 0)) for name in names if (self.directory / name).exists()]

    def read(self, name: str) -> bytes:
        """Return one file's bytes."""
        return self._read(name, 0)

    def remove(self, names: list[str]) -> None:
        """Remove full files."""
        for name in names:
            (self.directory / name).unlink(missing_ok=True)

    def _read(self, name: str, offset: int) -> bytes:
        with os.fdopen(self._open(name, os.O_RDONLY), "rb") as file:
            file.seek(offset)
            raw = file.read(_MAX_READ + 1)
        if len(raw) > _MAX_READ:
            raise StateError(f"{self.directory / name} holds more than fanlight writes: move it away")
        return raw

    def _open(self, name: str, flags: int) -> int:
        """Open a file that only its owner can read, never through a symbolic link."""
        descriptor = os.open(self.directory / name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        status = os.fstat(descriptor)
        private = stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077 and status.st_uid == os.geteuid()
        if not private:
            os.close(descriptor)
            raise StateError(f"{self.directory / name} is not a private file: run chmod 600, or move it away")
        return descriptor

    def _write_draft(self, name: str, raw: bytes) -> None:
        descriptor = self._open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            _write_all(descriptor, raw)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _hold_room(self) -> None:
        descriptor = self._open(_ROOM, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.posix_fallocate(descriptor, 0, _ROOM_BYTES)
        finally:
            os.close(descriptor)

    def _sync_directory(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(f"the audit log in {self.directory} cannot be used: {error.strerror}") from error


def _write_all(descriptor: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(descriptor, view) :]
