import re
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from access_fixtures import MESSAGE, NOW, OWNER, PASSWORD, PEPPER

from fanlight.access import Rules, Store, scram
from fanlight.access.schema import STEPS
from fanlight.access.seal import Seal
from fanlight.access.store import KnownHost
from fanlight.errors import IdentityError, StateError
from patience import PATIENCE

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def host(address="host:7391", fingerprint="a" * 64):
    return KnownHost(address, fingerprint, b"certificate", AT)


def pragma(path, name):
    with sqlite3.connect(path) as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


def verifiers(store):
    return dict(store.rows("SELECT profile, sealed FROM verifiers"))


def put_verifier(store, profile, sealed):
    with store.changing() as db:
        db.execute("INSERT OR REPLACE INTO verifiers VALUES (?, ?)", (profile, sealed))


def test_a_new_store_is_closed_to_others_and_to_strangers(path):
    store = Store(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.setting("unattended", int) == 0
    assert verifiers(store) == {}
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
    store.put_setting("unattended", 1)
    put_verifier(store, "Default", b"sealed")
    store.pin_host(host())
    store.close()
    again = Store(path)
    assert again.salt == salt
    assert again.setting("unattended", int) == 1
    assert verifiers(again) == {"Default": b"sealed"}
    assert again.known_hosts() == [host()]


def test_another_process_sees_a_change_at_once_and_changes_it_while_we_are_open(path):
    store = Store(path)
    other = Store(path)
    other.put_setting("unattended", 1)
    assert store.setting("unattended", int) == 1
    code = f"from fanlight.access import Store; Store({str(path)!r}).put_setting('unattended', 0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert store.setting("unattended", int) == other.setting("unattended", int) == 0


def test_changes_are_durable(path):
    store = Store(path)
    assert pragma(path, "journal_mode") == "wal"
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_a_change_that_fails_changes_nothing(path):
    store = Store(path)
    put_verifier(store, "a", b"old")

    def change():
        with store.changing() as db:
            db.execute("DELETE FROM verifiers")
            db.execute("INSERT INTO verifiers VALUES ('b', NULL)")

    with pytest.raises(StateError):
        change()
    assert verifiers(store) == {"a": b"old"}
    put_verifier(store, "b", b"new")
    assert verifiers(Store(path)) == {"a": b"old", "b": b"new"}


def test_a_change_inside_another_is_part_of_it(path):
    store, other = Store(path), Store(path)

    def change():
        with store.changing():
            put_verifier(store, "a", b"sealed")
            store.put_setting("unattended", 1)
            assert verifiers(other) == {}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert (verifiers(store), store.setting("unattended", int)) == ({}, 0)
    with store.changing():
        put_verifier(store, "a", b"sealed")
    assert verifiers(other) == {"a": b"sealed"}


def old_store(path):
    """Write a store as the first version did, with a password and unattended access on."""
    verifier = scram.make_verifier(scram.salt_password(PASSWORD, b"s" * 32, 2))
    sealed = Seal(PEPPER).close(b"fanlight verifier v1\0Screen Sharing", verifier.stored_key + verifier.server_key)
    with sqlite3.connect(path) as db:
        for statement in STEPS[0]:
            db.execute(statement)
        settings = {"salt": b"s" * 32, "iterations": 2, "unattended": 1}
        db.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        db.execute("INSERT INTO verifiers VALUES ('Screen Sharing', ?)", (sealed,))
        db.execute("INSERT INTO known_hosts VALUES ('host:7391', ?, X'00', 5)", ("a" * 64,))
        db.execute(f"PRAGMA application_id = {int.from_bytes(b'fanl', 'big')}")
        db.execute("PRAGMA user_version = 1")
    db.close()
    path.chmod(0o600)


def test_a_store_of_the_first_version_is_taken_over_with_all_it_holds(path):
    old_store(path)
    for _ in range(2):
        rules = Rules(Store(path), PEPPER)
        proof = scram.client_proof(scram.salt_password(PASSWORD, b"s" * 32, 2), MESSAGE)
        tried = rules.password(OWNER, proof, MESSAGE, NOW)
        assert (tried.right, tried.profile) == (True, "Screen Sharing")
        assert (rules.interactive, rules.acl.on, rules.totp.state, rules.tokens.allowed) == (
            "always",
            False,
            "off",
            True,
        )
        assert rules.known_host("host:7391").fingerprint == "a" * 64
        assert pragma(path, "user_version") == len(STEPS)
        rules.close()


def test_a_store_is_taken_over_whole_or_not_at_all(path, monkeypatch):
    old_store(path)
    monkeypatch.setattr("fanlight.access.store.STEPS", (*STEPS, ("CREATE TABLE half (x)", "this is no statement")))
    monkeypatch.setattr("fanlight.access.store.SCHEMA", len(STEPS) + 1)
    with pytest.raises(StateError):
        Store(path)
    assert pragma(path, "user_version") == 1
    monkeypatch.undo()
    assert Store(path).setting("unattended", int) == 1


def test_a_new_store_and_one_taken_over_are_the_same(tmp_path):
    old_store(tmp_path / "old")
    Store(tmp_path / "old").close()
    Store(tmp_path / "new").close()

    def shape(name):
        with sqlite3.connect(tmp_path / name) as db:
            names = db.execute("SELECT name FROM settings ORDER BY name").fetchall()
            return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall(), names

    assert shape("old") == shape("new")


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


@pytest.mark.parametrize("address", ["x", "x" * 300])
def test_an_address_at_the_bounds_is_kept(path, address):
    store = Store(path)
    store.pin_host(host(address))
    assert store.known_host(address) == host(address)


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
        db.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match=f"a newer fanlight \\(schema {len(STEPS) + 1}, here {len(STEPS)}"):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_with_damaged_pages_is_refused(path):
    store = Store(path)
    for number in range(200):
        put_verifier(store, str(number), bytes(100))
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
        put_verifier(store, str(number), bytes(100))
    store.close()
    path.write_bytes(path.read_bytes()[: 4096 + 100])
    with pytest.raises(StateError, match="damaged"):
        Store(path)


