"""The comparison on a real cluster: a scheduler and two worker processes on this machine."""

import encoder_scenes as fakes
import pytest

from fanlight.errors import Unreachable
from fanlight_bench.encoders import ratios
from fanlight_bench.encoders.case import EncoderCase

distributed = pytest.importorskip("distributed")

from fanlight_bench.encoders import cluster  # noqa: E402  it needs the package


def group(workload, source=fakes.moving):
    return [
        EncoderCase("tiles", workload, "tiles", fakes.SIZE, 6, source=source),
        EncoderCase("h264", workload, "h264", fakes.SIZE, 6, {"qp": 30}, source=source),
        EncoderCase("none", workload, "none", fakes.SIZE, 6, source=source, open_encoder=fakes.cannot_open),
    ]


@pytest.fixture(scope="module")
def scheduler():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as local:
        yield local.scheduler_address


def test_two_workers_measure_what_one_process_would_and_are_named(scheduler):
    groups = [group(f"scene {number}") for number in range(4)]
    seen = []
    rows, complete = cluster.on(scheduler)(groups, 2, lambda *at: seen.append(at))
    assert complete
    assert [(row.workload, row.system) for row in rows] == [
        (case.workload, case.system) for group in groups for case in group
    ]
    assert {row.reason for row in rows if row.system == "none"} == {"there is no such device"}
    assert all(len(row.figures["cpu"].runs) == 2 for row in rows if row.system != "none")
    workers = {row.workload: {other.worker for other in rows if other.workload == row.workload} for row in rows}
    assert all(len(names) == 1 for names in workers.values())
    assert len(set.union(*workers.values())) == 2
    assert None not in set.union(*workers.values())
    assert seen[-1][1] == pytest.approx(seen[-1][2])
    local = {case.system: case.measure() for case in groups[0][:2]}
    for row in rows:
        if row.system in local:
            assert row.figures["bytes"].median == local[row.system]["bytes"].median
            assert row.figures["psnr"].median == local[row.system]["psnr"].median
    ratios(rows)


def test_a_scene_that_fails_on_its_worker_leaves_the_others(scheduler):
    rows, complete = cluster.on(scheduler)([group("bad", fakes.broken), group("good")], 1, lambda *_: None)
    assert complete
    assert {row.reason for row in rows if row.workload == "bad"} == {"its worker failed: the source broke"}
    assert rows[3].figures


def test_an_interrupt_keeps_what_was_measured(scheduler):
    finished = []

    def interrupt(label, done, total):
        if done and not finished:
            finished.append(label)
            raise KeyboardInterrupt

    rows, complete = cluster.on(scheduler)([group(f"scene {number}") for number in range(5)], 1, interrupt)
    assert not complete
    assert len(rows) == 3
    assert len({row.workload for row in rows}) == 1


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(Unreachable, match=r"no dask scheduler answers at tcp://127\.0\.0\.1:9"):
        cluster.on("tcp://127.0.0.1:9")([group("scene")], 1, lambda *_: None)


def test_a_scheduler_without_workers_says_how_to_start_one():
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as local,
        pytest.raises(Unreachable, match="has no workers: start one with: dask worker tcp://"),
    ):
        cluster.on(local.scheduler_address)([group("scene")], 1, lambda *_: None)
