"""What stands in the files, and what comes of it when they are not what they should be."""

import secrets
import sqlite3

import pytest
from access_fixtures import MESSAGE, NOW, OWNER, PASSWORD, proof, try_password

from fanlight.access import Rules, Store, scram
from fanlight.errors import StateError


def test_the_store_alone_holds_no_secret(unattended, path, code):
    offer = unattended.offer()
    verifier = scram.make_verifier(scram.salt_password(PASSWORD, offer.salt, offer.iterations))
    recovery = code.switch_on(unattended)
    tried = unattended.code(OWNER, try_password(unattended), code.at(NOW), NOW)
    issued = unattended.opened(OWNER, tried, NOW, remember=True, session="s")
    unattended.close()
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert issued.token not in raw
    assert issued.resume not in raw
    for secret in (
        verifier.stored_key,
        verifier.server_key,
        PASSWORD.encode(),
        code.secret.encode(),
        recovery[0].encode(),
    ):
        assert secret not in raw


def test_a_pepper_of_another_length_is_refused(path):
    with pytest.raises(StateError, match="the pepper has 31 bytes"):
        Rules(Store(path), bytes(31))


def test_with_another_pepper_nothing_opens_and_the_reason_is_said(unattended, path, code):
    code.switch_on(unattended)
    right = proof(unattended)
    other = Rules(Store(path), secrets.token_bytes(32))
    with pytest.raises(StateError, match="pepper"):
        other.password(OWNER, right, MESSAGE, NOW)
    with pytest.raises(StateError, match="codes cannot be read with this pepper"):
        other.code(OWNER, try_password(unattended), code.at(NOW), NOW)
    other.totp.switch_off()
    other.set_password("set anew with it")
    assert try_password(other, password="set anew with it").right
    assert not other.password(OWNER, right, MESSAGE, NOW).right


def test_a_store_that_cannot_be_written_lets_nobody_in(unattended, path):
    unattended._store._db.execute("PRAGMA busy_timeout = 1")
    right = proof(unattended)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="in use"):
        unattended.password(OWNER, right, MESSAGE, NOW)
    holder.close()
