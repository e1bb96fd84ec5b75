"""What another tool spends to capture and encode the same workload, without sending or showing it anywhere."""

from dataclasses import dataclass

from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.pipeline import systems
from fanlight_bench.pipeline.case import PipelineCase, Window
from fanlight_bench.plan import Settings
from fanlight_bench.results import Figure
from fanlight_bench.screen.table import ENCODE_ALONE, ENCODE_CPU


@dataclass
class EncodeAlone:
    """A case of plan.run_in_turns, beside those of whole systems."""

    workload: str
    size: Size
    rate: int
    window: float
    warm_up: float
    system: str = ENCODE_ALONE

    def __post_init__(self) -> None:
        (measured,) = systems.find((self.system,))
        window = Window(self.window, self.warm_up, self.rate)
        self._case = PipelineCase(self.system, self.workload, self.size, window, measured, self._command)

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return self._case.settings | {"rate": self.rate}

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        return self._case.seconds

    def measure(self) -> dict[str, Figure]:
        """Measure once; Unavailable, with the reason, where it cannot run here."""
        found = self._case.measure()
        return {ENCODE_CPU: found["CPU an update"]} if "CPU an update" in found else {}

    def _command(self, size: Size, rate: int) -> list[str]:
        return workloads.command(self.workload, size, rate)
