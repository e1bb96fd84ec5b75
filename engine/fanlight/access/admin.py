"""The local admin secret: asked for when a setting is changed while a session controls this host."""

import hashlib
import hmac
import secrets
from contextlib import closing
from pathlib import Path

from fanlight.access.scram import normalise
from fanlight.access.store import Store
from fanlight.access.strength import check_strength
from fanlight.access.throttle import Throttle
from fanlight.errors import SettingRefused

_SALT_BYTES, _KEY_BYTES = 16, 32
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26}


class AdminSecret:
    """The secret in a store, stretched by scrypt."""

    def __init__(self, store: Store, throttle: Throttle) -> None:
        self._store = store
        self._throttle = throttle

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return bool(self._store.setting("admin", bytes))

    def set(self, secret: str, names: tuple[str, ...] = ()) -> str:
        """Set the secret; return a warning, or "". SettingRefused when it is too easy to guess."""
        warning = check_strength(secret, names, what="admin secret")
        salt = secrets.token_bytes(_SALT_BYTES)
        self._store.put_setting("admin", salt + _stretched(secret, salt))
        return warning

    def clear(self) -> None:
        """Remove the secret."""
        self._store.put_setting("admin", b"")

    def check(self, secret: str, now: float) -> None:
        """SettingRefused unless this is the secret; every try is counted before it is looked at."""
        if not self._throttle.count_local("admin", now):
            raise SettingRefused("the admin secret was wrong too often: wait, at most an hour, and try again")
        kept = self._store.setting("admin", bytes)
        salt, key = kept[:_SALT_BYTES], kept[_SALT_BYTES:]
        if not kept or not hmac.compare_digest(_stretched(secret, salt), key):
            raise SettingRefused("the admin secret is wrong: nothing was changed")
        self._throttle.succeeded_locally("admin")


def check_admin_secret(path: Path, secret: str, now: float) -> None:
    """Check a secret by the store at `path`, which is opened for that: a store belongs to one thread.

    SettingRefused unless it is right.
    """
    with closing(Store(path)) as store:
        AdminSecret(store, Throttle(store)).check(secret, now)


def _stretched(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(normalise(secret), salt=salt, dklen=_KEY_BYTES, **_COST)
