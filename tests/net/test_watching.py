"""What a host tells those who watch it: a real viewer on loopback, and the metrics as a scraper reads them."""

import asyncio
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fanlight
from fanlight.errors import FanlightError
from fanlight.inject import Injector
from fanlight.net.metrics import Metrics, serve_metrics
from fanlight.net.watching import Watcher
from fanlight.session.ledger import STAGES, LedgerEntry, SentUpdate
from fanlight.types import Address, Pixels
from patience import PATIENCE
from serving import PASSWORD, serving

HERE = Address("127.0.0.1", 0)


class Notebook(Watcher):
    """Writes down all that it is told."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Any]] = []
        self.five_complete = asyncio.Event()

    def opened(self, session: str) -> None:
        self.notes.append(("opened", session))

    def left(self, session: str) -> None:
        self.notes.append(("left", session))

    def sent(self, session: str, update: SentUpdate, states: int) -> None:
        self.notes.append(("sent", update))

    def complete(self, session: str, entry: LedgerEntry) -> None:
        self.notes.append(("complete", entry))
        if len(self.of("complete")) >= 5:
            self.five_complete.set()

    def of(self, what: str) -> list[Any]:
        return [value for name, value in self.notes if name == what]


class Hands(Injector):
    """Takes input and does nothing with it."""

    def move_pointer(self, x: int, y: int) -> None:
        pass

    def press_button(self, button: int) -> None:
        pass

    def release_button(self, button: int) -> None:
        pass

    def scroll(self, dx: int, dy: int) -> None:
        pass

    def press_key(self, keysym: int) -> None:
        pass

    def release_key(self, keysym: int) -> None:
        pass

    def close(self) -> None:
        pass


async def test_both_ends_keep_the_same_ledger(tmp_path: Path) -> None:
    notebook = Notebook()
    async with (
        serving(tmp_path / "host", watchers=[notebook], injector=Hands()) as host,
        fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint) as session,
    ):
        session.ledger.expect_window()
        async for update in session.updates():
            session.presented(update.seq, time.monotonic())
            session.send_key(0x61, update.seq % 2 == 0)
            if len(session.ledger.inputs) >= 5:
                break
        async with asyncio.timeout(PATIENCE):
            await notebook.five_complete.wait()
    # Only now: updates go on until the end, and what both have seen of them is compared.
    ours = {entry.seq: entry for entry in session.ledger}
    theirs = notebook.of("complete")
    assert len(notebook.of("opened")) == len(notebook.of("left")) == 1
    assert theirs[0].pixels == Pixels(tiles=320 * 200)
    for entry in theirs:
        assert sum(entry.stages.values()) == entry.total
        mine = ours[entry.seq]
        assert (entry.bytes, entry.exact, entry.pixels) == (mine.bytes, mine.exact, mine.pixels)
    assert any(entry.presented_at is not None for entry in theirs)
    shown = [entry for entry in ours.values() if entry.presented_at is not None and entry.offset is not None]
    assert shown
    assert all(tuple(entry.stages) == STAGES and sum(entry.stages.values()) == entry.total for entry in shown)
    assert all(answer.latency > 0 for answer in session.ledger.inputs)
    assert [answer.seq for answer in session.ledger.inputs] == list(range(1, len(session.ledger.inputs) + 1))


def entry(**change: Any) -> LedgerEntry:
    values: dict[str, Any] = {
        "seq": 1, "bytes": 100, "exact": True, "key": True, "quality": 30, "pixels": Pixels(1, 20, 300), "input_seq": 0,
        "damaged_at": 1.0, "captured_at": 1.001, "encode_started_at": 1.002, "encoded_at": 1.004, "sent_at": 1.005,
        "received_at": 1.006, "decoded_at": 1.008, "presented_at": 1.015, "offset": 0.0,
    }  # fmt: skip
    return LedgerEntry(**(values | change))


@pytest.fixture
def served() -> Iterator[tuple[Metrics, str]]:
    metrics = Metrics()
    with serve_metrics(metrics, HERE) as address:
        yield metrics, f"http://{address}/metrics"


def scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_the_metrics_say_what_was_sent_and_how_it_went(served: tuple[Metrics, str]) -> None:
    metrics, url = served
    for session in ("one", "two"):
        metrics.opened(session)
    metrics.left("one")
    metrics.sent("two", entry(), states=4)
    metrics.sent("two", entry(exact=False), states=0)
    metrics.complete("two", entry())
    metrics.complete("two", entry(offset=None, presented_at=None))
    metrics.refresh_wanted("two")
    found = scraped(url)
    assert found["fanlight_viewers"] == 1
    assert found["fanlight_sessions_total"] == 2
    assert found['fanlight_updates_total{exact="true"}'] == found['fanlight_updates_total{exact="false"}'] == 1
    assert found["fanlight_update_bytes_total"] == 200
    assert found['fanlight_pixels_total{operation="video"}'] == 600
    assert found["fanlight_video_qp_sum"] == 60
    assert found["fanlight_skipped_states_total"] == 3
    assert found["fanlight_mismatches_total"] == 1
    assert found['fanlight_stage_seconds_sum{stage="encode"}'] == pytest.approx(0.004)
    assert found['fanlight_stage_seconds_count{stage="transit"}'] == 1
    assert found['fanlight_stage_seconds_sum{stage="present"}'] == pytest.approx(0.007)
    assert found["fanlight_latency_seconds_sum"] == pytest.approx(0.015)


def test_labels_never_grow_with_viewers(served: tuple[Metrics, str]) -> None:
    metrics, url = served
    before = scraped(url)
    for number in range(50):
        metrics.opened(f"viewer {number}")
        metrics.sent(f"viewer {number}", entry(), 1)
        metrics.complete(f"viewer {number}", entry())
        metrics.left(f"viewer {number}")
    assert set(scraped(url)) == set(before)


def test_a_wrong_estimate_of_the_clocks_takes_nothing_away(served: tuple[Metrics, str]) -> None:
    metrics, url = served
    metrics.complete("one", entry(received_at=1.004, decoded_at=1.0045, presented_at=None))
    assert scraped(url)['fanlight_stage_seconds_sum{stage="transit"}'] == 0


def test_a_viewer_that_lies_spoils_little(served: tuple[Metrics, str]) -> None:
    metrics, url = served
    metrics.complete("one", entry(presented_at=9e9))
    assert scraped(url)['fanlight_stage_seconds_sum{stage="present"}'] == 60
    assert scraped(url)["fanlight_latency_seconds_sum"] == 60


def test_a_port_that_is_taken_is_said() -> None:
    with (
        serve_metrics(Metrics(), HERE) as address,
        pytest.raises(FanlightError, match=f"{address.port}.*--metrics"),
        serve_metrics(Metrics(), address),
    ):
        pytest.fail("two servers share a port")
