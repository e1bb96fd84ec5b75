"""What every command that changes a setting has in common: the lock, the entry in the audit, and how secrets are read.

While a session controls this computer, whoever types here may be that session's viewer. So a setting is then changed
only with the local admin secret, which the viewer does not know.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from fanlight.access import Rules
from fanlight.cli.options import home_option, json_option
from fanlight.config import Home, first_line, read_secret
from fanlight.errors import SettingRefused, StateError
from fanlight.net.control_client import controlled, review

F = TypeVar("F", bound=Callable[..., Any])

_MOST_INPUT = 64 * 1024

admin_option: Callable[[F], F] = click.option(
    "--admin-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Holds the admin secret, which is asked for while a session controls this computer.",
)


def change_options(command: F) -> F:
    """Add the options of a command that changes a setting: --home, --admin-file, --json."""
    return home_option(admin_option(json_option(command)))


def open_to_change(home: Path | None, admin_file: Path | None, *, always: bool = False) -> Rules:
    """Open the rules to change a setting; SettingRefused while a session controls this computer.

    `always`: an admin secret that is set is asked for also while none does.
    """
    place = Home(home)
    rules = place.rules()
    if controlled(place.path):
        _check_admin(rules, admin_file, "a session controls this computer")
    elif always and rules.admin.is_set:
        _check_admin(rules, admin_file, "this takes the admin secret")
    return rules


def note_change(rules: Rules, setting: str, value: str) -> None:
    """Write into the audit that a setting was changed, and let the sessions of a running host feel it."""
    rules.note_setting(setting, value, time.time())
    tell_host(rules.path.parent)


def tell_host(home: Path) -> None:
    """Let the sessions of the host that runs on this home, if one does, look at the rules at once."""
    # Where that cannot be: the change is made, and the host looks again by itself within seconds.
    with suppress(StateError):
        review(home)


def read_new_secret(what: str) -> str:
    """Read a new password: one line from standard input, or asked for twice on a terminal."""
    if sys.stdin.isatty():
        answer: str = click.prompt(f"New {what}", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    return first_line(sys.stdin.buffer.readline(_MOST_INPUT), "standard input")


def read_admin_secret(admin_file: Path | None) -> str | None:
    """Read the admin secret from its file, or ask for it on a terminal; None where there is neither."""
    if admin_file is not None:
        return read_secret(admin_file)
    if not sys.stdin.isatty():
        return None
    answer: str = click.prompt("Admin secret", hide_input=True, err=True)
    return answer


def _check_admin(rules: Rules, admin_file: Path | None, why: str) -> None:
    if not rules.admin.is_set:
        raise SettingRefused(
            "a session controls this computer, and settings cannot be changed from inside one: end the session first"
        )
    secret = read_admin_secret(admin_file)
    if secret is None:
        raise SettingRefused(f"{why}: give the admin secret with --admin-file FILE")
    rules.admin.check(secret, time.time())