def test_a_store_in_which_sqlite_can_read_all_but_finds_a_fault_is_refused(path):
    Store(path).close()
    raw = bytearray(path.read_bytes())
    raw[36:40] = (5).to_bytes(4, "big")  # free pages that are not there
    path.write_bytes(raw)
    with pytest.raises(StateError, match=f"^{re.escape(str(path))} is damaged: restore it from a backup, or remove it"):
        Store(path)
    assert path.read_bytes() == raw


@pytest.mark.parametrize(("setting", "kind"), [("salt", bytes), ("iterations", int), ("unattended", int)])
def test_a_missing_or_foreign_setting_is_said_to_be_damage(path, setting, kind):
    store = Store(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE settings SET value = 'text' WHERE name = ?", (setting,))
    with pytest.raises(StateError, match=setting):
        store.setting(setting, kind)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM settings WHERE name = ?", (setting,))
    with pytest.raises(StateError, match=setting):
        store.setting(setting, kind)


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
        store.put_setting("unattended", 1)
    assert store.setting("unattended", int) == 0
    holder.execute("ROLLBACK")
    store.put_setting("unattended", 1)
    assert store.setting("unattended", int) == 1
    holder.close()


def test_many_processes_may_make_the_store_at_once(path):
    code = f"from fanlight.access import Store; print(Store({str(path)!r}).salt.hex())"
    makers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    salts = {maker.communicate(timeout=PATIENCE)[0].strip() for maker in makers}
    assert salts == {Store(path).salt.hex()}


def test_a_full_disk_is_said_so_and_loses_nothing(path):
    rules = Rules(Store(path), PEPPER)
    store = rules._store
    store._db.execute(f"PRAGMA max_page_count = {store._db.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(StateError, match="disk is full"):
        put_verifier(store, "Default", bytes(100_000))
    for number in range(300):
        try:
            rules.acl.add(f"{number:060}@acme")
        except StateError as error:
            assert "disk is full" in str(error)  # noqa: PT017
            break
    kept = rules.acl.entries()
    assert 0 < len(kept) < 300
    rules.close()
    again = Rules(Store(path), PEPPER)
    assert again.acl.entries() == kept
    again.acl.switch(True)
    assert again.acl.on
