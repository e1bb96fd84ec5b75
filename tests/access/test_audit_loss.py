"""A loss that the owner has accepted: the log goes on, says so for ever, and hides nothing that came after."""

import hashlib
import json
import stat

import pytest
from namespace_fixtures import ANNA

from fanlight.access.audit import Audit
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import Head, anchor, countersign
from fanlight.access.audit_loss import LOSS, Loss

NOW = 1_900_000_000.0


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
    told = json.loads((tmp_path / "audit.jsonl").read_text())
    assert told["files"] == {name: hashlib.sha256(raw).hexdigest() for name, raw in left.items()}
    assert (told["set_aside"], told["faults"], "losses" in told) == (aside.name, ["cut"], False)


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


@pytest.fixture
def rotated(tmp_path, audit, monkeypatch):
    """A log that has lost once, and whose newest file begins with what tells of it, for the first one was let go."""
    monkeypatch.setattr("fanlight.access.audit.MAX_FILE", 2000)
    monkeypatch.setattr("fanlight.access.audit.KEPT_FILES", 2)
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    while b'"event":"dropped"' not in audit.files.content()[-1][1].splitlines()[0]:
        audit.append("a", NOW)
    return audit


def test_a_loss_that_only_the_newest_file_tells_is_told_beside_the_next_one(tmp_path, rotated, store):
    edit_the_end(tmp_path)
    rotated.accept_loss(look(rotated, store).faults, NOW + 1)
    report = look(rotated, store)
    assert (report.faults, [loss.aside for loss in report.losses]) == ([], ["audit-lost-1", "audit-lost-2"])


def test_a_loss_is_told_also_where_several_files_are_let_go_at_once(rotated, store, monkeypatch):
    for kept in (9, 1):
        monkeypatch.setattr("fanlight.access.audit.KEPT_FILES", kept)
        for n in range(40):
            rotated.append("a", NOW, n=n)
    assert len(rotated.files.full_files()) == 1
    report = look(rotated, store)
    assert (report.faults, [loss.aside for loss in report.losses]) == ([], ["audit-lost-1"])


TOLD = {"instead_of": "ab" * 32, "entries": 3, "set_aside": "audit-lost-1"}


def test_a_loss_is_read_as_it_was_told():
    for begun in (b"\xab" * 32, b""):
        loss = Loss(NOW, begun, 3, "audit-lost-1")
        assert loss.told() == {"at": NOW, **TOLD, "instead_of": begun.hex()}
        assert Loss.read(NOW, loss.told()) == loss


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": None},
        {"at": "now"},
        {"instead_of": None},
        {"instead_of": "no hex"},
        {"instead_of": "ab" * 31},
        {"instead_of": "ab"},
        {"entries": None},
        {"entries": "3"},
        {"entries": True},
        {"set_aside": None},
        {"set_aside": 3},
    ],
)
def test_what_does_not_have_the_form_of_a_loss_tells_none(wrong):
    fields = {"at": NOW, **TOLD} | wrong
    assert Loss.read(fields.pop("at"), fields) is None
    assert Loss.read(NOW, {name: value for name, value in TOLD.items() if name not in wrong}) is None or "at" in wrong


def test_an_entry_of_another_kind_tells_of_no_loss(audit, store):
    audit.append("dropped", NOW, **TOLD)
    audit.append("a", NOW, **TOLD, losses=[{"at": NOW, **TOLD}])
    assert look(audit, store).losses == []


def test_a_head_of_the_lost_log_that_a_peer_holds_stays_a_fault(tmp_path, audit, store):
    head = Head.from_bytes(audit.head())
    cut(tmp_path)
    audit.accept_loss(["cut"], NOW)
    assert look(audit, store, [head]).faults == ["a head of 6 entries belongs to the log whose loss was accepted"]
    other = Head(b"o" * 32, 6, head.hash)
    assert look(audit, store, [other]).faults == ["a head of 6 entries belongs to another log than this one"]


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


def test_a_damaged_key_is_told_as_such(tmp_path, audit, store):
    spoil_the_key(tmp_path)
    damaged = "the key file is damaged: what stands in the log cannot be trusted to be all of it"
    assert look(audit, store).faults[0] == damaged


def test_a_loss_of_which_nothing_is_known_is_told_as_that(tmp_path):
    audit = Audit(tmp_path)
    audit.append("a", NOW)
    spoil_the_key(tmp_path)
    aside = audit.accept_loss(["damaged"], NOW)
    assert check(audit.files.content(), audit.files.tip(), None).losses == [Loss(NOW, b"", 0, aside)]


def test_a_log_without_a_store_can_lose_too(tmp_path):
    audit = Audit(tmp_path)
    audit.append("a", NOW)
    remove(tmp_path)
    audit.accept_loss(["gone"], NOW)
    assert check(audit.files.content(), audit.files.tip(), None).faults == []
