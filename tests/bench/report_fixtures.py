"""Reports made by hand, whose wins and losses are known."""

from fanlight_bench.results import Figure, Machine, Ratio, Report, Row, Tool

MACHINE = Machine("A Processor <9>", 2, 8_000_000_000, "Debian", "3.11.9")
SCENE: dict[str, str | int | float] = {"size": "640x360", "rate": 60}


def ms(*runs: float) -> Figure:
    return Figure(runs, "ms")


def a_second(*runs: float) -> Figure:
    return Figure(runs, "1/s", "higher")


def row(system: str, figures: dict[str, Figure], workload: str = "typing", **settings: str | int | float) -> Row:
    return Row(system, workload, {**SCENE, **settings}, figures)


def report(*rows: Row, benchmark: str = "screen", **fields: object) -> Report:
    made = Report(benchmark, "2026-01-02T03:04:05+00:00", MACHINE, seconds=61.0, rows=list(rows))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def screen_report() -> Report:
    """fanlight has the lower latency and costs its host more; of the longest gap nothing is known; one is missing."""
    return report(
        row(
            "fanlight",
            {
                "frames a second": a_second(58, 59, 60),
                "latency p50": ms(10, 11, 12),
                "host CPU a frame": ms(4, 5, 6),
                "longest gap": ms(30, 50, 40),
            },
        ),
        row(
            "slowvnc",
            {
                "frames a second": a_second(30, 31, 32),
                "latency p50": ms(40, 41, 42),
                "host CPU a frame": ms(2, 2.5, 3),
                "longest gap": ms(40, 45, 41),
            },
        ),
        Row("lostvnc", "typing", SCENE, reason="lostvnc is not here: apt-get install <lostvnc>"),
        tools=[Tool("slowvnc", "1.2.3", "quality 7 & more")],
        ratios=[
            Ratio("typing", "latency p50", "fanlight", "slowvnc", (0.25, 0.27, 0.29)),
            Ratio("typing", "longest gap", "fanlight", "slowvnc", (0.75, 1.1, 0.97)),
        ],
        notes=["Both run on <one> machine."],
    )
