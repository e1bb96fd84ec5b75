"""`fanlight identity`: who this home is, and which hosts it knows."""

from pathlib import Path

import click

from fanlight.cli.options import home_option, json_option, say
from fanlight.config import Home, parse_address
from fanlight.errors import FanlightError


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
