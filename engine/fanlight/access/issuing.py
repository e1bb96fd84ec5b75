"""What a namespace gave out and took back: written down before it leaves this home."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fanlight.access.authority import IssuedCertificate
from fanlight.access.namespaces import alias_namespace
from fanlight.access.store import Store
from fanlight.errors import StateError, UsageError

MOST_UNEXPIRED = 10_000


@dataclass(frozen=True, slots=True)
class IssuedAlias:
    """A certificate that was issued and is not over; `fingerprint` is its key's."""

    alias: str
    serial: int
    fingerprint: str
    expires: datetime
    revoked: datetime | None


class Issuing:
    """The records of the namespaces that are run from one home."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def namespaces(self) -> dict[str, str]:
        """Return the fingerprint of each authority of this home, by the name of its namespace."""
        rows = self._store.rows("SELECT name, fingerprint FROM authorities ORDER BY name")
        return {str(name): str(fingerprint) for name, fingerprint in rows}

    def add(self, name: str, fingerprint: str) -> None:
        """Note a new authority; one that is there already stays."""
        with self._store.changing() as db:
            db.execute("INSERT OR IGNORE INTO authorities VALUES (?, ?, 0)", (name, fingerprint))

    def record(self, certificate: IssuedCertificate, at: datetime) -> None:
        """Note a certificate before it is handed out, and forget those that are over."""
        namespace = alias_namespace(certificate.alias)
        with self._store.changing() as db:
            db.execute("DELETE FROM issued WHERE expires < ?", (_seconds(at),))
            count = db.execute("SELECT count(*) FROM issued WHERE namespace = ?", (namespace,)).fetchone()[0]
            if count >= MOST_UNEXPIRED:
                raise StateError(f"{namespace!r} has {count} certificates that are not over: wait until some are")
            db.execute(
                "INSERT INTO issued VALUES (?, ?, ?, ?, ?, NULL)",
                (
                    f"{certificate.serial:x}",
                    namespace,
                    certificate.alias,
                    certificate.fingerprint,
                    _seconds(certificate.expires),
                ),
            )

    def issued(self, namespace: str, at: datetime) -> list[IssuedAlias]:
        """Return the certificates of a namespace that are not over, by alias."""
        rows = self._store.rows(
            "SELECT alias, serial, fingerprint, expires, revoked FROM issued WHERE namespace = ? AND expires >= ? "
            "ORDER BY alias, expires, serial",
            namespace,
            _seconds(at),
        )
        return [
            IssuedAlias(alias, int(serial, 16), fingerprint, _date(expires), None if gone is None else _date(gone))
            for alias, serial, fingerprint, expires, gone in rows
        ]

    def revoke(self, alias: str, at: datetime) -> int:
        """Take back every certificate of an alias that is not over; return how many, UsageError when there is none."""
        now = _seconds(at)
        with self._store.changing() as db:
            count = db.execute(
                "UPDATE issued SET revoked = ? WHERE alias = ? AND expires >= ? AND revoked IS NULL", (now, alias, now)
            ).rowcount
        if count == 0:
            raise UsageError(
                f"{alias} has no certificate that is valid: `fanlight namespace show` lists those that are"
            )
        return count

    def next_list(self, namespace: str, at: datetime) -> tuple[int, list[tuple[int, datetime]]]:
        """Return the number of a new revocation list, and what it holds: serial numbers and when they were revoked."""
        with self._store.changing() as db:
            db.execute("UPDATE authorities SET lists = lists + 1 WHERE name = ?", (namespace,))
            row = db.execute("SELECT lists FROM authorities WHERE name = ?", (namespace,)).fetchone()
        if row is None:
            raise StateError(f"the store has no record of the namespace {namespace!r}: restore both from one backup")
        revoked = [(each.serial, each.revoked) for each in self.issued(namespace, at) if each.revoked is not None]
        return int(row[0]), revoked


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _date(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
