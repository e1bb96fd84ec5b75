"""The viewer: a session in a window, or followed without one.

`show` and `watch` take a function that opens the session, and return its totals. Only `show` needs pygame-ce, the
extra `viewer`.
"""

import os

from fanlight.errors import UsageError
from fanlight.viewer.headless import watch
from fanlight.viewer.png import save_png
from fanlight.viewer.remote import Connect, RemoteScreen, RemoteUpdate
from fanlight.viewer.summary import Summary

__all__ = ["Connect", "RemoteScreen", "RemoteUpdate", "Summary", "save_png", "show", "watch"]


def show(connect: Connect, fullscreen: bool = False, seconds: float | None = None) -> Summary:
    """Show a session in a window until it ends, the window is closed, `seconds` of it have passed, or Ctrl-C.

    Runs the window in the calling thread, which must be the main one, and the session in another. Returns the totals.
    Raises UsageError without pygame-ce or a display, what `connect` and the session raise, and KeyboardInterrupt for a
    Ctrl-C before the session is open.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        from fanlight.viewer import windowed
    except ModuleNotFoundError as error:
        if error.name != "pygame":
            raise
        hint = "the window needs pygame-ce: run pip install 'fanlight[viewer]', or use --headless"
        raise UsageError(hint) from error
    return windowed.run(connect, fullscreen, seconds)
