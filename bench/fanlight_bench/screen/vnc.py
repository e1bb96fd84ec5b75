"""VNC: TigerVNC's scraping server and x11vnc, both seen by TigerVNC's viewer, set for a fast local network.

Without encryption and password on the loopback interface: what that saves is theirs.
"""

from pathlib import Path
from typing import ClassVar

from fanlight_bench.processes import Display, Program
from fanlight_bench.screen.system import RemoteDesktop, free_port, missing_commands, version_of

_VIEWER = "xtigervncviewer"
_VIEWER_PACKAGES = {_VIEWER: "tigervnc-viewer"}
_VIEWER_OPTIONS = (
    *("-FullScreen", "-SecurityTypes", "None", "-ReconnectOnError=0", "-AlertOnFatalError=0"),
    # With a menu key it lays a hint over the picture for its first seconds.
    "-MenuKey=",
)


class VncSystem(RemoteDesktop):
    """A VNC server under test; a subclass gives its command."""

    server: ClassVar[str]
    packages: ClassVar[dict[str, str]]
    server_options: ClassVar[tuple[str, ...]]
    viewer_options: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def missing(cls) -> str | None:
        """Name the Debian packages that are missing."""
        return missing_commands(cls.packages)

    @property
    def rate_options(self) -> tuple[str, ...]:
        """What tells the server how many pictures a second are asked for."""
        return ()

    def serve(self, source: Display, folder: Path) -> Program:
        """Serve the display on a free port."""
        self.port = free_port()
        return Program(
            [
                self.server,
                "-display",
                source.name,
                "-rfbport",
                str(self.port),
                *self.server_options,
                *self.rate_options,
            ],
            source,
            {"HOME": str(folder)},
        )

    def look(self, screen: Display, folder: Path) -> Program:
        """Open TigerVNC's viewer."""
        return Program(
            [_VIEWER, *_VIEWER_OPTIONS, *self.viewer_options, f"127.0.0.1::{self.port}"], screen, {"HOME": str(folder)}
        )


class TigerVnc(VncSystem):
    """X0tigervnc, which hears of changes by XDamage."""

    name: ClassVar[str] = "tigervnc"
    server: ClassVar[str] = "X0tigervnc"
    packages: ClassVar[dict[str, str]] = {server: "tigervnc-scraping-server", **_VIEWER_PACKAGES}
    server_options: ClassVar[tuple[str, ...]] = (
        *("-localhost", "-SecurityTypes", "None", "-AlwaysShared"),
        *("-PollingCycle", "5", "-MaxProcessorUsage", "100"),
    )
    settings: ClassVar[dict[str, str | int | float]] = {
        "server": " ".join((*server_options, "-FrameRate", "as drawn")),
        "viewer": "full screen, its own choice of encoding (Tight with JPEG 8)",
        "connection": "no encryption, no password",
    }

    @property
    def rate_options(self) -> tuple[str, ...]:
        """The most pictures a second."""
        return "-FrameRate", str(self.rate)

    @classmethod
    def version(cls) -> str:
        """Return TigerVNC's version, server and viewer being from one source."""
        return version_of([cls.server, "--version"], r"version ([\w.]+)")


class X11Vnc(VncSystem):
    """x11vnc, which polls the screen where XDamage says that something changed."""

    name: ClassVar[str] = "x11vnc"
    server: ClassVar[str] = "x11vnc"
    packages: ClassVar[dict[str, str]] = {server: "x11vnc", **_VIEWER_PACKAGES}
    server_options: ClassVar[tuple[str, ...]] = (
        *("-localhost", "-nopw", "-quiet", "-shared", "-forever", "-noipv6"),
        *("-wait", "5", "-defer", "0", "-nonap", "-sb", "0", "-nowait_bog"),
    )
    settings: ClassVar[dict[str, str | int | float]] = {
        "server": " ".join(server_options),
        "viewer": "TigerVNC's, full screen, its own choice of encoding (Tight with JPEG 8)",
        "connection": "no encryption, no password",
    }

    @classmethod
    def version(cls) -> str:
        """Return the server's and the viewer's version."""
        viewer = version_of([_VIEWER, "--version"], r"Viewer \S+ v([\d.]+)")
        return f"{version_of([cls.server, '-version'], r'x11vnc: ([0-9.]+)')}, viewer {viewer}"
