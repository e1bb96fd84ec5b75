"""`connect`: from an address to an open session, past the pinned identity of the host."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fanlight.access.identity import parse_fingerprint
from fanlight.access.rules import Rules
from fanlight.client.opening import Opening, Password, look
from fanlight.client.session import RemoteSession
from fanlight.config import Home, parse_address
from fanlight.errors import IdentityError
from fanlight.types import Address

Trust = str | Callable[[str, str], bool]
"""The fingerprint of a host that is not known yet, or a function of its address and fingerprint that decides."""


@asynccontextmanager
async def connect(
    address: str,
    *,
    home: Path | str | None = None,
    password: Password | None = None,
    trust: Trust | None = None,
) -> AsyncIterator[RemoteSession]:
    """Open a session with the host at `address` (host or host:port).

    `home` holds this client's identity and the hosts it knows. `password` is the text, or a function that asks for
    it when it is needed. `trust` is the fingerprint of a host that is not known yet, or a function that decides.
    Raises Unreachable, IdentityError, Refused, AuthenticationFailed, ConnectionLost.
    """
    at = parse_address(address)
    if isinstance(trust, str):
        trust = parse_fingerprint(trust)
    place = Home(home)
    rules = place.rules()
    try:
        certificate = await _identity_of(at, rules, trust)
        opening = Opening(at, place.identity(), certificate, password)
        session = await opening.run()
    finally:
        rules.close()
    try:
        yield session
    finally:
        await session.close()


async def _identity_of(address: Address, rules: Rules, trust: Trust | None) -> bytes:
    """Return the pinned identity certificate of a host, pinning it at first contact if it is trusted."""
    known = rules.known_host(str(address))
    if known is not None:
        _check_still_trusted(address, known.fingerprint, trust)
        return known.certificate
    seen = await look(address)
    _decide(address, seen.fingerprint, trust)
    rules.pin_host(str(address), seen.fingerprint, seen.certificate, datetime.now(UTC))
    return seen.certificate


def _check_still_trusted(address: Address, pinned: str, trust: Trust | None) -> None:
    if isinstance(trust, str) and trust != pinned:
        raise IdentityError(
            f"{address} is known here as {pinned}, which is not the fingerprint that you gave. If it was set up anew "
            f"on purpose, run `fanlight identity forget {address}` first"
        )


def _decide(address: Address, fingerprint: str, trust: Trust | None) -> None:
    if isinstance(trust, str):
        if trust == fingerprint:
            return
        raise IdentityError(
            f"{address} has the fingerprint {fingerprint}, not the one that you gave: nothing was sent to it"
        )
    if trust is None or not trust(str(address), fingerprint):
        raise IdentityError(
            f"{address} is not known here. Its fingerprint is {fingerprint}: compare it with "
            f"`fanlight identity show` on the host, then trust it with --trust {fingerprint}"
        )
