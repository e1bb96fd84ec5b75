"""`python -m fanlight_bench.core.painter SCREENS`: types a letter on one of several X displays each time it is told.

It draws on the root window in plain X protocol: a letter is one request, and nothing else happens on the screen.
`SCREENS` is JSON: names of displays with their sizes. A line on stdin is the number of the display to type on.
"""

import socket
import struct
import sys
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from fanlight.errors import FanlightError, UsageError
from fanlight.types import Size
from fanlight_bench import workloads

READY = b"ready\n"
DELAY = 0.03
"""Seconds from the order to the letter: more than an interval of the capture, so the screen has rested."""

_RATE = 60
_PUT_IMAGE, _CREATE_GC, _GET_INPUT_FOCUS = 72, 55, 43
_Z_PIXMAP, _DEPTH = 2, 24
_HEADER = struct.Struct("<BBH")
_REQUEST_BYTES = 4 * 65_535
_PUT_IMAGE_BYTES = 24
_INCLUDE_INFERIORS = 1 << 15


class Canvas:
    """The root window of a display."""

    def __init__(self, display: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(f"/tmp/.X11-unix/X{display.lstrip(':')}")  # noqa: S108 - where X servers keep it
        self._stream = self._socket.makefile("rb")
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        status, length = struct.unpack("<BxxxxxH", self._read(8))
        setup = self._read(4 * length)
        if status != 1:
            raise UsageError(f"the display {display} lets nobody draw: {setup.decode('latin-1')}")
        (self._gc,) = struct.unpack_from("<I", setup, 4)
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        (self._root,) = struct.unpack_from("<I", setup, 32 + vendor + -vendor % 4 + 8 * formats)
        self._send(_CREATE_GC, 0, struct.pack("<IIII", self._gc, self._root, _INCLUDE_INFERIORS, 1))

    def put(self, x: int, y: int, picture: NDArray[np.uint8]) -> None:
        """Draw a picture (height, width, 4), in as few requests as it takes."""
        height, width = picture.shape[:2]
        rows = (_REQUEST_BYTES - _PUT_IMAGE_BYTES) // (4 * width)
        for top in range(0, height, rows):
            part = picture[top : top + rows]
            place = struct.pack("<HHhhBBxx", width, part.shape[0], x, y + top, 0, _DEPTH)
            head = struct.pack("<II", self._root, self._gc) + place
            self._send(_PUT_IMAGE, _Z_PIXMAP, head + part.tobytes())

    def sync(self) -> None:
        """Return when all before is done."""
        self._send(_GET_INPUT_FOCUS, 0, b"")
        while self._read(32)[0] != 1:
            pass

    def close(self) -> None:
        """Disconnect."""
        self._stream.close()
        self._socket.close()

    def _send(self, opcode: int, detail: int, body: bytes) -> None:
        self._socket.sendall(_HEADER.pack(opcode, detail, 1 + len(body) // 4) + body)

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) != count:
            raise UsageError("the X server closed the connection")
        return data


class Typist:
    """The workload "typing" on a canvas, a letter at a time instead of in its own rhythm."""

    def __init__(self, canvas: Canvas, size: Size) -> None:
        workloads.prepare_drawing()
        from fanlight_bench.workloads.base import new_surface
        from fanlight_bench.workloads.catalog import create

        self._canvas = canvas
        self._workload = create("typing", size, _RATE, 1, None)
        self._surface = new_surface(size)
        self._frame = 0
        self._workload.draw_first(self._surface)
        self._put(0, 0, *size)
        canvas.sync()

    def type(self) -> None:
        """Type the next letter; return when the server has drawn it."""
        self._frame = self._workload.next_frame(self._frame) or 0
        for x, y, w, h in self._workload.draw_next(self._surface, self._frame):
            self._put(x, y, w, h)
        self._canvas.sync()

    def _put(self, x: int, y: int, w: int, h: int) -> None:
        from fanlight_bench.workloads.base import pixels

        self._canvas.put(x, y, pixels(self._surface)[y : y + h, x : x + w])


def main() -> None:
    """Run as a program, until stdin ends."""
    try:
        screens = msgspec.json.decode(sys.argv[1], type=list[tuple[str, Size]])
        typists = [Typist(Canvas(display), size) for display, size in screens]
    except FanlightError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    for line in sys.stdin:
        time.sleep(DELAY)
        typists[int(line)].type()


if __name__ == "__main__":
    main()
