"""The page and the tables: everything that was measured is in them, and so is everything that was lost."""

import io
import re
from html.parser import HTMLParser

import pytest
from report_fixtures import MACHINE, ms, report, row, screen_report

from fanlight_bench.report.page import render
from fanlight_bench.report.tables import show
from fanlight_bench.results import Figure, Report, Row


class Page(HTMLParser):
    """The page's text by section, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self._heading = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data") and value and not value.startswith("#"):
                self.loaded.append(value)
            if name == "id" and value:
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["h2"] and data.strip():
            self._heading, self.tags = data, [*self.tags, ""]
        self.sections[self._heading] = self.sections.get(self._heading, "") + data + " "


def text_of(made: Report) -> str:
    out = io.StringIO()
    show(made, out)
    return out.getvalue()


def test_the_page_loads_nothing() -> None:
    page = render(screen_report())
    parsed = Page(page)
    assert parsed.loaded == []
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_page_has_light_and_dark() -> None:
    page = render(screen_report())
    assert "prefers-color-scheme: dark" in page
    assert "currentColor" in page
    assert "#010203" not in page


def test_the_page_has_plots_whose_names_do_not_clash() -> None:
    parsed = Page(render(screen_report()))
    assert parsed.tags.count("svg") >= 3
    # The parts of a drawing refer to each other by name; one that is defined twice would be taken from another.
    assert len(parsed.ids) == len(set(parsed.ids))


def test_what_another_tool_does_better_has_its_own_section() -> None:
    lost = Page(render(screen_report())).sections["Where another tool is better"]
    assert "host CPU a frame" in lost
    assert "slowvnc" in lost
    assert "2.00\u00d7" in lost
    assert "latency" not in lost
    # What each delivered stands beside it.
    assert "59.0 1/s" in lost
    assert "31.0 1/s" in lost


def test_without_a_loss_the_page_says_so() -> None:
    made = report(row("fanlight", {"cpu": ms(1, 1)}), row("other", {"cpu": ms(2, 2)}))
    assert "In no figure of this run" in Page(render(made)).sections["Where another tool is better"]


def test_what_could_not_run_is_there_with_its_reason() -> None:
    assert "apt-get install <lostvnc>" in Page(render(screen_report())).sections["Not measured"]
    assert "apt-get install <lostvnc>" in text_of(screen_report())


def test_every_figure_with_its_spread_is_on_the_page() -> None:
    figures = Page(render(screen_report())).sections["All figures"]
    assert "latency p50 (ms)" in figures
    assert "11.0 10.0 to 12.0" in " ".join(figures.split())
    assert "longest gap" in figures


def test_tools_machine_notes_and_turns_are_on_the_page() -> None:
    sections = Page(render(screen_report())).sections
    everything = " ".join(sections.values())
    for words in (
        "1.2.3",
        "quality 7 & more",
        MACHINE.processor,
        "each figure 3 times",
        "Both run on <one> machine.",
    ):
        assert words in everything
    assert "no difference seen" in sections["Ratios"]
    assert "0.27 (0.25 to 0.29)" in sections["Ratios"]


@pytest.mark.parametrize("render_or_show", [render, text_of])
def test_an_interrupted_report_says_so(render_or_show) -> None:
    assert "interrupted" not in render_or_show(screen_report())
    made = screen_report()
    made.complete = False
    assert "interrupted" in render_or_show(made)


def test_what_was_measured_once_has_no_spread_and_says_so() -> None:
    made = report(row("fanlight", {"cpu": ms(1)}), row("other", {"cpu": ms(2)}))
    assert "nothing is known of its spread" in text_of(made)


def test_rate_distortion_is_drawn_for_encoders() -> None:
    def figures(bytes_: float, psnr: float) -> dict[str, Figure]:
        return {"bytes": Figure((bytes_,), "bytes a frame"), "psnr": Figure((psnr,), "dB", "higher")}

    rows = [row("h264", figures(1000 * n, 30 + n), qp=n) for n in (1, 2, 3)]
    page = render(report(row("tiles", figures(90_000, 100)), *rows, benchmark="encoders"))
    assert "Rate and distortion" in Page(page).sections
    assert page.count("<svg") == 1


def test_cost_is_drawn_against_change() -> None:
    figures = {"at 0 %": ms(1, 2), "at 50 %": ms(5, 6), "fixed (a)": ms(1, 1), "a changed megapixel (b)": ms(40, 40)}
    page = render(report(row("fanlight tiles", figures), benchmark="growth"))
    assert "Cost against change" in Page(page).sections
    assert page.count("<svg") == 1


@pytest.mark.parametrize("kind", ["encoders", "pipeline", "screen", "growth", "another"])
def test_a_report_without_figures_is_still_a_page(kind: str) -> None:
    made = report(Row("other", "typing", reason="not here"), benchmark=kind)
    assert "not here" in render(made)
    assert "not here" in text_of(made)


def test_the_terminal_has_the_figures_the_losses_and_the_ratios() -> None:
    text = text_of(screen_report())
    assert "11.0" in text
    assert "0.27 (0.25 to 0.29)" in text
    assert "no difference seen" in text
    assert "fanlight is better in 2, the other tool in 1; in 1 no difference was seen" in text
    (lost,) = (
        line for line in text.splitlines() if "times better" not in line and "2.00" in line and "2.50 ms" in line
    )
    assert re.search(r"host CPU a frame.*slowvnc, 31.0 1/s.*2.50 ms.*fanlight, 59.0 1/s.*5.00 ms", lost)


def test_stages_have_a_table_of_their_own() -> None:
    stages = {"latency p50": ms(9), "stage capture": ms(1, 2, 3), "stage encode": ms(4)}
    made = report(row("fanlight", stages), row("slowvnc", {"latency p50": ms(8)}))
    rows = [" ".join(re.findall(r"[^\s│]+", line)) for line in text_of(made).splitlines()]
    assert "typing, 640x360, 60 a second fanlight 2.00 4.00" in rows
    figures = " ".join(Page(render(made)).sections["All figures"].split())
    assert "scene system capture encode typing, 640x360, 60 a second fanlight 2.00 4.00" in figures
    assert "each stage's p50" not in text_of(screen_report()) + render(screen_report())


def test_a_file_is_not_folded() -> None:
    names = [f"a rather long name of a figure {number}" for number in range(5)]
    text = text_of(report(row("fanlight", dict.fromkeys(names, ms(1)))))
    assert all(name in text for name in names)
