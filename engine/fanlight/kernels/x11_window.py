"""Showing pictures in an X window of this process, out of memory that the X server maps."""

import errno
from collections.abc import Sequence
from typing import Any, Final

from fanlight._native import ffi, lib
from fanlight.errors import FanlightError
from fanlight.kernels.shared import descriptor_of, take_pages
from fanlight.types import Image

_WHY_BYTES: Final = 256
_NANOSECONDS: Final = 1_000_000_000

Part = tuple[int, int, int, int, int, int, int]
"""The slot of a picture, a rectangle of it (x, y, w, h), and its place in the window (x, y)."""


class WindowError(FanlightError):
    """The window cannot be shown to in this way."""


class SharingWindow:
    """A window that shows parts of pictures lent to it; one thread at a time. WindowError when that does not work."""

    def __init__(self, window: int, display: str | None = None) -> None:
        out = ffi.new("fl_window **")
        why = ffi.new("char[]", _WHY_BYTES)
        name = ffi.NULL if display is None else ffi.new("char[]", display.encode())
        if lib.fl_window_open(name, window, out, why, _WHY_BYTES) < 0:
            raise WindowError(ffi.string(why).decode("utf-8", "replace"))
        self._handle: Any = ffi.gc(out[0], lib.fl_window_close)

    def lend(self, slot: int, image: Image | None) -> bool:
        """Let the server read a picture; False where its memory cannot be shared, and the slot is empty then."""
        descriptor = None if image is None else descriptor_of(image)
        if image is None or descriptor is None or not take_pages(descriptor, image.nbytes):
            self._check(lib.fl_window_lend(self._live(), slot, -1, 0, 0))
            return False
        code = lib.fl_window_lend(self._live(), slot, descriptor, image.shape[1], image.shape[0])
        if code == -errno.EACCES:
            return False
        self._check(code)
        return True

    def show(self, parts: Sequence[Part], timeout: float) -> bool:
        """Show parts, in order; False where the server has not drawn them within `timeout` seconds: `settle` is due."""
        native = ffi.new("fl_window_part[]", parts)
        result = lib.fl_window_put(self._live(), native, len(parts), round(timeout * _NANOSECONDS))
        return self._check(result) == 1

    def settle(self, timeout: float) -> bool:
        """Wait on; whether all that was shown is drawn now."""
        return self._check(lib.fl_window_settle(self._live(), round(timeout * _NANOSECONDS))) == 1

    def close(self) -> None:
        """Disconnect; the window stays."""
        handle, self._handle = self._handle, None
        if handle is not None:
            ffi.release(handle)

    def _live(self) -> Any:
        if self._handle is None:
            raise WindowError("it is closed")
        return self._handle

    def _check(self, code: int) -> int:
        if code == -errno.EPIPE:
            raise WindowError("the X server went away")
        if code == -errno.EIO:
            raise WindowError("the X server refused to show shared memory")
        if code < 0:
            raise WindowError("a part leaves its picture or the window")
        return int(code)
