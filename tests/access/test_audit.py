import json
import os
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from namespace_fixtures import ANNA, BERT

from fanlight.access import Store
from fanlight.access.audit import KEPT_FILES, MAX_FILE, Audit
from fanlight.access.audit_chain import MAX_LINE
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import (
    HEAD_BYTES,
    Head,
    anchor,
    countersign,
    countersignature_is_valid,
    keep_receipt,
    receipts,
)
from fanlight.errors import RemoteProtocolError, StateError, UsageError

NOW = 1_900_000_000.0
ED25519 = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "fanlight.db")


@pytest.fixture
def audit(tmp_path, store):
    return Audit(tmp_path, store)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "audit.jsonl"


def look(audit, store=None, heads=()):
    files = audit.files
    return check(files.content(), files.tip(), anchor(store) if store else None, heads)


def entries(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_what_happened_is_written_in_order(audit, store, log):
    audit.append("password", NOW, client="f" * 64, reason="wrong password")
    audit.append("files", NOW + 1, name="a\nb", rights=["view", "files"], size=3, again=None)
    first, second, third = entries(log)
    assert (first["seq"], first["event"]) == (0, "begun")
    assert (second["seq"], second["at"], second["event"]) == (1, NOW, "password")
    assert (second["client"], second["reason"]) == ("f" * 64, "wrong password")
    assert (third["name"], third["rights"], third["size"], third["again"]) == ("a\nb", ["view", "files"], 3, None)
    report = look(audit, store)
    assert (report.entries, report.first, report.last, report.faults) == (3, 0, 2, [])


def test_a_restart_goes_on_where_the_log_ended(tmp_path, audit, store, log):
    audit.append("a", NOW)
    Audit(tmp_path, Store(tmp_path / "fanlight.db")).append("b", NOW)
    audit.append("c", NOW)
    assert [each["event"] for each in entries(log)] == ["begun", "a", "b", "c"]
    assert look(audit, store).faults == []


def test_processes_write_in_turn(tmp_path, audit, store, log):
    code = (
        "import sys; from fanlight.access.audit import Audit; audit = Audit(sys.argv[1])\n"
        "for n in range(20): audit.append('x', 1.0, n=n)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    audit.append("last", NOW)
    assert [each["seq"] for each in entries(log)] == list(range(62))
    assert look(audit, store).faults == []


def test_the_files_are_private_and_nothing_else_is_used(tmp_path, audit, log):
    audit.append("a", NOW)
    for name in ("audit.jsonl", "audit.key", "audit.lock"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert not (tmp_path / "audit.key.new").exists()
    for name in ("audit.jsonl", "audit.key", "audit.lock"):
        (tmp_path / name).chmod(0o640)
        with pytest.raises(StateError, match="not a private file"):
            audit.append("b", NOW)
        (tmp_path / name).chmod(0o600)
    log.rename(tmp_path / "elsewhere")
    log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be used"):
        audit.append("b", NOW)


def test_a_field_cannot_pass_for_one_of_ours(audit):
    with pytest.raises(UsageError, match="seq"):
        audit.append("a", NOW, seq=7)


def test_long_fields_are_shortened_and_lines_are_bounded(audit, store, log):
    audit.append("a", NOW, name="x" * 10_000)
    audit.append("b", NOW, **{f"name{n}": "y" * 4000 for n in range(100)})
    audit.append("c", NOW, name="\udcff", what=object)
    _, first, second, third = log.read_bytes().splitlines()
    assert b"... (10000 characters)" in first
    assert len(second) < MAX_LINE
    assert b"shortened" in second
    assert json.loads(third)["name"] == "\udcff"
    assert look(audit, store).faults == []


def test_the_old_seed_is_gone_after_each_entry(tmp_path, audit):
    seeds = set()
    for n in range(4):
        audit.append("a", NOW, n=n)
        raw = (tmp_path / "audit.key").read_bytes()
        assert not any(seed.encode() in raw for seed in seeds)
        seeds.add(json.loads(raw)["seed"])
    assert len(seeds) == 4


# -- crashes ----------------------------------------------------------------------------------------------------------


def test_a_line_that_a_crash_tore_stays_and_is_told(audit, store, log):
    audit.append("a", NOW)
    whole = log.read_bytes()
    audit.append("b", NOW)
    torn = log.read_bytes()[len(whole) :]
    key = (log.parent / "audit.key").read_bytes()
    for cut in (1, 20, len(torn) // 2, len(torn) - 1):
        log.write_bytes(log.read_bytes() + torn[:cut])
        report = look(audit, store)
        assert (report.unfinished, report.faults) == (cut, [])
        audit.append("after", NOW)
    assert [json.loads(line)["event"] for line in log.read_bytes().splitlines() if line.endswith(b'"}')][-2:] == [
        "repaired",
        "after",
    ]
    report = look(audit, store)
    assert (report.repaired, report.unfinished, report.faults) == (4, 0, [])
    assert (log.parent / "audit.key").read_bytes() != key


def test_an_entry_whose_writer_died_before_the_key_moved_on_is_kept(tmp_path, audit, store, log):
    audit.append("a", NOW)
    key = (tmp_path / "audit.key").read_bytes()
    audit.append("b", NOW)
    audit.append("c", NOW)
    (tmp_path / "audit.key").write_bytes(key)
    assert look(audit, store).faults == []
    audit.append("d", NOW)
    assert [each["event"] for each in entries(log)] == ["begun", "a", "b", "c", "d"]
    assert audit.files.tip().size == log.stat().st_size
    assert look(audit, store).faults == []


def test_a_line_that_is_no_entry_stays_as_it_is_and_is_told(audit, store, log):
    audit.append("a", NOW)
    left = log.read_bytes() + b"no entry\n"
    log.write_bytes(left)
    audit.append("b", NOW)
    told, after = (json.loads(line) for line in log.read_bytes()[len(left) :].splitlines())
    assert (told["event"], told["bytes"], after["event"]) == ("repaired", len(b"no entry\n"), "b")
    assert log.read_bytes().startswith(left)
    assert audit.files.tip().size == log.stat().st_size


@pytest.mark.parametrize("left", [0, 100])
def test_a_log_that_somebody_cut_goes_on_and_tells_how_much_is_gone(audit, store, log, left):
    audit.append("a", NOW)
    whole = log.read_bytes()
    log.write_bytes(whole[:left])
    audit.append("b", NOW)
    # What is left of a line is no part of the next one.
    assert log.read_bytes().startswith(whole[:left] + (b"\n{" if left else b"{"))
    told, after = (json.loads(line) for line in log.read_bytes()[left:].splitlines() if line)
    assert (told["event"], told["had"], told["has"]) == ("found shorter", len(whole), left)
    assert (after["event"], after["seq"]) == ("b", told["seq"] + 1)
    faults = look(audit, store).faults
    audit.append("c", NOW)
    assert look(audit, store).faults == faults != []


def test_a_log_without_its_key_is_begun_anew_and_tells_what_it_takes_the_place_of(tmp_path, audit, store, log):
    audit.append("a", NOW)
    before = anchor(store)
    (tmp_path / "audit.key").unlink()
    left = log.read_bytes() + b"torn"
    log.write_bytes(left)
    audit.append("b", NOW)
    begun, after = (json.loads(line) for line in log.read_bytes()[len(left) :].splitlines() if line)
    assert (begun["event"], begun["seq"], begun["instead_of"], begun["entries"]) == ("begun", 0, before.begun.hex(), 2)
    assert (after["event"], after["seq"]) == ("b", 1)
    assert log.read_bytes().startswith(left + b"\n{")
    assert audit.files.tip().size == log.stat().st_size
    assert look(audit, store).faults


def test_a_writer_that_is_killed_at_any_moment_loses_nothing_that_it_was_told_is_written(tmp_path, audit, store, log):
    code = (
        "import sys; from fanlight.access.audit import Audit; audit = Audit(sys.argv[1])\n"
        "for n in range(10_000): audit.append('x', 1.0, n=n); print(n, flush=True)"
    )
    told = 0
    for lines in range(1, 9):
        writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(lines):
            writer.stdout.readline()
        writer.kill()
        told += lines + len(writer.stdout.read().splitlines())
        writer.wait()
        audit.append("restarted", NOW)
        report = look(audit, store)
        assert report.faults == []
    kept = sum(b'"event":"x"' in line and line.endswith(b'"}') for line in log.read_bytes().splitlines())
    assert told <= kept <= told + 8


def test_a_full_disk_is_told_and_loses_nothing(audit, store, log, monkeypatch):
    audit.append("a", NOW)
    real = os.write

    def full(descriptor, raw):
        if len(raw) < 10:
            raise OSError(28, "No space left on device")
        return real(descriptor, bytes(raw[:5]))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, raw: full(fd, raw) if len(raw) > 5 else full(fd, b""))
        with pytest.raises(StateError, match="No space left on device"):
            audit.append("b", NOW)
    audit.append("c", NOW)
    report = look(audit, store)
    assert (report.faults, report.repaired) == ([], 1)
    assert b'"event":"c"' in log.read_bytes()


def test_a_damaged_key_file_is_told(tmp_path, audit):
    audit.append("a", NOW)
    for raw in (
        b"",
        b"{}",
        b"[]",
        b'{"seq": 1}',
        (tmp_path / "audit.key").read_bytes().replace(b'"seq": 2', b'"seq": -2'),
    ):
        (tmp_path / "audit.key").write_bytes(raw)
        with pytest.raises(StateError, match=r"audit\.key is damaged"):
            audit.append("b", NOW)


# -- rotation ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """Let files be full early; return what is kept at least."""
    monkeypatch.setattr("fanlight.access.audit.MAX_FILE", 2000)
    monkeypatch.setattr("fanlight.access.audit.KEPT_FILES", 2)
    return 4000


def test_full_files_are_set_aside_and_the_oldest_dropped(tmp_path, audit, store, small):
    for n in range(60):
        audit.append("a", NOW, n=n)
        names = audit.files.full_files()
        assert len(names) <= 2
        report = check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=small)
        assert report.faults == []
    assert len(names) == 2
    assert report.first > 0
    Audit(tmp_path, store).append("b", NOW)
    assert check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=small).faults == []


def test_a_file_that_somebody_else_dropped_is_missed(tmp_path, audit, store, small):
    for n in range(60):
        audit.append("a", NOW, n=n)
    (tmp_path / audit.files.full_files()[0]).unlink()
    report = check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=small)
    assert any("are missing" in fault for fault in report.faults)


