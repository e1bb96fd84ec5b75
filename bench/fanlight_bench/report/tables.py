"""A report for a terminal: a table a scene, then the ratios, then where another tool is better."""

import shutil
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fanlight_bench.report.compare import Comparison, Scene, comparisons, delivered, label, scenes
from fanlight_bench.report.numbers import duration, in_column, middle, number, unit_of_column
from fanlight_bench.results import STAGE, Limit, Ratio, Report, Row

# A file or a pipe has no width of its own, and a table that is folded is hard to read there.
_WIDTH_OF_A_FILE = 360
_MOST_LOSSES = 40


def show(report: Report, out: TextIO) -> None:
    """Print a report for people."""
    width = shutil.get_terminal_size().columns if out.isatty() else _WIDTH_OF_A_FILE
    console = Console(file=out, width=width, highlight=False)
    found = comparisons(report)
    for scene, rows in scenes(report).items():
        if any(row.figures for row in rows):
            _print(console, str(scene), _scene_table(rows))
        for row in rows:
            if row.reason:
                console.print(f"{label(row, rows)}: {row.reason}", markup=False)
    stages, lines = stage_lines(report)
    if lines:
        _print(console, STAGES_HEADING, _plain_table(stages, lines))
    for heading, ratios in ratio_tables(report):
        figures, lines = ratio_lines(ratios)
        _print(console, heading, _plain_table(["to", *figures], lines))
    lost = sorted((one for one in found if one.is_lost), key=lambda one: one.times_better, reverse=True)
    if lost:
        _print(console, "Where another tool is better", _losses(lost[:_MOST_LOSSES], scenes(report)))
    if len(lost) > _MOST_LOSSES:
        console.print(f"And {len(lost) - _MOST_LOSSES} more, which --html lists.", markup=False)
    if report.limits:
        _print(console, "Figures it must reach", _limit_table(report.limits))
    for reason in unmeasured(report.limits):
        console.print(reason, markup=False)
    for line in (*([in_short(found)] if found else []), *report.notes, how_measured(report)):
        console.print(line, markup=False)


def _print(console: Console, heading: str, table: Table) -> None:
    # Apart from the table, whose own title would be folded to its width.
    console.print(f"\n{heading}", style="bold", markup=False)
    console.print(table)


def _table() -> Table:
    return Table(header_style="", pad_edge=False)


def _scene_table(rows: list[Row]) -> Table:
    units = units_of(rows)
    table = _table()
    table.add_column("system", overflow="fold")
    for name, unit in units.items():
        table.add_column(
            escape("\n".join(filter(None, (name.replace("_", " "), unit_of_column(unit))))), justify="right"
        )
    for row in rows:
        if row.figures:
            cells = [in_column(row.figures[name]) if name in row.figures else "-" for name in units]
            table.add_row(escape(label(row, rows)), *map(escape, cells))
    return table


def units_of(rows: list[Row]) -> dict[str, str]:
    """Return the rows' figures with their units, in the order they come, without the stages."""
    return {name: figure.unit for row in rows for name, figure in row.figures.items() if not name.startswith(STAGE)}


STAGES_HEADING = "Where the time of an update goes, by the system's own ledger: each stage's p50, ms"


