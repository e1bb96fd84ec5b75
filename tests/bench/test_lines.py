"""Lines of a table of limits: which row they read, how ratios are paired, what they say where nothing was measured."""

from fanlight_bench.lines import Line, RatioLine, hold
from fanlight_bench.results import Figure, Row


def row(system: str, *runs: float, figure: str = "cost", workload: str = "typing") -> Row:
    return Row(system, workload, figures={figure: Figure(runs, "ms")})


def test_line_reads_the_row_of_its_system_or_the_first_of_the_workload() -> None:
    rows = [row("one", 1.0), row("two", 5.0)]
    assert Line("what", "typing", "cost", "ms", 2).held(rows).met
    assert not Line("what", "typing", "cost", "ms", 2, system="two").held(rows).met
    assert Line("what", "typing", "cost", "ms", 2, "higher", "two").held(rows).met


def test_ratio_is_of_pairs_of_turns_whatever_the_figures_are_called() -> None:
    line = RatioLine("what", "typing", "cost", "ratio", 0.5, system="one", against="two", their_figure="price")
    limit = line.held([row("one", 1.0, 2.0, 3.0), row("two", 4.0, 4.0, 4.0, figure="price")])
    assert limit.runs == (0.25, 0.5, 0.75)
    assert (limit.measured, limit.met) == (0.5, True)


def test_what_was_not_measured_says_why() -> None:
    line = RatioLine("what", "typing", "cost", "ratio", 0.5, system="one", against="two")
    absent = Row("two", "typing", reason="two is not installed")
    reasons = [
        line.held(rows).reason
        for rows in ([], [row("one", 1.0)], [row("one", 1.0), absent], [row("one", 1.0), row("two", figure="x")])
    ]
    assert reasons == [
        "one was not measured in this run",
        "two was not measured in this run",
        "two is not installed",
        "there was nothing to measure it by",
    ]
    (limit,) = hold([Line("what", "idle", "cost", "ms", 1)], [])
    assert (limit.reason, limit.met) == ("it was not measured in this run", None)
