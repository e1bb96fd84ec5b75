"""The figures that the core must reach: where each stands among the rows of a run, and what its limit is."""

from dataclasses import dataclass

from fanlight_bench.results import Limit, Row, ratios_in_turns

OURS, PIXELFLUX = "fanlight hybrid", "pixelflux h264 striped"
PER_UPDATE = "CPU an update"
PEER_WORKLOADS = ("typing", "scroll-text", "window-drag")

IDLE, IDLE_LARGE = "idle", "idle, 4K"
LETTER, LETTER_MAPPED = "a typed letter", "a typed letter, mapped framebuffer"
SCROLL, SCROLL_SIDEBAR, DRAG = "a page scrolls", "a page scrolls beside a bar", "a window is dragged"
SCROLL_MAPPED = "a page scrolls, mapped framebuffer"
WHOLE, WHOLE_NV12 = "full change", "full change and NV12"
TEXT, DESKTOP, PHOTOGRAPH = "a page of text", "a desktop", "a photograph"

_NOTHING = "there was nothing to measure it by"


@dataclass(frozen=True)
class Line:
    """A figure of the rows of one workload, and its limit."""

    what: str
    workload: str
    figure: str
    unit: str
    limit: float
    better: str = "lower"

    def held(self, rows: list[Row]) -> Limit:
        """Hold the figure of these rows to the limit."""
        row = next((row for row in rows if row.workload == self.workload), None)
        if row is None:
            return self._limit((), "it was not measured in this run")
        figure = row.figures.get(self.figure)
        return self._limit(figure.runs if figure else (), row.reason or _NOTHING)

    def _limit(self, runs: tuple[float, ...], reason: str) -> Limit:
        limit = Limit(self.what, self.unit, self.limit, self.better, reason=reason)
        return limit.hold(runs) if runs else limit


@dataclass(frozen=True)
class PeerLine(Line):
    """A figure in which fanlight is held beside pixelflux."""

    def held(self, rows: list[Row]) -> Limit:
        """Hold the ratio of the turns to the limit."""
        found = {row.system: row for row in rows if row.workload == self.workload}
        missing = [name for name in (OURS, PIXELFLUX) if name not in found]
        if missing:
            return self._limit((), f"{missing[0]} was not measured in this run")
        ours, theirs = found[OURS], found[PIXELFLUX]
        ratio = ratios_in_turns(self.workload, self.figure, ours, theirs)
        return self._limit(ratio.runs if ratio else (), ours.reason or theirs.reason or _NOTHING)


_COPIED = "moved pixels as COPY"
_IN_MEMCPYS = "own CPU in memcpys"

LINES: tuple[Line, ...] = (
    Line("idle, process CPU", IDLE, "process CPU", "% of a core", 0.2),
    Line("idle, process CPU, 4K", IDLE_LARGE, "process CPU", "% of a core", 0.2),
    Line("typed letter: capture, compare, tile encode, p50", LETTER, "letter", "us", 150),
    Line("typed letter beside a grab of the screen", LETTER, "letter to mss.grab", "of mss.grab", 0.1),
    Line("typed letter, 4K over 1080p", LETTER, "4K to 1080p", "ratio", 1.15),
    Line("typed letter, mapped framebuffer", LETTER_MAPPED, "letter", "us", 150),
    Line("typed letter, mapped framebuffer, beside a grab", LETTER_MAPPED, "letter to mss.grab", "of mss.grab", 0.1),
    Line("typed letter, mapped framebuffer, 4K over 1080p", LETTER_MAPPED, "4K to 1080p", "ratio", 1.15),
    Line("full-page scroll: capture, motion, encode", SCROLL, _IN_MEMCPYS, "M", 3),
    Line("full-page scroll: moved pixels as COPY", SCROLL, _COPIED, "share, %", 98, "higher"),
    Line("full-page scroll, mapped framebuffer", SCROLL_MAPPED, _IN_MEMCPYS, "M", 3),
    Line("scroll beside a bar: capture, motion, encode", SCROLL_SIDEBAR, _IN_MEMCPYS, "M", 3),
    Line("scroll beside a bar: moved pixels as COPY", SCROLL_SIDEBAR, _COPIED, "share, %", 98, "higher"),
    Line("window drag: moved pixels as COPY", DRAG, _COPIED, "share, %", 98, "higher"),
    Line("full change: compare, copy, hashes", WHOLE, "in memcpys", "M", 2.0),
    Line("full change: compare, copy, hashes, NV12", WHOLE_NV12, "in memcpys", "M", 2.6),
    PeerLine("typing: CPU an update", "typing", PER_UPDATE, "of pixelflux striped", 1 / 10),
    PeerLine("scroll: CPU an update", "scroll-text", PER_UPDATE, "of pixelflux striped", 1 / 5),
    PeerLine("drag: CPU an update", "window-drag", PER_UPDATE, "of pixelflux striped", 1 / 4),
    Line("page of text: bytes", TEXT, "bytes to PNG's", "of PNG", 1),
    Line("page of text: speed", TEXT, "speed to PNG's", "x PNG", 20, "higher"),
    Line("desktop: bytes", DESKTOP, "bytes to PNG's", "of PNG", 1),
    Line("desktop: speed", DESKTOP, "speed to PNG's", "x PNG", 20, "higher"),
    Line("tile encode, text", TEXT, "encode", "Mpx/s", 500, "higher"),
    Line("tile decode, text", TEXT, "decode", "Mpx/s", 800, "higher"),
    Line("tile encode, photograph", PHOTOGRAPH, "encode", "Mpx/s", 60, "higher"),
    Line("tile decode, photograph", PHOTOGRAPH, "decode", "Mpx/s", 100, "higher"),
)


def held(rows: list[Row]) -> list[Limit]:
    """Hold every figure of the table to its limit."""
    return [line.held(rows) for line in LINES]
