"""Measures pixelflux, in the Python of its own environment, where neither fanlight nor msgspec is.

`python pixelflux_child.py MODE TASK` says and reports what `measure.serve` does. pixelflux captures and encodes on
threads of its own and calls back for every stripe; stripes with one frame number are one update.
"""

import ctypes
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

MODES = {"h264": ("h264", True), "h264-striped": ("h264", False), "jpeg": ("jpeg", False)}

_START_SECONDS = 60
_FIRST_SECONDS = 10


def main() -> None:
    """Measure, and write the account to stdout."""
    mode, task = sys.argv[1], json.loads(sys.argv[2])
    # The library's own messages must not come between the lines that are read.
    report = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    pixelflux = importlib.import_module("pixelflux")

    def say(words: bytes) -> None:
        report.write(words)
        report.flush()

    # By a pipe, because any thread of the library may get the signal.
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    say(b"ready\n")
    if not select.select([woken], [], [], _START_SECONDS)[0]:
        sys.exit("nobody gave the start")
    say(json.dumps(measure(pixelflux, mode, task, say)).encode())
    # Its threads may outlast the interpreter.
    os._exit(0)


def measure(pixelflux: Any, mode: str, task: dict[str, Any], say: Callable[[bytes], None]) -> dict[str, Any]:
    """Capture for the window and add up what came in it."""
    stripes: list[tuple[int, int, int]] = []
    capture = pixelflux.ScreenCapture()
    capture.start_capture(
        lambda frame: stripes.append((frame.frame_id, len(frame), frame.stripe_height)), settings(pixelflux, mode, task)
    )
    _wait_for_first(capture, stripes)
    time.sleep(task["warmup"])
    say(b"begun\n")
    own, display, first = time.process_time(), _cpu_seconds(task["display_pid"]), len(stripes)
    counted = capture.stream_stats()
    began = time.monotonic()
    time.sleep(task["seconds"])
    seconds = time.monotonic() - began
    own, display, last = time.process_time() - own, _cpu_seconds(task["display_pid"]) - display, len(stripes)
    say(b"ended\n")
    encoding = _encode_seconds(counted, capture.stream_stats())
    _check_stream(capture.stream_info(), mode)
    capture.stop_capture()
    window = stripes[first:last]
    updates = len({number for number, _, _ in window})
    pixels = sum(height for _, _, height in window) * task["width"]
    return {
        "seconds": seconds,
        "updates": updates,
        "own_cpu": own,
        "display_cpu": display,
        "bytes": sum(size for _, size, _ in window),
        "walls": [] if encoding is None else [encoding],
        "encoded_pixels": pixels / updates if updates else None,
    }


def settings(pixelflux: Any, mode: str, task: dict[str, Any]) -> Any:
    """Make the settings of its documentation's example, for software encoding at our quality and rate."""
    made = pixelflux.CaptureSettings()
    made.codec, made.video_fullframe = MODES[mode]
    made.use_wayland = False
    made.capture_width, made.capture_height = task["width"], task["height"]
    made.capture_x = made.capture_y = 0
    made.target_fps = float(task["rate"])
    made.use_cpu, made.encode_node_index = True, -1
    made.video_crf = 24
    made.use_paint_over_quality = True
    made.paint_over_trigger_frames = 15
    made.damage_block_threshold = 10
    made.damage_block_duration = 30
    return made


def _wait_for_first(capture: Any, stripes: list[tuple[int, int, int]]) -> None:
    deadline = time.monotonic() + _FIRST_SECONDS
    while not stripes:
        state, error = capture.capture_state()
        if state == "failed" or time.monotonic() > deadline:
            sys.exit(f"pixelflux gave no frame: {error or state}")
        time.sleep(0.01)


def _check_stream(info: dict[str, Any] | None, mode: str) -> None:
    """Refuse to report a stream that is not the one that was asked for."""
    codec, fullframe = MODES[mode]
    if info is None or info["codec"] != codec or (codec == "h264" and bool(info["striped"]) == fullframe):
        sys.exit(f"pixelflux does not stream {mode} here: {info}")


def _encode_seconds(before: dict[str, int], after: dict[str, int]) -> float | None:
    frames = after["frames"] - before["frames"]
    return (after["encode_ns"] - before["encode_ns"]) / 1e9 / frames if frames else None


def _cpu_seconds(pid: int) -> float:
    """Read another process's CPU clock, as clock_getcpuclockid(3) numbers it."""
    return time.clock_gettime(ctypes.c_int((~pid << 3) | 2).value)


if __name__ == "__main__":
    main()
