"""A display of our own: an Xvfb that nobody else can open, and that never outlives us."""

import json
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from fanlight.errors import CaptureError, UsageError
from fanlight.kernels import x11
from fanlight.types import MAX_PIXELS, MAX_SIDE, Size

_SUPERVISOR = Path(__file__).with_name("virtual_supervisor.py")
_START_SECONDS = 30.0
# More than the supervisor takes where nobody ends before it is killed.
_STOP_SECONDS = 30.0


class VirtualDisplay:
    """A running Xvfb of `size` with `command`, if any, as its session.

    It ends with `stop`, and when this process ends in any way: display, session and whatever the session started.
    Every process of this user may open `name`; for other programs `environment` holds what they need. `framebuffer` is
    the file with its pixels, for `open_capture`; None where there was no tmpfs with room for it.
    """

    def __init__(self, size: Size, command: Sequence[str] | None = None) -> None:
        _check(size, command or ())
        self.size = size
        self._status: int | None = None
        self._folders: list[Path] = []
        self.framebuffer: Path | None = None
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), f"{size[0]}x{size[1]}", *(command or ())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What a buffer holds, select() does not see.
            bufsize=0,
            start_new_session=True,
        )
        try:
            facts = self._hear(_START_SECONDS)
            if facts is None or "display" not in facts:
                raise CaptureError(str((facts or {}).get("error", "the virtual display did not start")))
            self.name = str(facts["display"])
            self._folders.append(Path(facts["authority"]).parent)
            if facts["framebuffer"]:
                self.framebuffer = Path(facts["framebuffer"])
                self._folders.append(self.framebuffer.parent)
            self.environment = {"DISPLAY": self.name, "XAUTHORITY": str(facts["authority"])}
            x11.allow_current_user(self.name, bytes.fromhex(facts["cookie"]))
        except BaseException:
            self.stop()
            raise

    @property
    def session_status(self) -> int | None:
        """The exit status of the command, negative for a signal; None while it runs, or where there is none."""
        if self._status is None:
            facts = self._hear(0.0)
            self._status = facts.get("session") if facts else None
        return self._status

    def stop(self) -> None:
        """End the session and the display; may be called again."""
        stdin, stdout = self._pipes()
        stdin.close()
        try:
            self._supervisor.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        stdout.close()
        for folder in self._folders:
            # The supervisor has removed them, unless it was itself killed.
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        stdin, stdout = self._supervisor.stdin, self._supervisor.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout

    def _hear(self, timeout: float) -> dict[str, Any] | None:
        """Read the supervisor's next line; None: it has none yet, or is gone."""
        _, stdout = self._pipes()
        if stdout.closed or not select.select([stdout], [], [], timeout)[0]:
            return None
        line = stdout.readline()
        return dict(json.loads(line)) if line else None


def _check(size: Size, command: Sequence[str]) -> None:
    width, height = size
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UsageError(f"a display cannot be {width} x {height}: its sides are 1 to {MAX_SIDE}")
    if shutil.which("Xvfb") is None:
        raise CaptureError("a virtual display needs Xvfb: install the Debian package xvfb")
    if command and shutil.which(command[0]) is None:
        raise UsageError(f"there is no command {command[0]!r} to run in the display")
