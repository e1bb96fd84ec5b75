"""The accept dialog: who asks to be let in and who is inside, in a window at the host's display.

A program of its own that speaks to the host by its control socket, as `fanlight sessions` does; it ends with the host,
whatever ends that.
"""

from pathlib import Path

from fanlight.errors import UsageError


def run(home: Path, *, kept: bool) -> None:
    """Show the dialog until its host ends, or the person closes it.

    `kept`: it is kept for a host, and hidden while there is nothing to show. Raises UsageError where there is no
    pygame-ce or no display, StateError where no host runs on the home.
    """
    try:
        from fanlight.dialog.desk import HostDesk
        from fanlight.dialog.window import DialogWindow
        from fanlight.viewer.display import Display
    except ModuleNotFoundError as error:
        raise UsageError(f"the dialog needs pygame-ce ({error}): pip install 'fanlight[viewer]'") from error
    with Display() as display, HostDesk(home, display.wake, console=not kept) as desk:
        DialogWindow(display, desk, kept=kept).run()
        desk.check()
