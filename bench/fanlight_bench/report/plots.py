"""The plots of a report, each an SVG: a bar a peer, rate-distortion curves, latency curves, cost against change."""

import re
from collections.abc import Callable, Iterable, Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from fanlight_bench.report import svg
from fanlight_bench.report.compare import delivered, is_limit, is_ours, label, scenes
from fanlight_bench.report.numbers import is_bytes, quantity
from fanlight_bench.results import Report, Row

# What the benchmark says of pictures without an error.
_EXACT_DB = 100.0
_ABOVE_DB = 4.0
_MARKS = "oxsD^vP+*<>"
_COLUMNS = 3
_WIDTH = 3.8
# A limit is drawn where it is a floor; it delivers as much as it can, and nobody asks it to.
_FIGURES_WITH_FLOORS = ("time an update", "latency p50", "latency p99")
# How a report of growth names its points.
_SHARE = re.compile(r"at ([0-9.]+) %")
Painter = Callable[[Axes, list[Row]], None]


class Palette:
    """One colour a system, the same in every plot of a page; fanlight's come first."""

    def __init__(self, report: Report) -> None:
        names = dict.fromkeys(row.system for row in report.rows)
        ordered = sorted(names, key=lambda name: not is_ours(name))
        self._colours = {name: svg.COLOURS[i % len(svg.COLOURS)] for i, name in enumerate(ordered)}
        self._marks = {name: _MARKS[i % len(_MARKS)] for i, name in enumerate(ordered)}

    def colour(self, system: str) -> str:
        """Return a system's colour."""
        return self._colours[system]

    def mark(self, system: str) -> str:
        """Return a system's marker, so that points at one place are seen to be several."""
        return self._marks[system]


def bars(report: Report, figure: str, palette: Palette) -> str | None:
    """Draw a bar a system for each scene, from the median of its runs, with all runs as a line; None without rows."""

    def paint(axes: Axes, rows: list[Row]) -> None:
        medians = [row.figures[figure].median for row in rows]
        places = range(len(rows))
        axes.barh(places, medians, 0.68, color=[palette.colour(row.system) for row in rows])
        for place, row in zip(places, rows, strict=True):
            axes.plot([row.figures[figure].low, row.figures[figure].high], [place, place], color=svg.INK, linewidth=1)
        axes.set_yticks(places, [_bar_name(row, rows, figure) for row in rows])
        axes.set_xlim(left=0)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.locator_params(axis="x", nbins=4)

    floors = figure in _FIGURES_WITH_FLOORS
    panels = _panels(report, lambda row: figure in row.figures and (floors or not is_limit(row)))
    rows_a_panel = max((len(rows) for _, rows in panels), default=0)
    return _facets(panels, paint, 0.75 + 0.24 * rows_a_panel, _unit(report, figure), columns=2)


def curves(report: Report, x: str, y: str, palette: Palette) -> str | None:
    """Draw figure `y` over the logarithm of `x` for each scene: a line a system through its rows by their x."""

    def paint(axes: Axes, rows: list[Row]) -> None:
        top = _ceiling(row.figures[y].median for row in rows)
        for system, points in _by_system(rows):
            at = sorted((row.figures[x].median, min(row.figures[y].median, top)) for row in points)
            axes.plot(
                *zip(*at, strict=True),
                marker=palette.mark(system),
                color=palette.colour(system),
                linewidth=2.4 if is_ours(system) else 1.3,
                label=system,
            )
        _scale_by_decades(axes)
        _name_quantities(axes.yaxis, _unit(report, y))
        _name_ceiling(axes, top)

    panels = _panels(report, lambda row: x in row.figures and y in row.figures)
    return _facets(panels, paint, 2.6, _unit(report, x), legend=True)


def cumulative(report: Report, shares: Sequence[tuple[float, str]], palette: Palette) -> str | None:
    """Draw, for each scene, the share of frames that were at most as old as each of the named figures say."""

    def paint(axes: Axes, rows: list[Row]) -> None:
        for row in rows:
            at = [(row.figures[name].median, share) for share, name in shares if name in row.figures]
            axes.plot(
                *zip(*at, strict=True),
                marker=palette.mark(row.system),
                color=palette.colour(row.system),
                linewidth=2.4 if is_ours(row.system) else 1.3,
                label=row.system,
            )
        axes.set_ylim(0, 104)
        _scale_by_decades(axes)
        axes.set_ylabel("% of frames")

    names = [name for _, name in shares]
    panels = _panels(report, lambda row: any(name in row.figures for name in names))
    unit = next((_unit(report, name) for name in names if _unit(report, name)), "")
    return _facets(panels, paint, 2.6, unit, legend=True)


