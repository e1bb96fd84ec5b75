"""The floor under all latencies: the sampler looks at the workload's own display, and nothing lies between."""

import importlib.metadata
from pathlib import Path
from typing import ClassVar

from fanlight_bench.processes import Display
from fanlight_bench.screen.system import System


class Limit(System):
    """No host and no viewer: what drawing and looking take by themselves."""

    name: ClassVar[str] = "limit"
    settings: ClassVar[dict[str, str | int | float]] = {"sampler": "on the workload's own display"}

    @classmethod
    def missing(cls) -> str | None:
        """Return None: it needs nothing."""
        return None

    @classmethod
    def version(cls) -> str:
        """Return fanlight's version, whose sampler it is."""
        return importlib.metadata.version("fanlight")

    @property
    def parts(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def start(self, source: Display, screen: Display, folder: Path) -> Display:
        """Return the workload's own display."""
        return source

    def check(self) -> None:
        """Find nothing wrong."""

    def stop(self) -> None:
        """End nothing."""
