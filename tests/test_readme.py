"""The examples of README.md, run as they stand on a display of their own; and the links of all pages."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fanlight.capture.virtual import VirtualDisplay
from patience import PATIENCE

PROJECT = Path(__file__).parents[1]
MOVING = ["xterm", "-e", "while :; do date +%N; sleep 0.02; done"]


def example(containing: str) -> str:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    (code,) = (
        code for code in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if containing in code
    )
    return str(code)


def run(code: str, environment: dict[str, str], text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fanlight(*arguments: str, text: str = "") -> None:
    command = [sys.executable, "-m", "fanlight", *arguments]
    subprocess.run(command, input=text, text=True, timeout=PATIENCE, check=True, capture_output=True)


@contextmanager
def hosting(home: Path) -> Iterator[dict[str, str]]:
    """Run a host with a moving session; yields what it says of itself."""
    command = [sys.executable, "-m", "fanlight", "host", "--home", str(home), "--listen", "127.0.0.1:0", "--json"]
    host = subprocess.Popen([*command, "--virtual", "320x240", "--", *MOVING], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    try:
        yield json.loads(host.stdout.readline())
    finally:
        host.terminate()
        host.wait(PATIENCE)
        host.stdout.close()


def test_capture_and_encode() -> None:
    with VirtualDisplay((320, 240), MOVING) as display:
        lines = run(example("open_capture"), display.environment).splitlines()
    assert len(lines) == 100
    assert all(re.fullmatch(r"\d+ rectangles, [\d,]+ bytes, exact: (True|False)", line) for line in lines)
    assert lines[0].startswith("1 rectangles")
    assert any(line.endswith("True") for line in lines)


def test_watch_a_host(tmp_path: Path) -> None:
    home = str(tmp_path / "host")
    password = "quite a long lamp over the door"
    fanlight("access", "password", "set", "--home", home, text=password + "\n")
    fanlight("access", "unattended", "on", "--home", home)
    with hosting(tmp_path / "host") as said:
        answers = f"{said['address']}\n{said['fingerprint']}\n{password}\n"
        shown = run(example("fanlight.connect"), {"FANLIGHT_HOME": str(tmp_path / "viewer")}, answers)
    assert "(240, 320, 4)" in shown
    assert shown.rstrip().endswith("exact: True")


@pytest.mark.parametrize("page", sorted(PROJECT.glob("*.md")) + sorted(PROJECT.glob("docs/*.md")), ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