def test_an_intruder_cannot_drop_more_than_the_log_itself_would(audit, store, small):
    for n in range(60):
        audit.append("a", NOW, n=n)
    report = check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=100 * small)
    assert any("are missing" in fault for fault in report.faults)


def test_a_crash_between_setting_aside_and_the_key_is_harmless(tmp_path, audit, store, small):
    audit.append("a", NOW)
    while (tmp_path / "audit.jsonl").stat().st_size < 2000:
        audit.append("a", NOW)
    audit.files.set_aside(0)
    audit.append("b", NOW)
    assert check(audit.files.content(), audit.files.tip(), anchor(store)).faults == []
    assert len(audit.files.content()) == 2
    (only,) = entries(tmp_path / "audit.jsonl")
    assert only["event"] == "b"
    tip = audit.files.tip()
    assert (tip.first, tip.size) == (only["seq"], (tmp_path / "audit.jsonl").stat().st_size)


def test_the_kept_size_is_bounded():
    assert MAX_FILE * (KEPT_FILES + 2) < 16 * 1024 * 1024


# -- heads ------------------------------------------------------------------------------------------------------------


def test_a_head_tells_how_far_the_log_went(audit, store):
    assert Head.from_bytes(audit.head()).seq == 0
    audit.append("a", NOW)
    head = audit.head()
    assert len(head) == HEAD_BYTES
    assert Head.from_bytes(head).seq == 2
    assert audit.head() == head
    audit.append("b", NOW)
    assert audit.head() != head
    assert anchor(store) == Head.from_bytes(audit.head())


