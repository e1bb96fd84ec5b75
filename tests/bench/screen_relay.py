"""A remote-desktop system to measure that is late on purpose: a host that only listens, a viewer that copies.

`host PORT` or `viewer PORT SOURCE WIDTH HEIGHT DELAY`: the viewer connects, but captures SOURCE by itself and shows it
on DISPLAY, DELAY seconds late.
"""

import os
import socket
import sys
import threading
import time
from collections import deque

import numpy as np

os.environ.update(
    SDL_VIDEODRIVER="x11",
    SDL_FRAMEBUFFER_ACCELERATION="0",
    SDL_VIDEO_WINDOW_POS="0,0",
    SDL_X11_FORCE_OVERRIDE_REDIRECT="1",
)


def host(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as server, server.accept()[0]:
        threading.Event().wait()


def viewer(port: int, source: str, size: tuple[int, int], delay: float) -> None:
    import pygame

    from fanlight import open_capture

    pygame.display.init()
    surface = pygame.display.set_mode(size, pygame.NOFRAME)
    waiting: deque = deque()
    with socket.create_connection(("127.0.0.1", port)), open_capture(source) as capture:
        while True:
            frame = capture.next(max(0.0, waiting[0][0] - time.monotonic()) if waiting else None)
            if frame is not None:
                waiting.append((time.monotonic() + delay, frame.image.copy()))
            while waiting and waiting[0][0] <= time.monotonic():
                pygame.surfarray.pixels2d(surface)[:] = waiting.popleft()[1].view(np.uint32)[..., 0].T
                pygame.event.clear()
                pygame.display.flip()


if __name__ == "__main__":
    if sys.argv[1] == "host":
        host(int(sys.argv[2]))
    else:
        viewer(int(sys.argv[2]), sys.argv[3], (int(sys.argv[4]), int(sys.argv[5])), float(sys.argv[6]))
