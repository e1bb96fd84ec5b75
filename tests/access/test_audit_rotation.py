"""Full files of the audit log are set aside, and the oldest let go, which the log tells."""

import json

import pytest

from fanlight.access.audit import KEPT_FILES, MAX_FILE, Audit
from fanlight.access.audit_chain import read_entry
from fanlight.access.audit_check import check
from fanlight.access.audit_files import LOG
from fanlight.access.audit_heads import anchor

NOW = 1_900_000_000.0
RESERVED = {"seq", "at", "event", "prev", "next", "sig"}


def entries(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture
def small(monkeypatch):
    """Let files be full early; return what is kept at least."""
    monkeypatch.setattr("fanlight.access.audit.MAX_FILE", 2000)
    monkeypatch.setattr("fanlight.access.audit.KEPT_FILES", 2)
    return 4000


def test_full_files_are_set_aside_and_the_oldest_dropped(tmp_path, audit, store, small):
    for n in range(60):
        audit.append("session opened", NOW, n=n)
        names = audit.files.full_files()
        assert len(names) <= 2
        report = check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=small)
        assert report.faults == []
    assert len(names) == 2
    assert report.first > 0
    Audit(tmp_path, store).append("b", NOW)
    assert check(audit.files.content(), audit.files.tip(), anchor(store), kept_bytes=small).faults == []


def test_what_was_dropped_is_told_by_what_comes_after_it(audit, small):
    told = []
    for n in range(60):
        audit.append("a", NOW, n=n)
        told += [each for each in entries(audit.files.directory / LOG) if each["event"] == "dropped"]
    oldest = audit.files.content()[0][1].splitlines()[0]
    first = json.loads(oldest)
    own = {name: value for name, value in told[-1].items() if name not in RESERVED}
    assert own == {"before": first["seq"], "hash": first["prev"], "key": own["key"]}
    assert read_entry(oldest).is_signed_by(bytes.fromhex(own["key"]))


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
