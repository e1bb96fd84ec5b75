"""The rights of one open session: profile AND machine AND the host's switches AND the viewer's own."""

from dataclasses import dataclass, field

from fanlight.types import Permission

_NONE: frozenset[Permission] = frozenset()


@dataclass(slots=True)
class LiveRights:
    """What decides, each part on its own. `cap` is what a session that was resumed may not get beyond."""

    profile: frozenset[Permission]
    available: frozenset[Permission]
    cap: frozenset[Permission] = frozenset(Permission)
    withdrawn: frozenset[Permission] = field(default=_NONE)
    waived: frozenset[Permission] = field(default=_NONE)

    @property
    def grantable(self) -> frozenset[Permission]:
        """What the host can let the viewer do: neither its switches nor the viewer's are looked at."""
        return self.profile & self.cap & self.available

    @property
    def withheld(self) -> frozenset[Permission]:
        """What the host's switches alone keep off."""
        return self.grantable & self.withdrawn

    @property
    def granted(self) -> frozenset[Permission]:
        """What the viewer may do now."""
        return self.grantable - self.withdrawn - self.waived

    @property
    def unavailable(self) -> frozenset[Permission]:
        """What means nothing on this machine."""
        return frozenset(Permission) - self.available
