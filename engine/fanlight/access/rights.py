"""Profiles: named sets of rights. What a session may do is what its profile grants and this machine can do."""

from types import MappingProxyType

from fanlight.errors import UsageError
from fanlight.types import Permission

DEFAULT = "Default"
SCREEN_SHARING = "Screen Sharing"
FULL_ACCESS = "Full Access"
UNATTENDED = "Unattended Access"

_ALL = frozenset(Permission)
_STANDARD = _ALL - {Permission.PRIVACY, Permission.TUNNELS}

PROFILES = MappingProxyType(
    {
        DEFAULT: _STANDARD,
        SCREEN_SHARING: frozenset({Permission.VIEW}),
        FULL_ACCESS: _ALL,
        UNATTENDED: _STANDARD,
    }
)


def profile_rights(profile: str) -> frozenset[Permission]:
    """Return what a profile grants; UsageError when there is none of that name."""
    try:
        return PROFILES[profile]
    except KeyError:
        raise UsageError(f"there is no profile {profile!r}: there are {', '.join(PROFILES)}") from None


def effective_rights(profile: str, available: frozenset[Permission] = _ALL) -> frozenset[Permission]:
    """Return what a session with this profile may do on a machine where `available` means something."""
    return profile_rights(profile) & available
