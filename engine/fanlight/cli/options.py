"""The options that several commands share, so that each means the same everywhere."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _home_of_root() -> Path | None:
    """Return the --home that stands before the command, where none is given behind it."""
    home: Path | None = click.get_current_context().find_root().params.get("home")
    return home


home_option: Callable[[F], F] = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=_home_of_root,
    help="Where identity and settings are kept [default: FANLIGHT_HOME, or the user's data directory].",
)

ledger_option: Callable[[F], F] = click.option(
    "--ledger",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write for each update, as a line of JSON, when each step of its way was done.",
)

json_option: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def say(as_json: bool, value: dict[str, Any], text: str) -> None:
    """Print one result, for a program or for a person; flushed, because others wait for the line."""
    click.echo(json.dumps(value) if as_json else text)
    sys.stdout.flush()


def printable(text: str) -> str:
    """Return text that came from elsewhere without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
