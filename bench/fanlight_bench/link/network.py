"""A slow link on this machine: a host's and a viewer's network, and between them a limited rate and a delay.

Each end is a network namespace that belongs to a process which does nothing, the wire between them to the one that
delays packets (`delay`). Nothing has a name outside of them: all of it is gone when these processes are, whatever ends
us. It needs root, as making namespaces does.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fanlight_bench.hosting import START_SECONDS, says
from fanlight_bench.pipeline.measure import READY
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Program, wait_for

HOST_ADDRESS, VIEWER_ADDRESS = "10.77.0.1", "10.77.0.2"
DEVICE = "host"
"""The host's interface, in its own namespace."""

_COMMAND_SECONDS = 10.0


@dataclass(frozen=True)
class Link:
    """What a link carries from the host to the viewer, bits a second, and how long it takes each way, in seconds."""

    bits: int = 10_000_000
    delay: float = 0.020

    @property
    def words(self) -> str:
        """Return the link for people."""
        return f"{self.bits / 1e6:g} Mbit/s, {2000 * self.delay:g} ms round trip"


@dataclass(frozen=True)
class Network:
    """The words that run a command at each end."""

    at_host: tuple[str, ...]
    at_viewer: tuple[str, ...]

    def read(self, *command: str) -> str:
        """Return what a command at the host's end says; empty where it fails."""
        done = subprocess.run(
            [*self.at_host, *command], capture_output=True, text=True, check=False, timeout=_COMMAND_SECONDS
        )
        return done.stdout


@contextlib.contextmanager
def network(link: Link) -> Iterator[Network]:
    """Lay a link; Unavailable where that is not possible here."""
    with contextlib.ExitStack() as stack:
        ends = [stack.enter_context(_namespace("sleep", "infinity")) for _ in range(3)]
        host, viewer, wire = ends
        for device, peer, end, address in (
            ("near", DEVICE, host, HOST_ADDRESS),
            ("far", "viewer", viewer, VIEWER_ADDRESS),
        ):
            _run(wire, "ip", "link", "add", device, "type", "veth", "peer", "name", peer)
            _run(wire, "ip", "link", "set", peer, "netns", str(end.pid))
            _run(end, "ip", "address", "add", f"{address}/24", "dev", peer)
            _run(end, "ip", "link", "set", peer, "up")
            _run(wire, "ip", "link", "set", device, "up")
        rate = ("rate", f"{link.bits}bit", "burst", "16kb", "latency", "200ms")
        _run(host, "tc", "qdisc", "add", "dev", DEVICE, "root", "tbf", *rate)
        delaying = [*_inside(wire), sys.executable, "-m", "fanlight_bench.link.delay", "near", "far", str(link.delay)]
        carrier = stack.enter_context(Program(delaying))
        wait_for(lambda: says(carrier, READY), START_SECONDS, "the start of the link")
        yield Network(_inside(host), _inside(viewer))


@contextlib.contextmanager
def _namespace(*command: str) -> Iterator[Program]:
    """Run a command in a network of its own."""
    ours = _network_of(os.getpid())
    with Program(["unshare", "--net", "--", *command]) as program:
        wait_for(lambda: says(program, b"") and _network_of(program.pid) != ours, START_SECONDS, "a network namespace")
        yield program


def _network_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def _inside(namespace: Program) -> tuple[str, ...]:
    return "nsenter", "--target", str(namespace.pid), "--net", "--"


def _run(namespace: Program, *command: str) -> None:
    words: Sequence[str] = [*_inside(namespace), *command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_COMMAND_SECONDS)
    except FileNotFoundError as error:
        raise Unavailable(f"there is no command {error.filename}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} did not end within {_COMMAND_SECONDS:g} s") from error
    if done.returncode:
        raise Unavailable(f"a slow link cannot be made here: {' '.join(command[:2])}: {done.stderr.strip()}")
