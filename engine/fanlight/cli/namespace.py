"""`fanlight namespace`: give people names, take them away, and trust the names that others give."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fanlight.access.authority import Authority
from fanlight.access.identity import parse_fingerprint
from fanlight.access.issuing import Issuing
from fanlight.access.namespaces import alias_namespace, parse_alias, parse_namespace
from fanlight.access.store import Store
from fanlight.access.trust import MAX_BUNDLE, Trust, parse_alias_or_namespace, read_namespace_file
from fanlight.cli.access_change import change_options, open_to_change, tell_host
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home, read_file, write_file
from fanlight.errors import IdentityError

_MOST_KEY = 16 * 1024
_file = click.Path(path_type=Path, dir_okay=False)
_out_option = click.option("--out", type=_file, help="Write to this file instead of the terminal.")


@click.group()
def namespace() -> None:
    """Give people names of the form alias@namespace, and trust those that others give."""


@namespace.command()
@click.argument("name")
@change_options
def create(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Make the namespace NAME: its key stays in this home."""
    (place, store), at = _open_to_change(home, admin_file), datetime.now(UTC)
    authority = Authority.create(parse_namespace(name), at)
    place.create_authority(authority)
    Issuing(store).add(authority.name, authority.fingerprint)
    place.audit(store).append(
        "namespace created", at.timestamp(), namespace=authority.name, fingerprint=authority.fingerprint
    )
    facts = {"certificate": authority.certificate_pem.decode("ascii")}
    say(
        as_json,
        {"namespace": authority.name, "fingerprint": authority.fingerprint, **facts},
        f"the namespace {authority.name!r} is made, with the fingerprint {authority.fingerprint}\n"
        f"for the hosts: `fanlight namespace export {authority.name} --out {authority.name}.pem`",
    )


@namespace.command()
@click.argument("alias")
@click.argument("keyfile", type=_file)
@click.option("--days", default=7, show_default=True, help="How long the certificate is valid, 7 days at most.")
@_out_option
@change_options
def issue(
    alias: str, keyfile: Path, days: int, out: Path | None, home: Path | None, admin_file: Path | None, as_json: bool
) -> None:
    """Certify that the public key in KEYFILE is ALIAS; issue again to renew."""
    (place, store), at, alias = _open_to_change(home, admin_file), datetime.now(UTC), parse_alias(alias)
    authority = place.authority(alias_namespace(alias))
    made = authority.issue(alias, read_file(keyfile, _MOST_KEY), at, days)
    issuing = Issuing(store)
    issuing.add(authority.name, authority.fingerprint)
    issuing.record(made, at)
    place.audit(store).append("alias issued", at.timestamp(), alias=alias, client=made.fingerprint)
    pem = made.pem.decode("ascii")
    facts = {"alias": alias, "fingerprint": made.fingerprint, "expires": made.expires.isoformat(), "certificate": pem}
    if out is None:
        say(as_json, facts, pem.rstrip())
    else:
        write_file(out, made.pem)
        say(as_json, facts, f"{out}: {alias} for the key {made.fingerprint} until {made.expires:%Y-%m-%d %H:%M} UTC")


