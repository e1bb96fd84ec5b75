"""The desktop of the demo: a window manager and three terminals, made of what `./dev` installs.

Run as a program it is the session of a virtual display: it ends when the window manager does, which is when the
display ends, and takes its terminals with it. It needs nothing but the standard library, so it starts at once.
"""

import contextlib
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SCENES = Path(__file__).with_name("demo_scenes.py")
_OPEN_SECONDS = 0.2
_STOP_SECONDS = 2.0

_STYLE = """\
rootCommand: bsetroot -gradient diagonalgradient -from rgb:0d/1b/2a -to rgb:2f/6f/7e
*font: DejaVu Sans-11
*textColor: rgb:8f/a3/b3
*foregroundColor: rgb:8f/a3/b3
*appearance: flat solid
*backgroundColor: rgb:14/21/2e
*alignment: center
window.font: DejaVu Sans-11:style=Bold
window*marginWidth: 4
window*borderWidth: 1
window*borderColor: rgb:08/10/18
window.title.focus.backgroundColor: rgb:1f/4e/5f
window.title.unfocus.backgroundColor: rgb:1b/2b/3a
window.label*.appearance: parentrelative
window.label.focus.textColor: rgb:e6/f1/f5
window.button*.appearance: parentrelative
window.button.focus.foregroundColor: rgb:e6/f1/f5
window.handleHeight: 2
toolbar*marginWidth: 3
menu.title.textColor: rgb:e6/f1/f5
menu.active.backgroundColor: rgb:1f/4e/5f
menu.active.textColor: rgb:e6/f1/f5
"""

_SETTINGS = """\
session.styleFile: {folder}/style
session.menuFile: {folder}/menu
session.screen0.workspaces: 1
session.screen0.workspaceNames: fanlight
session.screen0.toolbar.widthPercent: 40
session.screen0.strftimeFormat: %H:%M
session.screen0.toolbar.strftimeFormat: %H:%M
session.opaqueMove: True
"""

_MENU = """\
[begin] (fanlight)
[exec] (Terminal) {xterm -fa "DejaVu Sans Mono" -fs 12}
[end]
"""

_SHELL_START = r"""PS1='\[\e[1;36m\]\u@fanlight\[\e[0m\]:\[\e[38;5;111m\]\w\[\e[0m\]\$ '
cd
printf '\n  \e[1mThis is a real shell.\e[0m A viewer with the right "control" types here.\n\n'
"""


@dataclass(frozen=True, slots=True)
class _Terminal:
    """An xterm: `geometry` is columns x rows and the place in pixels."""

    title: str
    geometry: str
    background: str
    command: tuple[str, ...]


def session_command() -> list[str]:
    """Name the command that is the demo's session on the display in DISPLAY, laid out for 1920x1080."""
    return [sys.executable, "-I", __file__]


def _terminals(folder: Path) -> list[_Terminal]:
    """List the terminals as they are opened; the last one has the keyboard."""
    scene = (sys.executable, "-I", str(_SCENES))
    return [
        _Terminal("reading", "84x45+1010+60", "#101820", (*scene, "source")),
        _Terminal("pulse", "88x27+60+60", "#0b1320", (*scene, "pulse")),
        _Terminal("shell", "88x13+60+715", "#16161d", ("bash", "--rcfile", str(folder / "shell"), "-i")),
    ]


def _xterm(terminal: _Terminal) -> list[str]:
    look = ["-fa", "DejaVu Sans Mono", "-fs", "12", "-bg", terminal.background, "-fg", "#d7e0e6", "-cr", "#7fd1c7"]
    frame = ["-b", "12", "-bw", "0", "+sb", "-u8", "-geometry", terminal.geometry, "-T", terminal.title]
    return ["xterm", *look, *frame, "-e", *terminal.command]


def _write_settings(folder: Path) -> None:
    (folder / "style").write_text(_STYLE, encoding="utf-8")
    (folder / "menu").write_text(_MENU, encoding="utf-8")
    (folder / "shell").write_text(_SHELL_START, encoding="utf-8")
    (folder / "settings").write_text(_SETTINGS.format(folder=folder), encoding="utf-8")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        sys.exit(f"fanlight: the demo desktop needs {command[0]}: install the Debian package of that name")


def _stop(_number: int, _frame: object) -> None:
    sys.exit()


def main() -> None:
    """Show the desktop until the window manager ends or SIGTERM comes."""
    signal.signal(signal.SIGTERM, _stop)
    processes: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="fanlight-desktop-") as name:
        folder = Path(name)
        _write_settings(folder)
        try:
            processes.append(_start(["blackbox", "-rc", str(folder / "settings")]))
            for terminal in _terminals(folder):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    processes[0].wait(_OPEN_SECONDS)
                processes.append(_start(_xterm(terminal)))
            with contextlib.suppress(KeyboardInterrupt):
                processes[0].wait()
        finally:
            _end(processes)


if __name__ == "__main__":
    main()
