"""`fanlight access password` and `admin-secret`: the secrets that a person sets."""

from pathlib import Path

import click

from fanlight.access.passwords import PRESETS
from fanlight.access.rights import UNATTENDED
from fanlight.cli.access_change import change_options, note_change, open_to_change, read_new_secret
from fanlight.cli.options import say
from fanlight.config import owner_names

_profile_option = click.option("--profile", default=UNATTENDED, show_default=True, help="The profile it opens.")


@click.group()
def password() -> None:
    """Set the passwords of unattended access."""


@password.command("set")
@_profile_option
@change_options
def set_password(profile: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Set a password: one line from standard input, or asked for on a terminal. All saved logins are void."""
    rules = open_to_change(home, admin_file)
    rules.profiles.check(profile)
    warning = rules.set_password(read_new_secret("password"), profile, owner_names())
    note_change(rules, f"password of {profile}", "set")
    hint = "" if rules.unattended else "; unattended access is off: `fanlight access unattended on`"
    text = f"the password of {profile!r} is set{hint}" + (f"; warning: {warning}" if warning else "")
    say(as_json, {"profile": profile, "unattended": rules.unattended, "warning": warning or None}, text)


@password.command()
@_profile_option
@change_options
def clear(profile: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Remove a profile's password. All saved logins are void."""
    rules = open_to_change(home, admin_file)
    rules.profiles.check(profile)
    had_one = rules.passwords.clear(profile)
    note_change(rules, f"password of {profile}", "cleared")
    text = f"the password of {profile!r} is removed" if had_one else f"{profile!r} had no password"
    say(as_json, {"profile": profile, "had_password": had_one}, text)


@password.command()
@click.argument("name", type=click.Choice(PRESETS))
@change_options
def preset(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Choose how long passwords must be: 8 characters (standard), or 15 where no code is asked for (nist)."""
    rules = open_to_change(home, admin_file)
    rules.passwords.set_preset(name)
    note_change(rules, "preset", name)
    hint = "; it holds for passwords that are set from now on" if rules.has_password else ""
    say(as_json, {"preset": name}, f"the preset is {name}{hint}")


@click.group("admin-secret")
def admin_secret() -> None:
    """Set the secret by which settings are changed while a session controls this computer."""


@admin_secret.command("set")
@change_options
def set_admin_secret(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Set the admin secret: one line from standard input, or asked for on a terminal."""
    rules = open_to_change(home, admin_file)
    warning = rules.admin.set(read_new_secret("admin secret"), owner_names())
    note_change(rules, "admin secret", "set")
    text = "the admin secret is set" + (f"; warning: {warning}" if warning else "")
    say(as_json, {"admin_secret": True, "warning": warning or None}, text)


@admin_secret.command("clear")
@change_options
def clear_admin_secret(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Remove the admin secret: while a session controls this computer, no setting can be changed then."""
    rules = open_to_change(home, admin_file)
    rules.admin.clear()
    note_change(rules, "admin secret", "cleared")
    say(as_json, {"admin_secret": False}, "the admin secret is removed")