def growth(report: Report, palette: Palette) -> str | None:
    """Draw what an update costs over the changed share of the screen, with all runs, and dashed the line that fits."""

    def paint(axes: Axes, rows: list[Row]) -> None:
        for row in rows:
            colour = palette.colour(row.system)
            at = sorted((share, row.figures[name]) for name in row.figures if (share := _share(name)) is not None)
            shares = [share for share, _ in at]
            axes.plot(shares, [figure.median for _, figure in at], "o", color=colour, label=row.system)
            axes.vlines(shares, [figure.low for _, figure in at], [figure.high for _, figure in at], color=colour)
            if (fit := _fit(row)) is not None:
                axes.plot(fit[0], fit[1], "--", color=colour, linewidth=1.2)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("ms")

    panels = _panels(report, lambda row: any(_share(name) is not None for name in row.figures))
    return _facets(panels, paint, 2.6, "% of the screen changed", legend=True)


def _share(name: str) -> float | None:
    found = _SHARE.fullmatch(name)
    return float(found[1]) if found else None


def _fit(row: Row) -> tuple[list[float], list[float]] | None:
    """Return the ends of the line a + b x in percent and ms; None where it was not fitted."""
    if "fixed (a)" not in row.figures or "a changed megapixel (b)" not in row.figures:
        return None
    width, _, height = str(row.settings["size"]).partition("x")
    fixed, slope = row.figures["fixed (a)"].median, row.figures["a changed megapixel (b)"].median
    return [0.0, 100.0], [fixed, fixed + slope * int(width) * int(height) / 1e6]


def _bar_name(row: Row, rows: list[Row], figure: str) -> str:
    """Return the system, beside a latency with the rate at which it delivered."""
    rate = delivered(row) if figure.startswith("latency") else ""
    return ", ".join(filter(None, (label(row, rows), rate)))


def _panels(report: Report, wanted: Callable[[Row], bool]) -> list[tuple[str, list[Row]]]:
    found = ((str(scene), [row for row in rows if wanted(row)]) for scene, rows in scenes(report).items())
    return [(title, rows) for title, rows in found if rows]


def _ceiling(qualities: Iterable[float]) -> float:
    """Return where exact pictures are drawn: a little above the best of the others, since no number of dB is right."""
    best = max((quality for quality in qualities if quality < _EXACT_DB), default=_EXACT_DB - _ABOVE_DB)
    return best + _ABOVE_DB


def _name_ceiling(axes: Axes, top: float) -> None:
    low, _ = axes.get_ylim()
    ticks = [tick for tick in MaxNLocator(5).tick_values(low, top) if low <= tick < top - _ABOVE_DB / 2]
    axes.set_yticks([*ticks, top], [*(f"{tick:g}" for tick in ticks), "exact"])


def _by_system(rows: list[Row]) -> Iterable[tuple[str, list[Row]]]:
    for system in dict.fromkeys(row.system for row in rows):
        yield system, [row for row in rows if row.system == system]


def _unit(report: Report, figure: str) -> str:
    return next((row.figures[figure].unit for row in report.rows if figure in row.figures), "")


def _facets(
    panels: list[tuple[str, list[Row]]],
    paint: Painter,
    height: float,
    x_unit: str,
    *,
    columns: int = _COLUMNS,
    legend: bool = False,
) -> str | None:
    """Draw a small plot a panel, side by side, with one legend for all of them below."""
    if not panels:
        return None
    columns = min(columns, len(panels))
    lines = ceil(len(panels) / columns)
    with svg.style():
        width = _WIDTH * _COLUMNS / 2 if columns <= 2 else _WIDTH
        drawing = Drawing(figsize=(width * columns, height * lines + 0.5 * legend), layout="constrained")
        grid = list(drawing.subplots(lines, columns, squeeze=False).flat)
        for axes, (title, rows) in zip(grid, panels, strict=False):
            axes.set_title(title)
            paint(axes, rows)
            _name_quantities(axes.xaxis, x_unit)
        for axes in grid[len(panels) :]:
            axes.remove()
        if legend:
            _legend(drawing, columns)
        return svg.to_svg(drawing)


def _scale_by_decades(axes: Axes) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if high < 40 * low else (1.0,), numticks=8))


def _name_quantities(axis: Axis, unit: str) -> None:
    """Write the numbers of an axis as everywhere else; bytes have their unit at each number."""
    if is_bytes(unit):
        axis.set_major_formatter(lambda value, _place: quantity(value, unit))
    else:
        axis.set_major_formatter(lambda value, _place: f"{value:,g}")
        axis.set_label_text(unit)
    axis.set_minor_formatter(NullFormatter())


def _legend(drawing: Drawing, columns: int) -> None:
    handles = {
        text: line for axes in drawing.axes for line, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    drawing.legend(handles.values(), handles.keys(), loc="outside lower left", ncols=2 * columns)
