"""The bar on a terminal: how far a benchmark is, what it measures, how much time is left."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from fanlight_bench.plan import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield a Progress that draws on standard error."""
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[left]:>8} left"),
        TextColumn("{task.description}", markup=False),
    )
    started = time.monotonic()
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", left="")

        def draw(label: str, done: float, total: float) -> None:
            left = time_left(done, total, time.monotonic() - started)
            bar.update(task, description=label, completed=done, total=total, left=f"{left // 60:.0f}:{left % 60:02.0f}")

        yield draw


def time_left(done: float, total: float, elapsed: float) -> float:
    """Return the seconds left: the plan's own estimate at first, corrected by how true it was so far."""
    return round((total - done) * (elapsed / done if done else 1.0))
