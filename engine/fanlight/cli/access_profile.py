"""`fanlight access profile`: named sets of rights."""

from collections.abc import Callable
from pathlib import Path

import click

from fanlight.access.profiles import Profiles
from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home
from fanlight.errors import UsageError
from fanlight.types import Permission

_ANSWERS = {"yes": True, "no": False, "standard": None}


@click.group()
def profile() -> None:
    """Decide what those who come in may do."""


@profile.command("list")
@home_option
@json_option
def list_profiles(home: Path | None, as_json: bool) -> None:
    """List the profiles."""
    rules = Home(home).rules()
    passwords = rules.passwords.profiles()
    rights = {name: sorted(rules.profiles.rights(name)) for name in rules.profiles.all()}
    rows = [
        {"name": name, "enabled": on, "has_password": name in passwords, "rights": rights[name]}
        for name, on in rules.profiles.all().items()
    ]
    lines = [
        f"{'on ' if on else 'off'}  {name}: {', '.join(rights[name]) or 'nothing'}"
        for name, on in rules.profiles.all().items()
    ]
    say(as_json, {"profiles": rows}, "\n".join(lines))


@profile.command()
@click.argument("name")
@home_option
@json_option
def show(name: str, home: Path | None, as_json: bool) -> None:
    """Show what profile NAME grants, and which of it are standard permissions."""
    rules = Home(home).rules()
    says, granted = rules.profiles.says(name), rules.profiles.rights(name)
    rights = {each.value: each in granted for each in Permission}
    standard = [each.value for each in Permission if says[each] is None]
    lines = [
        f"{each:<16} {'yes' if on else 'no '}{'  (standard)' if each in standard else ''}"
        for each, on in rights.items()
    ]
    facts = {
        "name": name,
        "enabled": rules.profiles.all()[name],
        "has_password": name in rules.passwords.profiles(),
        "rights": rights,
        "standard": standard,
    }
    say(as_json, facts, "\n".join([f"{name}: {'enabled' if facts['enabled'] else 'disabled'}", *lines]))


@profile.command()
@click.argument("name")
@change_options
def create(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Make profile NAME, which grants the standard permissions."""
    _change(name, "created", lambda profiles: profiles.create(name), home, admin_file, as_json)


@profile.command()
@click.argument("name")
@change_options
def delete(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Delete profile NAME with its password and saved logins."""
    _change(name, "deleted", lambda profiles: profiles.delete(name), home, admin_file, as_json)


@profile.command()
@click.argument("name")
@change_options
def enable(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let profile NAME be used again."""
    _change(name, "enabled", lambda profiles: profiles.enable(name, True), home, admin_file, as_json)


@profile.command()
@click.argument("name")
@change_options
def disable(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let profile NAME open nothing: its password is dead, and it is not offered."""
    _change(name, "disabled", lambda profiles: profiles.enable(name, False), home, admin_file, as_json)


@profile.command("set")
@click.argument("name")
@click.argument("rights", nargs=-1, required=True, metavar="RIGHT=yes|no|standard...")
@change_options
def set_rights(name: str, rights: tuple[str, ...], home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Grant or deny rights in profile NAME; `standard` uses what the profile Default says."""
    changes = dict(_right(each) for each in rights)
    said = f"set: {' '.join(rights)}"
    _change(name, said, lambda profiles: profiles.set(name, changes), home, admin_file, as_json)


def _change(
    name: str,
    done: str,
    change: Callable[[Profiles], None],
    home: Path | None,
    admin_file: Path | None,
    as_json: bool,
) -> None:
    rules = open_to_change(home, admin_file)
    change(rules.profiles)
    note_change(rules, f"profile {name}", done)
    granted = sorted(rules.profiles.rights(name)) if name in rules.profiles.all() else []
    say(as_json, {"name": name, "done": done.partition(":")[0], "rights": granted}, f"the profile {name!r} is {done}")


def _right(text: str) -> tuple[Permission, bool | None]:
    right, _, answer = text.partition("=")
    if right not in set(Permission):
        raise UsageError(f"there is no right {right[:50]!r}: there are {', '.join(Permission)}")
    if answer not in _ANSWERS:
        raise UsageError(f"{text[:50]!r} is no answer: write {right}=yes, {right}=no or {right}=standard")
    return Permission(right), _ANSWERS[answer]
