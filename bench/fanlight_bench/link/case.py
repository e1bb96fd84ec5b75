"""What all cases of the link have in common: one host, one machine, figures of one turn or a reason."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from fanlight.errors import FanlightError
from fanlight.types import Size
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.results import Figure

Figures = dict[str, Figure]

# Display, workload, host and one viewer.
START_SECONDS = 6.0


class LinkCase(ABC):
    """A case of plan.run_in_turns; `seconds` is about how long it measures, beside starting."""

    system = "fanlight"

    def __init__(self, workload: str, shown: str, size: Size, rate: int, seconds: float) -> None:
        self.workload = workload
        self.shown = shown
        self.size = size
        self.rate = rate
        self.seconds = seconds + START_SECONDS
        self.settings: Settings = {
            "size": size_text(size),
            "workload": shown,
            "rate": rate,
        }

    def measure(self) -> Figures:
        """Measure once; Unavailable, with the reason, where it cannot be measured here."""
        try:
            return self.take()
        except (TimeoutError, FanlightError) as error:
            raise Unavailable(str(error)) from error

    @abstractmethod
    def take(self) -> Figures:
        """Set the scene and measure."""


def once(value: float, unit: str, better: str = "lower") -> Figure:
    """Return a figure of one turn."""
    return Figure((float(value),), unit, better)


def percentile(values: Sequence[float], share: float, of: str) -> float:
    """Return a percentile; Unavailable where there was nothing to take it of."""
    if not values:
        raise Unavailable(f"there was no {of} to measure")
    return float(np.percentile(values, share))
