"""A loss that the owner has accepted: the log goes on, says so for ever, and hides nothing that came after."""

import hashlib
import stat

import pytest
from namespace_fixtures import ANNA

from fanlight.access import Store
from fanlight.access.audit import Audit
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import Head, anchor, countersign
from fanlight.access.audit_loss import LOSS, Loss

NOW = 1_900_000_000.0


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "fanlight.db")


@pytest.fixture
def audit(tmp_path, store):
    audit = Audit(tmp_path, store)
    for n in range(5):
        audit.append("a", NOW, n=n)
    return audit


def look(audit, store, heads=(), kept_bytes=0):
    tip, damaged = audit.files.tip_or_damage()
    return check(audit.files.content(), tip, anchor(store), heads, kept_bytes=kept_bytes, key_damaged=damaged)


def cut(tmp_path):
    log = tmp_path / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))


def edit(tmp_path):
    log = tmp_path / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"n":1', b'"n":7'))


def remove(tmp_path):
    (tmp_path / "audit.jsonl").unlink()


def spoil_the_key(tmp_path):
    (tmp_path / "audit.key").write_bytes(b"\0" * 100)


def remove_the_key(tmp_path):
    (tmp_path / "audit.key").unlink()


def remove_all(tmp_path):
    remove(tmp_path)
    remove_the_key(tmp_path)


def edit_the_end(tmp_path):
    log = tmp_path / "audit.jsonl"
    log.write_bytes(log.read_bytes()[:-10] + b"0123456789")


DAMAGES = [cut, edit, remove, spoil_the_key, remove_the_key, remove_all]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_loss_stays_a_fault_until_it_is_accepted_and_is_told_from_then_on(tmp_path, audit, store, damage):
    begun = audit.files.tip().begun
    damage(tmp_path)
    before = look(audit, store)
    assert before.faults
    aside = audit.accept_loss(before.faults, NOW + 60)
    again = Audit(tmp_path, store)
    again.append("b", NOW + 61)
    report = look(again, store)
    assert (report.faults, report.entries, report.since) == ([], 2, NOW + 60)
    assert report.losses == [Loss(NOW + 60, begun, 6, aside)]
    assert LOSS.encode() in (tmp_path / "audit.jsonl").read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_left_is_set_aside_unchanged_and_its_hashes_are_told(tmp_path, audit, store, damage):
    damage(tmp_path)
    left = {path.name: path.read_bytes() for path in tmp_path.glob("audit.jsonl")}
    if damage is spoil_the_key:
        left["audit.key"] = (tmp_path / "audit.key").read_bytes()
    aside = tmp_path / audit.accept_loss(["cut"], NOW)
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == left
    assert stat.S_IMODE(aside.stat().st_mode) == 0o700
    entry = (tmp_path / "audit.jsonl").read_text()
    assert all(hashlib.sha256(raw).hexdigest() in entry for raw in left.values())


def test_the_seed_of_the_old_log_is_kept_nowhere(tmp_path, audit, store):
    seed = audit.files.tip().seed
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    assert all(seed.hex().encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("damage", [cut, edit, remove_the_key])
def test_what_is_done_to_the_new_log_is_found_as_ever(tmp_path, audit, store, damage):
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    for n in range(5):
        audit.append("a", NOW, n=n)
    assert look(audit, store).faults == []
    damage(tmp_path)
    assert look(audit, store).faults


def test_a_second_loss_tells_of_both(tmp_path, audit, store):
    for n in (1, 2):
        audit.append("a", NOW)
        audit.append("a", NOW)
        cut(tmp_path) if n == 1 else edit_the_end(tmp_path)
        audit.accept_loss(look(audit, store).faults, NOW + n)
    report = look(audit, store)
    assert report.faults == []
    told = [(loss.at, loss.aside) for loss in report.losses]
    assert told == [(NOW + 1, "audit-lost-1"), (NOW + 2, "audit-lost-2")]


def test_a_loss_is_told_also_after_its_entry_was_let_go(tmp_path, audit, store, monkeypatch):
    monkeypatch.setattr("fanlight.access.audit.MAX_FILE", 2000)
    monkeypatch.setattr("fanlight.access.audit.KEPT_FILES", 2)
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    for n in range(200):
        audit.append("a", NOW + n, n=n)
    report = look(audit, store, kept_bytes=4000)
    assert report.faults == []
    assert report.first > 0
    assert [loss.aside for loss in report.losses] == ["audit-lost-1"]


def test_a_head_of_the_lost_log_that_a_peer_holds_stays_a_fault(tmp_path, audit, store):
    head = Head.from_bytes(audit.head())
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    assert any("the log whose loss was accepted" in fault for fault in look(audit, store, [head]).faults)


def test_a_head_that_was_shown_before_and_signed_after_is_no_fault(tmp_path, audit, store):
    head = audit.head()
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    audit.countersigned(ANNA.public_key, head, countersign(ANNA, head), NOW)
    assert look(audit, store).faults == []


def test_a_head_of_any_other_log_in_a_countersignature_is_found(tmp_path, audit, store):
    other = Head(b"o" * 32, 3, b"h" * 32).to_bytes()
    audit.countersigned(ANNA.public_key, other, countersign(ANNA, other), NOW)
    assert any("another log" in fault for fault in look(audit, store).faults)


def test_a_log_without_a_store_can_lose_too(tmp_path):
    audit = Audit(tmp_path)
    audit.append("a", NOW)
    remove(tmp_path)
    audit.accept_loss(["gone"], NOW)
    assert check(audit.files.content(), audit.files.tip(), None).faults == []