def test_a_peer_s_signature_of_a_head_is_kept_and_found(audit, store, log):
    audit.append("session opened", NOW)
    head = audit.head()
    signature = countersign(ANNA, head)
    assert countersignature_is_valid(ANNA.public_key, head, signature)
    assert audit.countersigned(ANNA.public_key, head, signature, NOW, session="s")
    assert entries(log)[-1]["client"] == ANNA.fingerprint
    report = look(audit, store)
    assert (report.countersigned, report.faults) == (1, [])


def test_a_wrong_signature_of_a_head_is_refused_and_told(audit, store, log):
    audit.append("session opened", NOW)
    head = audit.head()
    signature = countersign(ANNA, head)
    for key, shown, signed in (
        (BERT.public_key, head, signature),
        (ANNA.public_key, Head(bytes(32), 1, bytes(32)).to_bytes(), signature),
        (ANNA.public_key, head, b""),
        (b"key", head, signature),
        (ED25519, head, signature),
    ):
        assert not countersignature_is_valid(key, shown, signed)
        assert not audit.countersigned(key, shown, signed, NOW)
        assert entries(log)[-1]["event"] == "countersignature wrong"
    assert look(audit, store).countersigned is None


def test_nothing_but_a_head_is_ever_signed(audit):
    head = audit.head()
    for raw in (b"", b"fanlight PROVE v1\0" + bytes(64), head[:-1], head + b"x", b"x" * HEAD_BYTES):
        with pytest.raises(RemoteProtocolError, match="not the head of an audit log"):
            countersign(ANNA, raw)


def test_a_client_notices_a_host_s_log_that_went_back(tmp_path, store):
    def head(seq, begun=1, last=1):
        return Head(bytes([begun]) * 32, seq, bytes([last]) * 32).to_bytes()

    assert keep_receipt(store, "host", head(5), NOW) is None
    assert keep_receipt(store, "host", head(5), NOW) is None
    assert keep_receipt(store, "host", head(7), NOW) is None
    assert keep_receipt(store, "other", head(1), NOW) is None
    again = Store(tmp_path / "fanlight.db")
    assert "has 6 entries, and had 7" in keep_receipt(again, "host", head(6), NOW)
    since = "since the last session"
    assert keep_receipt(again, "host", head(7, last=2), NOW) == f"the host's audit log was changed {since}"
    assert keep_receipt(again, "host", head(9, begun=2), NOW) == f"the host's audit log was begun anew {since}"
    assert [(host, kept.seq) for host, kept, _ in receipts(again)] == [("host", 7), ("other", 1)]
