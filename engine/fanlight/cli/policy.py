"""`fanlight policy`: access list, profiles, times and limits as one file that can be checked, asked and compared."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fanlight.access.policy import Failure, Policy, Question, failures, unix_time
from fanlight.access.policy_content import parse_who
from fanlight.access.policy_diff import Change, changes
from fanlight.access.policy_lines import MAX_FILE
from fanlight.access.policy_store import apply_policy, store_policy, write_toml
from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.options import home_option, json_option, printable, say
from fanlight.config import Home, read_file, write_file
from fanlight.errors import SettingRefused, UsageError
from fanlight.types import Permission

_path = click.Path(path_type=Path, dir_okay=False)
_RIGHTS = [each.value for each in Permission]


@click.group()
def policy() -> None:
    """Write who may come in, when and with which rights, as one TOML file."""


@policy.command()
@click.argument("file", type=_path)
@home_option
@json_option
def check(file: Path, home: Path | None, as_json: bool) -> None:
    """Tell whether FILE is a policy; exits 1 with the line that is wrong."""
    found = _read(file)
    count = len(found.content.assertions)
    say(as_json, {"valid": True, "assertions": count}, f"{file}: a valid policy with {count} assertions")


@policy.command()
@click.argument("file", type=_path)
@click.option("--who", "name", required=True, help="An alias (x@acme) or a whole fingerprint.")
@click.option("--right", required=True, type=click.Choice(_RIGHTS), help="The right that is asked about.")
@click.option("--profile", help="With this profile only [default: with each].")
@click.option("--at", help="At this time (2030-01-31T12:00, UTC if it names no zone) [default: now].")
@click.option("--path", help="Whether this file may be touched, too.")
@click.option("--tunnel", help="Whether a tunnel to this HOST:PORT may be opened, too.")
@home_option
@json_option
def explain(
    file: Path,
    name: str,
    right: str,
    profile: str | None,
    at: str | None,
    path: str | None,
    tunnel: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Tell whether somebody has a right, and which line of FILE decides; exits 1 when with no profile."""
    found, who = _read(file), parse_who(name)
    if profile is not None and profile not in found.content.profiles():
        raise UsageError(f"there is no profile {profile!r}: there are {', '.join(found.content.profiles())}")
    now = time.time() if at is None else _parse_time(at)
    decisions = {
        each: found.decide(Question(who, each, Permission(right), now, path, tunnel))
        for each in (found.content.profiles() if profile is None else (profile,))
    }
    rows = [{"profile": each, **asdict(decision)} for each, decision in decisions.items()]
    words = [
        f"{_place(file, decision.line)}: {'allow' if decision.allowed else 'deny'} with {each!r}: {decision.reason}"
        for each, decision in decisions.items()
    ]
    allowed = any(decision.allowed for decision in decisions.values())
    say(as_json, {"allowed": allowed, "decisions": rows}, _printable_lines(words))
    if not allowed:
        raise click.exceptions.Exit(1)


@policy.command("test")
@click.argument("file", type=_path)
@home_option
@json_option
def run_assertions(file: Path, home: Path | None, as_json: bool) -> None:
    """Check the assertions that are written in FILE; exits 1 when one does not hold."""
    found = _read(file)
    wrong = failures(found, time.time())
    count = len(found.content.assertions)
    words = [*(_failure_words(file, each) for each in wrong), f"{count - len(wrong)} of {count} assertions hold"]
    rows = [{"line": each.line, "reason": each.decision.reason, "decided": each.decision.line} for each in wrong]
    say(as_json, {"assertions": count, "failed": rows}, _printable_lines(words))
    if wrong:
        raise click.exceptions.Exit(1)


@policy.command()
@click.argument("old", type=_path)
@click.argument("new", type=_path)
@home_option
@json_option
def diff(old: Path, new: Path, home: Path | None, as_json: bool) -> None:
    """Tell who gains and who loses what when the policy NEW takes the place of OLD."""
    found = changes(_read(old), _read(new), time.time())
    rows = [_change_facts(each) for each in found]
    words = [_change_words(each) for each in found] or ["nothing changes for anybody"]
    say(as_json, {"changes": rows}, _printable_lines(words))


@policy.command()
@click.argument("file", type=_path)
@change_options
def apply(file: Path, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Make FILE the settings of this home, if all its assertions hold; a running host obeys at once."""
    found = _read(file)
    wrong = failures(found, time.time())
    if wrong:
        raise SettingRefused(f"{_failure_words(file, wrong[0])}; nothing was changed")
    rules = open_to_change(home, admin_file)
    gone = apply_policy(Home(home).store(), found)
    note_change(rules, "policy", str(file))
    hint = f"; disabled, because the file does not name them: {', '.join(gone)}" if gone else ""
    say(as_json, {"applied": True, "disabled": list(gone)}, printable(f"{file} is the policy now{hint}"))


@policy.command()
@click.option("--out", type=_path, help="Write to this file instead of the terminal.")
@home_option
@json_option
def export(out: Path | None, home: Path | None, as_json: bool) -> None:
    """Write the settings of this home as a policy."""
    text = write_toml(store_policy(Home(home).store()))
    if out is not None:
        write_file(out, text.encode("utf-8"))
    say(as_json, {"policy": text}, text.rstrip() if out is None else f"{out}: the policy of this home")


def _printable_lines(lines: list[str]) -> str:
    return "\n".join(printable(line) for line in lines)


def _read(file: Path) -> Policy:
    try:
        return Policy.from_toml(read_file(file, MAX_FILE))
    except SettingRefused as error:
        raise SettingRefused(printable(f"{file}: {error}")) from error


def _parse_time(text: str) -> float:
    try:
        return unix_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text[:50]!r} is not a time: write one such as 2030-01-31T12:00") from error


def _place(file: Path, line: int | None) -> str:
    return str(file) if line is None else f"{file}:{line}"


def _failure_words(file: Path, failure: Failure) -> str:
    each, decision = failure.assertion, failure.decision
    said = f"{_place(file, failure.line)}: expected to {each.expect} {each.right} for {each.who} with {each.profile!r}"
    where = f" (line {decision.line})" if decision.line is not None else ""
    return f"{said}, but: {decision.reason}{where}"


def _change_facts(change: Change) -> dict[str, Any]:
    return {
        "who": change.who,
        "profile": change.profile,
        "gains": list(change.gains),
        "loses": list(change.loses),
        "hours_gained": len(change.times_gained) / 4,
        "hours_lost": len(change.times_lost) / 4,
        "limits_changed": change.limits_changed,
    }


def _change_words(change: Change) -> str:
    told = []
    for word, rights in (("gains", change.gains), ("loses", change.loses)):
        if rights:
            told.append(f"{word} {', '.join(rights)}")
    for word, times in (("gains", change.times_gained), ("loses", change.times_lost)):
        if times:
            first = datetime.fromtimestamp(times[0], UTC)
            told.append(f"{word} {len(times) / 4:g} hours of the week, from {first:%a %H:%M} UTC")
    if change.limits_changed:
        told.append("has other limits of paths or tunnels")
    return f"{change.who} with {change.profile!r}: {'; '.join(told)}"
