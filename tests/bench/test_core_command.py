"""`fanlight bench core` on a small screen: every kind of thing is really measured, and a failure is a reason."""

import pytest

from fanlight.cli.app import run
from fanlight_bench import core
from fanlight_bench.core import table
from fanlight_bench.core.case import CoreCase
from fanlight_bench.core.task import Task
from fanlight_bench.pipeline.case import Window
from fanlight_bench.plan import Unavailable
from fanlight_bench.results import Report

SIZE = (640, 400)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure everything of fanlight's own, each only for a moment."""
    length = core._Length(idle=0.2, letters=2, motion=0.4, passes=2, codings=2, peers=Window(0.2, 0.0))
    monkeypatch.setattr(core, "_QUICK", length)
    monkeypatch.setattr(table, "PEER_WORKLOADS", ())


@pytest.mark.usefixtures("short")
def test_report_holds_every_figure_to_its_limit(capfd) -> None:
    assert run(["bench", "core", "--quick", "--json", "--size", "640x400"]) == 0
    report = Report.from_json(capfd.readouterr().out.encode())
    limits = {limit.what: limit for limit in report.limits}
    assert list(limits) == [line.what for line in table.LINES]
    for limit in limits.values():
        if limit.runs:
            assert limit.met is not None
        else:
            assert "CPU an update" in limit.what
            assert limit.reason
    assert limits["full-page scroll: moved pixels as COPY"].met
    assert 0 < limits["typed letter: capture, compare, tile encode, p50"].runs[0] < 1e6
    assert report.complete


def test_command_explains_itself(capfd) -> None:
    assert run(["bench", "core", "--help"]) == 0
    out = capfd.readouterr().out
    for option in ("--quick", "--turns", "--json", "--html", "--case", "--size"):
        assert option in out


def test_size_that_is_none_is_refused(capfd) -> None:
    assert run(["bench", "core", "--size", "huge"]) == 2
    assert "WIDTHxHEIGHT" in capfd.readouterr().err


def test_what_fails_says_so_in_its_own_words() -> None:
    broken = CoreCase("a picture", Task("coding", (SIZE,), workload="no such workload"), 1.0)
    with pytest.raises(Unavailable, match="no such workload"):
        broken.measure()
