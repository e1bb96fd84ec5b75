"""`fanlight connect`: see a host's screen, in a window or without one."""

import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import click

from fanlight.cli.collecting import settle
from fanlight.cli.ledger_file import LedgerFile
from fanlight.cli.options import home_option, json_option, ledger_option
from fanlight.client import RemoteSession
from fanlight.client import connect as open_session
from fanlight.config import read_secret
from fanlight.errors import IdentityError, UsageError
from fanlight.viewer import Summary, save_png, show, watch
from fanlight.viewer.connection import connection_facts, connection_line

_RECONNECT_SECONDS = 10.0


@click.command()
@click.argument("address")
@click.option("--headless", is_flag=True, help="Decode without a window.")
@click.option("--fullscreen", is_flag=True, help="Open the window over the whole screen.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End by itself after this long.")
@click.option("--password-file", type=click.Path(path_type=Path), help="A file whose first line is the password.")
@click.option("--code-file", type=click.Path(path_type=Path), help="A file whose first line is the two-factor code.")
@click.option("--remember", is_flag=True, help="Log in automatically next time, if the host allows it.")
@click.option("--request", is_flag=True, help="Ask the person at the host to be let in, instead of logging in.")
@click.option("--trust", metavar="FINGERPRINT", help="The fingerprint of a host that is not known here yet.")
@click.option(
    "--reconnect",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help=f"Come back for so long where the connection breaks [default: {_RECONNECT_SECONDS:g}, without a window 0].",
)
@click.option("--screenshot", type=click.Path(path_type=Path), help="Save the last picture as PNG when it ends.")
@ledger_option
@home_option
@json_option
def connect(
    address: str,
    headless: bool,
    fullscreen: bool,
    seconds: float | None,
    password_file: Path | None,
    code_file: Path | None,
    remember: bool,
    request: bool,
    trust: str | None,
    reconnect: float | None,
    screenshot: Path | None,
    ledger: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """See and control the host at ADDRESS (host:port)."""
    if headless and fullscreen:
        raise UsageError("--headless has no window to make full screen: give one of the two")
    if request and (password_file or code_file or remember):
        raise UsageError("--request asks the person at the host: give no password, code or --remember with it")
    password = read_secret(password_file) if password_file else None if request else _ask_password
    code = read_secret(code_file) if code_file else _ask_code
    if reconnect is None:
        reconnect = 0.0 if headless else _RECONNECT_SECONDS

    facts: dict[str, Any] = {}

    with LedgerFile(ledger) if ledger else contextlib.nullcontext() as lines:

        @contextlib.asynccontextmanager
        async def open_one() -> AsyncIterator[RemoteSession]:
            async with open_session(
                address,
                home=home,
                password=password,
                code=code,
                remember=remember,
                request=request,
                trust=trust or _ask_trust,
                reconnect=reconnect,
            ) as session:
                facts.update(connection_facts(session))
                if not as_json:
                    click.echo(connection_line(session), err=True)
                if lines is not None:
                    session.ledger.watch(lines.write)
                settle()
                yield session

        if headless:
            summary = watch(open_one, seconds=seconds, status=not as_json)
        else:
            summary = show(open_one, fullscreen=fullscreen, seconds=seconds)
    finish(summary, screenshot, as_json, {"connection": facts})


def finish(summary: Summary, screenshot: Path | None, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """Save the picture where one is wanted and print how the session went, and `more` for programs."""
    if screenshot is not None and summary.image is not None:
        save_png(summary.image, screenshot)
    if as_json:
        click.echo(json.dumps(summary.as_json() | dict(more or {})))
    if summary.interrupted:
        raise click.Abort


def _ask_password() -> str | None:
    """Ask the person at the terminal; None where there is nobody to ask."""
    if not _person_is_there():
        return None
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer


def _ask_code() -> str | None:
    if not _person_is_there():
        return None
    answer: str = click.prompt("Two-factor code", err=True)
    return answer


def _ask_trust(address: str, fingerprint: str) -> bool:
    if not _person_is_there():
        raise IdentityError(
            f"{address} is not known here. Its fingerprint is {fingerprint}: compare it with "
            f"`fanlight identity show` on the host, then add --trust {fingerprint}"
        )
    click.echo(f"{address} is not known here. Its fingerprint is\n  {fingerprint}", err=True)
    return click.confirm("Is it the one that `fanlight identity show` gives on the host?", err=True)


def _person_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
