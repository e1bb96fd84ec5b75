"""Drawing that belongs together comes together: what a client sends in one go is not torn into several frames."""

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from fanlight.capture import Capture, open_capture
from fanlight.capture.virtual import VirtualDisplay
from patience import PATIENCE
from x11_client import X11Client

BURSTS = 200
# Few enough for the server's turn with one client, and far apart: the box round them is nearly the screen.
NEAR = tuple((x, y, 9, 9) for x, y in itertools.product(range(40, 140, 20), repeat=2))
FAR = tuple((x, y, 9, 9) for x, y in itertools.product((3, 300, 700), (5, 250, 500)))


@pytest.fixture(params=[False, True], ids=["MIT-SHM", "mapped"])
def screen(request: pytest.FixtureRequest) -> Iterator[tuple[str, Capture]]:
    with VirtualDisplay((800, 600)) as display:
        framebuffer = display.framebuffer if request.param else None
        with open_capture(display.name, max_fps=1000, framebuffer=framebuffer) as capture:
            while capture.next(0.1) is not None:
                pass
            yield display.name, capture


@pytest.mark.parametrize("rects", [NEAR, FAR], ids=["near", "far"])
def test_requests_of_one_write_come_in_one_frame(
    screen: tuple[str, Capture], rects: tuple[tuple[int, int, int, int], ...]
) -> None:
    """A burst is torn only where the server itself turned to us in the middle of it, which a busy machine can cause."""
    display, capture = screen
    turn, done = threading.Semaphore(0), threading.Event()

    def draw() -> None:
        with X11Client(display) as client:
            for number in range(1, BURSTS + 1):
                turn.acquire()
                client.burst(number * 0x010203, *rects)
        done.set()

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    frames = torn = 0
    for number in range(1, BURSTS + 1):
        turn.release()
        wanted = list((number * 0x010203).to_bytes(3, "little"))
        while True:
            frame = capture.next(PATIENCE)
            if frame is None:
                continue
            frames += 1
            shown = np.array([frame.image[y + 4, x + 4, :3] for x, y, _, _ in rects])
            if (shown == wanted).all():
                break
            torn += 1
    thread.join()
    assert done.is_set()
    assert frames - torn == BURSTS
    assert torn <= BURSTS // 10
