"""The picture thread: the one consumer of the capture, and the only place that encodes.

It waits until a viewer can take an update, then for damage, and lets each crowd of viewers make what is due. With no
viewer, or none that can take anything, it only looks once a second, which is how it learns that the screen went away.
Encoded updates are handed to the asyncio loop, readiness comes back by `want`. What the loop wants done with a viewer
is done on this thread, in order.

Whoever got a small update can nearly always take the next at once, and says so a moment later. To wait for that word
would cost a change of threads with each update. So those viewers are *expected*: the thread goes on to wait for damage,
and looks who is ready when it has a frame. Where nobody is, the frame waits for them, and nobody is expected for some
updates; nor is anybody who is still not ready when nothing changed for a while.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial

from fanlight.capture import Capture
from fanlight.codec import Encoder
from fanlight.errors import FanlightError
from fanlight.host import REST_SECONDS, Crowd, Served, Viewer, lack_something
from fanlight.net.unsent import LEAST_BYTES
from fanlight.net.valve import Valve
from fanlight.types import CursorShape, Frame, PointerPlace, Size

Deliver = Callable[[list[Served]], None]
PointerChanged = Callable[[CursorShape | None, PointerPlace | None], None]
Failed = Callable[[BaseException], None]
OpenEncoder = Callable[[str, Size], Encoder]

_IDLE_SECONDS = 1.0
# Where an update is due and nobody could be served, somebody is waited for, or will say that it is ready.
_STUCK_SECONDS = 0.05
# The largest update after which a viewer is expected, and for how many updates it is not, once it was in vain.
_SMALL = LEAST_BYTES
_WARY_UPDATES = 60
# How long it is expected: a screen that changes at its full rate wakes nobody, and a person's next key comes later,
# when the viewer is known to be ready and the crowd can wait for the frame by itself.
_EXPECTED_SECONDS = 0.03


class PictureThread(threading.Thread):
    """Captures and encodes for the viewers that ask; every callback runs on the loop."""

    def __init__(
        self,
        capture: Capture,
        loop: asyncio.AbstractEventLoop,
        open_encoder: OpenEncoder,
        deliver: Deliver,
        pointer_changed: PointerChanged,
        failed: Failed,
    ) -> None:
        super().__init__(name="fanlight-picture", daemon=True)
        self._capture = capture
        self._valve = Valve(capture)
        self._loop = loop
        self._open_encoder = open_encoder
        self._deliver = deliver
        self._pointer_changed = pointer_changed
        self._failed = failed
        # A bare lock, because it is taken several times with each update, and a Condition's costs a call each time.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._sleeps = False
        self._ready: set[Viewer] = set()
        self._expected: set[Viewer] = set()
        self._wary = 0
        self._tasks: list[Callable[[], None]] = []
        self._crowds: dict[str, Crowd] = {}
        self._crowd_of: dict[Viewer, Crowd] = {}
        self._stopping = False
        self._stuck = False
        self._last: Frame | None = None
        self._cursor: CursorShape | None = None
        self._pointer: PointerPlace | None = None

    # -- from the loop -----------------------------------------------------------------------------------------------

    def add(self, viewer: Viewer, codec: str) -> None:
        """Let a new viewer take part; it wants its first update."""
        self._do(partial(self._add, viewer, codec))
        self.want(viewer)

    def park(self, viewer: Viewer) -> None:
        """Keep a viewer whose connection broke, and serve it nothing."""
        self._unready(viewer)
        self._do(partial(self._with_crowd, viewer, Crowd.park))

    def resume(self, viewer: Viewer, seq: int) -> None:
        """Go on with a parked viewer, which has decoded update `seq` of its connection before."""
        self._do(partial(viewer.reconnected, seq))
        self.want(viewer)

    def remove(self, viewer: Viewer) -> None:
        """Forget a viewer that is gone."""
        self._unready(viewer)
        self._do(partial(self._remove, viewer))

    def want(self, *viewers: Viewer) -> None:
        """Say that viewers can take an update; they get one as soon as there is something that they lack."""
        with self._lock:
            new = [viewer for viewer in viewers if viewer.wants_refresh or viewer not in self._ready]
            if not new:
                return
            self._ready.update(new)
            self._expected.difference_update(new)
            if not self._expected:
                self._valve.open()
            self._rouse()
        # Otherwise the thread need not be disturbed: new damage ends its wait, and it looks again at who is ready.
        if lack_something(new):
            self._capture.wake()

    def stop(self) -> None:
        """End the thread and wait for it; the capture is the caller's to close."""
        with self._lock:
            self._stopping = True
            self._rouse()
        self._capture.wake()
        self.join()

    def _rouse(self) -> None:
        if self._sleeps:
            self._changed.notify()

    def _do(self, task: Callable[[], None]) -> None:
        with self._lock:
            self._tasks.append(task)
            self._rouse()
        self._capture.wake()

    def _unready(self, viewer: Viewer) -> None:
        with self._lock:
            self._ready.discard(viewer)
            self._expected.discard(viewer)

    # -- on the thread -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until stopped, or until the screen goes away."""
        try:
            while not self._stopping:
                self._wait_for_a_viewer()
                self._work_off()
                if self._serve_next():
                    self._tell_pointer()
                    continue
                self._capture_once()
                self._tell_pointer()
                self._serve()
        except Exception as error:  # noqa: BLE001 - the thread ends here; the loop must learn why
            self._post(self._failed, error)
        finally:
            for crowd in self._crowds.values():
                crowd.close()

    def _wait_for_a_viewer(self) -> None:
        if self._ready or self._expected:
            return
        with self._lock:
            if self._ready or self._expected:
                return
            self._sleeps = True
            self._changed.wait_for(lambda: self._ready or self._tasks or self._stopping, _IDLE_SECONDS)
            self._sleeps = False

    def _work_off(self) -> None:
        if not self._tasks:
            return
        with self._lock:
            tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()

    def _add(self, viewer: Viewer, codec: str) -> None:
        crowd = self._crowds.get(codec)
        if crowd is None:
            crowd = self._crowds[codec] = Crowd(partial(self._open_encoder, codec))
            if self._last is not None:
                crowd.note(self._last)
        self._crowd_of[viewer] = crowd
        crowd.add(viewer)

    def _remove(self, viewer: Viewer) -> None:
        self._with_crowd(viewer, Crowd.remove)
        self._crowd_of.pop(viewer, None)
        self._unready(viewer)

    def _with_crowd(self, viewer: Viewer, action: Callable[[Crowd, Viewer], None]) -> None:
        if (crowd := self._crowd_of.get(viewer)) is not None:
            action(crowd, viewer)

    def _ready_by_crowd(self) -> dict[Crowd, set[Viewer]]:
        if not self._ready:
            return {}
        with self._lock:
            ready = self._ready & self._crowd_of.keys()
        if not ready:
            return {}
        if len(self._crowds) == 1:
            return dict.fromkeys(self._crowds.values(), ready)
        sorted_out: dict[Crowd, set[Viewer]] = {}
        for viewer in ready:
            sorted_out.setdefault(self._crowd_of[viewer], set()).add(viewer)
        return sorted_out

    def _serve_next(self) -> bool:
        """Let the one crowd that waits for the next frame wait by itself, which is quicker; False where none does.

        Where somebody is still expected, the frame is encoded only if all are ready when it comes.
        """
        if len(self._crowds) != 1:
            return False
        with self._lock:
            viewers, hopes = self._ready | self._expected, bool(self._expected)
            self._valve.open(not hopes)
        for crowd in self._crowds.values():
            if not crowd.awaits(viewers):
                return False
            timeout = _EXPECTED_SECONDS if hopes else None
            served = crowd.serve_next(self._valve, self._capture.pointer, time.monotonic, timeout)
            before, self._last = self._last, self._capture.last
            if served or not hopes:
                self._hand_over(served)
            elif self._last is before:
                self._wait_no_longer()
            else:
                self._expect_nobody()
                self._serve()
        return True

    def _capture_once(self) -> None:
        frame = self._capture.next(self._patience(self._ready_by_crowd()))
        if frame is None:
            self._wait_no_longer()
            return
        self._last = frame
        self._expect_nobody()
        for crowd in self._crowds.values():
            crowd.note(frame, self._capture.pointer)

    def _patience(self, ready: dict[Crowd, set[Viewer]]) -> float | None:
        """How long to wait for damage before the viewers that want something get what is already there."""
        if not ready:
            return _EXPECTED_SECONDS if self._expected else 0.0
        if self._last is None:
            return None
        if any(crowd.owes(viewers) for crowd, viewers in ready.items()):
            return _STUCK_SECONDS if self._stuck else 0.0
        if any(crowd.lossy(viewers) for crowd, viewers in ready.items()):
            return max(0.0, self._last.captured_at + REST_SECONDS - time.monotonic())
        if any(crowd.is_divided(viewers) for crowd, viewers in ready.items()):
            return _IDLE_SECONDS
        return None

    def _at_rest(self) -> bool:
        return self._last is not None and time.monotonic() - self._last.captured_at >= REST_SECONDS

    def _tell_pointer(self) -> None:
        cursor, pointer = self._capture.cursor, self._capture.pointer
        if cursor is not self._cursor or (pointer is not self._pointer and pointer != self._pointer):
            self._cursor, self._pointer = cursor, pointer
            self._post(self._pointer_changed, cursor, pointer)

    def _serve(self) -> None:
        if self._last is None:
            return
        rested = self._at_rest()
        self._stuck = True
        for crowd, viewers in self._ready_by_crowd().items():
            served = crowd.serve(self._last, viewers, time.monotonic, rested=rested)
            if served:
                self._stuck = False
                self._hand_over(served)

    def _hand_over(self, served: list[Served]) -> None:
        """Give updates to the loop, and note that their viewers are not ready, for a moment only or for longer."""
        if not served:
            return
        viewers, last, small = [], None, True
        for viewer, picture, _ in served:
            viewers.append(viewer)
            # Nearly always all get the same.
            if picture is not last:
                last = picture
                small = small and not isinstance(picture, FanlightError) and len(picture.update) <= _SMALL
        if self._wary:
            self._wary -= 1
        with self._lock:
            self._ready.difference_update(viewers)
            if small and not self._wary:
                self._expected.update(viewers)
        self._post(self._deliver, served)

    def _wait_no_longer(self) -> None:
        """Expect nobody who is not ready by now: it says so itself when it is."""
        with self._lock:
            self._expected.clear()

    def _expect_nobody(self) -> None:
        """Give up those who were expected, where a frame came before any of them was ready."""
        if not self._expected:
            return
        with self._lock:
            if self._expected and not self._ready:
                self._expected.clear()
                self._wary = _WARY_UPDATES

    def _post(self, callback: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            # The loop is closed: nobody is left to tell.
            self._stopping = True
