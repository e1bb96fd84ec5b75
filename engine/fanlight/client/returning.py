"""Another connection for a session that lost its own."""

import asyncio
import time

from fanlight.client.logins import Logins
from fanlight.client.opening import ByPassword, BySecret, Caller, Code, Credential, Opening
from fanlight.client.session import RemoteSession
from fanlight.errors import AuthenticationFailed, ConnectionLost, Unreachable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


async def come_back(
    session: RemoteSession,
    caller: Caller,
    logins: Logins,
    credential: Credential,
    code: Code | None,
    seconds: float,
) -> None:
    """Open another connection for a session that lost its own, by what the host gave for that, or a password as text.

    A person is not asked again. Raises what the last try has failed of.
    """
    until, pause = time.monotonic() + seconds, _FIRST_PAUSE
    ways: list[Credential] = [BySecret(resume=session.secrets.resume)] if session.secrets.resume else []
    if session.secrets.token is not None:
        ways.append(BySecret(token=session.secrets.token))
    if isinstance(credential, ByPassword) and isinstance(credential.password, str):
        ways.append(credential)
    while True:
        try:
            await _first_that_opens(ways, caller, code, logins, session)
        except (Unreachable, ConnectionLost):
            if time.monotonic() + pause > until:
                raise
        else:
            logins.opened(session.secrets)
            return
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, 2 * pause)


async def _first_that_opens(
    ways: list[Credential], caller: Caller, code: Code | None, logins: Logins, session: RemoteSession
) -> None:
    failure = AuthenticationFailed("the host gave nothing to come back with")
    for way in ways:
        try:
            await Opening(caller, way, code, logins.audit_shown, session).run()
        except AuthenticationFailed as error:
            failure = error
        else:
            return
    raise failure
