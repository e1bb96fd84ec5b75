"""A scene that is measured: a display with a workload, a host on it, and viewers, here or behind a slow link."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fanlight.types import Rect, Size
from fanlight_bench import workloads
from fanlight_bench.hosting import START_SECONDS, Host, says, serve
from fanlight_bench.link.guest import Seen, Visit
from fanlight_bench.link.network import HOST_ADDRESS, Link, Network, network
from fanlight_bench.pipeline.measure import READY, START
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, wait_for
from fanlight_bench.screen.corners import Corners

_END_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_ECHO = 128, 64


@dataclass
class Scene:
    """What runs. `network` is None where the viewers come in over the loopback interface."""

    shown: Program
    host: Host
    network: Network | None
    folder: Path
    stack: contextlib.ExitStack
    echo: Rect | None
    guests: int = 0

    def guest(self, keys: int = 0) -> Program:
        """Let a viewer in, and wait until it has a picture."""
        self.guests += 1
        home = self.folder / f"viewer-{self.guests}"
        host = self.host
        visit = Visit(host.address, host.fingerprint, host.password, str(home), keys, self.echo)
        inside = self.network.at_viewer if self.network else ()
        command = [*inside, sys.executable, "-m", "fanlight_bench.link.guest", msgspec.json.encode(visit).decode()]
        program = self.stack.enter_context(Program(command))
        wait_for(lambda: says(program, READY), START_SECONDS, "a viewer's first picture")
        return program


def start(guest: Program) -> None:
    """Let a viewer type, or else end."""
    os.kill(guest.pid, START)


def finish(guest: Program) -> Seen:
    """Wait for a viewer's end; return what it saw. Unavailable, in its words, where it failed."""
    if guest.wait(_END_SECONDS):
        raise Unavailable(guest.last_words())
    return msgspec.json.decode(guest.output().removeprefix(READY), type=Seen)


@contextlib.contextmanager
def scene(workload: str, size: Size, *, rate: int, link: Link | None = None, echoes: bool = False) -> Iterator[Scene]:
    """Set a scene up; `echoes` shows the window that answers keys, outside of where film plays."""
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(network(link)) if link else None
        display = stack.enter_context(Display(size))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanlight-bench-")))
        shown = stack.enter_context(Program(workloads.command(workload, size, rate=rate), display))
        _wait_until_shown(display)
        inside = wire.at_host if wire else ()
        listen = f"{HOST_ADDRESS if wire else '127.0.0.1'}:0"
        host = stack.enter_context(serve(display, folder / "host", listen, inside))
        made = Scene(shown, host, wire, folder, stack, None)
        if echoes:
            made.echo = _below(size)
            stack.enter_context(Program(_echo(made.echo), display))
        yield made


def _wait_until_shown(display: Display) -> None:
    """Wait for the workload's clocks, so that what is opened next stands above it."""
    with Corners(display.name, display.size) as corners:

        def both() -> bool:
            corners.wait(int(1e6 * (time.monotonic() + _LOOK_SECONDS)))
            return None not in corners.stamps()

        wait_for(both, START_SECONDS, "the first picture of the workload")


def _below(size: Size) -> Rect:
    """Return a place for the echo near the lower left corner."""
    width, height = _ECHO
    return Rect(width, size[1] - 2 * height, width, height)


def _echo(place: Rect) -> list[str]:
    workloads.prepare_drawing()
    return [sys.executable, "-m", "fanlight_bench.link.echo", *map(str, place)]
