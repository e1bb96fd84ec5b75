"""What a scroll costs at least whoever proves by comparing pixels that it is one, and sends it by TLS."""

from dataclasses import dataclass, field

from fanlight.types import Size
from fanlight_bench import workloads
from fanlight_bench.link.floor import FloorCase
from fanlight_bench.link.table import PER_UPDATE
from fanlight_bench.pipeline.case import PipelineCase, Window
from fanlight_bench.pipeline.systems import COMPARE
from fanlight_bench.plan import Unavailable
from fanlight_bench.results import Figure
from fanlight_bench.screen.table import CPU, FLOOR

UPDATE_BYTES = 1_500
"""About what an update of text that scrolls takes at 1920x1080."""


@dataclass
class ScrollFloor:
    """A case of plan.run_in_turns: two pictures read once for each that is drawn, then as many updates by bare TLS."""

    workload: str
    size: Size
    rate: int
    window: float
    warm_up: float
    system: str = FLOOR
    settings: dict[str, str | int | float] = field(init=False)
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        window = Window(self.window, self.warm_up, self.rate)
        self._compare = PipelineCase(FLOOR, self.workload, self.size, window, COMPARE, self._command)
        self._send = FloorCase(FLOOR, self.workload, 1, self.rate, self.window, UPDATE_BYTES)
        self.settings = self._compare.settings | {"rate": self.rate, "update": f"{UPDATE_BYTES} bytes"}
        self.seconds = self._compare.seconds + self._send.seconds

    def measure(self) -> dict[str, Figure]:
        """Measure once, one after the other; Unavailable, with the reason, where they cannot run here."""
        compared = self._compare.measure().get("CPU an update")
        if compared is None:
            raise Unavailable("no picture was compared")
        sent = self._send.measure()[PER_UPDATE]
        both = Figure((compared.median + sent.median,), compared.unit)
        return {"comparing, CPU a frame": compared, "TLS, CPU a frame": sent, CPU: both}

    def _command(self, size: Size, rate: int) -> list[str]:
        return workloads.command(self.workload, size, rate)
