"""`--ledger FILE`: one JSON object a line for every update, in the order in which they were shown."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from fanlight.errors import FanlightError, UsageError
from fanlight.net.watching import Watcher
from fanlight.session.ledger import InputEntry, LedgerEntry


class LedgerFile(Watcher):
    """The file; a context manager. What cannot be written ends the file, not the session, and is told at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._error: OSError | None = None
        try:
            self._file = path.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise UsageError(
                f"the ledger cannot be written to {path}: {error.strerror}; give --ledger another place"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as late:
            self._error = self._error or late
        if self._error is not None and kind is None:
            raise FanlightError(f"the ledger in {self._path} is not whole: {self._error.strerror or self._error}")

    def write(self, entry: LedgerEntry, answered: tuple[InputEntry, ...]) -> None:
        """Write an entry of a viewer's own ledger, with the input that it answers."""
        inputs = [{"seq": each.seq, "latency": round(each.latency * 1e6)} for each in answered]
        self._line(entry.as_json() | {"inputs": inputs})

    def complete(self, session: str, entry: LedgerEntry) -> None:
        """Write an entry of one of a host's viewers."""
        self._line({"session": session} | entry.as_json())

    def _line(self, value: dict[str, Any]) -> None:
        if self._error is None:
            try:
                self._file.write(msgspec.json.encode(value).decode() + "\n")
            except OSError as error:
                self._error = error
