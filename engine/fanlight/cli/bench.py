"""`fanlight bench`: measure fanlight beside the tools people would use instead.

What is measured and how is the business of the package `fanlight_bench`, which needs the extra `bench`; it is imported
when a benchmark runs, so that the other commands do without it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fanlight.cli.options import json_option
from fanlight.errors import FanlightError, UsageError

if TYPE_CHECKING:
    from fanlight_bench.plan import Progress
    from fanlight_bench.results import Report
    from fanlight_bench.run import Planned, Run

F = TypeVar("F", bound=Callable[..., Any])

# What an extra brings, by the name it is imported by.
_EXTRAS = {"matplotlib": "bench", "pygame": "bench", "distributed": "cluster", "dask": "cluster"}


@click.group()
def bench() -> None:
    """Measure fanlight, and the tools people would use instead, in one run and in turns."""


def _filter(name: str, help_: str) -> Callable[[F], F]:
    return click.option(f"--{name}", f"{name}s", multiple=True, metavar="NAME", help=f"{help_}; may be repeated.")


_workload = _filter("workload", "Only this workload, or file:PATH for a video or a recorded sequence")
_system = _filter("system", "Only this system")
_encoder = _filter("encoder", "Only this encoder")
_size = click.option(
    "--size", "sizes", multiple=True, metavar="WxH", help="Only this size of the screen; may be repeated."
)


_rate = click.option(
    "--rate",
    type=click.IntRange(1, 240),
    metavar="N",
    help="How often a second workloads draw, and how many pictures are asked for at most (60).",
)


def _common(command: F) -> F:
    """Give a benchmark the options that all of them have."""
    options = (
        click.option("--quick", is_flag=True, help="A first look: ends within two minutes."),
        click.option("--turns", type=click.IntRange(1, 1_000), help="How often each case is measured."),
        json_option,
        click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page with plots."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@bench.command()
@_common
@_workload
@_encoder
@_size
@click.option("--scheduler", metavar="ADDRESS", help="Hand the cases to a dask.distributed cluster: tcp://HOST:PORT.")
def encoders(scheduler: str | None, **options: Any) -> None:
    """Compare encoders: time, bytes and quality over workloads, sizes and rate points."""
    _bench("encoders", options, scheduler)


@bench.command()
@_common
@_workload
@_system
@_size
@_rate
def pipeline(**options: Any) -> None:
    """Compare capture, compare and encode in one process, beside other ways to do it."""
    _bench("pipeline", options)


@bench.command()
@_common
@_workload
@_system
@_size
@_rate
def screen(**options: Any) -> None:
    """Compare screen to screen: frames a second and how old they are, beside other remote desktops."""
    _bench("screen", options)


@bench.command()
@_common
@_size
def growth(**options: Any) -> None:
    """Measure what an update costs by how much of the screen changed, and by how many look."""
    _bench("growth", options)


@bench.command()
@_common
@_filter("case", "Only this case: idle, letter, motion, full-change, peers or coding")
@click.option("--size", metavar="WxH", help="In the place of 1920x1080; the larger screen has twice its sides.")
def core(**options: Any) -> None:
    """Measure capture, compare, motion and tiles, each beside the limit that it must keep to."""
    _bench("core", options)


@bench.command()
@_common
@_filter("case", "Only this case: idle, rests, keys, stopped-text, stopped-film or viewers")
@click.option("--size", metavar="WxH", help="In the place of 1920x1080.")
def link(**options: Any) -> None:
    """Measure a slow link, a stopped viewer, many viewers and none, each beside the limit that it must keep to."""
    _bench("link", options)


def _bench(name: str, options: dict[str, Any], scheduler: str | None = None) -> None:
    as_json, page = options.pop("as_json"), options.pop("html")
    with _needs_extras():
        write_page = _page_writer(page)
        run = import_module("fanlight_bench.encoders.cluster").on(scheduler) if scheduler else None
        report = _measure(_plan(name, options), run)
    _show(report, as_json)
    write_page(report)
    if not report.complete:
        # The root says that it was interrupted, and ends with the code of the signal.
        raise click.Abort
    if not any(row.figures for row in report.rows):
        raise FanlightError("nothing could be measured here; the reasons stand with each system")


@contextmanager
def _needs_extras() -> Iterator[None]:
    """Turn the absence of an optional package into the sentence that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        raise UsageError(
            f"this needs {package}, which is not installed: pip install 'fanlight[{_EXTRAS[package]}]'"
        ) from error


def _page_writer(path: Path | None) -> Callable[["Report"], None]:
    """Return what writes the page. What can be refused is refused here, before anything is measured."""
    if path is None:
        return lambda _: None
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} to write {path.name} into")
    page = import_module("fanlight_bench.report.page")

    def write(report: "Report") -> None:
        try:
            path.write_text(page.render(report), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error
        click.echo(f"fanlight: the page is {path}", err=True)

    return write


def _plan(name: str, options: dict[str, Any]) -> "Planned":
    from fanlight_bench.run import Planned

    return Planned(name, {option: value for option, value in options.items() if value not in (None, ())})


def _measure(planned: "Planned", run: "Run | None") -> "Report":
    from fanlight_bench.report.numbers import duration

    length = f"cases: {planned.cases}, turns: {planned.turns}, about {duration(planned.seconds)}"
    click.echo(f"fanlight bench {planned.name}: {length}. Ctrl-C keeps what was measured.", err=True)
    with _progress() as progress:
        return planned.measure(progress, run) if run else planned.measure(progress)


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Yield what draws a bar with the time left on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda label, done, total: None
        return
    from fanlight_bench.report.bar import progress_bar

    with progress_bar() as draw:
        yield draw


def _show(report: "Report", as_json: bool) -> None:
    if as_json:
        click.echo(report.to_json())
        return
    from fanlight_bench.report.tables import show

    show(report, sys.stdout)
