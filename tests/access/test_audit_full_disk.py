"""A real disk that is full while the owner accepts a loss of the audit log: all of it happens, or nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("full_disk.py")
# A file system of our own needs no rights where the system lets anybody have a user namespace.
MOUNTED = 'mount -t tmpfs -o size=1m,mode=700 none "$1" && shift && exec "$@"'


def on_a_small_disk(folder, *command):
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh", str(folder), *command]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_where_there_is_no_room_nothing_changes_until_there_is(tmp_path):
    if on_a_small_disk(tmp_path, "true").returncode:
        pytest.skip("this system lets nobody have a user namespace with a file system in it")
    done = on_a_small_disk(tmp_path, sys.executable, str(PROGRAM), str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    code, words = told["command"]
    assert code == 1
    assert words.count("\n") == 1
    assert "Traceback" not in words
    assert len(told["errors"]) >= 18
    assert all("No space left on device" in error for error in told["errors"])
    assert all(told["same"])
    assert (told["aside"], told["faults"], told["losses"]) == ("audit-lost-1", [], [20 + 1])
    assert told["files"] == ["audit-lost-1"]
    assert told["left"] == ["audit.jsonl", "audit.key", "audit.lock"]
