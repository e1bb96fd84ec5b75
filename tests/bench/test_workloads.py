import os
import subprocess
import sys
from itertools import pairwise

import av
import numpy as np
import pygame
import pytest

from fanlight.errors import UsageError
from fanlight.types import Rect
from fanlight_bench import clock, workloads
from fanlight_bench.workloads.base import new_surface, pixels
from fanlight_bench.workloads.catalog import create
from fanlight_bench.workloads.stage import Stage
from patience import PATIENCE

SIZE = (640, 480)
ALWAYS = [name for name in workloads.names() if name not in ("idle", "caret", "typing", "slide-change")]


def drawn(name, count=24, size=SIZE, **options):
    return [frame.copy() for frame in workloads.frames(name, size, count, **options)]


def outside_clocks(size=SIZE):
    free = np.ones((size[1], size[0]), bool)
    for x, y, w, h in clock.corners(size):
        free[y : y + h, x : x + w] = False
    return free


def changes(frames):
    """How many frames differ from the one before."""
    return sum(not np.array_equal(a, b) for a, b in pairwise(frames))


@pytest.fixture
def recording(tmp_path):
    """An .npy of five frames of 320x200, a square in each, and its path as a workload."""
    frames = np.full((5, 200, 320, 3), 40, np.uint8)
    for n in range(5):
        frames[n, 20:60, 30 * n : 30 * n + 40] = 200 + n
    path = tmp_path / "recorded.npy"
    np.save(path, frames)
    return f"file:{path}", frames


@pytest.fixture
def film(tmp_path):
    """A video of eight frames of 320x240, each lighter than the one before, as a workload."""
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for n in range(8):
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 60 + 20 * n, np.uint8), "bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return f"file:{path}"


@pytest.mark.parametrize("name", workloads.names())
def test_frames_are_the_same_each_time(name):
    assert np.array_equal(drawn(name, 40, size=(321, 243)), drawn(name, 40, size=(321, 243)))


@pytest.mark.parametrize("name", ["typing", "scroll-text", "full-change", "bandwidth-circles"])
def test_another_seed_is_another_sequence(name):
    assert not np.array_equal(drawn(name, 3)[-1], drawn(name, 3, seed=2)[-1])


def rects_cover_changes(name, size, rate, count):
    surface = new_surface(size)
    workload = create(name, size, rate, 1, None)
    stage = Stage(workload, surface)
    before = np.zeros((size[1], size[0]), np.uint32)
    n = 0
    while n is not None and n < count:
        rects = stage.draw(n, lambda: 1000 + stage.drawn)
        after = pixels(surface).view(np.uint32)[..., 0].copy()
        differs = after != before
        assert all(surface.get_rect().contains(rect) for rect in rects), n
        for rect in rects:
            differs[rect.top : rect.bottom, rect.left : rect.right] = False
        assert not differs.any(), n
        before = after
        n = workload.next_frame(n)
    workload.close()


@pytest.mark.parametrize("size", [(321, 243), (643, 481)])
@pytest.mark.parametrize("name", workloads.names())
def test_rects_cover_all_that_changed(name, size):
    rects_cover_changes(name, size, rate=10, count=45)


def test_rects_cover_what_changed_in_a_recording(recording):
    rects_cover_changes(recording[0], SIZE, rate=30, count=12)


