"""`fanlight access`: who may come in when nobody is there to ask."""

import sys
from pathlib import Path

import click

from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home, first_line

UNATTENDED_PROFILE = "Unattended Access"
_MOST_INPUT = 64 * 1024


@click.group()
def access() -> None:
    """Decide who may come in."""


@access.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@home_option
@json_option
def unattended(state: str, home: Path | None, as_json: bool) -> None:
    """Switch unattended access on or off; it is off at first."""
    rules = Home(home).rules()
    rules.set_unattended(state == "on")
    hint = "" if state == "off" or rules.has_password else "; no password is set yet: `fanlight access password set`"
    say(as_json, {"unattended": state == "on", "password": rules.has_password}, f"unattended access is {state}{hint}")


@access.group()
def password() -> None:
    """Set the passwords of unattended access."""


@password.command("set")
@click.option("--profile", default=UNATTENDED_PROFILE, show_default=True, help="The profile this password opens.")
@home_option
@json_option
def set_password(profile: str, home: Path | None, as_json: bool) -> None:
    """Set a password: one line from standard input, or asked for on a terminal."""
    rules = Home(home).rules()
    rules.set_password(_read_password(), profile)
    hint = "" if rules.unattended else "; unattended access is off: `fanlight access unattended on`"
    say(as_json, {"profile": profile, "unattended": rules.unattended}, f"the password of {profile!r} is set{hint}")


def _read_password() -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    return first_line(sys.stdin.buffer.readline(_MOST_INPUT), "standard input")
