"""`fanlight doctor`: what of fanlight works on this computer, found out by doing it, and what to do about the rest."""

import importlib.util
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import click

from fanlight.capture import open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.cli.audit import check_log, summary
from fanlight.cli.options import home_option, json_option, printable, say
from fanlight.codec import decoders, encoders, open_encoder
from fanlight.config import Home, default_home, environment_display
from fanlight.errors import EncoderError, FanlightError
from fanlight.inject import open_injector
from fanlight.kernels import cpu
from fanlight.net import congestion

State = Literal["ok", "absent", "broken"]

_SMALL = (64, 64)
# Without these there is no session; the others are for who wants them, where the machine has what they need.
_NEEDED = frozenset({"hybrid", "tiles", "h264"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: ok, absent (fanlight works without it) or broken; `says` is what was found, or what to do."""

    part: str
    state: State
    says: str

    def __str__(self) -> str:
        return printable(f"{self.state:<7} {self.part:<18} {self.says}")


@click.command()
@click.option("--display", metavar="DISPLAY", help="The X display to look at [default: the one in DISPLAY].")
@home_option
@json_option
def doctor(display: str | None, home: Path | None, as_json: bool) -> None:
    """Try what fanlight needs on this computer, and say what is missing and what to do.

    Exits with 1 where something is broken. What is absent, such as an encoder in hardware, is no fault.
    """
    display = display or environment_display()
    findings: list[Finding] = []
    for finding in _examine(display, home or default_home()):
        findings.append(finding)
        if not as_json:
            click.echo(str(finding))
    healthy = all(finding.state != "broken" for finding in findings)
    if as_json:
        say(True, {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}, "")
    if not healthy:
        raise click.exceptions.Exit(1)


def _examine(display: str | None, home: Path) -> Iterator[Finding]:
    yield _core()
    yield _home(home)
    if display is None:
        yield Finding("screen", "absent", "DISPLAY is not set: name one by --display, or host a virtual display")
    else:
        yield _found("screen", lambda: _screen(display))
        yield _found("input", lambda: _input(display))
    yield _found("virtual display", _virtual_display)
    yield _window()
    for name in encoders():
        yield _encoder(name)
    yield Finding("decoders", "ok", ", ".join(decoders()))
    yield _congestion()


def _found(part: str, tried: Callable[[], str], otherwise: State = "absent") -> Finding:
    """Say what a trial found, or why it failed."""
    try:
        return Finding(part, "ok", tried())
    except FanlightError as error:
        return Finding(part, otherwise, str(error))


def _core() -> Finding:
    sets = ", ".join(sorted(cpu.detected())) or "no vector instructions that it knows"
    return Finding("core", "ok", f"fanlight {version('fanlight')}, Python {platform.python_version()}, {sets}")


def _home(path: Path) -> Finding:
    """Look at a home that is there; looking makes none."""
    if not path.exists() and not path.is_symlink():
        return Finding("home", "absent", f"{path} is made by the first command that needs it")
    return _found("home", lambda: _home_state(path), "broken")


def _home_state(path: Path) -> str:
    place = Home(path)
    place.rules().close()
    report = check_log(place)
    if report.faults:
        raise FanlightError(f"{path}: {summary(report)}; `fanlight audit verify` tells where")
    return f"{path}: {place.identity().fingerprint}; audit log: {summary(report)}"


def _screen(display: str) -> str:
    with open_capture(display) as capture:
        width, height = capture.size
        return f"{display}: {width}x{height} by {capture.backend} ({capture.how})" + (
            f"; not better, because {capture.fallback}" if capture.fallback else ""
        )


def _input(display: str) -> str:
    open_injector(display).close()
    return f"{display}: XTEST"


def _virtual_display() -> str:
    display = VirtualDisplay(_SMALL)
    try:
        how = "its framebuffer mapped" if display.framebuffer else "no tmpfs with room for its framebuffer"
        return f"Xvfb, {how}"
    finally:
        display.stop()


def _window() -> Finding:
    if importlib.util.find_spec("pygame") is None:
        return Finding("window", "absent", "viewers are headless here: pip install 'fanlight[viewer]'")
    return Finding("window", "ok", "pygame-ce")


def _encoder(name: str) -> Finding:
    part = f"encoder {name}"
    try:
        encoder = open_encoder(name, _SMALL)
    except EncoderError as error:
        return Finding(part, "broken" if name in _NEEDED else "absent", str(error))
    with suppress(FanlightError):
        encoder.close()
    return Finding(part, "ok", "opens")


def _congestion() -> Finding:
    if congestion.is_offered():
        return Finding("congestion", "ok", "TCP with BBR")
    return Finding("congestion", "absent", "this kernel does not offer BBR (modprobe tcp_bbr): its own is used")
