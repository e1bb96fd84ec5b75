"""X11 capture and input: thin classes over the native handles, which turn codes into exceptions."""

import errno
import math
import os
import struct
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from fanlight._native import ffi, lib
from fanlight.errors import CaptureError, InjectError
from fanlight.kernels.lane import Lane
from fanlight.kernels.native import grid
from fanlight.types import CursorShape, Frame, Image, Monitor, PointerPlace, Rect, Size, Tiles

MAX_BUTTON: Final = 15
NO_DISPLAY_ADVICE: Final = "start an X server and set DISPLAY, or run `fanlight host --virtual 1920x1080`"

NO_FRAME: Final = 0
UNSETTLED: Final = -1
"""What `Screen.next_update` returns besides a length."""

_COOKIE_BYTES: Final = 16
_WHY_BYTES: Final = 256
_MONITORS: Final = 64
_NANOSECONDS: Final = 1_000_000_000
_FRAME: Final[int] = lib.FL_X11_FRAME
_RECT: Final = struct.Struct("=4i")
# fl_x11_frame: pixels, memory, w, h, stride, how many rectangles, changed, two times; and the first rectangle.
_FIELDS: Final = struct.Struct("=8xQ12xiQqq4i")
_RECTS_AT: Final = ffi.offsetof("fl_x11_frame", "rects")
# As Rect._make, but no Python runs for each.
_rect_of: Final[Callable[[tuple[int, ...]], Rect]] = partial(tuple.__new__, Rect)
_next_update: Final[Callable[[Any], int]] = lib.fl_x11_next_update
_MAX_PLACE: Final = 0x7FFF
_MAX_KEYSYM: Final = 0x1FFFFFFF


class UnsupportedError(CaptureError):
    """The display works, but lacks what native capture needs."""


