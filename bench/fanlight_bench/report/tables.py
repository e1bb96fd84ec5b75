"""A report for a terminal: a table a scene, then the ratios, then where another tool is better."""

import shutil
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fanlight_bench.report.compare import Comparison, comparisons, label, rate_of, scenes
from fanlight_bench.report.numbers import duration, middle, number
from fanlight_bench.results import Report, Row

# A file or a pipe has no width of its own, and a table that is folded is hard to read there.
_WIDTH_OF_A_FILE = 220
_MOST_LOSSES = 30


def show(report: Report, out: TextIO) -> None:
    """Print a report for people."""
    width = shutil.get_terminal_size().columns if out.isatty() else _WIDTH_OF_A_FILE
    console = Console(file=out, width=width, highlight=False)
    for scene, rows in scenes(report).items():
        console.print(_scene_table(str(scene), rows))
    for line in closing_lines(report):
        console.print(line, markup=False)


def _scene_table(title: str, rows: list[Row]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    table = Table(title=escape(title), title_justify="left", title_style="bold", header_style="", pad_edge=False)
    table.add_column("system", overflow="fold")
    for name in names:
        table.add_column(escape(name.replace("_", " ")), justify="right")
    for row in rows:
        cells = [middle(row.figures[name]) if name in row.figures else "-" for name in names]
        table.add_row(escape(label(row, rows)), *map(escape, cells))
        if row.reason:
            table.add_row(f"[dim]  {escape(row.reason)}[/]")
    return table


def closing_lines(report: Report) -> list[str]:
    """Return what is said below the tables: ratios, losses, how it was measured."""
    lines = [f"{ratio.workload}, {ratio.figure}: {ratio.system} to {ratio.against} {ratio.verdict()}"
             for ratio in report.ratios]  # fmt: skip
    found = comparisons(report)
    lost = sorted((one for one in found if one.is_lost), key=lambda one: one.times_better, reverse=True)
    if found:
        lines.append(in_short(found))
    lines += [f"  {loss_in_words(one, scenes(report)[one.scene])}" for one in lost[:_MOST_LOSSES]]
    if len(lost) > _MOST_LOSSES:
        lines.append(f"  and {len(lost) - _MOST_LOSSES} more; --html and --json have all of them")
    lines += report.notes
    lines.append(how_measured(report))
    return lines


def in_short(found: list[Comparison]) -> str:
    """Return how often fanlight is better, how often not."""
    won, lost = sum(one.is_won for one in found), sum(one.is_lost for one in found)
    return (
        f"Of {len(found)} figures held beside another tool's, fanlight is better in {won}, "
        f"the other tool in {lost}; in {len(found) - won - lost} no difference was seen."
    )


def loss_in_words(one: Comparison, rows: list[Row]) -> str:
    """Return one loss as a sentence."""
    ours, theirs = (
        f"{label(row, rows)}{f' at {rate_of(row)}' if rate_of(row) else ''} {middle(row.figures[one.name])}"
        for row in (one.ours, one.theirs)
    )
    return f"{one.scene}, {one.name.replace('_', ' ')}: {theirs}, {ours}, {number(one.times_better)} times better"


def how_measured(report: Report) -> str:
    """Return when and how long it was measured, and whether to its end."""
    runs = {len(figure.runs) for row in report.rows for figure in row.figures.values()}
    each = f"{min(runs)} to {max(runs)} runs" if len(runs) > 1 else f"{next(iter(runs), 0)} runs"
    once = ", so nothing is known of their spread" if runs == {1} else ""
    end = "" if report.complete else "; interrupted, so cases are missing"
    quick = ", a quick look" if report.quick else ""
    return f"Measured {report.started} in {duration(report.seconds)}{quick}, {each} of each figure{once}{end}."
