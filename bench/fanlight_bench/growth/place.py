"""What a small change costs by where it is: the same few tiles side by side, or far apart in two corners."""

import statistics
import time
from dataclasses import dataclass

from fanlight.codec import open_encoder
from fanlight.types import Frame, Image, Rect, Size
from fanlight_bench import clock, workloads
from fanlight_bench.plan import Settings, size_text
from fanlight_bench.results import Figure

_RATE = 60
_WORKLOAD = "typing"
_SECONDS_PER_MEGAPIXEL = 0.2


@dataclass
class PlaceCase:
    """Compare and encode two small blocks that change; the cost is the CPU time of all threads, the median."""

    system: str
    workload: str
    size: Size
    codec: str
    updates: int

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {
            "size": size_text(self.size),
            "changed": f"two blocks of {clock.WIDTH}x{clock.HEIGHT}",
            "cost": "CPU time of an update, all threads",
            "capture": "not included",
        }

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return self.size[0] * self.size[1] / 1e6 * _SECONDS_PER_MEGAPIXEL

    def measure(self) -> dict[str, Figure]:
        """Measure both places once."""
        picture = next(workloads.frames(_WORKLOAD, self.size, 1)).copy()
        first, last = clock.corners(self.size)
        beside = first._replace(x=first.x + first.w)
        return {
            "side by side": Figure((self._cost(picture, (first, beside)),), "ms"),
            "in two corners": Figure((self._cost(picture, (first, last)),), "ms"),
        }

    def _cost(self, picture: Image, places: tuple[Rect, Rect]) -> float:
        """Return the milliseconds of one update."""
        width, height = self.size
        shown = picture.copy()
        taken = []
        with open_encoder(self.codec, self.size) as encoder:
            encoder.encode(Frame(shown, (Rect(0, 0, width, height),), 0.0, 0.0))
            for turn in range(1, self.updates + 1):
                for x, y, w, h in places:
                    shown[y : y + h, x : x + w] = turn % 256
                began = time.process_time()
                encoder.encode(Frame(shown, places, turn / _RATE, turn / _RATE))
                taken.append(1000 * (time.process_time() - began))
        return statistics.median(taken)
