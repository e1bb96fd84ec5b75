"""`fanlight bench link` on small screens: real hosts and viewers, a real slow link, and nothing left of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fanlight.cli.app import run
from fanlight_bench.link import network, table
from fanlight_bench.link.network import Link
from fanlight_bench.link.quiet import QuietCase
from fanlight_bench.link.rest import RestCase
from fanlight_bench.link.slow import SlowCase
from fanlight_bench.link.stopped import StoppedCase
from fanlight_bench.plan import Unavailable

SIZE = (640, 400)
# A port where nobody listens answers at once.
KNOCK = """
import socket, sys, time
began = time.monotonic()
socket.socket().connect_ex((sys.argv[1], 9))
print(time.monotonic() - began)
"""
FAST = Link(bits=50_000_000, delay=0.002)


def can_make_networks() -> bool:
    tools = all(shutil.which(tool) for tool in ("ip", "tc", "ss", "unshare", "nsenter"))
    return tools and subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0


needs_networks = pytest.mark.skipif(not can_make_networks(), reason="network namespaces cannot be made here")


def namespaces() -> set[str]:
    """Return the networks of our own children."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid():
                found.add(str((path / "ns/net").readlink()))
        except OSError:
            continue
    return found - {str(Path("/proc/self/ns/net").readlink())}


@needs_networks
def test_key_is_typed_and_seen_over_a_slow_link_and_nothing_stays() -> None:
    found = SlowCase(table.TYPING, "caret", SIZE, 20, FAST, keys=3, settle=0.2).measure()
    assert found["lost keys"].median == 0
    assert found["key to pixel p50"].median >= 2000 * FAST.delay
    assert found["digests that differ"].median == 0
    assert not namespaces()


@needs_networks
def test_packets_take_as_long_as_the_link_says() -> None:
    with network.network(Link(delay=0.05)) as laid:
        command = [*laid.at_viewer, sys.executable, "-c", KNOCK, network.HOST_ADDRESS]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(told) >= 0.1
    assert not namespaces()


def test_without_the_right_to_make_networks_the_reason_is_given(monkeypatch, tmp_path: Path) -> None:
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match="Operation not permitted"):
        SlowCase(table.TYPING, "caret", SIZE, 20, FAST, keys=1, settle=0.1).measure()


def test_picture_rests_and_becomes_exact(monkeypatch) -> None:
    for name in ("PLAY_SECONDS", "REST_SECONDS", "_SETTLE_SECONDS"):
        monkeypatch.setattr(f"fanlight_bench.link.rest.{name}", 0.7)
    found = RestCase(table.REST, "scroll-text", SIZE, 20, 1, None).measure()
    assert found["until exact, most"].median > 0
    assert found["digests that differ"].median == 0


def test_idle_host_sends_no_picture(monkeypatch) -> None:
    monkeypatch.setattr("fanlight_bench.link.quiet._SETTLE_SECONDS", 0.5)
    found = QuietCase(table.IDLE, "idle", SIZE, 20, 0.3).measure()
    assert found["picture bytes"].median == 0


def test_viewer_that_was_stopped_sees_the_newest_picture(monkeypatch) -> None:
    monkeypatch.setattr("fanlight_bench.link.stopped._SETTLE_SECONDS", 0.5)
    found = StoppedCase(table.STOPPED, "scroll-text", SIZE, 20, 0.5, 0.5).measure()
    assert found["until the newest picture"].median > 0
    assert found["reconnects"].median == 0
    assert "host memory while it was stopped" in found


def test_command_explains_itself(capfd) -> None:
    assert run(["bench", "link", "--help"]) == 0
    out = capfd.readouterr().out
    for option in ("--quick", "--turns", "--json", "--html", "--case", "--size"):
        assert option in out
    assert run(["bench", "link", "--size", "huge"]) == 2
