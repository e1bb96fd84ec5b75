"""Throttling: how many tries are looked at. A try is on disk as a miss before it is looked at; success takes it back.

Strangers share one bucket, whatever their addresses and keys: 20 tries, refilled by 20 an hour, and by one an hour
after 100 misses in a row. Whoever had a success before is known by the key, whoever holds a certificate by the alias;
each of them has a bucket of its own, so that strangers cannot lock the owner out: 5 tries, then a wait of 30 s that
doubles with every miss up to an hour. A client that holds a token or a resume secret is known where it uses that.
Codes are counted like passwords, in buckets of their own, and so are entries in the audit about those sent away.
"""

import sqlite3
from typing import Literal, NamedTuple, get_args

from fanlight.access.store import Store
from fanlight.access.tries import Who

Kind = Literal["guess", "token", "resume", "code", "note"]

SHARED_BURST, SHARED_RATE, SLOW_RATE, MANY_MISSES = 20.0, 20 / 3600, 1 / 3600, 100
FREE_TRIES, FIRST_WAIT, LONGEST_WAIT = 5, 30.0, 3600.0
MOST_KNOWN = 1_000
_KINDS: tuple[Kind, ...] = get_args(Kind)
_STRANGERS = "strangers"
_KEPT_SECONDS = 30 * 86_400.0
_HELD = {"token": "tokens", "resume": "resumes"}


class Bucket(NamedTuple):
    """`misses` in a row, of which the last was counted at `at`, and `refused` tries since then that were too many.

    `level` tries are left, which counts only for strangers.
    """

    misses: int
    level: float
    at: float
    refused: int


class Throttle:
    """The buckets in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, kind: Kind, who: Who, now: float) -> bool:
        """Count a try as a miss, on disk when this returns; False: it is one too many, and must not be looked at."""
        return self._count(kind, who, now) is not None

    def worth_noting(self, who: Who, now: float) -> int | None:
        """Return how many entries about those sent away were left out of the audit; None: leave one more out.

        Such entries cost a client nothing, and many of them would push older ones out.
        """
        return self._count("note", who, now)

    def count_local(self, name: str, now: float) -> bool:
        """Count a try of the person at the host."""
        with self._store.changing() as db:
            return _count(db, f"{name} local", now, shared=False) is not None

    def succeeded(self, who: Who, now: float) -> None:
        """Take back the misses of a client that came in, and know its key from now on."""
        with self._store.changing() as db:
            holder = _holder(db, "guess", who)
            if holder == _STRANGERS:
                # What strangers have left is still shared: only the row of misses is broken.
                db.execute("UPDATE throttle SET misses = 0 WHERE bucket LIKE '% strangers'")
            own = {holder, _key(who)} - {_STRANGERS}
            names = [(f"{kind} {each}",) for kind in _KINDS for each in own]
            db.executemany("DELETE FROM throttle WHERE bucket = ?", names)
            db.execute("INSERT OR REPLACE INTO known_clients VALUES (?, ?)", (who.fingerprint, now))
            db.execute(
                """DELETE FROM known_clients WHERE fingerprint NOT IN
                    (SELECT fingerprint FROM known_clients ORDER BY last_in DESC LIMIT ?)""",
                (MOST_KNOWN,),
            )

    def succeeded_locally(self, name: str) -> None:
        """Take back the misses of the person at the host."""
        with self._store.changing() as db:
            db.execute("DELETE FROM throttle WHERE bucket = ?", (f"{name} local",))

    def reset(self) -> None:
        """Take all misses back."""
        with self._store.changing() as db:
            db.execute("DELETE FROM throttle")

    def waits(self, now: float) -> dict[str, float]:
        """Return for each bucket that is empty how many seconds are left until its next try."""
        rows = self._store.rows("SELECT * FROM throttle WHERE bucket NOT LIKE 'note %' ORDER BY bucket")
        found = {str(name): _wait(Bucket(*state), now, shared=name.endswith(_STRANGERS)) for name, *state in rows}
        return {name: wait for name, wait in found.items() if wait > 0}

    def _count(self, kind: Kind, who: Who, now: float) -> int | None:
        with self._store.changing() as db:
            holder = _holder(db, kind, who)
            return _count(db, f"{kind} {holder}", now, shared=holder == _STRANGERS)


def _holder(db: sqlite3.Connection, kind: str, who: Who) -> str:
    """Name whose bucket a try is taken from."""
    held = _HELD.get(kind)
    if held and _has(db, held, who):
        return _key(who)
    if who.alias is not None:
        return f"alias {who.alias.casefold()}"
    return _key(who) if _has(db, "known_clients", who) else _STRANGERS


def _key(who: Who) -> str:
    return f"key {who.fingerprint}"


def _has(db: sqlite3.Connection, table: str, who: Who) -> bool:
    query = f"SELECT count(*) FROM {table} WHERE fingerprint = ?"  # noqa: S608
    return bool(db.execute(query, (who.fingerprint,)).fetchone()[0])


def _count(db: sqlite3.Connection, name: str, now: float, *, shared: bool) -> int | None:
    """Count a try; None: it is one too many, else how many were since the last that was not."""
    row = db.execute("SELECT misses, level, at, refused FROM throttle WHERE bucket = ?", (name,)).fetchone()
    before = Bucket(*row) if row else Bucket(0, SHARED_BURST, now, 0)
    allowed = _wait(before, now, shared=shared) <= 0
    after = _after_try(before, now) if allowed else _after_refusal(before, now, shared=shared)
    db.execute("INSERT OR REPLACE INTO throttle VALUES (?, ?, ?, ?, ?)", (name, *after))
    # Those of one client each would pile up; those of strangers are few.
    db.execute("DELETE FROM throttle WHERE at < ? AND bucket NOT LIKE '% strangers'", (now - _KEPT_SECONDS,))
    return before.refused if allowed else None


def _after_try(before: Bucket, now: float) -> Bucket:
    return Bucket(before.misses + 1, _level(before, now) - 1, now, 0)


def _after_refusal(before: Bucket, now: float, *, shared: bool) -> Bucket:
    # At a clock that was set back a wait begins anew: it could last for years.
    start = now if shared or now < before.at else before.at
    return Bucket(before.misses, _level(before, start), start, before.refused + 1)


def _rate(bucket: Bucket) -> float:
    return SLOW_RATE if bucket.misses >= MANY_MISSES else SHARED_RATE


def _level(bucket: Bucket, now: float) -> float:
    return min(SHARED_BURST, bucket.level + max(0.0, now - bucket.at) * _rate(bucket))


def _wait(bucket: Bucket, now: float, *, shared: bool) -> float:
    """Return how long until the next try is looked at; 0: at once."""
    if shared:
        return max(0.0, (1 - _level(bucket, now)) / _rate(bucket))
    if bucket.misses < FREE_TRIES:
        return 0.0
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(bucket.misses - FREE_TRIES, 10))
    return max(0.0, wait - max(0.0, now - bucket.at))
