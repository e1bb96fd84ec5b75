"""The files of the audit log below the log."""

import pytest

from fanlight.access.audit_chain import START, public_key
from fanlight.access.audit_files import LOG, AuditFiles, Tip
from fanlight.errors import StateError


@pytest.fixture
def files(tmp_path):
    return AuditFiles(tmp_path)


def test_a_new_log_begins_with_nothing_and_a_seed_of_its_own():
    tip, other = Tip.new(), Tip.new()
    assert (tip.seq, tip.first, tip.size, tip.previous) == (0, 0, 0, START)
    assert tip.begun == public_key(tip.seed)
    assert tip.seed != other.seed
    assert Tip.from_json(tip.to_json()) == tip


def test_what_comes_after_an_offset_is_read_and_a_file_that_shrank_is_told(files):
    assert (files.after(0), files.after(1)) == (b"", None)
    files.append(b"one\ntwo\n")
    assert [files.after(offset) for offset in (0, 4, 8, 9)] == [b"one\ntwo\n", b"two\n", b"", None]


def test_a_file_larger_than_we_write_is_refused_and_one_as_large_is_read(files, monkeypatch):
    monkeypatch.setattr("fanlight.access.audit_files._MAX_READ", 8)
    files.append(b"12345678")
    assert files.read(LOG) == b"12345678"
    files.append(b"9")
    with pytest.raises(StateError, match=r"audit\.jsonl holds more than fanlight writes: move it away"):
        files.read(LOG)


def test_the_name_of_a_new_file_is_on_disk_too(files, monkeypatch):
    synced = []
    monkeypatch.setattr(AuditFiles, "_sync_directory", lambda self: synced.append(self.directory))
    files.append(b"one\n")
    assert synced == [files.directory]
    files.append(b"two\n")
    assert synced == [files.directory]


def test_a_full_file_that_somebody_removed_is_no_trouble_to_remove(files):
    files.append(b"one\n")
    files.set_aside(0)
    files.remove([files.full_name(0), files.full_name(7)])
    assert files.content() == []
