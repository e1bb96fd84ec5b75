"""The figures that the core must reach: where each stands among the rows of a run, and what its limit is."""

from fanlight_bench.lines import Line, RatioLine, hold
from fanlight_bench.results import Limit, Row

OURS, PIXELFLUX = "fanlight hybrid", "pixelflux h264 striped"
PER_UPDATE = "CPU an update"
PEER_WORKLOADS = ("typing", "scroll-text", "window-drag")

IDLE, IDLE_LARGE = "idle", "idle, 4K"
LETTER, LETTER_MAPPED = "a typed letter", "a typed letter, mapped framebuffer"
SCROLL, SCROLL_SIDEBAR, DRAG = "a page scrolls", "a page scrolls beside a bar", "a window is dragged"
SCROLL_MAPPED = "a page scrolls, mapped framebuffer"
WHOLE, WHOLE_NV12 = "full change", "full change and NV12"
TEXT, DESKTOP, PHOTOGRAPH = "a page of text", "a desktop", "a photograph"


def _beside_pixelflux(what: str, workload: str, limit: float) -> Line:
    unit = "of pixelflux striped"
    return RatioLine(what, workload, PER_UPDATE, unit, limit, system=OURS, against=PIXELFLUX)


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
    _beside_pixelflux("typing: CPU an update", "typing", 1 / 10),
    _beside_pixelflux("scroll: CPU an update", "scroll-text", 1 / 5),
    _beside_pixelflux("drag: CPU an update", "window-drag", 1 / 4),
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
    return hold(LINES, rows)
