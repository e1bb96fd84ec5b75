"""Make every token and resume secret void at once, inside the transaction of the change that asks for it."""

import sqlite3

from fanlight.access.store import Store


def voids(store: Store) -> int:
    """Return how often this was done: a try that saw another number must not issue anything."""
    return store.setting("voids", int)


def void_all(db: sqlite3.Connection) -> None:
    """Remove every token and resume secret."""
    db.execute("DELETE FROM tokens")
    db.execute("DELETE FROM resumes")
    db.execute("UPDATE settings SET value = value + 1 WHERE name = 'voids'")
