"""A report as one page that needs nothing else: no network, no script, light and dark by the reader's preference."""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from fanlight_bench.report import plots
from fanlight_bench.report.compare import GOOD_DB, Comparison, comparisons, delivered, is_ours, label, scenes
from fanlight_bench.report.numbers import in_column, middle, number, quantity, spread, unit_of_column
from fanlight_bench.report.plots import Palette
from fanlight_bench.report.tables import (
    LIMIT_HEADINGS,
    STAGES_HEADING,
    how_measured,
    in_short,
    limit_line,
    ratio_lines,
    ratio_tables,
    stage_lines,
    units_of,
    unmeasured,
)
from fanlight_bench.results import Report, Row

_TITLES = {
    "encoders": "Encoders: time, bytes and quality",
    "pipeline": "From the screen to bytes",
    "screen": "From screen to screen",
    "growth": "What an update costs",
    "core": "Figures the core must reach",
}
# Which figures have a bar a system; a report of another kind has one for each of its first figures.
_BARS = {
    "pipeline": ("CPU an update", "time an update", "updates a second", "bytes a second", "until exact"),
    "screen": (
        *("frames a second", "latency p50", "latency p99"),
        *("host CPU a frame", "viewer CPU a frame", "bytes a frame"),
    ),
    "encoders": (),
    "growth": ("host CPU an update", "host CPU load"),
    "core": (),
}
_BARS_OF_ANOTHER = 6


