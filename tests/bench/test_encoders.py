"""The comparison of encoders: what it says of encoders whose faults are known, and what it plans."""

from itertools import pairwise

import encoder_scenes as fakes
import numpy as np
import pytest

from fanlight.codec import encoders, open_decoder, open_encoder
from fanlight.errors import UsageError
from fanlight_bench import encoders as bench
from fanlight_bench import quality
from fanlight_bench.encoders import scene as scenes
from fanlight_bench.encoders.case import EncoderCase
from fanlight_bench.plan import Unavailable, run_in_turns
from fanlight_bench.results import Figure, Row

COUNT = 20


def case(encoder="tiles", source=fakes.moving, options=None, **more):
    return EncoderCase(encoder, "a scene", encoder, fakes.SIZE, COUNT, options or {}, source=source, **more)


def measured(**options):
    return {name: figure.median for name, figure in case(**options).measure().items()}


def of_fake(kind):
    return measured(open_encoder=fakes.opener(kind))


def test_an_exact_encoder():
    found = measured()
    assert found["exact"] == found["delivered"] == 100
    assert found["psnr"] == quality.MOST_DB
    assert found["ssim"] == 1
    assert found["largest_error"] == found["delay"] == 0
    assert found["encode_p99"] >= found["encode_p50"] > 0
    assert found["decode"] > 0
    assert found["cpu"] > 0


def test_a_lossy_encoder():
    found = measured(encoder="h264", options={"qp": 40})
    encoder, decoder = open_encoder("h264", fakes.SIZE, qp=40), open_decoder("h264", fakes.SIZE)
    counts, size = np.zeros(256, np.int64), 0
    for frame in scenes.load(fakes.moving, "a scene", fakes.SIZE, COUNT).frames:
        update = encoder.encode(frame)
        size += len(update)
        counts += quality.error_counts(decoder.decode(update), frame.image)
    assert found["bytes"] == size / COUNT
    assert found["psnr"] == pytest.approx(quality.psnr(counts))
    assert found["largest_error"] == quality.largest_error(counts) > 0
    assert found["exact"] == 0
    assert found["ssim"] < 1
    assert found["text_psnr"] < found["psnr"]
    assert found["delivered"] == 100
    assert found["delay"] == 0


def test_an_encoder_that_drops_every_second_frame_delivers_half():
    found = of_fake(fakes.DropsEverySecond)
    assert found["delivered"] == found["exact"] == 50
    assert found["delay"] == 0.5
    assert found["psnr"] < 40


def test_an_encoder_that_sleeps_shows_it():
    assert of_fake(fakes.Sleeps)["encode_p50"] >= 20


def test_an_encoder_that_is_two_frames_late_is_seen_to_be():
    found = of_fake(fakes.TwoFramesLate)
    assert found["delay"] == (1 + 2 * (COUNT - 1)) / COUNT
    assert found["delivered"] == 100 * (COUNT - 2) / COUNT
    assert found["exact"] == 0


def test_bytes_that_show_nothing_new_are_no_delivery():
    found = of_fake(fakes.RepeatsTheFirst)
    assert found["bytes"] > 0
    assert found["delivered"] == found["exact"] == 100 / COUNT
    assert found["delay"] > 5


def test_an_encoder_that_does_not_open_is_a_row_with_its_reason():
    rows, complete = run_in_turns([[case(open_encoder=fakes.cannot_open), case()]], 2, lambda *_: None)
    assert complete
    assert rows[0].reason == "there is no such device"
    assert rows[0].figures == {}
    assert rows[1].reason is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"open_encoder": fakes.opener(fakes.FailsAtWork)}, "the device went away"),
        ({"open_decoder": fakes.Refuses}, "own decoder refused an update: these bytes"),
    ],
    ids=["encoder", "decoder"],
)
def test_what_fails_at_work_is_a_reason(options, reason):
    with pytest.raises(Unavailable, match=reason):
        case(**options).measure()


def test_times_are_taken_every_turn_and_pictures_judged_once():
    rows, _ = run_in_turns([[case()]], 3, lambda *_: None)
    assert len(rows[0].figures["encode_p50"].runs) == len(rows[0].figures["bytes"].runs) == 3
    assert len(rows[0].figures["psnr"].runs) == 1


