"""`fanlight audit`: what happened at this home's door, and whether anybody changed what was written of it."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fanlight.access.audit import KEPT_FILES, MAX_FILE
from fanlight.access.audit_chain import read_entry
from fanlight.access.audit_check import Report, check
from fanlight.access.audit_heads import Head, anchor, forget_receipt, receipts
from fanlight.cli.access_change import change_options, open_to_change
from fanlight.cli.options import home_option, json_option, printable, say
from fanlight.config import Home
from fanlight.errors import FanlightError, RemoteProtocolError, SettingRefused, UsageError

# Old files may be missing only when as much as this was kept in their place.
_KEPT_BYTES = MAX_FILE * KEPT_FILES
# Longer than a fingerprint: a key, a head or a signature.
_LONG_HEX = re.compile("[0-9a-f]{65,}")


@click.group()
def audit() -> None:
    """Read the audit log, and find out whether anybody changed it."""


@audit.command()
@click.option("--since", help="Only entries from this date on (2030-01-31, 2030-01-31T12:00, UTC), or number.")
@home_option
@json_option
def show(since: str | None, home: Path | None, as_json: bool) -> None:
    """Show the entries, oldest first; --json gives one object a line."""
    place = Home(home)
    first_seq, first_time = _parse_since(since)
    for entry in _entries(place):
        if entry["seq"] >= first_seq and entry["at"] >= first_time:
            click.echo(json.dumps(entry) if as_json else _words(entry))


@audit.command()
@click.option("--head", "heads", multiple=True, help="A head that a peer holds (`audit receipts` there); repeatable.")
@home_option
@json_option
def verify(heads: tuple[str, ...], home: Path | None, as_json: bool) -> None:
    """Find any entry that was edited, removed, moved or cut off; exits 1 when there is one."""
    place = Home(home)
    known = [_parse_head(text) for text in heads]
    report = check_log(place, known)
    for fault in report.faults if not as_json else []:
        click.echo(fault, err=True)
    say(as_json, _facts(report), summary(report))
    if report.faults:
        raise click.exceptions.Exit(1)


@audit.command("accept-loss")
@change_options
def accept_loss(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Give up what a damaged log has lost: it is set aside, and a new one begins that tells of it.

    Only where `verify` finds something; asks for the admin secret, where there is one.
    """
    place = Home(home)
    rules = open_to_change(home, admin_file, always=True)
    report = check_log(place)
    if not report.faults:
        raise SettingRefused("nothing is lost: `fanlight audit verify` finds the log whole")
    aside = place.audit(place.store()).accept_loss(report.faults, time.time())
    rules.close()
    text = f"the loss is accepted: a new log has begun, and what is left of the old one is in {place.path / aside}"
    say(as_json, {"set_aside": aside, "faults": report.faults}, text)


@audit.command("receipts")
@home_option
@json_option
def show_receipts(home: Path | None, as_json: bool) -> None:
    """Show the heads of hosts' logs that this home has signed: give them to `audit verify --head` at the host."""
    rows = [
        {"host": host, "entries": head.seq, "signed": _time(at), "head": head.to_bytes().hex()}
        for host, head, at in receipts(Home(home).store())
    ]
    lines = [f"{row['host']}  {row['entries']} entries, {row['signed']}\n  {row['head']}" for row in rows]
    say(as_json, {"receipts": rows}, "\n".join(lines) or "none yet")


@audit.command("forget-receipt")
@click.argument("host", metavar="FINGERPRINT")
@home_option
@json_option
def forget_one_receipt(host: str, home: Path | None, as_json: bool) -> None:
    """Forget the head of a host's log, whose owner has told you why it began anew."""
    if not forget_receipt(Home(home).store(), host.lower()):
        raise UsageError(f"no log of {host[:64]!r} was signed here: `fanlight audit receipts` shows whose were")
    say(as_json, {"forgotten": host.lower()}, "forgotten: the next head of that host's log is not compared with it")


def check_log(place: Home, known: Iterable[Head] = ()) -> Report:
    """Check the audit log of a home against its store, and against heads that are known from elsewhere."""
    store = place.store()
    log = place.audit(store).files
    with log.locked():
        files, (tip, damaged) = log.content(), log.tip_or_damage()
    return check(files, tip, anchor(store), known, kept_bytes=_KEPT_BYTES, key_damaged=damaged)


def _entries(place: Home) -> Iterator[dict[str, Any]]:
    """Yield the entries without what binds them together."""
    log = place.audit(place.store()).files
    with log.locked():
        files = log.content()
    for _, raw in files:
        for line in raw.split(b"\n"):
            entry = read_entry(line)
            if entry is not None:
                yield {"seq": entry.seq, "at": entry.at, "time": _time(entry.at), "event": entry.event, **entry.fields}


def _words(entry: dict[str, Any]) -> str:
    own = ("seq", "at", "time", "event")
    fields = " ".join(
        f"{name}={_shortened(value) if isinstance(value, str) else json.dumps(value)}"
        for name, value in entry.items()
        if name not in own and value not in (None, "")
    )
    return printable(f"{entry['seq']:>6}  {entry['time']}  {entry['event']}  {fields}".rstrip())


def _shortened(value: str) -> str:
    """Cut keys and signatures, which nobody reads: `--json` has them. Fingerprints stay whole."""
    return f"{value[:16]}..." if _LONG_HEX.fullmatch(value) else value


def _facts(report: Report) -> dict[str, Any]:
    return {
        "whole": not report.faults,
        "entries": report.entries,
        "first": report.first,
        "last": report.last,
        "repaired": report.repaired,
        "unfinished_bytes": report.unfinished,
        "countersigned": report.countersigned,
        "since": None if report.since is None else _time(report.since),
        "losses": [loss.told() | {"at": _time(loss.at)} for loss in report.losses],
        "faults": report.faults,
    }


def summary(report: Report) -> str:
    """Say in a sentence what a check found."""
    if not report.entries and not report.faults:
        return "the audit log is empty"
    if report.faults:
        return f"the audit log was changed: {len(report.faults)} faults in {report.entries} entries"
    told = [f"{report.entries} entries, {report.first} to {report.last}, whole and in order"]
    for loss in report.losses:
        where = f"what was left is in {loss.aside}"
        told.append(f"at {_time(loss.at)} the loss of a log of {loss.entries} entries was accepted: {where}")
    if report.losses and report.since is not None:
        told.insert(1, f"since {_time(report.since)}")
    if report.repaired or report.unfinished:
        told.append(f"{report.repaired + bool(report.unfinished)} torn by a crash and kept")
    if report.countersigned is not None:
        told.append(f"a peer has signed all up to {report.countersigned}")
    return "; ".join(told)


def _parse_since(text: str | None) -> tuple[int, float]:
    if text is None:
        return 0, 0.0
    if text.isascii() and text.isdigit():
        return int(text), 0.0
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text[:50]!r} is neither a date such as 2030-01-31T12:00 nor a number") from error
    return 0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _parse_head(text: str) -> Head:
    try:
        return Head.from_bytes(bytes.fromhex(text))
    except (ValueError, RemoteProtocolError) as error:
        raise UsageError("this is not a head: copy one whole from `fanlight audit receipts`") from error


def _time(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError) as error:
        raise FanlightError(f"{at} is not a time: `fanlight audit verify` tells what is wrong") from error
