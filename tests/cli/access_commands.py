"""Run `fanlight` commands in this process, as a person does one after the other."""

import io
import json
from dataclasses import dataclass

import pytest

from fanlight.cli.app import run


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def fanlight(home, monkeypatch, capsys):
    """Run one command with this home: fanlight("access", "status", stdin="a line")."""

    def command(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run([*map(str, arguments), "--home", str(home)])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return command


@pytest.fixture
def access(fanlight):
    """Run `fanlight access ... --json`; it must succeed. Return what it says."""

    def command(*arguments, stdin=""):
        done = fanlight("access", *arguments, "--json", stdin=stdin)
        assert done.code == 0, done.err
        return done.json

    return command


@pytest.fixture
def refused(fanlight):
    """Run `fanlight access ...`, which must end with `code` and one sentence that holds `why`."""

    def command(*arguments, stdin="", code=1, why=""):
        done = fanlight("access", *arguments, stdin=stdin)
        assert (done.code, done.out) == (code, "")
        assert done.err.startswith("fanlight: ")
        assert done.err.count("\n") == 1
        assert why in done.err

    return command
