"""The host's figures for Prometheus, in its text format over HTTP.

Labels are few and fixed: stages and operations, never a viewer. Updates are counted where they are sent, times where
the viewer has said how it went.
"""

import contextlib
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from fanlight.errors import FanlightError
from fanlight.net.watching import Watcher
from fanlight.session.ledger import STAGES, LedgerEntry, SentUpdate
from fanlight.types import Address, Pixels

_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.0167, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_QP_BUCKETS = (16, 20, 24, 28, 32, 36, 40, 44, 51)
_MICROS = 1_000_000
# The stamps are the viewer's word: one that lies spoils no sum with more than this.
_MOST_SECONDS = 60.0


class Metrics(Watcher):
    """Counters, gauges and histograms of one host, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._viewers = Gauge("fanlight_viewers", "Viewers whose session is open now.", registry=registry)
        self._sessions = Counter("fanlight_sessions", "Sessions that were opened.", registry=registry)
        self._updates = Counter(
            "fanlight_updates", "Updates sent, by whether the picture is exact with them.", ["exact"], registry=registry
        )
        self._bytes = Counter(
            "fanlight_update_bytes", "Bytes of the updates sent, without framing and TLS.", registry=registry
        )
        self._pixels = Counter(
            "fanlight_pixels", "Pixels that the updates sent wrote, by operation.", ["operation"], registry=registry
        )
        self._skipped = Counter(
            "fanlight_skipped_states", "Captured states that merged into a later one.", registry=registry
        )
        self._mismatches = Counter(
            "fanlight_mismatches",
            "Whole pictures that viewers asked for, which they do where digests differ.",
            registry=registry,
        )
        self._quality = Histogram(
            "fanlight_video_qp",
            "The quantiser of updates that hold video, on H.264's scale.",
            buckets=_QP_BUCKETS,
            registry=registry,
        )
        self._stages = Histogram(
            "fanlight_stage_seconds",
            "What the time of an update was spent on.",
            ["stage"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._latency = Histogram(
            "fanlight_latency_seconds",
            "From the damage until an update is on the viewer's screen or, without a window, decoded.",
            buckets=_BUCKETS,
            registry=registry,
        )
        for stage in STAGES:
            self._stages.labels(stage)
        for operation in Pixels._fields:
            self._pixels.labels(operation)
        for exact in ("true", "false"):
            self._updates.labels(exact)

    def opened(self, session: str) -> None:
        """Count a viewer."""
        self._viewers.inc()
        self._sessions.inc()

    def left(self, session: str) -> None:
        """Count one viewer less."""
        self._viewers.dec()

    def sent(self, session: str, update: SentUpdate, states: int) -> None:
        """Count what an update takes and writes."""
        self._updates.labels("true" if update.exact else "false").inc()
        self._bytes.inc(update.bytes)
        if update.quality is not None:
            self._quality.observe(update.quality)
        self._skipped.inc(max(0, states - 1))
        for operation, count in update.pixels._asdict().items():
            self._pixels.labels(operation).inc(count)

    def complete(self, session: str, entry: LedgerEntry) -> None:
        """Take the times of an update."""
        for stage, micros in entry.stages.items():
            self._stages.labels(stage).observe(_seconds(micros))
        if entry.total is not None:
            self._latency.observe(_seconds(entry.total))

    def refresh_wanted(self, session: str) -> None:
        """Count a request for the whole picture."""
        self._mismatches.inc()


def _seconds(micros: int) -> float:
    # The estimate of the clocks' offset can put "transit" a little below nothing.
    return min(max(0.0, micros / _MICROS), _MOST_SECONDS)


@contextlib.contextmanager
def serve_metrics(metrics: Metrics, listen: Address) -> Iterator[Address]:
    """Serve the figures over plain HTTP; yields the address, with the port that was taken for port 0."""
    try:
        server, thread = start_http_server(listen.port, listen.host, metrics.registry)
    except OSError as error:
        raise FanlightError(
            f"the metrics cannot be served on {listen}: {error.strerror or error}; give --metrics another address"
        ) from error
    try:
        yield Address(listen.host, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
