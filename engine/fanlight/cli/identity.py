"""`fanlight identity`: who this home is, and which hosts it knows."""

from datetime import UTC, datetime
from pathlib import Path

import click

from fanlight.access.namespaces import MAX_CERTIFICATE
from fanlight.access.trust import Trust
from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home, parse_address, read_file, write_file
from fanlight.errors import FanlightError

_file = click.Path(path_type=Path, dir_okay=False)


@click.group()
def identity() -> None:
    """Show this home's identity and the hosts it knows."""


@identity.command()
@home_option
@json_option
def show(home: Path | None, as_json: bool) -> None:
    """Show the fingerprint by which others know this home."""
    fingerprint = Home(home).identity().fingerprint
    say(as_json, {"fingerprint": fingerprint}, fingerprint)


@identity.command()
@click.option("--out", type=_file, help="Write to this file instead of the terminal.")
@home_option
@json_option
def export(out: Path | None, home: Path | None, as_json: bool) -> None:
    """Write this home's public key, for `fanlight namespace issue`. Nothing in it is secret."""
    own = Home(home).identity()
    pem = own.public_key_pem
    if out is not None:
        write_file(out, pem)
    text = pem.decode("ascii").rstrip() if out is None else f"{out}: the public key {own.fingerprint}"
    say(as_json, {"fingerprint": own.fingerprint, "public_key": pem.decode("ascii")}, text)


@identity.group()
def certificate() -> None:
    """Keep the certificate by which a namespace gives this home an alias; hosts are shown it."""


@certificate.command("add")
@click.argument("file", type=_file)
@home_option
@json_option
def add_certificate(file: Path, home: Path | None, as_json: bool) -> None:
    """Keep the certificate in FILE, in the place of the one before."""
    place = Home(home)
    kept = Trust(place.store()).keep_own_certificate(read_file(file, 4 * MAX_CERTIFICATE), place.identity().public_key)
    words = f"this home is {kept.alias} until {kept.expires:%Y-%m-%d %H:%M} UTC"
    say(as_json, {"alias": kept.alias, "expires": kept.expires.isoformat()}, words)


@certificate.command("show")
@home_option
@json_option
def show_certificate(home: Path | None, as_json: bool) -> None:
    """Show the alias of this home."""
    kept = Trust(Home(home).store()).own_certificate()
    if kept is None:
        say(as_json, {"alias": None, "expires": None, "valid": False}, "none: this home has no alias")
        return
    valid = kept.expires > datetime.now(UTC)
    words = f"{kept.alias} until {kept.expires:%Y-%m-%d %H:%M} UTC" + ("" if valid else ", which is over: renew it")
    say(as_json, {"alias": kept.alias, "expires": kept.expires.isoformat(), "valid": valid}, words)


@certificate.command("remove")
@home_option
@json_option
def remove_certificate(home: Path | None, as_json: bool) -> None:
    """Show no certificate to hosts any more."""
    Trust(Home(home).store()).forget_own_certificate()
    say(as_json, {"alias": None}, "hosts are shown no certificate any more")


@identity.command()
@home_option
@json_option
def known(home: Path | None, as_json: bool) -> None:
    """List the hosts whose identity is pinned."""
    hosts = Home(home).rules().known_hosts()
    rows = [{"address": host.address, "fingerprint": host.fingerprint} for host in hosts]
    say(as_json, {"hosts": rows}, "\n".join(f"{row['fingerprint']}  {row['address']}" for row in rows) or "none yet")


@identity.command()
@click.argument("address")
@home_option
@json_option
def forget(address: str, home: Path | None, as_json: bool) -> None:
    """Forget the pinned identity of ADDRESS, for a host that was set up anew."""
    name = str(parse_address(address))
    if not Home(home).rules().forget_host(name):
        raise FanlightError(f"{name} is not known here: `fanlight identity known` lists the hosts that are")
    say(as_json, {"forgotten": name}, f"{name} is forgotten: the next connection shows its fingerprint again")