class Screen:
    """A captured X screen.

    One thread calls `next`; the rest may be called from any. UnsupportedError where the server lacks an extension or
    keeps its pixels otherwise, CaptureError where the display cannot be opened.
    """

    def __init__(
        self,
        display: str | None,
        max_fps: int,
        *,
        compare: bool = False,
        framebuffer: Path | None = None,
        monitor: str | None = None,
    ) -> None:
        self._handle: Any = None
        self._display = _name(display)
        self._monitor = monitor
        self._gate = threading.Lock()
        self._taking = threading.Lock()
        out = ffi.new("fl_x11 **")
        names = [_encode(str(framebuffer) if framebuffer else None), _encode(monitor)]
        options = ffi.new("fl_x11_options *", [max_fps, compare, *names])
        code, why = _open(lambda text: lib.fl_x11_open(_encode(display), options, out, text, _WHY_BYTES))
        if code < 0:
            raise UnsupportedError(why) if code == -errno.ENOTSUP else CaptureError(why)
        self._handle = ffi.gc(out[0], lib.fl_x11_close)
        self._frame = ffi.new("fl_x11_frame *")
        self._fields = memoryview(ffi.buffer(self._frame))
        self._next = ffi.new("fl_x11_wait *", {"frame": self._frame})
        self._memory = 0
        self._pixels: Image | None = None
        self._last: Frame | None = None
        self._untaken = False
        self._compare = _weakly(self.compare)
        self._size = self._ask_size()
        self._mapped = self._ask_mapped()
        self.cursor = _ask_cursor(self._handle)
        self.pointer = _ask_pointer(self._handle)

    @property
    def size(self) -> Size:
        """Of the frame that comes next."""
        with self._gate:
            if self._handle is not None:
                self._size = self._ask_size()
            return self._size

    @property
    def mapped(self) -> tuple[bool, str]:
        """Whether the framebuffer that was named is mapped, and why it is not."""
        with self._gate:
            if self._handle is not None:
                self._mapped = self._ask_mapped()
            return self._mapped

    def next(self, timeout: float | None) -> Frame | None:
        """Wait for a frame; None: the time is over, woken, or only the pointer changed."""
        deadline = _deadline(timeout)
        self._take_last()
        while True:
            handle = self._open_handle()
            news = lib.fl_x11_next(handle, _left(deadline), self._frame)
            if news == -errno.EINTR:
                continue
            heard, handle = self._hear(news, handle), None
            if heard is None:
                raise self._failure(news)
            if heard:
                return self.last
            self._open_handle()
            return None

    def next_update(self, timeout: float | None, lane: Lane, moves: int, most: int) -> int:
        """Wait as `next` does, and do `lane.update` with the frame in the same native call.

        Returns the length of the update that `lane.written` then begins with; NO_FRAME; or UNSETTLED: a frame came, and
        `lane.length` says what came of it. `last` is the frame.
        """
        deadline = _deadline(timeout)
        if self._untaken:
            self._take_last()
        wait = self._next
        wait.lane, wait.max_moves, wait.most = lane.native, moves, most
        while True:
            wait.x = handle = self._open_handle()
            wait.timeout_ns = _left(deadline)
            length = _next_update(wait)
            # After a rest, every step from here on costs microseconds.
            if length > 0:
                # First: who closes from here on takes it, as long as there are its pixels.
                self._untaken = True
                if self._handle is handle:
                    return length
            news = wait.news
            if news == -errno.EINTR:
                continue
            heard, handle = self._hear(news, handle), None
            if heard is None:
                raise self._failure(news)
            if heard:
                return UNSETTLED
            self._open_handle()
            return NO_FRAME

    def hold_back(self, held: bool) -> None:
        """Give the frames that `next_update` waits for to its lane no more, or again: `last` is all that comes of them.

        Any thread, at any time; what counts is how it stands when a frame comes.
        """
        self._next.closed = held

    @property
    def last(self) -> Frame | None:
        """The frame that came last."""
        if self._untaken:
            self._take_last()
        return self._last

    def compare(self) -> None:
        """Begin to compare with the read that comes next, as a `compare` given at the start does; from any thread."""
        with self._gate:
            if self._handle is not None:
                lib.fl_x11_compare(self._handle)

    def wake(self) -> None:
        """Make a waiting `next`, or else the next one, return."""
        with self._gate:
            if self._handle is not None:
                lib.fl_x11_wake(self._handle)

    def close(self) -> None:
        """End the capture; a thread that waits in `next` gets a CaptureError. Images stay readable."""
        with self._gate:
            handle, self._handle = self._handle, None
            if handle is None:
                return
            # Only now: who is woken and comes again at once finds it closed. Whoever waits in `next` has a reference of
            # its own, and the last one to go closes.
            lib.fl_x11_wake(handle)
            self._take_last()

    def _open_handle(self) -> Any:
        handle = self._handle
        if handle is None:
            raise CaptureError(f"the capture of display {self._display} is closed")
        return handle

    def _hear(self, news: int, handle: Any) -> bool | None:
        """Look at what came; tell whether there is a frame, or nothing where it is a failure."""
        if news < 0:
            return None
        if news & lib.FL_X11_CURSOR:
            self.cursor = _ask_cursor(handle)
        if news & lib.FL_X11_POINTER:
            self.pointer = _ask_pointer(handle)
        self._untaken = bool(news & _FRAME)
        if self._handle is None:
            # Its pixels go with the capture that was closed meanwhile, but for who holds them.
            self._take_last()
        return bool(news & _FRAME)

    def _failure(self, code: int) -> CaptureError:
        if code == -errno.EPIPE:
            return CaptureError(f"the X server of display {self._display} went away")
        if code == -errno.ENODEV:
            return CaptureError(f"the monitor {self._monitor} of display {self._display} went away")
        return CaptureError(f"display {self._display} cannot be captured any more: {os.strerror(-code)}")

    def _take_last(self) -> None:
        """Make a Frame of what came last, before the next one takes its place; any thread may ask for it."""
        if not self._untaken:
            return
        with self._taking:
            if self._untaken:
                self._last = self._take_frame()
                self._untaken = False

    def _take_frame(self) -> Frame:
        """Make a Frame of the native one. After a rest, every step more costs as much as a letter's pixels do."""
        memory, count, changed, damaged_at, captured_at, x, y, w, h = _FIELDS.unpack_from(self._fields)
        return Frame(
            self._pixels if self._pixels is not None and memory == self._memory else self._wrap(memory),
            (Rect(x, y, w, h),) if count == 1 else self._damage(count),
            damaged_at / _NANOSECONDS,
            captured_at / _NANOSECONDS,
            _tiles(self._frame) if changed else None,
            self._compare,
        )

    def _damage(self, count: int) -> tuple[Rect, ...]:
        rects = self._fields[_RECTS_AT : _RECTS_AT + count * _RECT.size]
        return tuple(map(_rect_of, _RECT.iter_unpack(rects)))

    def _wrap(self, memory: int) -> Image:
        """Wrap the picture's memory once; the array keeps it mapped, past a resize and past close."""
        frame = self._frame
        lib.fl_x11_memory_hold(frame.memory)
        pixels = ffi.gc(frame.pixels, _Release(frame.memory))
        flat = np.frombuffer(ffi.buffer(pixels, frame.stride * frame.h), np.uint8)
        flat.flags.writeable = False
        self._pixels = flat.reshape(frame.h, frame.w, 4)
        self._memory = memory
        return self._pixels

    def _ask_size(self) -> Size:
        size = ffi.new("int32_t[2]")
        lib.fl_x11_size(self._handle, size, size + 1)
        return size[0], size[1]

    def _ask_mapped(self) -> tuple[bool, str]:
        mapped, why = _open(lambda text: lib.fl_x11_is_mapped(self._handle, text, _WHY_BYTES))
        return bool(mapped), why


