"""A workload in a window of the X display, above all others and unknown to window managers.

SDL puts only the rectangles that changed, so the server's damage is that of the change, and waits until the server has
drawn them: so the program knows, too, how long its display took to draw what a clock tells the time of.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pygame

from fanlight.errors import UsageError
from fanlight.types import Rect, Size
from fanlight_bench.cores import Queue
from fanlight_bench.workloads.base import is_bgrx
from fanlight_bench.workloads.catalog import create
from fanlight_bench.workloads.stage import Stage

_ENVIRONMENT = {
    "SDL_VIDEODRIVER": "x11",
    "SDL_FRAMEBUFFER_ACCELERATION": "0",
    "SDL_X11_FORCE_OVERRIDE_REDIRECT": "1",
    "SDL_NO_SIGNAL_HANDLERS": "1",
}
_NAP = 3600.0
_SLIP = 0.05


Tell = Callable[[int, int], object]
"""Told of each picture: what its clock shows, and when the X server had drawn it; microseconds."""


def show(name: str, size: Size, rate: float, seed: int, seconds: float | None, region: Rect | None, tell: Tell) -> None:
    """Show a workload until `seconds` have gone or SIGTERM comes."""
    signal.signal(signal.SIGTERM, _end)
    workload = create(name, size, rate, seed, region)
    queue = Queue()
    try:
        with window(size) as surface:
            stage = Stage(workload, surface)
            for n in _paced(workload.next_frame, rate, seconds):
                pygame.event.pump()
                pygame.event.clear()
                changed = stage.draw(n, _micros)
                if changed:
                    queued = queue.micros()
                    pygame.display.update(changed)
                    # The server's answer is here as soon as it has drawn, if not heard before there is a core for us.
                    tell(stage.micros, _micros() - (queue.micros() - queued))
    finally:
        workload.close()


class _Ended(SystemExit):
    """SIGTERM came."""


def _end(number: int, frame: FrameType | None) -> None:
    raise _Ended(0)


@contextmanager
def window(size: Size, at: tuple[int, int] = (0, 0)) -> Iterator[pygame.Surface]:
    """Yield the surface of a window at a place, above all others; UsageError where there is no display for it."""
    os.environ.update(_ENVIRONMENT, SDL_VIDEO_WINDOW_POS=f"{at[0]},{at[1]}")
    try:
        pygame.display.init()
    except pygame.error as error:
        raise UsageError(f"There is no X display to show a workload on: {error}.") from error
    try:
        screen = pygame.display.get_desktop_sizes()[0]
        if screen[0] < size[0] or screen[1] < size[1]:
            raise UsageError(f"A workload of {size[0]}x{size[1]} does not fit a display of {screen[0]}x{screen[1]}.")
        surface = pygame.display.set_mode(size, pygame.NOFRAME)
        if not is_bgrx(surface):
            raise UsageError("Workloads are drawn on displays of 24 bits a pixel.")
        yield surface
    finally:
        pygame.display.quit()


def _paced(next_frame: Callable[[int], int | None], rate: float, seconds: float | None) -> Iterator[int]:
    """Give each frame's number when it is due. A frame that comes late moves those behind it; none is left out."""
    start = time.monotonic()
    end = None if seconds is None else start + seconds
    n: int | None = 0
    while n is not None:
        due = start + n / rate
        if not _sleep_until(due, end):
            return
        start += max(0.0, time.monotonic() - due - _SLIP)
        yield n
        n = next_frame(n)
    while _sleep_until(time.monotonic() + _NAP, end):
        pass


def _sleep_until(due: float, end: float | None) -> bool:
    """Sleep; return False once the end came first."""
    until = due if end is None else min(due, end)
    time.sleep(max(0.0, until - time.monotonic()))
    return end is None or due < end


def _micros() -> int:
    return time.monotonic_ns() // 1000
