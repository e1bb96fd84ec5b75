"""Commands run in this process: what they print, and their exit codes."""

import io
import json
import sys
from dataclasses import dataclass

from fanlight.cli.app import run


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Command:
    """Runs commands with one home; `monkeypatch` and `capsys` are pytest's."""

    def __init__(self, home, monkeypatch, capsys):
        self.home, self._monkeypatch, self._capsys = home, monkeypatch, capsys

    def __call__(self, *arguments, stdin=""):
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run([*map(str, arguments), "--home", str(self.home)])
        return Done(code, *self._capsys.readouterr())

    def at(self, home):
        """Return the same with another home."""
        return Command(home, self._monkeypatch, self._capsys)
