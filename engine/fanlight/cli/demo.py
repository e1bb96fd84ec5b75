"""`fanlight demo`: the whole path in one command, on a display that is there or on one of our own.

The host runs as a process of its own, as it does in real life; the viewer runs here, or in a window on a second
display.
"""

import contextlib
import json
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import click

from fanlight.cli.connect import finish
from fanlight.cli.demo_desktop import session_command
from fanlight.client import RemoteSession
from fanlight.client import connect as open_session
from fanlight.config import DEFAULT_LISTEN, Home, environment, environment_display, local_displays, parse_address
from fanlight.errors import ConnectionLost, FanlightError, InjectError
from fanlight.inject import open_injector
from fanlight.viewer import watch

_START_SECONDS = 30.0
# More than a host takes to end its display.
_STOP_SECONDS = 40.0
_VIRTUAL_SIZE = "1920x1080"


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A host process that has said where it listens."""

    address: str
    fingerprint: str
    password: str


@click.command()
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End by itself after this long.")
@click.option("--listen", default=DEFAULT_LISTEN, show_default=True, help="Address and port; port 0 takes a free one.")
@click.option("--viewer-display", metavar="DISPLAY", help="Where the window opens [default: a second display, if any].")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("run"), show_default=True, help="Where results go."
)
def demo(seconds: float | None, listen: str, viewer_display: str | None, out: Path) -> None:
    """Host a screen, watch it, and say how it went: the last line is JSON, the last picture OUT/screenshot.png."""
    display = environment_display()
    parse_address(listen, port_zero=True)
    with _host_process(display, listen, out) as running:
        _introduce(running, display, seconds)
        second = viewer_display or (_second_display(display) if display else None)
        if second:
            _watch_in_a_window(running, second, seconds, out)
        else:
            _watch_here(running, seconds, out)


def _watch_here(running: RunningHost, seconds: float | None, out: Path) -> None:
    def open_one() -> AbstractAsyncContextManager[RemoteSession]:
        return open_session(
            running.address, home=out / "viewer-home", password=running.password, trust=running.fingerprint
        )

    finish(watch(open_one, seconds=seconds, status=True), out / "screenshot.png", as_json=True)


def _watch_in_a_window(running: RunningHost, display: str, seconds: float | None, out: Path) -> None:
    password_file = out / "password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600, exist_ok=False)
    password_file.write_text(running.password + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "fanlight", "connect", running.address, "--home", str(out / "viewer-home")]
    command += ["--trust", running.fingerprint, "--password-file", str(password_file), "--json"]
    command += ["--screenshot", str(out / "screenshot.png")]
    if seconds is not None:
        command += ["--seconds", str(seconds)]
    viewer = subprocess.Popen(command, env=environment() | {"DISPLAY": display})
    try:
        code = viewer.wait()
    finally:
        _end(viewer)
        password_file.unlink(missing_ok=True)
    if code:
        raise ConnectionLost(f"the viewer ended with exit code {code}: its own words stand above")


def _second_display(first: str) -> str | None:
    """Another local display that answers; a window on the one that is shown would show itself in itself."""
    shown = ":" + first.rpartition(":")[2].partition(".")[0]
    for name in local_displays():
        if name != shown:
            with contextlib.suppress(InjectError):
                open_injector(name).close()
                return name
    return None


def _introduce(running: RunningHost, display: str | None, seconds: float | None) -> None:
    shown = f"your display {display}" if display else f"a display of its own, {_VIRTUAL_SIZE}"
    end = f"ends after {seconds:g} seconds" if seconds else "ends with Ctrl-C"
    click.echo(f"fanlight shows {shown}; it {end}")
    click.echo(f"  address      {running.address}\n  fingerprint  {running.fingerprint}")
    click.echo(f"  password     {running.password}   (made for this run)")
    click.echo(f"to see it:     fanlight connect {running.address} --trust {running.fingerprint}")


@contextlib.contextmanager
def _host_process(display: str | None, listen: str, out: Path) -> Iterator[RunningHost]:
    home = out / "host-home"
    password = _set_new_password(home)
    command = [
        sys.executable,
        "-m",
        "fanlight",
        "host",
        "--home",
        str(home),
        "--listen",
        listen,
        "--json",
        "--until-eof",
        "--dialog",
        "no",
    ]
    command += ["--display", display] if display else ["--virtual", _VIRTUAL_SIZE, "--", *session_command()]
    log = (out / "host.log").open("w", encoding="utf-8")
    # A session of its own: Ctrl-C reaches this process alone, which then ends the host in order. Should this one be
    # killed, the host sees its standard input end.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
    )
    try:
        facts = _first_line(process, out / "host.log")
        yield RunningHost(facts["address"], facts["fingerprint"], password)
    finally:
        _end(process)
        log.close()


def _set_new_password(home: Path) -> str:
    password = secrets.token_urlsafe(12)
    with contextlib.closing(Home(home).rules()) as rules:
        rules.set_password(password)
        rules.set_unattended(True)
    return password


def _first_line(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """Wait for the host to say where it listens; its own last words explain why it did not."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if not line:
        _end(process)
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise FanlightError(words[-1].removeprefix("fanlight: ") if words else "the host did not start")
    facts: dict[str, str] = json.loads(line)
    return facts


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            return
        process.kill()
    process.wait()
