"""Which sizes, rates and regions a workload takes; looked at before anything is opened or drawn."""

from pathlib import Path

from fanlight.errors import UsageError
from fanlight.types import MAX_SIDE, Rect, Size

MIN_WIDTH, MIN_HEIGHT = 320, 240
MAX_RATE = 1000
TAKES_REGION = ("full-change", "video-region")


def check_values(size: Size, rate: float, name: str, region: Rect | None) -> None:
    """Raise UsageError where a value does not fit the workload."""
    width, height = size
    if not (MIN_WIDTH <= width <= MAX_SIDE and MIN_HEIGHT <= height <= MAX_SIDE):
        raise UsageError(
            f"A workload of {width}x{height} cannot be drawn: "
            f"sizes go from {MIN_WIDTH}x{MIN_HEIGHT} to {MAX_SIDE}x{MAX_SIDE}."
        )
    if not 0 < rate <= MAX_RATE:
        raise UsageError(f"A workload cannot run at {rate:g} frames a second: rates go up to {MAX_RATE}.")
    if region is not None:
        _check_region(size, name, region)


def _check_region(size: Size, name: str, region: Rect) -> None:
    if name not in TAKES_REGION:
        raise UsageError(f"{name} takes no region; {' and '.join(TAKES_REGION)} do.")
    x, y, w, h = region
    if x < 0 or y < 0 or w < 1 or h < 1 or x + w > size[0] or y + h > size[1]:
        raise UsageError(f"The region {w}x{h} at ({x}, {y}) is not inside a screen of {size[0]}x{size[1]}.")


def check_file(path: Path) -> None:
    """Raise UsageError where the first frame of a file cannot be had."""
    from fanlight_bench.workloads import recordings

    with recordings.open_recording(path) as recording:
        recording.next()
