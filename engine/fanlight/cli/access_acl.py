"""`fanlight access acl`: the access list."""

from collections.abc import Callable
from pathlib import Path

import click

from fanlight.access.acl import AccessList
from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home


@click.group()
def acl() -> None:
    """Name the only clients that may ask."""


@acl.command()
@change_options
def on(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let only the clients on the list ask."""
    _switch(True, home, admin_file, as_json)


@acl.command()
@change_options
def off(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let everybody ask; this is so at first."""
    _switch(False, home, admin_file, as_json)


@acl.command("list")
@home_option
@json_option
def list_entries(home: Path | None, as_json: bool) -> None:
    """Show the list."""
    listed = Home(home).rules().acl
    entries = [{"pattern": entry.pattern, "on": entry.enabled} for entry in listed.entries()]
    lines = [f"{'on ' if entry['on'] else 'off'}  {entry['pattern']}" for entry in entries]
    head = f"the access list is {'on' if listed.on else 'off'}"
    say(as_json, {"on": listed.on, "entries": entries}, "\n".join([head, *lines]))


@acl.command()
@click.argument("pattern")
@change_options
def add(pattern: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Add PATTERN: a fingerprint, or an alias like `anna@acme` or `*@acme`; * and ? are wildcards."""
    _change("added", lambda listed: listed.add(pattern), home, admin_file, as_json)


@acl.command()
@click.argument("pattern")
@change_options
def remove(pattern: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Remove PATTERN."""
    _change("removed", lambda listed: listed.remove(pattern), home, admin_file, as_json)


@acl.command()
@click.argument("pattern")
@change_options
def enable(pattern: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let PATTERN count again."""
    _change("enabled", lambda listed: listed.enable(pattern, True), home, admin_file, as_json)


@acl.command()
@click.argument("pattern")
@change_options
def disable(pattern: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Keep PATTERN on the list, and do not let it count."""
    _change("disabled", lambda listed: listed.enable(pattern, False), home, admin_file, as_json)


def _switch(on: bool, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    rules = open_to_change(home, admin_file)
    rules.acl.switch(on)
    note_change(rules, "access list", "on" if on else "off")
    nobody = on and not any(entry.enabled for entry in rules.acl.entries())
    warning = "nobody is on it, so nobody may ask: `fanlight access acl add PATTERN`" if nobody else ""
    text = f"the access list is {'on' if on else 'off'}" + (f"; warning: {warning}" if warning else "")
    say(as_json, {"on": on, "warning": warning or None}, text)


def _change(
    done: str, change: Callable[[AccessList], str], home: Path | None, admin_file: Path | None, as_json: bool
) -> None:
    rules = open_to_change(home, admin_file)
    pattern = change(rules.acl)
    note_change(rules, "access list", f"{done} {pattern}")
    hint = "" if rules.acl.on else "; the access list is off, so everybody may ask: `fanlight access acl on`"
    say(as_json, {"pattern": pattern, "done": done}, f"{pattern} is {done}{hint}")
