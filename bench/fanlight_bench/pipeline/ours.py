"""fanlight's own way from the screen to bytes: native capture, and what the host does for a crowd of one viewer."""

import time

import mss
import numpy as np

from fanlight.capture import open_capture
from fanlight.codec import open_decoder, open_encoder
from fanlight.codec.base import Update
from fanlight.codec.picture import Picture as Held
from fanlight.host import REST_SECONDS, Crowd, Picture, Served, Viewer
from fanlight.kernels import tiles
from fanlight.types import Frame, Image, Size
from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.kept import Kept
from fanlight_bench.pipeline.measure import Pipeline, Step

_EXACT_SECONDS = 5.0
_QUIET_SECONDS = 0.15


class FanlightPipeline(Pipeline):
    """What `net.picture` does for one viewer that takes every update at once."""

    def __init__(self, task: Task, codec: str) -> None:
        self._task = task
        self._codec = codec
        self._size: Size = (task.width, task.height)
        self._capture = open_capture(task.display, backend="x11", max_fps=task.rate)
        self._crowd, self._viewers = Crowd(lambda size: open_encoder(codec, size)), {Viewer()}
        for viewer in self._viewers:
            self._crowd.add(viewer)
        self._last: Frame | None = None
        self._kept = Kept()
        self._update = Update()
        self._updated_at = 0.0
        self._digest: int | None = None

    def begin(self) -> None:
        """Keep the updates from here on, after those that led here."""
        self._kept.begin()

    def step(self, timeout: float) -> Step | None:
        """Capture what is damaged and encode it, or refine what rests."""
        before = self._last
        served = self._serve_next(timeout) if self._crowd.awaits(self._viewers) else self._serve(timeout)
        if not served:
            return None
        picture = served[0].picture
        if not isinstance(picture, Picture):
            raise picture
        self._updated_at = time.monotonic()
        self._update, self._digest = picture.update, picture.digest
        self._kept.add(picture.update)
        frame = self._last
        damaged = sum(rect.w * rect.h for rect in frame.damage) if frame is not None and frame is not before else 0
        return Step(len(picture.update), self._updated_at - picture.encode_started_at, damaged)

    def _serve_next(self, timeout: float) -> list[Served]:
        """Wait for the next frame and encode it in one call, as the host does where nothing else is due."""
        served = self._crowd.serve_next(self._capture, None, time.monotonic, timeout)
        self._last = self._capture.last
        return served

    def _serve(self, timeout: float) -> list[Served]:
        frame = self._capture.next(self._patience(timeout))
        if frame is not None:
            self._last = frame
            self._crowd.note(frame)
        elif not self._may_refine():
            return []
        assert self._last is not None
        return self._crowd.serve(self._last, self._viewers, time.monotonic, rested=self._is_at_rest())

    def until_exact(self, stopped_at: float) -> float | None:
        """Go on until the encoder's digest equals that of a picture taken by another program's means."""
        seen_at = stopped_at
        while (now := time.monotonic()) < stopped_at + _EXACT_SECONDS:
            if self.step(_QUIET_SECONDS) is not None:
                seen_at = time.monotonic()
            elif now - seen_at >= _QUIET_SECONDS:
                if not self._update.exact and not self._is_lossy():
                    return None
                if self._update.exact and self._digest == self._digest_of_screen():
                    return max(0.0, self._updated_at - stopped_at)
        return None

    def written_pixels(self) -> tuple[float | None, float | None]:
        """Decode what was kept of the window's updates; changed pixels only where all of them are exact."""
        window = self._kept.window
        if not window:
            return None, None
        changed, written = 0, 0
        with open_decoder(self._codec, self._size) as decoder:
            for update in self._kept.lead:
                decoder.decode(update)
            before = decoder.image.copy()
            for update in window:
                image = decoder.decode(update)
                for x, y, w, h in decoder.damage:
                    place = slice(y, y + h), slice(x, x + w)
                    written += w * h
                    changed += _differing(before[place], image[place])
                    before[place] = image[place]
        exact = all(update.exact for update in window)
        return changed / len(window) if exact else None, written / len(window)

    def _patience(self, timeout: float) -> float:
        if not self._is_lossy() or self._last is None:
            return timeout
        return min(timeout, max(0.0, self._last.captured_at + REST_SECONDS - time.monotonic()))

    def _may_refine(self) -> bool:
        return self._is_at_rest() and self._is_lossy()

    def _is_lossy(self) -> bool:
        return self._crowd.lossy(self._viewers)

    def _is_at_rest(self) -> bool:
        return self._last is not None and time.monotonic() - self._last.captured_at >= REST_SECONDS

    def _digest_of_screen(self) -> int:
        width, height = self._size
        with mss.MSS(display=self._task.display) as grabber:
            shot = grabber.grab({"left": 0, "top": 0, "width": width, "height": height})
        picture = Held(self._size)
        tiles.copy(
            np.frombuffer(shot.raw, np.uint8).reshape(height, width, 4), picture.image, tiles.all_tiles(self._size)
        )
        return picture.digest


def _differing(before: Image, after: Image) -> int:
    return int(np.count_nonzero(np.any(before[..., :3] != after[..., :3], axis=2)))