def stage_lines(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the stages that systems tell of, and a line for each of these: scene and system, then a cell a stage."""
    names = list(dict.fromkeys(name for row in report.rows for name in row.figures if name.startswith(STAGE)))
    lines = [
        [
            str(scene),
            label(row, rows),
            *(in_column(row.figures[name]) if name in row.figures else "-" for name in names),
        ]
        for scene, rows in scenes(report).items()
        for row in rows
        if any(name in row.figures for name in names)
    ]
    return ["scene", "system", *(name.removeprefix(STAGE) for name in names)], lines


def ratio_tables(report: Report) -> Iterator[tuple[str, list[Ratio]]]:
    """Yield what the ratios of one system under one workload are called, with them."""
    for key in dict.fromkeys((one.workload, one.system) for one in report.ratios):
        ratios = [one for one in report.ratios if (one.workload, one.system) == key]
        yield f"{key[0]}: {key[1]} to the others, in turns", ratios


def ratio_lines(ratios: list[Ratio]) -> tuple[list[str], list[list[str]]]:
    """Return the figures of some ratios, and a line for each other system: its name, then a verdict a figure."""
    figures = list(dict.fromkeys(one.figure for one in ratios))
    verdicts = {(one.against, one.figure): one.verdict() for one in ratios}
    others = dict.fromkeys(one.against for one in ratios)
    return figures, [[other, *(verdicts.get((other, figure), "-") for figure in figures)] for other in others]


def _plain_table(headings: list[str], lines: list[list[str]]) -> Table:
    table = _table()
    for heading in headings:
        table.add_column(escape(heading.replace("_", " ")))
    for line in lines:
        table.add_row(*map(escape, line))
    return table


LIMIT_HEADINGS = ("what", "measured", "limit", "unit", "met")


def limit_line(limit: Limit) -> tuple[str, ...]:
    """Return a figure beside its limit, with its spread where it was measured more than once."""
    if limit.measured is None:
        measured, met = "-", "not measured"
    else:
        low, high = number(min(limit.runs)), number(max(limit.runs))
        spread = f" ({low} to {high})" if low != high else ""
        measured, met = number(limit.measured) + spread, {True: "yes", False: "NO", None: ""}[limit.met]
    sign = "≥" if limit.better == "higher" else "≤"
    wanted = "" if limit.limit is None else f"{sign} {number(limit.limit)}"
    return limit.what, measured, wanted, limit.unit, met


def unmeasured(limits: list[Limit]) -> list[str]:
    """Return a line for each reason why figures could not be measured."""
    reasons = dict.fromkeys(limit.reason for limit in limits if limit.reason)
    return [f"{'; '.join(limit.what for limit in limits if limit.reason == reason)}: {reason}" for reason in reasons]


def _limit_table(limits: list[Limit]) -> Table:
    table = _table()
    for heading in LIMIT_HEADINGS:
        table.add_column(heading, justify="right" if heading in ("measured", "limit") else "left")
    for limit in limits:
        table.add_row(*map(escape, limit_line(limit)))
    return table


def _losses(lost: list[Comparison], rows_of: dict[Scene, list[Row]]) -> Table:
    table = _table()
    for heading in ("scene", "figure", "the other tool", "", "fanlight", "", "times better"):
        table.add_column(heading)
    for one in lost:
        sides = [_side(row, rows_of[one.scene], one.name) for row in (one.theirs, one.ours)]
        cells = [str(one.scene), one.name.replace("_", " "), *sides[0], *sides[1], number(one.times_better)]
        table.add_row(*map(escape, cells))
    return table


def _side(row: Row, rows: list[Row], name: str) -> tuple[str, str]:
    return ", ".join(filter(None, (label(row, rows), delivered(row)))), middle(row.figures[name])


def in_short(found: list[Comparison]) -> str:
    """Return how often fanlight is better, how often not."""
    won, lost = sum(one.is_won for one in found), sum(one.is_lost for one in found)
    return (
        f"Of {len(found)} figures held beside another tool's, fanlight is better in {won}, "
        f"the other tool in {lost}; in {len(found) - won - lost} no difference was seen."
    )


def how_measured(report: Report) -> str:
    """Return when and how long it was measured, and whether to its end."""
    runs = max((len(figure.runs) for row in report.rows for figure in row.figures.values()), default=0)
    often = {0: "never", 1: "once, so nothing is known of its spread"}.get(runs, f"{runs} times")
    end = "" if report.complete else "; interrupted, so cases are missing"
    quick = ", a quick look" if report.quick else ""
    return f"Measured {report.started} in {duration(report.seconds)}{quick}, each figure {often}{end}."