@namespace.command()
@click.argument("alias")
@change_options
def revoke(alias: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Take ALIAS away: all certificates that it has."""
    (place, store), at, alias = _open_to_change(home, admin_file), datetime.now(UTC), parse_alias(alias)
    authority = place.authority(alias_namespace(alias))
    count = Issuing(store).revoke(alias, at)
    place.audit(store).append("alias revoked", at.timestamp(), alias=alias, certificates=count)
    tell_host(place.path)
    hint = f"other hosts learn it from `fanlight namespace export {authority.name}`"
    say(as_json, {"alias": alias, "revoked": count}, f"{alias} is revoked (certificates: {count}); {hint}")


@namespace.command()
@click.argument("name")
@_out_option
@home_option
@json_option
def export(name: str, out: Path | None, home: Path | None, as_json: bool) -> None:
    """Write what hosts need of the namespace NAME: its certificate, and a revocation list for 24 hours."""
    place, at = Home(home), datetime.now(UTC)
    authority, issuing = place.authority(parse_alias_or_namespace(name)), Issuing(place.store())
    issuing.add(authority.name, authority.fingerprint)
    number, revoked = issuing.next_list(authority.name, at)
    raw = authority.certificate_pem + authority.revocation_list(revoked, number, at)
    facts = {"namespace": authority.name, "fingerprint": authority.fingerprint, "revoked": len(revoked)}
    if out is None:
        say(as_json, {**facts, "file": raw.decode("ascii")}, raw.decode("ascii").rstrip())
    else:
        write_file(out, raw)
        say(as_json, {**facts, "file": raw.decode("ascii")}, f"{out}: {authority.name}, {len(revoked)} revoked")


@namespace.command()
@click.argument("file", type=_file)
@click.option("--fingerprint", help="Refuse the file unless its authority has this fingerprint.")
@change_options
def trust(file: Path, fingerprint: str | None, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Believe the authority in FILE about its namespace, and no other; again for each newer revocation list."""
    (place, store), at = _open_to_change(home, admin_file), datetime.now(UTC)
    found = read_namespace_file(read_file(file, MAX_BUNDLE), at)
    if fingerprint is not None and parse_fingerprint(fingerprint) != found.fingerprint:
        raise IdentityError(f"{file} has the fingerprint {found.fingerprint}, not the one that was given")
    known = Trust(store)
    is_new = found.name not in known.trusted()
    known.trust(found)
    if is_new:
        place.audit(store).append(
            "namespace trusted", at.timestamp(), namespace=found.name, fingerprint=found.fingerprint
        )
    tell_host(place.path)
    until = known.trusted()[found.name].list_until
    ends = None if until is None else until.isoformat()
    text = f"{found.name!r} is trusted, with the fingerprint {found.fingerprint}"
    facts = {"namespace": found.name, "fingerprint": found.fingerprint, "list_until": ends}
    say(as_json, facts, f"{text}\n{_list_words(until, at)}")


@namespace.command()
@click.argument("name")
@change_options
def distrust(name: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Believe the namespace NAME no longer."""
    (place, store), name = _open_to_change(home, admin_file), parse_alias_or_namespace(name)
    Trust(store).distrust(name)
    place.audit(store).append("namespace distrusted", datetime.now(UTC).timestamp(), namespace=name)
    tell_host(place.path)
    say(as_json, {"distrusted": name}, f"{name!r} is trusted no longer")


@namespace.command()
@home_option
@json_option
def show(home: Path | None, as_json: bool) -> None:
    """Show the namespaces that are run from here, with their aliases, and those that are trusted here."""
    store, at = Home(home).store(), datetime.now(UTC)
    run, trusted = _run_here(store, at), _trusted_here(store, at)
    lines = []
    for name, facts in run.items():
        lines.append(f"{name}: run from here, fingerprint {facts['fingerprint']}")
        lines += [f"  {each['alias']}  {each['state']}  key {each['fingerprint']}" for each in facts["aliases"]]
    for name, facts in trusted.items():
        lines += [f"{name}: trusted here, fingerprint {facts['fingerprint']}", f"  {facts['list']}"]
    say(as_json, {"run": run, "trusted": trusted}, "\n".join(lines) or "none yet")


def _open_to_change(home: Path | None, admin_file: Path | None) -> tuple[Home, Store]:
    open_to_change(home, admin_file).close()
    place = Home(home)
    return place, place.store()


def _run_here(store: Store, at: datetime) -> dict[str, Any]:
    issuing = Issuing(store)
    return {
        name: {
            "fingerprint": fingerprint,
            "aliases": [
                {
                    "alias": each.alias,
                    "fingerprint": each.fingerprint,
                    "expires": each.expires.isoformat(),
                    "revoked": each.revoked is not None,
                    "state": "revoked" if each.revoked else f"until {each.expires:%Y-%m-%d %H:%M} UTC",
                }
                for each in issuing.issued(name, at)
            ],
        }
        for name, fingerprint in issuing.namespaces().items()
    }


def _trusted_here(store: Store, at: datetime) -> dict[str, Any]:
    return {
        name: {
            "fingerprint": each.fingerprint,
            "list_until": None if each.list_until is None else each.list_until.isoformat(),
            "revoked": len(each.revoked),
            "list": _list_words(each.list_until, at),
        }
        for name, each in Trust(store).trusted().items()
    }


def _list_words(until: datetime | None, at: datetime) -> str:
    if until is None:
        return "it is run from here, so no revocation list is needed"
    if until > at:
        return f"its revocation list is good until {until:%Y-%m-%d %H:%M} UTC"
    return "there is no valid revocation list, so its aliases are refused: trust a newly exported file"
