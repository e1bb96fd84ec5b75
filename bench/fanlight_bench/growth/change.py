"""What an update costs by how much of the picture changed: off screen, and with a real display and its capture."""

import functools
import statistics
import time
from dataclasses import dataclass

from fanlight.codec import Encoder, open_encoder
from fanlight.kernels import tiles
from fanlight.types import Frame, Image, Rect, Size
from fanlight_bench import workloads
from fanlight_bench.growth.fit import cost_figures
from fanlight_bench.pipeline import systems
from fanlight_bench.pipeline.case import PipelineCase, Window
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.results import Figure

CONTENTS = {"text": "scroll-text", "film": "full-change"}
"""What changes into what: two pictures of this workload, of different seeds."""

_RATE = 60
# About how long one update takes, and the encoder's first one with the drawing of both pictures.
_SECONDS_PER_MEGAPIXEL = 0.012
_START_SECONDS_PER_MEGAPIXEL = 0.1


@dataclass
class EncodeCase:
    """Compare and encode alone: updates in which a share of the tiles, column by column, becomes another picture.

    Columns, because text is not as dense in all lines of a page. The cost is the CPU time of all threads of this
    process, the median of `updates`.
    """

    system: str
    workload: str
    size: Size
    codec: str
    content: str
    shares: tuple[float, ...]
    updates: int

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {
            "size": size_text(self.size),
            "cost": "CPU time of an update, all threads",
            "capture": "not included",
            "updates": self.updates,
        }

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        megapixels = self.size[0] * self.size[1] / 1e6
        updates = self.updates * sum(self.shares) + len(self.shares)
        return megapixels * (_START_SECONDS_PER_MEGAPIXEL + updates * _SECONDS_PER_MEGAPIXEL)

    def measure(self) -> dict[str, Figure]:
        """Measure all shares once."""
        pictures = _two_pictures(CONTENTS[self.content], self.size)
        areas = [changed_area(self.size, share) for share in self.shares]
        costs = [self._cost(pictures, area) for area in areas]
        return cost_figures(self.shares, [sum(rect.w * rect.h for rect in area) for area in areas], costs)

    def _cost(self, pictures: tuple[Image, Image], area: tuple[Rect, ...]) -> float:
        """Return the milliseconds of one update."""
        width, height = self.size
        shown = pictures[0].copy()
        # That nothing changed is found out in one tile, which is the least that damage makes an encoder do.
        damage = area or (Rect(0, 0, tiles.TILE, tiles.TILE),)
        taken = []
        with open_encoder(self.codec, self.size) as encoder:
            encoder.encode(Frame(shown, (Rect(0, 0, width, height),), 0.0, 0.0))
            for turn in range(1, self.updates + 1):
                for x, y, w, h in area:
                    shown[y : y + h, x : x + w] = pictures[turn % 2][y : y + h, x : x + w]
                taken.append(_encode_milliseconds(encoder, Frame(shown, damage, turn / _RATE, turn / _RATE)))
        return statistics.median(taken)


@dataclass
class CaptureCase:
    """Capture, compare and encode in a process of its own, while a program draws film into a share of a display.

    The cost is that process's CPU time an update; what the X server uses is not in it.
    """

    system: str
    workload: str
    size: Size
    measured: str
    shares: tuple[float, ...]
    window: Window

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {
            "size": size_text(self.size),
            "cost": "CPU time of an update, own process",
            "capture": "included",
        }

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return sum(self._case(share).seconds for share in self.shares)

    def measure(self) -> dict[str, Figure]:
        """Measure all shares once; Unavailable where the display shows no update."""
        costs = []
        for share in self.shares:
            figures = self._case(share).measure()
            if "CPU an update" not in figures:
                raise Unavailable("there was no update to measure in the time given")
            costs.append(figures["CPU an update"].median)
        width, height = self.size
        return cost_figures(self.shares, [width * round(height * share) for share in self.shares], costs)

    def _case(self, share: float) -> PipelineCase:
        return PipelineCase(
            self.system,
            self.workload,
            self.size,
            self.window,
            systems.SYSTEMS[self.measured],
            functools.partial(_film, share),
        )


def _film(share: float, size: Size, rate: int) -> list[str]:
    """Return the command that changes the top `share` of a display."""
    width, height = size
    return workloads.command("full-change", size, rate=rate, region=Rect(0, 0, width, round(height * share)))


def changed_area(size: Size, share: float) -> tuple[Rect, ...]:
    """Return the rectangles of the first `share` of the tiles, column by column."""
    width, height = size
    rows, columns = tiles.grid(size)
    whole, rest = divmod(round(share * rows * columns), rows)
    edge = whole * tiles.TILE
    found = (
        Rect(0, 0, min(edge, width), height),
        Rect(edge, 0, min(tiles.TILE, width - edge), min(rest * tiles.TILE, height)),
    )
    return tuple(rect for rect in found if rect.w > 0 and rect.h > 0)


@functools.lru_cache(maxsize=len(CONTENTS))
def _two_pictures(workload: str, size: Size) -> tuple[Image, Image]:
    """Draw two pictures of one kind; they are kept for the other encoders, which take turns with this one."""
    first, second = (next(workloads.frames(workload, size, 1, seed=seed)).copy() for seed in (1, 2))
    return first, second


def _encode_milliseconds(encoder: Encoder, frame: Frame) -> float:
    began = time.process_time()
    encoder.encode(frame)
    return 1000 * (time.process_time() - began)
