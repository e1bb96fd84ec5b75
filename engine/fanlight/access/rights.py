"""Profiles: named sets of rights that a password opens."""

from fanlight.errors import UsageError
from fanlight.types import Permission

UNATTENDED = "Unattended Access"

_ALL = frozenset(Permission)

PROFILES: dict[str, frozenset[Permission]] = {
    "Default": _ALL - {Permission.PRIVACY, Permission.TUNNELS},
    "Screen Sharing": frozenset({Permission.VIEW}),
    "Full Access": _ALL,
    UNATTENDED: _ALL - {Permission.PRIVACY, Permission.TUNNELS},
}


def profile_rights(name: str) -> frozenset[Permission]:
    """Return the rights of a profile; UsageError lists those that exist."""
    try:
        return PROFILES[name]
    except KeyError:
        raise UsageError(f"there is no profile {name!r}: choose one of {', '.join(sorted(PROFILES))}") from None
