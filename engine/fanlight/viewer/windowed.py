"""A session in a window: the session on a thread of its own, the window in the caller's."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from fanlight.viewer.display import Display
from fanlight.viewer.link import Link
from fanlight.viewer.remote import Connect
from fanlight.viewer.summary import Meter, Summary
from fanlight.viewer.window import Window


def run(connect: Connect, fullscreen: bool, seconds: float | None) -> Summary:
    """Show a session until it ends, the window is closed, `seconds` of it have passed, or Ctrl-C.

    Returns its totals. Raises what the session and the display raise, and KeyboardInterrupt for a Ctrl-C before the
    session is open.
    """
    with Display() as display:
        link = Link(connect, display.wake)
        with ThreadPoolExecutor(1, "fanlight-session") as threads:
            session = threads.submit(link.run)
            session.add_done_callback(lambda _: display.wake())
            try:
                summary = _run_window(display, link, session.done, fullscreen, seconds)
            finally:
                link.stop()
        session.result()
        return summary


def _run_window(
    display: Display, link: Link, ended: Callable[[], bool], fullscreen: bool, seconds: float | None
) -> Summary:
    link.opened.wait()
    view = link.view
    if view is None:
        return Meter(0.0).summary(0.0, None)
    until = None if seconds is None else time.monotonic() + seconds
    interrupted, window = False, None
    try:
        window = Window(display, view, fullscreen)
        window.run(ended, until)
    except KeyboardInterrupt:
        interrupted = True
    how = None if window is None else window.how
    return replace(view.stage.summary(time.monotonic()), interrupted=interrupted, window=how)
