"""`fanlight access tokens`: logins that clients have saved."""

from datetime import UTC, datetime
from pathlib import Path

import click

from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home


@click.group()
def tokens() -> None:
    """Decide about logins that clients save."""


@tokens.command()
@change_options
def allow(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let clients save their login, if they ask for it; this is so at first."""
    _allow(True, home, admin_file, as_json)


@tokens.command()
@change_options
def forbid(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Let no client save its login from now on; those that are saved still work, until `clear`."""
    _allow(False, home, admin_file, as_json)


@tokens.command("list")
@home_option
@json_option
def list_tokens(home: Path | None, as_json: bool) -> None:
    """List the saved logins."""
    rows = [
        {
            "fingerprint": each.fingerprint,
            "alias": each.alias,
            "profile": each.profile,
            "issued": _date(each.issued),
            "used": _date(each.used),
        }
        for each in Home(home).rules().tokens.all()
    ]
    lines = [
        f"{row['fingerprint']}  {row['alias'] or 'no alias'}  {row['profile']}  issued {row['issued']}"
        f"  last used {row['used'] or 'never'}"
        for row in rows
    ]
    say(as_json, {"tokens": rows}, "\n".join(lines) or "none")


@tokens.command()
@change_options
def clear(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Make all saved logins void, and all short-term passwords."""
    rules = open_to_change(home, admin_file)
    count = rules.tokens.clear()
    note_change(rules, "saved logins", "cleared")
    say(as_json, {"cleared": count}, f"{count} saved logins are void")


def _allow(on: bool, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    rules = open_to_change(home, admin_file)
    rules.tokens.allow(on)
    said = "allowed" if on else "forbidden"
    note_change(rules, "saved logins", said)
    say(as_json, {"allowed": on}, f"new saved logins are {said}")


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC).isoformat()