class Input:
    """Injected input by XTEST; one thread at a time.

    InjectError where it cannot be opened, for a value that does not exist, or when the display went away.
    """

    def __init__(self, display: str | None) -> None:
        self._handle: Any = None
        self._display = _name(display)
        out = ffi.new("fl_input **")
        code, why = _open(lambda text: lib.fl_input_open(_encode(display), out, text, _WHY_BYTES))
        if code < 0:
            raise InjectError(why)
        self._handle = ffi.gc(out[0], lib.fl_input_close)

    def move(self, x: int, y: int) -> None:
        """Put the pointer at (x, y), in pixels of the screen."""
        if not (0 <= x <= _MAX_PLACE and 0 <= y <= _MAX_PLACE):
            raise InjectError(f"there is no place {x}, {y} on a screen")
        self._check(lib.fl_input_move(self._live(), x, y))

    def button(self, number: int, down: bool) -> None:
        """Press or release button 1 to 15; 4 to 7 are the wheel: up, down, left, right."""
        if not 1 <= number <= MAX_BUTTON:
            raise InjectError(f"there is no button {number}: they are 1 to {MAX_BUTTON}")
        self._check(lib.fl_input_button(self._live(), number, down))

    def key(self, keysym: int, down: bool) -> None:
        """Press or release the key of an X keysym, whatever the keyboard's layout."""
        if not 1 <= keysym <= _MAX_KEYSYM:
            raise InjectError(f"{keysym:#x} is not an X keysym")
        self._check(lib.fl_input_key(self._live(), keysym, down))

    def close(self) -> None:
        """Release what is held, and disconnect."""
        handle, self._handle = self._handle, None
        if handle is not None:
            ffi.release(handle)

    def _live(self) -> Any:
        if self._handle is None:
            raise InjectError(f"the input of display {self._display} is closed")
        return self._handle

    def _check(self, code: int) -> None:
        if code == -errno.ENOSPC:
            raise InjectError(f"display {self._display} has no keycode to spare for another character")
        if code < 0:
            raise InjectError(f"the X server of display {self._display} went away")


