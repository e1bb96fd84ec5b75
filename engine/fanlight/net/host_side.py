"""What the connection of a viewer needs of its host."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fanlight.access import Identity, Rules
from fanlight.host import Viewer
from fanlight.inject import Injector
from fanlight.net.reception import Reception
from fanlight.net.watching import Watcher
from fanlight.session import events
from fanlight.types import Permission

if TYPE_CHECKING:
    from fanlight.net.host_link import HostLink


class HostSide(Protocol):
    """The host, as its links see it."""

    @property
    def identity(self) -> Identity:
        """The identity that viewers know this host by."""

    @property
    def rules(self) -> Rules:
        """Who may come in."""

    @property
    def reception(self) -> Reception:
        """Where clients that ask, and open sessions, are known."""

    @property
    def injector(self) -> Injector | None:
        """Where input goes; None where this display takes none."""

    @property
    def available(self) -> frozenset[Permission]:
        """The rights that mean something on this machine."""

    @property
    def interval(self) -> float:
        """The shortest time between two updates, in seconds."""

    @property
    def watchers(self) -> Sequence[Watcher]:
        """Who is told what becomes of updates."""

    def watch(self, link: "HostLink", wanted: events.WatchWanted) -> Viewer | None:
        """Let a viewer take part, or go on, in a codec that both ends have; None where there is none."""

    def want(self, viewer: Viewer) -> None:
        """Take note that a viewer can take an update."""

    def came_in(self, link: "HostLink") -> None:
        """Take note that a link's session is open."""

    def park(self, link: "HostLink", viewer: Viewer) -> None:
        """Keep a viewer whose connection broke."""

    def dismiss(self, viewer: Viewer) -> None:
        """Forget a viewer that is gone."""
