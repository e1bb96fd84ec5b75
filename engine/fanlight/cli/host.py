"""`fanlight host`: serve a display to the viewers that may see it, until it is stopped."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fanlight.capture import Capture, open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.cli.collecting import settle
from fanlight.cli.console import Console
from fanlight.cli.dialog import KeptDialog, Wanted, is_wanted
from fanlight.cli.ledger_file import LedgerFile
from fanlight.cli.options import home_option, json_option, ledger_option, say
from fanlight.config import DEFAULT_LISTEN, Home, environment_display, parse_address, parse_size
from fanlight.errors import CaptureError, InjectError, UsageError
from fanlight.inject import Injector, open_injector
from fanlight.net.control import ControlServer
from fanlight.net.gate import RATE
from fanlight.net.loop import run
from fanlight.net.server import Server, ServerOptions
from fanlight.net.tls import TlsProfile
from fanlight.net.watching import Watcher
from fanlight.types import Address

log = logging.getLogger("fanlight")

_SESSION_LOOK_SECONDS = 1.0
_PIPE_BYTES = 64 * 1024
_OWN_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What `fanlight host` was asked for."""

    home: Path | None
    display: str | None
    virtual: str | None
    command: tuple[str, ...]
    listen: Address
    max_fps: int
    codec: str
    as_json: bool
    until_eof: bool
    console: bool
    dialog: bool
    tls: TlsProfile
    connection_rate: float
    ledger: Path | None
    metrics: Address | None


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--display", help="The X display to show [default: DISPLAY].")
@click.option("--virtual", metavar="WxH", help="Start a display of our own, for example 1920x1080.")
@click.option("--listen", default=DEFAULT_LISTEN, show_default=True, help="Address and port; port 0 takes a free one.")
@click.option("--max-fps", default=60, show_default=True, type=click.IntRange(1, 240), help="Most reads a second.")
@click.option("--codec", default="hybrid", show_default=True, help="The encoder for the picture, as hybrid-vp9.")
@click.option("--until-eof", is_flag=True, help="End with standard input, and so with who started us.")
@click.option("--console", is_flag=True, help="Show requests here, and take answers: y, y PROFILE -RIGHT, or n.")
@click.option("--dialog", default="auto", show_default=True, type=click.Choice(["auto", "yes", "no"]),
              help="Show requests and sessions in a window; auto: on a display that is not our own.")  # fmt: skip
@click.option("--tls", default="intermediate", show_default=True, type=click.Choice(["intermediate", "modern"]),
              help="TLS 1.2 and 1.3, or 1.3 alone.")  # fmt: skip
@click.option("--connection-rate", default=RATE, show_default=True, type=click.FloatRange(min=0.1, max=10_000),
              help="Connections a second from one address; five seconds of it may come at once.")  # fmt: skip
@click.option("--metrics", metavar="PORT", help="Serve figures for Prometheus on 127.0.0.1:PORT, or on ADDRESS:PORT.")
@ledger_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@home_option
@json_option
def host(
    display: str | None,
    virtual: str | None,
    listen: str,
    max_fps: int,
    codec: str,
    until_eof: bool,
    console: bool,
    dialog: Wanted,
    tls: TlsProfile,
    connection_rate: float,
    metrics: str | None,
    ledger: Path | None,
    command: tuple[str, ...],
    home: Path | None,
    as_json: bool,
) -> None:
    """Show a display to viewers.

    With --virtual, COMMAND runs as the session of a new display: fanlight host --virtual 1920x1080 -- xterm
    """
    if virtual and display:
        raise UsageError("give --display or --virtual, not both")
    if console and until_eof:
        raise UsageError("--console and --until-eof both read standard input: give one of the two")
    if command and not virtual:
        raise UsageError("a command to run needs --virtual WIDTHxHEIGHT, the display it runs in")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    address = parse_address(listen, port_zero=True)
    figures = None if metrics is None else _parse_metrics(metrics)
    asked = HostOptions(
        home=home,
        display=display,
        virtual=virtual,
        command=command,
        listen=address,
        max_fps=max_fps,
        codec=codec,
        as_json=as_json,
        until_eof=until_eof,
        console=console,
        dialog=is_wanted(dialog, virtual=virtual is not None, console=console),
        tls=tls,
        connection_rate=connection_rate,
        ledger=ledger,
        metrics=figures,
    )
    run(_host(asked))


