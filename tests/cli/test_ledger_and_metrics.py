"""`--ledger` and `--metrics`, by the commands."""

import errno
import itertools
import json
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands import PASSWORD, StartHost, fanlight_command, password_file, run_fanlight, start_host
from fanlight.cli.ledger_file import LedgerFile
from fanlight.errors import FanlightError
from patience import PATIENCE
from x11_client import X11Client
from x_server import wait_until

__all__ = ["password_file", "start_host"]  # Fixtures.

Run = Callable[..., subprocess.Popen[bytes]]
StartXvfb = Callable[..., Any]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_both_ends_write_the_ledger_and_the_host_serves_metrics(
    xvfb: str, painter: X11Client, start_host: StartHost, password_file: Path, tmp_path: Path
) -> None:
    host = start_host("--display", xvfb, "--ledger", tmp_path / "host.jsonl", "--metrics", "0")
    painter.fill(0x336699, (60, 40, 120, 90))
    done = run_fanlight(
        *("connect", host.address, "--headless", "--seconds", 1, "--json", "--ledger", tmp_path / "viewer.jsonl"),
        *("--home", tmp_path / "viewer", "--password-file", password_file, "--trust", host.fingerprint),
    )
    assert done.returncode == 0, done.stderr
    wait_until(lambda: "metrics on http://127.0.0.1:" in host.log)
    url = next(word for word in host.log.split() if word.startswith("http://127.0.0.1:"))
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        figures = answer.read().decode()
    assert "fanlight_sessions_total 1.0" in figures
    assert host.stop() == 0
    theirs, ours = lines_of(tmp_path / "host.jsonl"), lines_of(tmp_path / "viewer.jsonl")
    assert [line["seq"] for line in ours] == list(range(1, len(ours) + 1))
    assert ours
    assert {line["session"] for line in theirs} == {theirs[0]["session"]}
    for line in theirs + ours:
        assert line["total"] is None or sum(line["stages"].values()) == line["total"]
    assert ours[-1]["inputs"] == []
    assert sum(line["bytes"] for line in theirs) == sum(line["bytes"] for line in ours)


def test_what_a_window_shows_stands_in_both_ledgers(
    start_xvfb: StartXvfb, painter: X11Client, xvfb: str, run_program: Run, start_host: StartHost, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    ours, theirs = tmp_path / "viewer.jsonl", tmp_path / "host.jsonl"
    host = start_host("--display", xvfb, "--ledger", theirs)
    viewer = run_program(
        start_xvfb().name,
        *fanlight_command("connect", host.address, "--home", tmp_path / "viewer", "--trust", host.fingerprint),
        *("--password-file", str(password), "--ledger", str(ours)),
    )
    colours = itertools.count()

    def both_have_it() -> bool:
        assert viewer.poll() is None
        painter.fill(next(colours) * 7919 % 0x1000000, (60, 40, 120, 90))
        painter.sync()
        return all(path.exists() and '"present":' in path.read_text() for path in (ours, theirs))

    wait_until(both_have_it)
    shown = {line["seq"]: line for line in lines_of(ours) if "present" in line["stages"]}
    for line in lines_of(theirs):
        if "present" in line["stages"] and line["seq"] in shown:
            assert line["stages"]["present"] == pytest.approx(shown[line["seq"]]["stages"]["present"], abs=2)


def test_a_ledger_that_cannot_be_written_is_said_before_anything_else(tmp_path: Path) -> None:
    done = run_fanlight("connect", "127.0.0.1:1", "--headless", "--ledger", tmp_path / "no" / "such" / "folder")
    assert done.returncode == 2
    assert "--ledger" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_ends_the_file_and_is_told_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = LedgerFile(tmp_path / "ledger")
    monkeypatch.setattr(file._file, "write", full)

    def write() -> None:
        with file:
            for _ in range(2):
                file._line({"seq": 1})

    with pytest.raises(FanlightError, match="not whole: No space left"):
        write()


@pytest.mark.parametrize("address", ["70000", "127.0.0.1:x", "no host:1"])
def test_what_is_no_address_for_metrics_says_so(tmp_path: Path, address: str) -> None:
    done = run_fanlight("host", "--display", ":0", "--home", tmp_path, "--metrics", address)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
