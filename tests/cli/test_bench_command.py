"""`fanlight bench`: what it prints where, what Ctrl-C keeps, what it refuses, and how it ends."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from fanlight.cli.app import run
from fanlight.errors import UsageError
from fanlight_bench.plan import Case, Unavailable
from fanlight_bench.results import Figure, Ratio, Report, Row, Tool, ratios_in_turns
from patience import PATIENCE


@dataclass
class FakeCase:
    system: str
    value: float
    workload: str = "typing"
    settings: dict[str, str | int | float] = field(default_factory=dict)
    seconds: float = 30.0
    interrupt_at: int = 0
    reason: str = ""
    turns: int = 0

    def measure(self) -> dict[str, Figure]:
        self.turns += 1
        if self.turns == self.interrupt_at:
            raise KeyboardInterrupt
        if self.reason:
            raise Unavailable(self.reason)
        return {"cpu": Figure((self.value,), "ms")}


@dataclass(frozen=True)
class FakeOptions:
    quick: bool = False
    turns: int = 3
    workloads: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()


class FakeBenchmark(ModuleType):
    """A benchmark's module with cases of our own; `asked` are the options it was planned with."""

    Options = FakeOptions
    NAME = "screen"

    def __init__(self, *cases: FakeCase) -> None:
        super().__init__("fanlight_bench.screen")
        self.cases = cases
        self.asked: FakeOptions | None = None

    def plan(self, options: FakeOptions) -> list[list[Case]]:
        self.asked = options
        if set(options.workloads) - {"typing"}:
            raise UsageError("there is no such workload; there are: typing")
        return [list(self.cases)]

    def tools(self) -> list[Tool]:
        return [Tool("other", "1.0")]

    def ratios(self, rows: list[Row]) -> list[Ratio]:
        found = (ratios_in_turns("typing", "cpu", rows[0], row) for row in rows[1:])
        return [one for one in found if one]