def render(report: Report) -> str:
    """Return the page."""
    title = _TITLES.get(report.benchmark, report.benchmark)
    style = files("fanlight_bench.report").joinpath("page.css").read_text(encoding="utf-8")
    parts = [
        _head(report, title),
        *_limits(report),
        _short(report),
        *_plots(report),
        *_losses(report),
        *_unmeasured(report),
    ]
    parts += [*_figures(report), *_ratios(report), _tools(report), _method(report)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>fanlight bench: {escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _head(report: Report, title: str) -> str:
    machine = report.machine
    warning = "" if report.complete else '<p class="warning">It was interrupted: cases are missing.</p>'
    if report.quick:
        warning += '<p class="warning">A quick look: few and short runs. A full run says more.</p>'
    return (
        f'<header><p class="kind">fanlight bench {escape(report.benchmark)}</p><h1>{escape(title)}</h1>'
        f"<p>{escape(how_measured(report))}</p>{warning}"
        f'<p class="machine">{escape(machine.processor)}, {machine.cores} cores, '
        f"{quantity(machine.memory_bytes, 'B')} of memory; {escape(machine.system)}; "
        f"Python {escape(machine.python)}</p></header>"
    )


def _limits(report: Report) -> Iterator[str]:
    if report.limits:
        lines = [tuple(map(escape, limit_line(limit))) for limit in report.limits]
        reasons = "".join(f"<p>{escape(reason)}</p>" for reason in unmeasured(report.limits))
        yield f"<section><h2>Measured beside its limit</h2>{_table(LIMIT_HEADINGS, lines)}{reasons}</section>"


def _short(report: Report) -> str:
    found = comparisons(report)
    if not found:
        return ""
    return f'<section><h2>In short</h2><p class="short">{escape(in_short(found))}</p>{_score(found)}</section>'


def _score(found: list[Comparison]) -> str:
    """Return how fanlight fared against each other tool, a line each."""
    lines = []
    for name in dict.fromkeys(one.theirs.system for one in found):
        against = [one for one in found if one.theirs.system == name]
        won, lost = sum(one.is_won for one in against), sum(one.is_lost for one in against)
        lines.append((escape(name), str(won), str(len(against) - won - lost), str(lost)))
    return _table(("beside", "fanlight better", "no difference seen", "the other better"), lines)


def _plots(report: Report) -> Iterator[str]:
    palette = Palette(report)
    for heading, words, drawing in _drawn(report, palette):
        if drawing is not None:
            yield f"<section><h2>{escape(heading)}</h2><p>{escape(words)}</p><figure>{drawing}</figure></section>"


def _drawn(report: Report, palette: Palette) -> Iterator[tuple[str, str, str | None]]:
    if report.benchmark == "encoders":
        yield (
            "Rate and distortion",
            "Further up and to the left is better. fanlight's own encoders are the bold lines.",
            plots.curves(report, "bytes", "psnr", palette),
        )
        yield (
            "Time and distortion",
            "How long a frame takes to encode, in the median, for that quality. Further up and to the left is better.",
            plots.curves(report, "encode_p50", "psnr", palette),
        )
    if report.benchmark == "screen":
        shares = [(50.0, "latency p50"), (90.0, "latency p90"), (99.0, "latency p99"), (100.0, "latency max")]
        yield (
            "How old a frame is when it is seen",
            "The share of delivered frames that were at most this old; further to the left is better. "
            "Read it together with the delivered rate: frames that never came have no age.",
            plots.cumulative(report, shares, palette),
        )
    if report.benchmark == "growth":
        yield (
            "Cost against change",
            "What an update costs by the share of the screen that changed; dashed the line that fits best.",
            plots.growth(report, palette),
        )
    for figure in _bar_figures(report):
        better = next(row.figures[figure].better for row in report.rows if figure in row.figures)
        words = f"Median of the runs, the thin line from the smallest to the largest; {better} is better."
        yield _sentence_case(figure), words, plots.bars(report, figure, palette)


def _bar_figures(report: Report) -> list[str]:
    present = dict.fromkeys(name for row in report.rows for name in row.figures)
    if report.benchmark in _BARS:
        return [name for name in _BARS[report.benchmark] if name in present]
    return list(present)[:_BARS_OF_ANOTHER]


def _losses(report: Report) -> Iterator[str]:
    found = comparisons(report)
    lost = [one for one in found if one.is_lost]
    if not found:
        return
    yield '<section id="losses"><h2>Where another tool is better</h2>'
    if not lost:
        yield "<p>In no figure of this run.</p></section>"
        return
    beside = (
        f"Costs are held beside those of every rate point whose PSNR is at least fanlight's or {GOOD_DB} dB, and of "
        "each encoder's best one. Beside the names stands the PSNR: less quality costs less."
        if report.benchmark == "encoders"
        else "What each delivered stands beside its name: less of it costs less."
    )
    yield f"<p>Every case of this run in which another tool was better in all pairs of runs. {beside}</p>"
    for scene in dict.fromkeys(one.scene for one in lost):
        mine = sorted((one for one in lost if one.scene == scene), key=lambda one: one.name)
        yield f"<h3>{escape(str(scene))}</h3>"
        lines = [_loss(one, scenes(report)[scene]) for one in mine]
        yield _table(("figure", "fanlight", "", "the other tool", "", "better by"), lines)
    yield "</section>"


def _loss(one: Comparison, rows: list[Row]) -> tuple[str, ...]:
    sides = (
        (f"{escape(label(row, rows))} <small>{escape(delivered(row))}</small>", escape(middle(row.figures[one.name])))
        for row in (one.ours, one.theirs)
    )
    return (escape(_words(one.name)), *(cell for side in sides for cell in side), f"{number(one.times_better)}&times;")


def _unmeasured(report: Report) -> Iterator[str]:
    rows = [row for row in report.rows if row.reason]
    if rows:
        lines = dict.fromkeys((escape(row.system), escape(row.workload), escape(row.reason or "")) for row in rows)
        yield "<section><h2>Not measured</h2>" + _table(("system", "workload", "why"), lines) + "</section>"


def _figures(report: Report) -> Iterator[str]:
    yield "<section><h2>All figures</h2><p>The median of the runs; below it the smallest and the largest.</p>"
    for scene, rows in scenes(report).items():
        measured = [row for row in rows if row.figures]
        if not measured:
            continue
        units = units_of(measured)
        headings = [
            " ".join(filter(None, (_words(name), f"({unit_of_column(unit)})" if unit_of_column(unit) else "")))
            for name, unit in units.items()
        ]
        lines = [(_system(row, rows), str(_runs(row)), *(_cell(row, name) for name in units)) for row in measured]
        yield f"<h3>{escape(str(scene))}</h3>" + _table(("system", "runs", *headings), lines)
    stages, told = stage_lines(report)
    if told:
        yield f"<h3>{escape(STAGES_HEADING)}</h3>" + _table(stages, (tuple(map(escape, line)) for line in told))
    yield "</section>"


def _system(row: Row, rows: list[Row]) -> str:
    text = escape(label(row, rows))
    return f"<strong>{text}</strong>" if is_ours(row.system) else text


def _runs(row: Row) -> int:
    return max((len(figure.runs) for figure in row.figures.values()), default=0)


def _cell(row: Row, name: str) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return "&ndash;"
    between = spread(figure)
    return escape(in_column(figure)) + (f"<br><small>{escape(between)}</small>" if between else "")


def _ratios(report: Report) -> Iterator[str]:
    if not report.ratios:
        return
    yield (
        "<section><h2>Ratios</h2><p>Of runs taken in turns: the median, and in brackets the smallest and the largest. "
        "Where they do not all point the same way, no difference was seen.</p>"
    )
    for heading, ratios in ratio_tables(report):
        figures, lines = ratio_lines(ratios)
        cells = [tuple(map(escape, line)) for line in lines]
        yield f"<h3>{escape(heading)}</h3>" + _table(("to", *map(_words, figures)), cells)
    yield "</section>"


def _tools(report: Report) -> str:
    lines = [(escape(tool.name), escape(tool.version), escape(tool.settings)) for tool in report.tools]
    return f"<section><h2>What took part</h2>{_table(('tool', 'version', 'settings'), lines)}</section>"


def _method(report: Report) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return (
        "<section><h2>How it was measured</h2><ul><li>In turns: every system of a scene once, then all of them again, "
        "so that a machine that changes its speed changes it for all.</li><li>A difference counts where every pair of "
        f"runs shows it.</li>{notes}</ul></section>"
    )


def _table(headings: Iterable[str], lines: Iterable[tuple[str, ...]]) -> str:
    """Return a table; headings are plain text, cells are HTML."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)
    return f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _words(name: str) -> str:
    return name.replace("_", " ")


def _sentence_case(name: str) -> str:
    words = _words(name)
    return words[:1].upper() + words[1:]
