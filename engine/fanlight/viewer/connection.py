"""How a viewer is connected, for people and for programs: the same facts that the host shows of the session."""

from typing import Any

from fanlight.viewer.remote import RemoteScreen


def connection_facts(session: RemoteScreen) -> dict[str, Any]:
    """Return what `connect --json` prints; the names are those of `sessions list --json` at the host."""
    how = session.connection
    return {
        "tls": how.tls,
        "cipher": how.cipher,
        "direct": how.direct,
        "method": how.method,
        "verified": how.verified,
        "alias": how.alias,
        "client": how.client,
        "host": how.host,
        "profile": session.profile,
        "rights": sorted(session.rights),
        "denied": sorted(session.denied),
        "unavailable": sorted(session.unavailable),
    }


def connection_line(session: RemoteScreen) -> str:
    """Say it in one line."""
    how = session.connection
    who = f"as {how.alias}" if how.alias else f"by the key {how.client[:16]}"
    way = "direct" if how.direct else "relayed"
    rights = ", ".join(sorted(session.rights)) or "none"
    return f"connected {who} ({how.method}), {how.tls} {how.cipher}, {way}; {session.profile}: {rights}"


def connection_lines(session: RemoteScreen) -> str:
    """Say all of it, a line each: how, what may be done, and both fingerprints."""
    how = session.connection
    return f"{connection_line(session)}\nhost {how.host}\nclient {how.client}, verified by its {how.verified}"
