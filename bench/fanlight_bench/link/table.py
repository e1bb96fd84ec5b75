"""The figures of slow links and many viewers: where each stands among the rows of a run, and what its limit is."""

from fanlight_bench.lines import Line, RatioLine, hold
from fanlight_bench.link.network import Link
from fanlight_bench.results import Limit, Row

LINK = Link()
RATE = 60

TYPING = "film plays, a key is typed"
REST, REST_TEXT, REST_FILM = "film rests", "text rests, slow link", "film rests, slow link"
IDLE, STOPPED, STOPPED_FILM = "idle", "one viewer stopped, text", "one viewer stopped, film"
VIEWERS = "viewers"
ONE, EIGHT = "fanlight host, 1 viewer", "fanlight host, 8 viewers"
PER_UPDATE = "host CPU an update"
VIEWERS_RATE = 15
FLOORS = (
    ("(limit: bare TLS, 1 connection)", 1, VIEWERS_RATE),
    ("(limit: bare TLS, 8 connections)", 8, VIEWERS_RATE),
    ("(limit: bare TLS, 1 connection, 60 a second)", 1, RATE),
)
"""What no host can do without, as far as libuv's loop goes: connections, and updates a second."""

_KIB = 1024.0
_KEY_LIMIT = 1000 * (2 * LINK.delay + 2 / RATE)


def _stopped(workload: str, shown: str) -> tuple[Line, ...]:
    return (
        Line(f"stopped viewer, {shown}: others' p99", workload, "others' latency p99, of that before", "ratio", 1.1),
        Line(f"stopped viewer, {shown}: host memory", workload, "host memory while it was stopped", "MiB more", 2),
        Line(f"stopped viewer, {shown}: newest picture", workload, "until the newest picture", "ms", 200),
        Line(f"stopped viewer, {shown}: stale pictures", workload, "stale pictures shown", "", 0),
    )


LINES: tuple[Line, ...] = (
    Line("idle, host CPU", IDLE, "host CPU", "% of a core", 0.3),
    Line("idle, picture bytes", IDLE, "picture bytes", "B", 0),
    Line("film, last change until exact, loopback", REST, "until exact, most", "ms", 250),
    Line("text, last change until exact, 10 Mbit/s", REST_TEXT, "until exact, most", "ms", 1000),
    RatioLine("8 viewers beside 1, host CPU an update", VIEWERS, PER_UPDATE, "ratio", 1.3, system=EIGHT, against=ONE),
    Line("10 Mbit/s and 40 ms: key to pixel p99", TYPING, "key to pixel p99", "ms", round(_KEY_LIMIT, 1)),
    Line("10 Mbit/s and 40 ms: unsent beside an update", TYPING, "unsent beside one update, most", "B", 16 * _KIB),
    *_stopped(STOPPED, "text"),
    *_stopped(STOPPED_FILM, "film"),
)


def held(rows: list[Row]) -> list[Limit]:
    """Hold every figure of the table to its limit."""
    return hold(LINES, rows)
