"""The kernels on a whole 1080p picture, each beside the plainest thing that touches the same bytes."""

import zlib

import numpy as np
import pytest
from kernel_cases import SIZES, picture
from stream_scenes import scene

from conftest import Measure
from fanlight.kernels import planes, stream, tiles
from fanlight.kernels.shadow import Shadow

SIZE = SIZES[-1]
WIDTH, HEIGHT = SIZE
SCROLL = 37
CONTENTS = ["solid", "text", "photo", "noise"]
LEAST_PAGE = 4096

on_every_instruction_set = pytest.mark.usefixtures("variant")


@on_every_instruction_set
def test_compare_equal(measure: Measure) -> None:
    before = picture(SIZE, "random")
    after, marks = before.copy(), tiles.all_tiles(SIZE)

    def compare() -> None:
        marks.fill(1)
        tiles.compare(before, after, marks)

    measure(compare, "numpy", lambda: (before != after).any())
    assert not marks.any()


@on_every_instruction_set
def test_compare_different(measure: Measure) -> None:
    before, after, marks = picture(SIZE, "low"), picture(SIZE, "high"), tiles.all_tiles(SIZE)
    measure(lambda: tiles.compare(before, after, marks), "numpy", lambda: (before != after).any())
    assert marks.all()


@on_every_instruction_set
def test_copy(measure: Measure) -> None:
    source, marks = picture(SIZE, "random"), tiles.all_tiles(SIZE)
    target = source.copy()
    measure(lambda: tiles.copy(source, target, marks), "memcpy", lambda: np.copyto(target, source))


@on_every_instruction_set
def test_hashes(measure: Measure) -> None:
    image, marks = picture(SIZE, "random"), tiles.all_tiles(SIZE)
    target, out = image.copy(), np.zeros(tiles.grid(SIZE), np.uint64)
    measure(lambda: tiles.hashes(image, marks, out), "memcpy", lambda: np.copyto(target, image))


@on_every_instruction_set
def test_nv12(measure: Measure) -> None:
    image, marks = picture(SIZE, "random"), tiles.all_tiles(SIZE)
    target, luma, chroma = image.copy(), np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT // 2, WIDTH), np.uint8)
    measure(lambda: planes.nv12(image, marks, luma, chroma), "memcpy", lambda: np.copyto(target, image))


@on_every_instruction_set
def test_yuv444(measure: Measure) -> None:
    image, marks = picture(SIZE, "random"), tiles.all_tiles(SIZE)
    target, y, cb, cr = image.copy(), *(np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(3))
    measure(lambda: planes.yuv444(image, marks, (y, cb, cr)), "memcpy", lambda: np.copyto(target, image))


@on_every_instruction_set
@pytest.mark.parametrize("to_planes", [False, True], ids=["alone", "and NV12"])
def test_full_change(measure: Measure, to_planes: bool) -> None:
    """Compare, copy and hash what changed all over."""
    pictures = [picture(SIZE, "random"), picture(SIZE, "random", seed=1)]
    shadow, target, marks = pictures[0].copy(), pictures[0].copy(), tiles.all_tiles(SIZE)
    out = np.zeros(tiles.grid(SIZE), np.uint64)
    luma, chroma = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT // 2, WIDTH), np.uint8)

    def update() -> None:
        pictures.reverse()
        marks.fill(1)
        tiles.compare(shadow, pictures[0], marks)
        tiles.copy(pictures[0], shadow, marks)
        tiles.hashes(shadow, marks, out)
        if to_planes:
            planes.nv12(shadow, marks, luma, chroma)

    measure(update, "memcpy", lambda: np.copyto(target, pictures[0]))


@on_every_instruction_set
@pytest.mark.parametrize("kind", ["scroll", "change"])
def test_shadow(measure: Measure, kind: str) -> None:
    """Find what changed and take it over: compare, row sums, moves, copy."""
    pictures = [picture(SIZE, "random"), picture(SIZE, "random", seed=1)]
    if kind == "scroll":
        pictures[1] = np.roll(pictures[0], -SCROLL, axis=0)
    shadow, target, marks = Shadow(SIZE), pictures[0].copy(), tiles.all_tiles(SIZE)
    shadow.take(pictures[0], marks)

    def update() -> None:
        pictures.reverse()
        marks.fill(1)
        shadow.find(pictures[0], marks)
        shadow.take(pictures[0], marks)

    measure(update, "memcpy", lambda: np.copyto(target, pictures[0]))


@on_every_instruction_set
@pytest.mark.parametrize("name", CONTENTS)
def test_stream_encode(measure: Measure, name: str) -> None:
    image, marks = scene(name, SIZE), tiles.all_tiles(SIZE)
    target = image.copy()
    measure(lambda: stream.encode(image, (), marks), "memcpy", lambda: np.copyto(target, image))


@on_every_instruction_set
def test_stream_names_a_page(measure: Measure) -> None:
    """Two pages take turns, and both are in the cache."""
    pages = [scene("photo", SIZE, seed) for seed in range(2)]
    marks, target, cache = tiles.all_tiles(SIZE), pages[0].copy(), stream.Cache(stream.slots_for(SIZE))

    def flip() -> int:
        pages.reverse()
        return len(stream.encode(pages[0], (), marks, cache, pages[1]))

    while flip() > LEAST_PAGE:
        pass
    measure(flip, "memcpy", lambda: np.copyto(target, pages[0]))
    assert flip() <= LEAST_PAGE


@pytest.mark.parametrize("name", CONTENTS)
def test_stream_decode(measure: Measure, name: str) -> None:
    image, marks = scene(name, SIZE), tiles.all_tiles(SIZE)
    encoded, target = stream.encode(image, (), marks), np.zeros_like(image)
    measure(lambda: stream.decode(encoded, target, marks), "memcpy", lambda: np.copyto(target, image))
    assert (target[..., :3] == image[..., :3]).all()


def test_stream_beside_zlib(measure: Measure) -> None:
    image, marks = picture(SIZE, "few"), tiles.all_tiles(SIZE)
    raw = image.tobytes()
    measure(lambda: zlib.compress(stream.encode(image, (), marks), 1), "zlib of pixels", lambda: zlib.compress(raw, 1))