@pytest.mark.parametrize("name", workloads.names())
def test_the_clock_tells_when_a_frame_was_due_and_how_many_were_drawn(name):
    frames = drawn(name, 70, rate=30, size=(400, 300))
    readings = [clock.read(frame) for frame in frames]
    assert all(reading is not None and not reading.torn for reading in readings)
    assert readings[-1].seq == changes(frames)
    fresh = [n for n in range(1, 70) if readings[n] != readings[n - 1]]
    assert [readings[n].micros for n in fresh] == [n * 1_000_000 // 30 for n in fresh]


@pytest.mark.parametrize("name", ALWAYS)
def test_what_always_moves_draws_every_frame(name):
    assert changes(drawn(name, 10, size=(400, 300))) == 9


def test_idle_is_drawn_once():
    assert changes(drawn("idle", 120)) == 0


@pytest.mark.parametrize("rate", [5, 60])
def test_a_caret_blinks_every_half_second_at_any_rate(rate):
    assert changes(drawn("caret", 4 * rate + 1, rate=rate)) == 7


def test_a_slide_comes_each_second():
    assert changes(drawn("slide-change", 61, rate=20)) == 3


@pytest.mark.parametrize("rate", [30, 120])
def test_typing_keeps_its_rhythm_at_any_rate(rate):
    letters = changes(drawn("typing", 4 * rate + 1, rate=rate))
    assert 16 <= letters <= 40


def test_a_letter_changes_a_letter():
    free = outside_clocks()
    frames = drawn("typing", 90)
    areas = [np.any(a != b, axis=2)[free].sum() for a, b in pairwise(frames)]
    assert 0 < max(areas) < 800


def test_scrolling_moves_the_page_and_leaves_the_bar():
    first, second = drawn("scroll-text-sidebar", 2, rate=60)
    assert np.array_equal(second[64:300, 128:], first[72:308, 128:])
    assert np.array_equal(second[64:416, :128], first[64:416, :128])


def test_speed_does_not_depend_on_the_rate():
    slow, fast = drawn("scroll-text", 16, rate=15), drawn("scroll-text", 61, rate=60)
    assert np.array_equal(slow[15][64:416], fast[60][64:416])


def test_full_change_changes_every_pixel():
    free = outside_clocks()
    frames = drawn("full-change", 6)
    for before, after in pairwise(frames):
        assert np.all(np.any(after != before, axis=2)[free])


@pytest.mark.parametrize("name", ["full-change", "video-region"])
def test_a_region_keeps_the_change_inside(name):
    region = Rect(200, 120, 101, 83)
    before, after = drawn(name, 2, region=region)
    differs = np.any(after != before, axis=2) & outside_clocks()
    assert differs[120:203, 200:301].mean() > 0.9
    differs[120:203, 200:301] = False
    assert not differs.any()


def test_video_is_in_the_middle_of_a_still_desktop():
    before, after = drawn("video-region", 2, size=(1280, 720))
    differs = np.any(after != before, axis=2) & outside_clocks((1280, 720))
    assert differs[120:600, 213:1067].mean() > 0.9
    differs[120:600, 213:1067] = False
    assert not differs.any()


def test_a_recording_is_shown_pixel_for_pixel_and_again(recording):
    name, frames = recording
    shown = drawn(name, 7)
    for n, image in enumerate(shown):
        assert np.array_equal(image[140:340, 160:480, :3], frames[n % 5])
    assert not shown[0][:140, 160:480, :3].any()


def test_a_recording_that_is_larger_is_cut(tmp_path):
    frames = np.random.default_rng(1).integers(0, 256, (2, 600, 700, 4), np.uint8)
    np.save(tmp_path / "large.npy", frames)
    shown = drawn(f"file:{tmp_path / 'large.npy'}", 2)
    free = outside_clocks()
    assert np.array_equal(shown[1][..., :3][free], frames[1, :480, :640, :3][free])


def test_a_video_fills_the_screen_and_begins_anew(film):
    middle = [int(image[240, 320, 1]) for image in drawn(film, 10)]
    assert middle[:8] == sorted(middle[:8])
    assert middle[7] - middle[0] > 100
    assert middle[8:] == middle[:2]


def test_a_workload_that_does_not_exist_names_those_that_do():
    with pytest.raises(UsageError) as error:
        workloads.frames("scrolltext", SIZE, 1)
    assert all(name in str(error.value) for name in workloads.names())


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(b"", ".mp4"), (os.urandom(4096), ".mp4"), (b"# A readme", ".md"), (b"", ".npy"), (b"\x93NUMPY\x01\x00v", ".npy")],
)
@pytest.mark.parametrize("use", [workloads.command, lambda name, size: workloads.frames(name, size, 1)])
def test_a_file_that_does_not_decode_is_one_sentence(tmp_path, content, suffix, use):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        use(f"file:{path}", SIZE)
    sentence = str(error.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "frames", [np.zeros((4, 9)), np.zeros((0, 9, 9, 3), np.uint8), np.zeros((2, 9, 9, 2), np.uint8)]
)
def test_an_array_that_is_no_sequence_of_frames_is_refused(tmp_path, frames):
    np.save(tmp_path / "other.npy", frames)
    with pytest.raises(UsageError, match="frames are uint8 of shape"):
        workloads.command(f"file:{tmp_path / 'other.npy'}", SIZE)


def test_pickled_objects_are_not_loaded(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(UsageError, match="cannot be read"):
        workloads.command(f"file:{tmp_path / 'objects.npy'}", SIZE)


def test_sound_alone_is_no_workload(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(UsageError, match="does not decode as a video"):
        workloads.command(f"file:{path}", SIZE)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(UsageError, match=r"There is no file /nowhere/film\.mp4"):
        workloads.command("file:/nowhere/film.mp4", SIZE)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": (319, 480)}, "319x480"),
        ({"size": (640, 20_000)}, "640x20000"),
        ({"size": SIZE, "rate": 0}, "0 frames"),
        ({"size": SIZE, "rate": float("nan")}, "nan frames"),
        ({"size": SIZE, "rate": 1001}, "1001 frames"),
        ({"size": SIZE, "region": Rect(600, 0, 41, 10)}, "not inside"),
        ({"size": SIZE, "region": Rect(0, 0, 0, 10)}, "not inside"),
    ],
)
def test_values_that_do_not_fit_are_refused(options, says):
    with pytest.raises(UsageError, match=says):
        workloads.command("full-change", **options)


def test_only_two_workloads_take_a_region():
    with pytest.raises(UsageError, match="idle takes no region"):
        workloads.command("idle", SIZE, region=Rect(0, 0, 10, 10))


@pytest.mark.parametrize("module", ["pygame", "matplotlib"])
def test_a_package_that_is_missing_is_said_with_the_command_that_brings_it(module):
    program = f"""
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {module!r} else find(name, *rest)
from fanlight.errors import UsageError
from fanlight_bench import workloads
try:
    next(workloads.frames("typing", (640, 480), 1))
except UsageError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout
    assert said.endswith("pip install 'fanlight[bench]'.\n")


def test_drawing_needs_no_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert drawn("latency-clock", 1)[0].shape == (480, 640, 4)
    assert not pygame.display.get_init()