Install = Callable[..., FakeBenchmark]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a fake in the place of `fanlight bench screen`."""

    def put(*cases: FakeCase) -> FakeBenchmark:
        fake = FakeBenchmark(*cases)
        monkeypatch.setitem(sys.modules, "fanlight_bench.screen", fake)
        return fake

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return put


def test_people_get_tables_and_hear_first_how_long_it_takes(install: Install, capfd) -> None:
    install(FakeCase("fanlight", 2.0), FakeCase("other", 1.0))
    assert run(["bench", "screen"]) == 0
    out, err = capfd.readouterr()
    assert "cases: 2, turns: 3, about 3 minutes" in err
    assert "Where another tool is better" in out
    assert re.search(r"cpu.*other.*1.00 ms.*fanlight.*2.00 ms.*2.00", out)


def test_json_is_alone_on_standard_output(install: Install, capfd) -> None:
    install(FakeCase("fanlight", 2.0), FakeCase("other", 1.0, reason="other is not here: apt-get install other"))
    assert run(["bench", "screen", "--json", "--quick"]) == 0
    report = Report.from_json(capfd.readouterr().out.encode())
    assert report.complete
    assert report.quick
    assert report.rows[0].figures["cpu"].runs == (2.0, 2.0, 2.0)
    assert report.rows[1].reason == "other is not here: apt-get install other"
    assert report.tools == [Tool("other", "1.0")]
    assert report.machine.cores >= 1


def test_options_reach_the_benchmark(install: Install) -> None:
    fake = install(FakeCase("fanlight", 2.0))
    arguments = ["--turns", "5", "--workload", "typing", "--system", "a", "--system", "b", "--size", "64x48"]
    assert run(["bench", "screen", *arguments]) == 0
    assert fake.asked == FakeOptions(turns=5, workloads=("typing",), systems=("a", "b"), sizes=("64x48",))


def test_what_was_not_asked_is_left_to_the_benchmark(install: Install) -> None:
    fake = install(FakeCase("fanlight", 2.0))
    assert run(["bench", "screen"]) == 0
    assert fake.asked == FakeOptions()


def test_ctrl_c_keeps_what_was_measured(install: Install, tmp_path: Path, capfd) -> None:
    install(FakeCase("fanlight", 2.0), FakeCase("other", 1.0, interrupt_at=2))
    page = tmp_path / "page.html"
    assert run(["bench", "screen", "--json", "--html", str(page)]) == 130
    report = Report.from_json(capfd.readouterr().out.encode())
    assert not report.complete
    assert [len(row.figures["cpu"].runs) for row in report.rows] == [2, 1]
    assert "interrupted" in page.read_text()


def test_where_nothing_could_be_measured_the_command_fails(install: Install, capfd) -> None:
    install(FakeCase("other", 1.0, reason="other is not here"))
    assert run(["bench", "screen"]) == 1
    out, err = capfd.readouterr()
    assert "other is not here" in out
    assert "nothing could be measured" in err


def test_the_page_is_written(install: Install, tmp_path: Path) -> None:
    install(FakeCase("fanlight", 2.0))
    page = tmp_path / "page.html"
    assert run(["bench", "screen", "--html", str(page)]) == 0
    assert "<!doctype html>" in page.read_text()


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_measured(
    install: Install, tmp_path, capfd
) -> None:
    case = FakeCase("fanlight", 2.0)
    install(case)
    assert run(["bench", "screen", "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "there is no folder" in capfd.readouterr().err
    assert case.turns == 0


def test_an_unknown_name_lists_those_that_exist(install: Install, capfd) -> None:
    install(FakeCase("fanlight", 2.0))
    assert run(["bench", "screen", "--workload", "typo"]) == 2
    assert "there are: typing" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["encoders", "pipeline", "screen", "growth", "core"])
def test_every_benchmark_explains_itself(name: str, capfd) -> None:
    assert run(["bench", name, "--help"]) == 0
    out = capfd.readouterr().out
    for option in ("--quick", "--turns", "--json", "--html"):
        assert option in out


@pytest.mark.parametrize("arguments", [["bench", "nothing"], ["bench", "screen", "--turns", "0"]])
def test_what_does_not_exist_is_refused(arguments: list[str]) -> None:
    assert run(arguments) == 2


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("matplotlib", "bench", ["screen", "--html", "page.html"]),
        ("distributed", "cluster", ["encoders", "--scheduler", "tcp://127.0.0.1:1"]),
    ],
)
def test_a_missing_extra_is_one_sentence(package: str, extra: str, arguments: list[str]) -> None:
    """In a process of its own, where the package has never been imported."""
    program = (
        f"import sys; sys.modules[{package!r}] = None\nfrom fanlight.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, "bench", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 2
    assert f"pip install 'fanlight[{extra}]'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_other_commands_do_without_the_benchmarks() -> None:
    program = (
        "import sys, fanlight.cli\nprint([name for name in sys.modules if name.startswith(('fanlight_b', 'matpl'))])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_a_terminal_gets_a_bar_with_the_time_left(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = {[str(folder) for folder in Path(__file__).parents[:2]]!r}
        from test_bench_command import FakeBenchmark, FakeCase
        sys.modules["fanlight_bench.screen"] = FakeBenchmark(FakeCase("fanlight", 2.0), FakeCase("other", 1.0))
        from fanlight.cli.app import run
        sys.exit(run(["bench", "screen", "--json"]))
        """
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = _read_all(ours)
        assert process.stdout is not None
        report = Report.from_json(process.stdout.read())
    assert process.returncode == 0
    assert report.complete
    assert "left" in shown
    assert "typing: fanlight" in shown or "typing: other" in shown or "done" in shown


def _read_all(terminal: int) -> str:
    shown = b""
    try:
        while select.select([terminal], [], [], PATIENCE)[0] and (part := os.read(terminal, 4096)):
            shown += part
    except OSError:  # How a terminal says that its other side is closed.
        pass
    finally:
        os.close(terminal)
    return shown.decode(errors="replace")
