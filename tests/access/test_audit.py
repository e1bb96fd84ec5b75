import json
import os
import stat
import subprocess
import sys

import pytest

from fanlight.access import Store
from fanlight.access.audit import Audit
from fanlight.access.audit_chain import MAX_LINE
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import anchor
from fanlight.errors import StateError, UsageError

NOW = 1_900_000_000.0


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
    with pytest.raises(UsageError, match=r"^an audit entry's own fields cannot be named seq, sig$"):
        audit.append("a", NOW, sig="", seq=7)


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
