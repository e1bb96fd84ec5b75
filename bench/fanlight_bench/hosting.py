"""A `fanlight host` of ours on a display, which lets our viewers in."""

import contextlib
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fanlight.config import Home
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for

START_SECONDS = 60.0


class _Announced(msgspec.Struct):
    """What a host says when it listens."""

    address: str
    fingerprint: str


@dataclass(frozen=True)
class Host:
    """A host that runs, and what a viewer needs to come in. `home` is the host's."""

    program: Program
    address: str
    fingerprint: str
    password: str
    home: Path

    @property
    def pid(self) -> int:
        """The process that does all the work."""
        return self.program.pid


@contextlib.contextmanager
def serve(display: Display, home: Path, listen: str = "127.0.0.1:0", inside: Sequence[str] = ()) -> Iterator[Host]:
    """Run a host with a home and a password of its own; `inside` stands before its command.

    Unavailable where it ends, TimeoutError where it says nothing.
    """
    password = secrets.token_urlsafe(12)
    with contextlib.closing(Home(home).rules()) as rules:
        rules.set_password(password)
        rules.set_unattended(True)
    command = [*inside, sys.executable, "-m", "fanlight", "host", "--json", "--home", str(home), "--dialog", "no"]
    with Program([*command, "--display", display.name, "--listen", listen], display) as program:
        wait_for(lambda: says(program, b"{") and program.output().endswith(b"\n"), START_SECONDS, "the host's start")
        told = msgspec.json.decode(program.output(), type=_Announced)
        yield Host(program, told.address, told.fingerprint, password, home)


def says(program: Program, start: bytes) -> bool:
    """Whether what a program wrote to stdout begins with `start`; Unavailable, in its words, where it has ended."""
    if program.status is not None:
        raise Unavailable(program.last_words())
    return program.output().startswith(start)
