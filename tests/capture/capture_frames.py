"""What the tests of capture share: frames, and what other programs see."""

import struct
import subprocess
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fanlight.capture import Capture
from fanlight.types import Frame
from patience import PATIENCE
from x_server import wait_until

RunProgram = Callable[..., subprocess.Popen[bytes]]


def frame_of(capture: Capture) -> Frame:
    """The next frame; the pointer may change before it comes."""
    frames: list[Frame] = []
    wait_until(lambda: frames.extend([frame] if (frame := capture.next(PATIENCE)) else []) or frames)
    return frames[0]


def settle(capture: Capture, look: Callable[[], NDArray[np.uint8]], last: Frame) -> Frame:
    """Take frames until the last one shows what `look` sees."""
    frames = [last]

    def settled() -> bool:
        frames.extend([frame] if (frame := capture.next(0.05)) else [])
        return np.array_equal(frames[-1].image, look())

    wait_until(settled)
    return frames[-1]


def xwd(display: str) -> NDArray[np.uint8]:
    """What xwd sees, by XGetImage."""
    dump = subprocess.run(["xwd", "-silent", "-root", "-display", display], check=True, capture_output=True).stdout
    header = struct.unpack_from(">25I", dump)
    width, height, colours = header[4], header[5], header[19]
    start = header[0] + 12 * colours
    return np.frombuffer(dump[start : start + width * height * 4], np.uint8).reshape(height, width, 4)
