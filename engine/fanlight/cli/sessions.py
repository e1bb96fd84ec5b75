"""`fanlight sessions`: who asks to be let in and who is inside, and what the person at the host does about it."""

from pathlib import Path
from typing import Any

import click

from fanlight.cli.access_change import change_options, read_admin_secret
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home
from fanlight.errors import FanlightError
from fanlight.net.control_client import ask, controlled
from fanlight.types import Permission

_RIGHT = click.Choice([str(right) for right in Permission])


@click.group()
def sessions() -> None:
    """See and decide who is let in to the host that runs here."""


@sessions.command("list")
@home_option
@json_option
def list_sessions(home: Path | None, as_json: bool) -> None:
    """Show who asks to be let in, and the open sessions."""
    said = _ask(home, {"do": "list"})
    text = "\n".join(_line(each) for each in said["sessions"]) or "nobody asks to be let in, and no session is open"
    say(as_json, said, text)


@sessions.command()
@click.argument("number", metavar="ID")
@click.option("--profile", help="The profile whose rights it gets [default: Default].")
@click.option("--without", multiple=True, type=_RIGHT, help="A right of the profile that it does not get; repeatable.")
@change_options
def accept(
    number: str,
    profile: str | None,
    without: tuple[str, ...],
    home: Path | None,
    admin_file: Path | None,
    as_json: bool,
) -> None:
    """Let in who asks."""
    wanted = {"do": "accept", "id": number, "profile": profile, "without": list(without)}
    _ask_for_more(home, wanted, admin_file)
    say(as_json, {"accepted": number}, f"session {number} is let in")


@sessions.command()
@click.argument("number", metavar="ID")
@home_option
@json_option
def reject(number: str, home: Path | None, as_json: bool) -> None:
    """Send away who asks."""
    _ask(home, {"do": "reject", "id": number})
    say(as_json, {"rejected": number}, f"session {number} is rejected")


@sessions.command()
@click.argument("number", metavar="ID")
@home_option
@json_option
def end(number: str, home: Path | None, as_json: bool) -> None:
    """End a session; it cannot be resumed."""
    _ask(home, {"do": "end", "id": number})
    say(as_json, {"ended": number}, f"session {number} has ended")


@sessions.command()
@click.argument("number", metavar="ID")
@click.argument("right", type=_RIGHT)
@change_options
def grant(number: str, right: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Give back a right that the profile grants, for this session only."""
    _ask_for_more(home, {"do": "grant", "id": number, "right": right}, admin_file)
    say(as_json, {"granted": right, "id": number}, f"session {number} has the right {right}, unless it waives it")


@sessions.command()
@click.argument("number", metavar="ID")
@click.argument("right", type=_RIGHT)
@home_option
@json_option
def withdraw(number: str, right: str, home: Path | None, as_json: bool) -> None:
    """Take away a right, for this session only."""
    _ask(home, {"do": "withdraw", "id": number, "right": right})
    say(as_json, {"withdrawn": right, "id": number}, f"session {number} has lost the right {right}")


def _ask(home: Path | None, request: dict[str, Any]) -> dict[str, Any]:
    place = Home(home)
    said = ask(place.path, request)
    if said is None:
        raise FanlightError(f"no host runs on {place.path}: start `fanlight host`, or name its home with --home")
    return said


def _ask_for_more(home: Path | None, request: dict[str, Any], admin_file: Path | None) -> None:
    """Ask for what gives somebody more: with the admin secret, while a session controls this computer."""
    secret = read_admin_secret(admin_file) if controlled(Home(home).path) else None
    _ask(home, request | {"secret": secret})


def _line(facts: dict[str, Any]) -> str:
    who = facts["alias"] or f"not verified, {facts['client']}"
    if facts["state"] == "requesting":
        return f"{facts['id']}  asks to be let in: {who}, from {facts['address']}"
    rights = " ".join(facts["rights"]) or "no rights"
    how = f"{facts['tls']}, {'direct' if facts['direct'] else 'relayed'}"
    return f"{facts['id']}  {who}, from {facts['address']}, by {facts['method']} ({facts['profile']}; {how}): {rights}"
