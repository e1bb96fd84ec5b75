"""The profiles that every host has, and what each grants as long as nobody changes it."""

from collections.abc import Mapping
from types import MappingProxyType

from fanlight.types import Permission

DEFAULT = "Default"
SCREEN_SHARING = "Screen Sharing"
FULL_ACCESS = "Full Access"
UNATTENDED = "Unattended Access"

_ALL = frozenset(Permission)

STANDARD = _ALL - {Permission.PRIVACY, Permission.TUNNELS}
"""What the profile Default grants as long as nobody changes it: the standard permissions."""

BUILT_IN: Mapping[str, Mapping[Permission, bool]] = MappingProxyType(
    {
        DEFAULT: {each: each in STANDARD for each in Permission},
        SCREEN_SHARING: {each: each is Permission.VIEW for each in Permission},
        FULL_ACCESS: dict.fromkeys(Permission, True),
        UNATTENDED: {},
    }
)
"""What each of these profiles says of a right itself; what it does not name is as in Default."""
