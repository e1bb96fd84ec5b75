"""`fanlight access`: who may come in, how, and with which rights."""

import time
from pathlib import Path
from typing import Any

import click

from fanlight.access import Rules
from fanlight.access.prompts import MODES
from fanlight.cli.access_acl import acl
from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.access_password import admin_secret, password
from fanlight.cli.access_profile import profile
from fanlight.cli.access_tokens import tokens
from fanlight.cli.access_totp import totp
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home


@click.group()
def access() -> None:
    """Decide who may come in."""


for group in (password, totp, tokens, acl, profile, admin_secret):
    access.add_command(group)


@access.command()
@home_option
@json_option
def status(home: Path | None, as_json: bool) -> None:
    """Show who may come in."""
    facts = _facts(Home(home).rules())
    say(as_json, facts, "\n".join(_lines(facts)))


@access.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@change_options
def unattended(state: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Switch unattended access on or off; it is off at first."""
    rules = open_to_change(home, admin_file)
    rules.set_unattended(state == "on")
    note_change(rules, "unattended", state)
    hint = "" if state == "off" or rules.has_password else "; no password is set yet: `fanlight access password set`"
    say(as_json, {"unattended": state == "on", "password": rules.has_password}, f"unattended access is {state}{hint}")


@access.command()
@click.argument("mode", type=click.Choice(MODES))
@change_options
def interactive(mode: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Show requests always, only while the host's console is open (window), or never."""
    rules = open_to_change(home, admin_file)
    rules.prompts.set_mode(mode)
    note_change(rules, "interactive", mode)
    warning = ""
    if mode == "never" and not (rules.has_password and rules.unattended):
        missing = "unattended access is off" if rules.has_password else "no password is set"
        warning = f"nobody can come in now: {missing}, and requests are not shown"
    said = {"always": "always shown", "window": "shown while the host's console is open", "never": "never shown"}[mode]
    text = f"requests are {said}" + (f"; warning: {warning}" if warning else "")
    say(as_json, {"interactive": mode, "warning": warning or None}, text)


@access.command("reset-throttle")
@change_options
def reset_throttle(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Forget all wrong tries, so that everybody may try again at once."""
    rules = open_to_change(home, admin_file)
    rules.throttle.reset()
    note_change(rules, "throttle", "reset")
    say(as_json, {"throttle": {}}, "all wrong tries are forgotten")


def _facts(rules: Rules) -> dict[str, Any]:
    passwords = rules.passwords.profiles()
    profiles = [
        {"name": name, "enabled": on, "has_password": name in passwords, "rights": sorted(rules.profiles.rights(name))}
        for name, on in rules.profiles.all().items()
    ]
    return {
        "unattended": rules.unattended,
        "interactive": rules.interactive,
        "preset": rules.passwords.preset,
        "profiles": profiles,
        "totp": {
            "state": rules.totp.state,
            "ask": {"tokens": rules.totp.asks_tokens, "resume": rules.totp.asks_resume},
            "recovery_codes": rules.totp.recovery_left,
        },
        "tokens": {"allowed": rules.tokens.allowed, "count": len(rules.tokens.all())},
        "acl": {"on": rules.acl.on, "entries": [{"pattern": e.pattern, "on": e.enabled} for e in rules.acl.entries()]},
        "throttle": rules.throttle.waits(time.time()),
        "admin_secret": rules.admin.is_set,
    }


_CODES = ", after {0}; {1[recovery_codes]} recovery codes left"


def _lines(facts: dict[str, Any]) -> list[str]:
    onoff = {True: "on", False: "off"}
    named = [each["name"] for each in facts["profiles"] if each["has_password"]]
    disabled = [each["name"] for each in facts["profiles"] if not each["enabled"]]
    codes, saved, listed = facts["totp"], facts["tokens"], facts["acl"]
    asked = ["passwords"] + [what for what in ("tokens", "resume") if codes["ask"][what]]
    lines = [
        f"unattended access  {onoff[facts['unattended']]}",
        f"requests           {facts['interactive']}",
        f"passwords          {', '.join(named) or 'none'}",
        f"disabled profiles  {', '.join(disabled) or 'none'}",
        f"two-factor codes   {codes['state']}"
        + (_CODES.format(", ".join(asked), codes) if codes["state"] == "on" else ""),
        f"saved logins       {saved['count']}, new ones {'allowed' if saved['allowed'] else 'forbidden'}",
        f"access list        {onoff[listed['on']]}, {len(listed['entries'])} entries",
        f"admin secret       {'set' if facts['admin_secret'] else 'not set'}",
    ]
    return lines + [f"throttled          {name}, for {wait:.0f} s" for name, wait in facts["throttle"].items()]
