import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from fanlight.access import Store
from fanlight.access.store import KnownHost
from fanlight.errors import IdentityError, StateError

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fanlight.db"


def host(address="host:7391", fingerprint="a" * 64):
    return KnownHost(address, fingerprint, b"certificate", AT)


def pragma(path, name):
    with sqlite3.connect(path) as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_store_is_closed_to_others_and_to_strangers(path):
    store = Store(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.unattended is False
    assert store.verifiers() == {}
    assert len(store.salt) == 32
    assert store.iterations == 600_000


def test_an_empty_file_becomes_a_store(path):
    path.touch(0o600)
    assert len(Store(path).salt) == 32


def test_every_store_has_a_salt_of_its_own(tmp_path):
    assert Store(tmp_path / "a").salt != Store(tmp_path / "b").salt


def test_what_was_set_is_there_after_a_restart(path):
    store = Store(path)
    salt = store.salt
    store.set_unattended(True)
    store.put_verifier("Default", b"sealed")
    store.pin_host(host())
    store.close()
    again = Store(path)
    assert again.salt == salt
    assert again.unattended is True
    assert again.verifiers() == {"Default": b"sealed"}
    assert again.known_hosts() == [host()]


def test_another_process_sees_a_change_at_once_and_changes_it_while_we_are_open(path):
    store = Store(path)
    other = Store(path)
    other.set_unattended(True)
    assert store.unattended is True
    code = f"from fanlight.access import Store; Store({str(path)!r}).set_unattended(False)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert store.unattended is other.unattended is False


def test_changes_are_durable(path):
    store = Store(path)
    assert pragma(path, "journal_mode") == "wal"
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_a_verifier_is_replaced_and_others_go_with_it(path):
    store = Store(path)
    for name in ("a", "b", "c"):
        store.put_verifier(name, b"old")
    store.put_verifier("a", b"new", without=("b", "none"))
    assert store.verifiers() == {"a": b"new", "c": b"old"}


def test_a_change_that_fails_changes_nothing(path):
    store = Store(path)
    store.put_verifier("a", b"old")
    with pytest.raises(StateError):
        store.put_verifier("b", None, without=("a",))
    assert store.verifiers() == {"a": b"old"}
    store.put_verifier("b", b"new")
    assert store.verifiers() == {"a": b"old", "b": b"new"}


def test_a_pinned_host_is_found_and_forgotten(path):
    store = Store(path)
    assert store.known_host("host:7391") is None
    store.pin_host(host())
    store.pin_host(host("a:1", "b" * 64))
    assert store.known_host("host:7391") == host()
    assert [known.address for known in store.known_hosts()] == ["a:1", "host:7391"]
    assert store.forget_host("host:7391") is True
    assert store.forget_host("host:7391") is False
    assert store.known_host("host:7391") is None


def test_a_pin_is_never_replaced(path):
    store = Store(path)
    store.pin_host(host())
    store.pin_host(host())
    with pytest.raises(IdentityError, match="is pinned to aaaa"):
        store.pin_host(host(fingerprint="b" * 64))
    assert store.known_host("host:7391") == host()


@pytest.mark.parametrize("address", ["", "x" * 301])
def test_an_address_out_of_bounds_is_not_kept(path, address):
    store = Store(path)
    with pytest.raises(StateError, match="address"):
        store.pin_host(host(address))
    assert store.known_hosts() == []


def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"fanlight\.db is damaged or no fanlight store"):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="another program"):
        Store(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(path):
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="schema 2, here 1"):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_with_damaged_pages_is_refused(path):
    store = Store(path)
    for number in range(200):
        store.put_verifier(str(number), bytes(100))
    store.close()
    raw = bytearray(path.read_bytes())
    for place in range(4096, len(raw), 4096):
        raw[place : place + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with pytest.raises(StateError, match="damaged"):
        Store(path)


def test_a_truncated_store_is_refused(path):
    store = Store(path)
    for number in range(200):
        store.put_verifier(str(number), bytes(100))
    store.close()
    path.write_bytes(path.read_bytes()[: 4096 + 100])
    with pytest.raises(StateError, match="damaged"):
        Store(path)


@pytest.mark.parametrize("setting", ["salt", "iterations", "unattended"])
def test_a_missing_or_foreign_setting_is_said_to_be_damage(path, setting):
    store = Store(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE settings SET value = 'text' WHERE name = ?", (setting,))
    with pytest.raises(StateError, match=setting):
        getattr(store, setting)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM settings WHERE name = ?", (setting,))
    with pytest.raises(StateError, match=setting):
        getattr(store, setting)


def test_a_store_in_no_directory_is_refused(tmp_path):
    with pytest.raises(StateError, match="cannot be made"):
        Store(tmp_path / "missing" / "fanlight.db")


def test_a_directory_in_its_place_is_refused(path):
    path.mkdir()
    with pytest.raises(StateError, match="cannot be used"):
        Store(path)


def test_a_store_that_another_process_holds_is_said_to_be_in_use(path):
    store = Store(path)
    store._db.execute("PRAGMA busy_timeout = 1")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="in use by another process"):
        store.set_unattended(True)
    assert store.unattended is False
    holder.execute("ROLLBACK")
    store.set_unattended(True)
    assert store.unattended is True
    holder.close()


def test_many_processes_may_make_the_store_at_once(path):
    code = f"from fanlight.access import Store; print(Store({str(path)!r}).salt.hex())"
    makers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    salts = {maker.communicate(timeout=60)[0].strip() for maker in makers}
    assert salts == {Store(path).salt.hex()}