async def _host(asked: HostOptions) -> None:
    store = Home(asked.home)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if asked.until_eof:
        loop.add_reader(sys.stdin.fileno(), _stop_at_eof, stop)
    with contextlib.ExitStack() as stack:
        watchers, metrics = _open_watchers(asked, stack)
        virtual = _open_virtual(asked, stack)
        display = virtual.name if virtual else _named_display(asked)
        framebuffer = virtual.framebuffer if virtual else None
        capture = stack.enter_context(open_capture(display, max_fps=asked.max_fps, framebuffer=framebuffer))
        injector = _open_injector(display, stack)
        _report(capture, injector)
        options = ServerOptions(asked.listen, asked.codec, asked.max_fps, asked.tls, asked.connection_rate)
        rules = store.rules()
        server = Server(options, capture, injector, store.identity(), rules, watchers)
        async with _serving(server), _obeying(ControlServer(store.path, server.reception, rules)):
            screen = virtual.environment if virtual else {"DISPLAY": display}
            dialog = KeptDialog(server.reception, store.path, screen) if asked.dialog else contextlib.nullcontext()
            with dialog:
                settle()
                _announce(server, metrics, asked.as_json)
                if asked.console:
                    Console(server.reception).start()
                await _first(stop.wait(), server.failed(), _session_end(virtual))


def _stop_at_eof(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), _PIPE_BYTES):
        # An end stays readable: without this the loop would turn without pause.
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


@contextlib.asynccontextmanager
async def _obeying(control: ControlServer) -> AsyncIterator[None]:
    await control.start()
    try:
        yield
    finally:
        await control.stop()


@contextlib.asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


async def _first(*reasons: Coroutine[Any, Any, object]) -> None:
    """Wait for the first reason to end; one that failed is raised."""
    tasks = [asyncio.create_task(reason) for reason in reasons]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _session_end(virtual: VirtualDisplay | None) -> None:
    """Wait for the end of the command that is a display's session; for ever where there is none."""
    while virtual is None or (status := virtual.session_status) is None:  # noqa: ASYNC110 - it answers when asked
        await asyncio.sleep(_SESSION_LOOK_SECONDS)
    if status:
        raise CaptureError(f"the command in the virtual display failed with exit status {status}")
    log.info("the command in the virtual display has ended")


def _open_virtual(asked: HostOptions, stack: contextlib.ExitStack) -> VirtualDisplay | None:
    if asked.virtual is None:
        return None
    virtual = stack.enter_context(VirtualDisplay(parse_size(asked.virtual), asked.command))
    if virtual.framebuffer is None:
        log.warning(
            "neither /dev/shm nor XDG_RUNTIME_DIR is a tmpfs with room for the pixels, so the X server copies them"
        )
    return virtual


def _named_display(asked: HostOptions) -> str:
    display = asked.display or environment_display()
    if display is None:
        raise CaptureError("there is no display: set DISPLAY, give --display, or start one with --virtual 1920x1080")
    return display


def _open_injector(display: str, stack: contextlib.ExitStack) -> Injector | None:
    try:
        return stack.enter_context(contextlib.closing(open_injector(display)))
    except InjectError as error:
        log.warning("viewers can look, but not control: %s", error)
        return None


def _report(capture: Capture, injector: Injector | None) -> None:
    width, height = capture.size
    without = "" if injector else ", without input"
    log.info("capturing %dx%d by %s (%s)%s", width, height, capture.backend, capture.how, without)
    if capture.fallback:
        log.warning("a better way to capture was not taken: %s", capture.fallback)


def _parse_metrics(text: str) -> Address:
    """Read a port, for this machine alone, or an address with its port."""
    address = parse_address(f"127.0.0.1:{text}" if text.isdigit() else text, port_zero=True)
    if address.host not in _OWN_HOSTS:
        log.warning("whoever reaches %s can read the metrics: they are served without a password", address)
    return address


def _open_watchers(asked: HostOptions, stack: contextlib.ExitStack) -> tuple[list[Watcher], Address | None]:
    """Open the file of the ledger and the metrics, as asked; return with them where the metrics are served."""
    watchers: list[Watcher] = []
    if asked.ledger is not None:
        watchers.append(stack.enter_context(LedgerFile(asked.ledger)))
    if asked.metrics is None:
        return watchers, None
    # Only who asks for metrics pays for the library that makes them.
    from fanlight.net.metrics import Metrics, serve_metrics

    metrics = Metrics()
    watchers.append(metrics)
    address = stack.enter_context(serve_metrics(metrics, asked.metrics))
    log.info("metrics on http://%s/metrics", address)
    return watchers, address


def _announce(server: Server, metrics: Address | None, as_json: bool) -> None:
    facts = {"address": str(server.address), "fingerprint": server.fingerprint}
    if metrics is not None:
        facts["metrics"] = f"http://{metrics}/metrics"
    say(as_json, facts, f"listening on {facts['address']}\nfingerprint {facts['fingerprint']}")