def test_a_scene_that_seldom_changes_is_drawn_until_it_did():
    scene = scenes.load(fakes.seldom, "a scene", fakes.SIZE, COUNT)
    assert scene.changes == COUNT
    assert scene.changed[:7] == (True, False, False, True, False, False, True)
    assert [bool(frame.damage) for frame in scene.frames] == list(scene.changed)
    assert all(after.damaged_at > before.captured_at for before, after in pairwise(scene.frames))
    seldom, often = measured(source=fakes.seldom), measured()
    assert seldom["bytes"] == often["bytes"]


def test_a_scene_that_never_changes_ends():
    scene = scenes.load(fakes.still, "a scene", fakes.SIZE, 5)
    assert scene.changes == 1
    assert len(scene.images) == 60
    found = measured(source=fakes.still, encoder="h264")
    assert found["delivered"] == 100
    assert found["bytes"] > 0


def test_every_kind_of_encoder_is_in_a_quick_plan_and_a_full_plan_has_all():
    def planned(quick):
        return {one.encoder for group in bench.plan(bench.Options(quick=quick)) for one in group}

    assert planned(False) == set(encoders())
    assert planned(True) == set(encoders()) - {"hevc_444", "vp9_444"}


def test_a_quick_plan_is_short_and_says_how_long():
    options = bench.Options(quick=True)
    assert 15 < options.turns * sum(one.seconds for group in bench.plan(options) for one in group) < 100


def test_names_choose_encoders_workloads_and_sizes():
    options = bench.Options(encoders=("h264 veryfast", "tiles"), workloads=("idle",), sizes=("320x240", "640x360"))
    groups = bench.plan(options)
    assert [{one.system for one in group} for group in groups] == [{"h264 veryfast", "tiles"}] * 2
    assert [group[0].size for group in groups] == [(320, 240), (640, 360)]
    assert {one.workload for group in groups for one in group} == {"idle"}
    assert {one.options.get("preset") for one in groups[0]} == {"veryfast", None}


def test_a_codec_that_only_a_full_run_has_can_be_asked_for_in_a_quick_one():
    (group,) = bench.plan(bench.Options(quick=True, encoders=("vp9_444",), workloads=("idle",)))
    assert {one.encoder for one in group} == {"vp9_444"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"encoders": ("h266",)}, r'no encoder "h266".*hybrid, tiles, h264.*h264 veryfast'),
        ({"workloads": ("dancing",)}, r'no workload "dancing".*typing'),
        ({"sizes": ("large",)}, '"large" is no size; write it like 1280x720'),
        ({"sizes": ("0x10",)}, "is no size"),
    ],
    ids=["encoder", "workload", "size", "empty-size"],
)
def test_a_name_that_does_not_exist_lists_those_that_do(options, said):
    with pytest.raises(UsageError, match=said):
        bench.plan(bench.Options(**options))


def test_tools_say_how_each_encoder_is_set():
    tools = {tool.name: tool for tool in bench.tools()}
    assert "zerolatency" in tools["h264"].settings
    assert "rtc=1" in tools["av1"].settings
    assert tools["PyAV"].version


def rows_of(system, factor, worker=None, milliseconds=1.0):
    return [
        Row(
            system,
            "a scene",
            {"size": "64x64", "qp": qp},
            {
                "encode_p50": Figure((milliseconds, milliseconds * 1.1), "ms"),
                "bytes": Figure((factor * size, factor * size), "bytes a frame"),
                "psnr": Figure((reached,), "dB", "higher"),
            },
            worker=worker,
        )
        for qp, size, reached in ((34, 1000, 30.0), (26, 2200, 35.0), (18, 5000, 41.0))
    ]


def test_ratios_hold_curves_to_the_anchor_and_our_times_to_all():
    rows = [*rows_of("h264", 1.0, milliseconds=2.0), *rows_of("av1", 0.5, milliseconds=8.0)]
    rows += [*rows_of("hybrid", 2.0), Row("h264_nvenc", "a scene", {"size": "64x64"}, reason="no card")]
    found = {(one.figure, one.system, one.against): one for one in bench.ratios(rows)}
    assert found["bytes at equal psnr", "av1", "h264"].median == pytest.approx(0.5)
    assert found["bytes at equal psnr", "hybrid", "h264"].median == pytest.approx(2)
    assert found["encode_p50", "hybrid", "h264"].runs == pytest.approx((0.5, 0.5))
    assert found["encode_p50", "hybrid", "av1"].median == pytest.approx(0.125)
    assert len(found) == 4


def test_ratios_never_cross_machines():
    rows = [*rows_of("h264", 1.0, "one"), *rows_of("hybrid", 2.0, "other")]
    assert bench.ratios(rows) == []
