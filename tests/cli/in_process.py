"""Commands run in this process, with as many homes as a story needs."""

import io

from access_commands import Done

from fanlight.cli.app import run


class Command:
    """Runs commands with one home; `monkeypatch` and `capsys` are pytest's."""

    def __init__(self, home, monkeypatch, capsys):
        self.home, self._monkeypatch, self._capsys = home, monkeypatch, capsys

    def __call__(self, *arguments, stdin=""):
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run([*map(str, arguments), "--home", str(self.home)])
        return Done(code, *self._capsys.readouterr())

    def at(self, home):
        """Return the same with another home."""
        return Command(home, self._monkeypatch, self._capsys)
