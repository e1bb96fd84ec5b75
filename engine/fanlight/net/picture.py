"""The picture thread: the one consumer of the capture, and the only place that encodes.

It waits until a viewer can take an update, then for damage, and encodes for every viewer that is ready. With no viewer,
or none that can take anything, it only looks once a second, which is how it learns that the screen went away. Encoded
updates are handed to the asyncio loop, readiness comes back by `want`.
"""

import asyncio
import threading
import time
from collections.abc import Callable

from fanlight.capture import Capture
from fanlight.errors import FanlightError
from fanlight.host import REST_SECONDS, Picture, PictureStream
from fanlight.types import CursorShape, Frame, PointerPlace

Deliver = Callable[[PictureStream, Picture | FanlightError], None]
PointerChanged = Callable[[CursorShape | None, PointerPlace | None], None]
Failed = Callable[[BaseException], None]

_IDLE_SECONDS = 1.0


class PictureThread(threading.Thread):
    """Captures and encodes for the streams that ask; every callback runs on the loop."""

    def __init__(
        self,
        capture: Capture,
        loop: asyncio.AbstractEventLoop,
        deliver: Deliver,
        pointer_changed: PointerChanged,
        failed: Failed,
    ) -> None:
        super().__init__(name="fanlight-picture", daemon=True)
        self._capture = capture
        self._loop = loop
        self._deliver = deliver
        self._pointer_changed = pointer_changed
        self._failed = failed
        self._changed = threading.Condition()
        self._streams: set[PictureStream] = set()
        self._wanting: set[PictureStream] = set()
        self._leaving: list[PictureStream] = []
        self._stopping = False
        self._last: Frame | None = None
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None

    def add(self, stream: PictureStream) -> None:
        """Let a new viewer take part; it wants its first update."""
        with self._changed:
            self._streams.add(stream)
        self.want(stream)

    def want(self, stream: PictureStream) -> None:
        """Say that a viewer can take an update; it gets one as soon as there is something that it lacks."""
        with self._changed:
            if stream not in self._streams or stream in self._wanting:
                return
            self._wanting.add(stream)
            self._changed.notify()
        # Otherwise the thread need not be disturbed: new damage ends its wait, and it looks again at who wants.
        if stream.owes or stream.lossy:
            self._capture.wake()

    def remove(self, stream: PictureStream) -> None:
        """Forget a viewer that is gone; its encoder is closed on the thread that uses it."""
        with self._changed:
            self._streams.discard(stream)
            self._wanting.discard(stream)
            self._leaving.append(stream)
            self._changed.notify()
        self._capture.wake()

    def stop(self) -> None:
        """End the thread and wait for it; the capture is the caller's to close."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._capture.wake()
        self.join()

    def run(self) -> None:
        """Serve until stopped, or until the screen goes away."""
        try:
            while not self._stopping:
                self._capture_once(self._wait_for_a_viewer())
                self._tell_pointer()
                self._serve()
        except Exception as error:  # noqa: BLE001 - the thread ends here; the loop must learn why
            self._post(self._failed, error)
        finally:
            for stream in (*self._streams, *self._leaving):
                stream.close()

    def _wait_for_a_viewer(self) -> bool:
        """Return whether a viewer can take an update; False after a second without one."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanting or self._leaving or self._stopping, _IDLE_SECONDS)
            self._close_leaving()
            return bool(self._wanting)

    def _close_leaving(self) -> None:
        for stream in self._leaving:
            stream.close()
        self._leaving.clear()

    def _capture_once(self, wanted: bool) -> None:
        with self._changed:
            streams, wanting = tuple(self._streams), tuple(self._wanting)
        frame = self._capture.next(self._patience(wanting) if wanted else 0.0)
        if frame is None:
            return
        self._last = frame
        for stream in streams:
            stream.note(frame)

    def _patience(self, wanting: tuple[PictureStream, ...]) -> float | None:
        """How long to wait for damage before the viewers that want something get what is already there."""
        if self._last is not None and any(stream.owes for stream in wanting):
            return 0.0
        if any(stream.lossy for stream in wanting):
            return 0.0 if self._at_rest() else REST_SECONDS
        return None

    def _at_rest(self) -> bool:
        return self._last is not None and time.monotonic() - self._last.captured_at >= REST_SECONDS

    def _tell_pointer(self) -> None:
        cursor, pointer = self._capture.cursor, self._capture.pointer
        if cursor is not self._cursor or pointer != self._pointer:
            self._cursor, self._pointer = cursor, pointer
            self._post(self._pointer_changed, cursor, pointer)

    def _serve(self) -> None:
        if self._last is None:
            return
        rested = self._at_rest()
        with self._changed:
            due = [stream for stream in self._wanting if stream.owes or (rested and stream.lossy)]
        for stream in due:
            self._encode_for(stream, self._last)

    def _encode_for(self, stream: PictureStream, frame: Frame) -> None:
        try:
            picture = stream.encode(frame, time.monotonic)
        except FanlightError as error:
            self._withdraw(stream)
            self._post(self._deliver, stream, error)
            return
        if picture is not None:
            self._withdraw(stream)
            self._post(self._deliver, stream, picture)

    def _withdraw(self, stream: PictureStream) -> None:
        with self._changed:
            self._wanting.discard(stream)

    def _post(self, callback: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            # The loop is closed: nobody is left to tell.
            self._stopping = True
