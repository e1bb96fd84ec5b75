"""Children that do one thing each, in a folder of their own in memory, and what came of it.

How long one may take is counted in turns of our own loop, so that a run that is paused loses nothing.
"""

import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TURN = 0.005  # seconds


class _Child(NamedTuple):
    place: Path
    last_turn: int
    end: Callable[[object], None]


class Forks:
    """At most `limit` children at once."""

    def __init__(self, limit: int) -> None:
        self._limit, self._turns = limit, 0
        self._running: dict[int, _Child] = {}
        # SQLite syncs with each change, which costs nothing in memory.
        self._place = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))

    def start(self, do: Callable[[Path], object], seconds: float, end: Callable[[object], None]) -> None:
        """Let a child `do` something, given a folder, as soon as there is place; `end` gets what it returned.

        It gets None where the child did not come to its end, or not within `seconds`.
        """
        while len(self._running) >= self._limit:
            self._turn()
        place = Path(tempfile.mkdtemp(dir=self._place))
        pid = os.fork()
        if not pid:
            _be_child(do, place)
        self._running[pid] = _Child(place, self._turns + int(seconds / TURN), end)

    def finish(self) -> None:
        """Wait for all."""
        while self._running:
            self._turn()
        shutil.rmtree(self._place)

    def _turn(self) -> None:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid:
            place, _, end = self._running.pop(pid)
            said = place.with_suffix(".said")
            what = pickle.loads(said.read_bytes()) if said.exists() else None
            said.unlink(missing_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            return end(what)
        time.sleep(TURN)
        self._turns += 1
        for each, child in self._running.items():
            if child.last_turn < self._turns:
                os.kill(each, 9)
        return None


def _be_child(do: Callable[[Path], object], place: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    try:
        said = pickle.dumps(do(place))
        place.with_suffix(".said").write_bytes(said)
    finally:
        os._exit(0)
