"""Homes that are too open, linked elsewhere, damaged, or on a full disk: each is refused in a sentence, and stays."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys

import pytest
from in_process import Command

from patience import PATIENCE

SECRETS = ["fanlight.db", "pepper", "audit.key", "audit.jsonl", "audit.lock", "identity.pem"]
FULL = """
import resource, sys
from fanlight.cli.app import run
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """A home in which something was set."""
    made = Command(tmp_path / "home", monkeypatch, capsys)
    assert made("access", "password", "set", stdin="a password for tests\n").code == 0
    assert made("access", "unattended", "on").code == 0
    assert made("identity", "show").code == 0
    return made


def uses(command, name):
    """Run a command that reads the file."""
    return command("identity", "show") if name == "identity.pem" else command("access", "unattended", "off")


def is_refused(done, words):
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def is_as_it_was(command):
    facts = command("access", "status", "--json").json
    assert facts["unattended"] is True
    assert [each["name"] for each in facts["profiles"] if each["has_password"]] == ["Unattended Access"]
    assert command("audit", "verify").code == 0


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_can_read_or_change_is_refused(command, name, mode):
    (command.home / name).chmod(mode)
    is_refused(uses(command, name), f"run chmod 600 {command.home / name}")
    (command.home / name).chmod(0o600)
    is_as_it_was(command)


@pytest.mark.parametrize("name", SECRETS)
def test_a_symbolic_link_is_not_followed(command, tmp_path, name):
    (command.home / name).rename(tmp_path / "elsewhere")
    (command.home / name).symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").read_bytes()
    is_refused(uses(command, name), "is not a regular file")
    assert (tmp_path / "elsewhere").read_bytes() == before
    (command.home / name).unlink()
    (tmp_path / "elsewhere").rename(command.home / name)
    is_as_it_was(command)


def test_a_home_that_is_a_link_or_open_to_others_is_refused(command, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(command.home)
    is_refused(command.at(link)("access", "status"), "is not a directory")
    command.home.chmod(0o750)
    is_refused(command("access", "status"), f"run chmod 700 {command.home}")
    command.home.chmod(0o700)
    is_as_it_was(command)


@pytest.mark.parametrize("damage", ["head", "middle", "half", "text"])
def test_a_damaged_store_is_refused_and_left_as_it_is(command, tmp_path, damage):
    with contextlib.closing(sqlite3.connect(command.home / "fanlight.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # A copy: nothing in this process has ever opened it.
    damaged = tmp_path / "damaged"
    shutil.copytree(command.home, damaged, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    raw = (damaged / "fanlight.db").read_bytes()
    broken = {
        "head": b"\0" * 100 + raw[100:],
        "middle": raw[:4096] + b"\xff" * (len(raw) - 4096),
        "half": raw[: len(raw) // 2],
        "text": b"this is no database\n" * 200,
    }[damage]
    (damaged / "fanlight.db").write_bytes(broken)
    for arguments in (("access", "status"), ("access", "unattended", "off"), ("audit", "verify")):
        is_refused(command.at(damaged)(*arguments), "is damaged or no fanlight store")
    assert (damaged / "fanlight.db").read_bytes() == broken
    is_as_it_was(command)


@pytest.mark.parametrize(
    "arguments",
    [
        ("access", "unattended", "off"),
        ("access", "acl", "add", "anna@acme"),
        ("access", "password", "clear"),
        ("access", "tokens", "clear"),
        ("namespace", "create", "acme"),
        ("audit", "accept-loss"),
    ],
    ids=" ".join,
)
def test_on_a_full_disk_nothing_is_changed_and_nothing_lost(command, arguments):
    done = subprocess.run(
        [sys.executable, "-c", FULL, *arguments, "--home", command.home],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("fanlight: ")
    assert len(done.stderr.splitlines()) == 1
    is_as_it_was(command)
    assert command("namespace", "show").out.count("acme") == 0


def test_a_new_home_on_a_full_disk_is_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, "access", "unattended", "on", "--home", tmp_path / "home"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