def monitors(display: str | None) -> tuple[Monitor, ...]:
    """List a display's monitors; UnsupportedError where the server knows none, CaptureError where it does not open."""
    found = ffi.new("fl_x11_monitor[]", _MONITORS)
    count, why = _open(lambda text: lib.fl_x11_monitors(_encode(display), found, _MONITORS, text, _WHY_BYTES))
    if count < 0:
        raise UnsupportedError(why) if count == -errno.ENOTSUP else CaptureError(why)
    return tuple(
        Monitor(
            ffi.string(one.name).decode("utf-8", "replace"),
            Rect(one.area.x, one.area.y, one.area.w, one.area.h),
            bool(one.primary),
        )
        for one in found[0 : min(count, _MONITORS)]
    )


def allow_current_user(display: str, cookie: bytes) -> None:
    """Let all processes of our user connect to a display whose 16-byte cookie we know."""
    if len(cookie) != _COOKIE_BYTES:
        raise CaptureError(f"the cookie of a display is {_COOKIE_BYTES} bytes")
    code, why = _open(lambda text: lib.fl_x11_allow_user(_encode(display), cookie, os.getuid(), text, _WHY_BYTES))
    if code < 0:
        raise CaptureError(why)


def _ask_pointer(handle: Any) -> PointerPlace | None:
    place = ffi.new("int32_t[2]")
    on_screen = lib.fl_x11_pointer(handle, place, place + 1)
    return PointerPlace(place[0], place[1]) if on_screen else None


def _ask_cursor(handle: Any) -> CursorShape | None:
    shape = ffi.new("fl_x11_cursor *")
    pixels = ffi.new("uint8_t[]", 0)
    length = lib.fl_x11_cursor_shape(handle, shape, pixels, 0)
    while length == -errno.ENOSPC:
        pixels = ffi.new("uint8_t[]", shape.w * shape.h * 4)
        length = lib.fl_x11_cursor_shape(handle, shape, pixels, len(pixels))
    if not length:
        return None
    return CursorShape(shape.w, shape.h, shape.hot_x, shape.hot_y, bytes(ffi.buffer(pixels, length)))


def _deadline(timeout: float | None) -> int | None:
    return None if timeout is None else time.monotonic_ns() + max(0, math.ceil(timeout * _NANOSECONDS))


def _left(deadline: int | None) -> int:
    return -1 if deadline is None else max(0, deadline - time.monotonic_ns())


def _tiles(frame: Any) -> Tiles:
    """Copy the marks, which the next frame overwrites."""
    shape = grid((frame.w, frame.h))
    marks = ffi.buffer(frame.changed, shape[0] * shape[1])
    return np.frombuffer(marks, np.uint8).reshape(shape).copy()


def _weakly(method: Callable[[], None]) -> Callable[[], None]:
    """Return what calls a method as long as its object is there, which what refers to this does not keep."""
    there = weakref.WeakMethod(method)

    def call() -> None:
        found = there()
        if found is not None:
            found()

    return call


class _Release:
    """Gives a picture's memory back when the last array on it is gone."""

    def __init__(self, memory: Any) -> None:
        self._memory = memory

    def __call__(self, _pixels: Any) -> None:
        lib.fl_x11_memory_release(self._memory)


def _open(call: Callable[[Any], int]) -> tuple[int, str]:
    """Call something that explains its failure in one sentence; return its code and the sentence."""
    text = ffi.new("char[]", _WHY_BYTES)
    code = call(text)
    why = ffi.string(text).decode("utf-8", "replace")
    return code, f"{why}; {NO_DISPLAY_ADVICE}" if code in (-errno.ECONNREFUSED, -errno.EINVAL) else why


def _encode(display: str | None) -> Any:
    return ffi.NULL if display is None else ffi.new("char[]", display.encode())


def _name(display: str | None) -> str:
    """Return what errors call the display."""
    return display or "$DISPLAY"
