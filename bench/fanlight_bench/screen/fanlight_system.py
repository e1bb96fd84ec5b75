"""fanlight itself, as two processes: `fanlight host` and `fanlight connect --fullscreen`, by TLS and password."""

import contextlib
import importlib.metadata
import importlib.util
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from fanlight.config import Home
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for
from fanlight_bench.screen.system import START_SECONDS, OwnWords, RemoteDesktop


class Fanlight(RemoteDesktop):
    """The host that this checkout or installation has."""

    name: ClassVar[str] = "fanlight"
    settings: ClassVar[dict[str, str | int | float]] = {
        "codec": "hybrid",
        "connection": "TLS 1.3, password",
    }

    @classmethod
    def missing(cls) -> str | None:
        """Name pygame-ce where it is missing: the window needs it."""
        if importlib.util.find_spec("pygame") is None:
            return "fanlight's window needs pygame-ce: pip install 'fanlight[viewer]'"
        return None

    @classmethod
    def version(cls) -> str:
        """Return fanlight's version."""
        return importlib.metadata.version("fanlight")

    def serve(self, source: Display, folder: Path) -> Program:
        """Host with a home and a password of its own."""
        self._password = secrets.token_urlsafe(12)
        with contextlib.closing(Home(folder / "host").rules()) as rules:
            rules.set_password(self._password)
            rules.set_unattended(True)
        program = Program(
            _command(
                *("host", "--json", "--home", str(folder / "host"), "--display", source.name),
                # A window of ours would be part of what is measured.
                *("--dialog", "no"),
                *("--listen", "127.0.0.1:0", "--max-fps", str(self.rate)),
                *("--codec", str(self.settings["codec"])),
            ),
            source,
        )
        try:
            facts = _announced(program)
        except BaseException:
            program.stop()
            raise
        self._address, self._fingerprint = facts["address"], facts["fingerprint"]
        self.port = int(self._address.rpartition(":")[2])
        return program

    def look(self, screen: Display, folder: Path) -> Program:
        """Connect with a home of its own."""
        self._ledger = folder / "ledger"
        password_file = folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password + "\n", encoding="utf-8")
        return Program(
            _command(
                *("connect", self._address, "--fullscreen", "--home", str(folder / "viewer")),
                *("--trust", self._fingerprint, "--password-file", str(password_file)),
                *("--ledger", str(self._ledger)),
            ),
            screen,
        )

    def own_words(self, start: int, end: int) -> Sequence[OwnWords]:
        """Return what the viewer's ledger says: from the damage to the update on the screen."""
        return read_ledger(self._ledger, start, end)


def read_ledger(path: Path, start: int, end: int) -> list[OwnWords]:
    """Read the updates that a ledger has as presented from `start` to `end`, microseconds."""
    with path.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines if line.endswith("\n")]
    return [
        OwnWords(entry["stamps"]["presented"], entry["total"] / 1_000, entry["bytes"], entry["exact"], entry["stages"])
        for entry in entries
        if entry["total"] is not None and start <= entry["stamps"].get("presented", -1) < end
    ]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "fanlight", *arguments]


def _announced(program: Program) -> dict[str, str]:
    """Wait for the host to say where it listens."""

    def said() -> bytes:
        if program.status is not None:
            raise Unavailable(f"fanlight host ended: {program.last_words()}")
        line, end, _ = program.output().partition(b"\n")
        return line if end else b""

    try:
        facts: dict[str, str] = json.loads(wait_for(said, START_SECONDS))
    except TimeoutError:
        raise Unavailable(f"fanlight host said nothing within {START_SECONDS:g} s") from None
    return facts
