"""`fanlight dialog`, and how a host keeps one: the window in which the person at the host answers requests."""

import importlib.util
import logging
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

import click

from fanlight import dialog as window
from fanlight.cli.options import home_option
from fanlight.config import Home, environment
from fanlight.errors import UsageError
from fanlight.net.reception import Reception

log = logging.getLogger("fanlight")

Wanted = Literal["auto", "yes", "no"]

_STOP_SECONDS = 5.0
_RESTART_SECONDS = 10.0


@click.command()
@click.option("--kept", is_flag=True, hidden=True, help="Be kept for a host: hide while there is nothing to show.")
@home_option
def dialog(kept: bool, home: Path | None) -> None:
    """Answer requests, and see who is inside, in a window.

    While it is open, the host's console is: requests are shown also with `fanlight access interactive window`.
    """
    window.run(Home(home).path, kept=kept)


def is_wanted(asked: Wanted, *, virtual: bool, console: bool) -> bool:
    """Whether a host keeps a dialog; UsageError when it is asked for and cannot be."""
    if asked == "no" or (asked == "auto" and (virtual or console)):
        return False
    if importlib.util.find_spec("pygame") is None:
        if asked == "yes":
            raise UsageError("the dialog needs pygame-ce: pip install 'fanlight[viewer]'")
        log.info("no dialog is shown, for pygame-ce is not installed: `fanlight sessions` answers requests")
        return False
    return True


class KeptDialog:
    """The dialog of one host: a program that is started when there is first something to show, and ends with it.

    It is an attendant of the reception, but no console: nobody has opened it. Should this host be killed, the
    dialog's connection to it ends, and so does the dialog.
    """

    is_console = False

    def __init__(self, reception: Reception, home: Path, display: Mapping[str, str]) -> None:
        self._reception = reception
        self._command = [sys.executable, "-m", "fanlight", "dialog", "--kept", "--home", str(home.absolute())]
        self._display = display
        self._program: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def __enter__(self) -> Self:
        self._reception.attend(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._reception.dismiss(self)
        if self._program is not None and self._program.poll() is None:
            self._program.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(_STOP_SECONDS)
                return
            self._program.kill()
            self._program.wait()

    def changed(self) -> None:
        """Start the dialog where there is something to show and it does not run."""
        if not self._reception.sessions() or (self._program is not None and self._program.poll() is None):
            return
        now = time.monotonic()
        if now < self._not_before:
            return
        if self._program is not None:
            log.warning("the dialog ended with exit status %d: it is started again", self._program.returncode)
        # One that cannot run must not be started with every request.
        self._not_before = now + _RESTART_SECONDS
        # Ctrl-C in the host's terminal is for the host, which then ends it.
        self._program = subprocess.Popen(
            self._command,
            env=environment() | dict(self._display),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
