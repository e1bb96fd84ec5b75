"""`connect`: from an address to an open session, past the pinned identity of the host."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fanlight.access.identity import certificate_fingerprint, parse_fingerprint
from fanlight.access.rules import Rules
from fanlight.client.logins import Logins
from fanlight.client.opening import (
    ByPassword,
    ByRequest,
    BySecret,
    Caller,
    Code,
    Credential,
    Opening,
    Password,
    look,
)
from fanlight.client.returning import come_back
from fanlight.client.session import RemoteSession
from fanlight.config import Home, parse_address
from fanlight.errors import AuthenticationFailed, IdentityError, UsageError
from fanlight.types import Address

Trust = str | Callable[[str, str], bool]
"""The fingerprint of a host that is not known yet, or a function of its address and fingerprint that decides."""


@asynccontextmanager
async def connect(
    address: str,
    *,
    home: Path | str | None = None,
    password: Password | None = None,
    code: Code | None = None,
    remember: bool = False,
    request: bool = False,
    trust: Trust | None = None,
    reconnect: float = 0.0,
) -> AsyncIterator[RemoteSession]:
    """Open a session with the host at `address` (host or host:port).

    `home` holds this client's identity, the hosts it knows, and what lets it in there again. `password` is the text, or
    a function that asks for it when it is needed; so is `code`, of the second factor. `remember` asks the host for a
    token to log in with next time. `request` asks the person at the host instead. Without a password as text, a session
    that was cut off is resumed, or the token used, where there is one. `trust` is the fingerprint of a host that is
    not known yet, or a function that decides.
    `reconnect` is for how many seconds a session whose connection broke tries to go on in another one.
    Raises Unreachable, IdentityError, Refused, AuthenticationFailed, CodeNeeded, ConnectionLost.
    """
    at = parse_address(address)
    if isinstance(trust, str):
        trust = parse_fingerprint(trust)
    if request and (remember or isinstance(password, str)):
        raise UsageError("a request asks the person at the host: give no password with it, and nothing to remember")
    place = Home(home)
    rules = place.rules()
    try:
        own = rules.namespaces.valid_certificate(datetime.now(UTC))
        certificate = await _identity_of(at, rules, trust)
    finally:
        rules.close()
    caller = Caller(at, place.identity(), certificate, own.certificate if own else None)
    logins = Logins(home, certificate_fingerprint(certificate))
    credential: Credential = ByRequest() if request else ByPassword(password, remember)
    session = await _come_in(caller, logins, credential, code)
    logins.opened(session.secrets)
    if reconnect > 0:
        session.come_back = partial(come_back, session, caller, logins, credential, code, reconnect)
    try:
        yield session
    finally:
        await session.close()
        if session.was_cut_off:
            logins.cut_off(session.secrets)
        else:
            logins.used(session.secrets.resume)


async def _come_in(caller: Caller, logins: Logins, credential: Credential, code: Code | None) -> RemoteSession:
    """Try what earlier sessions have left, then what the caller gives; each try is a connection of its own."""
    token_failed = False

    async def attempt(credential: Credential) -> RemoteSession:
        return await Opening(caller, credential, code, logins.audit_shown).run()

    if isinstance(credential, ByPassword) and not isinstance(credential.password, str):
        saved = logins.saved()
        if saved.resume is not None:
            # Whatever comes of it, the host takes it but once.
            logins.used(saved.resume)
            with suppress(AuthenticationFailed):
                return await attempt(BySecret(resume=saved.resume))
        if saved.token is not None:
            token_failed = True
            with suppress(AuthenticationFailed):
                return await attempt(BySecret(token=saved.token))
    session = await attempt(credential)
    if token_failed:
        logins.token_is_dead()
    return session


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
