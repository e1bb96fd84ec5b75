"""The figures from screen to screen: where each stands among the rows of a run, and what its limit is."""

from dataclasses import dataclass

from fanlight_bench.lines import Line, RatioLine, hold
from fanlight_bench.results import Limit, Row

OURS, PEER = "fanlight", "tigervnc"
ENCODE_ALONE, ENCODE_CPU = "pixelflux h264", "capture and encode CPU a frame"
TYPING, SCROLL, DRAG, FILM, FULL, IDLE = (
    "typing",
    "scroll-text",
    "window-drag",
    "video-region",
    "full-change",
    "idle",
)

FLOOR = "limit: compare and TLS alone"
"""A picture compared with another, and an update by bare TLS: what a scroll costs at least."""
CPU = "host CPU a frame"

_P50, _BYTES, _RATE = "latency p50", "bytes a frame", "frames a second"
# A frame that falls on the edge of what was watched may be missing.
_SIXTY = 59.5
_AGREED_MS = 2.0


@dataclass(frozen=True)
class AgreementLine(Line):
    """How far the drawn clock, without what drawing and looking took, and the ledger are apart, whichever says more."""

    def held(self, rows: list[Row]) -> Limit:
        """Hold the distance to the limit."""
        apart = super().held(rows)
        return apart.hold(tuple(map(abs, apart.runs))) if apart.runs else apart


def _beside_peer(name: str, what: str, workload: str, figure: str, limit: float) -> Line:
    return RatioLine(f"{name}: {what}", workload, figure, "of TigerVNC", limit, system=OURS, against=PEER)


def _ours(what: str, workload: str, figure: str, unit: str, limit: float, better: str = "lower") -> Line:
    return Line(what, workload, figure, unit, limit, better, OURS)


def _agreement(name: str, workload: str) -> tuple[Line, Line]:
    """Return the line, and without a limit what is taken off the clock for it."""
    what = f"{name}: drawn clock, less drawing and look, beside ledger, p50"
    own = f"{name}: drawing and look by themselves, p50"
    return (
        AgreementLine(what, workload, "display to display less ledger", "ms", _AGREED_MS, system=OURS),
        Line(own, workload, "drawing and look p50", "ms", None, system=OURS),
    )


LINES: tuple[Line, ...] = (
    _beside_peer("typing", "p50", TYPING, _P50, 1 / 3),
    _ours("typing: p99", TYPING, "latency p99", "ms", 8),
    _beside_peer("typing", "host CPU a frame", TYPING, CPU, 1),
    *_agreement("typing", TYPING),
    _ours("scroll: frames a second", SCROLL, _RATE, "1/s", _SIXTY, "higher"),
    _beside_peer("scroll", "p50", SCROLL, _P50, 1 / 3),
    _beside_peer("scroll", "host CPU a frame", SCROLL, CPU, 1 / 8),
    RatioLine("scroll: to compare and TLS alone", SCROLL, CPU, "of TigerVNC", None, system=FLOOR, against=PEER),
    _beside_peer("scroll", "bytes a frame", SCROLL, _BYTES, 1 / 10),
    _ours("scroll: exact updates", SCROLL, "exact updates", "%", 100, "higher"),
    *_agreement("scroll", SCROLL),
    _ours("drag: frames a second", DRAG, _RATE, "1/s", _SIXTY, "higher"),
    _beside_peer("drag", "p50", DRAG, _P50, 1 / 2),
    _beside_peer("drag", "host CPU a frame", DRAG, CPU, 1 / 3),
    _beside_peer("drag", "bytes a frame", DRAG, _BYTES, 1),
    *_agreement("drag", DRAG),
    _ours("video region: frames a second", FILM, _RATE, "1/s", _SIXTY, "higher"),
    _beside_peer("video region", "p50", FILM, _P50, 1),
    RatioLine(
        "video region: host CPU a frame",
        FILM,
        CPU,
        f"of {ENCODE_ALONE} alone",
        0.6,
        system=OURS,
        against=ENCODE_ALONE,
        their_figure=ENCODE_CPU,
    ),
    _beside_peer("video region", "bytes a frame", FILM, _BYTES, 1 / 10),
    *_agreement("video region", FILM),
    _ours("full change: frames a second", FULL, _RATE, "1/s", 50, "higher"),
    *_agreement("full change", FULL),
    _ours("idle: host CPU", IDLE, "host CPU", "% of a core", 0.3),
    _ours("idle: picture bytes", IDLE, "picture bytes", "B", 0),
)


def held(rows: list[Row]) -> list[Limit]:
    """Hold every figure of the table to its limit, at the size that was measured first."""
    first = rows[0].settings["size"] if rows else ""
    return hold(LINES, [row for row in rows if row.settings["size"] == first])
