"""Fuzz the tile stream: kernels under sanitizers, then the native decoder against the reference in Python.

`python tests/fuzz/fuzz_tile_stream.py --seconds 60` spends half of the time on each; a failure prints the seed that
repeats it by `--seed`.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "native"))
sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))

from reference_stream import DamagedError, Reader
from sanitized_build import build, run
from stream_scenes import SCENES, scene

from fanlight.errors import CodecError
from fanlight.kernels import stream, tiles

HOSTILE_ROUNDS = 2000
CANARY = 0xC5
SLOTS = 8


def native(data, start, cache):
    """Return what the native decoder makes of a stream: picture, tiles, and whether it was taken."""
    height, width = start.shape[:2]
    buffer = np.full((height + 2, width + 5, 4), CANARY, np.uint8)
    image, marks = buffer[1:-1, 2:-3], tiles.no_tiles((width, height))
    image[:] = start
    try:
        stream.decode(data, image, marks, cache)
        taken = True
    except CodecError:
        taken = False
    found = image.copy()
    image[:] = CANARY
    if (buffer != CANARY).any():
        raise AssertionError("the native decoder wrote outside of the picture")
    return found, marks, taken


def reference(data, start, cache):
    """Return what the reference decoder makes of a stream, likewise."""
    image, marks = start.copy(), tiles.no_tiles((start.shape[1], start.shape[0]))
    reader = Reader(data, image, cache)
    try:
        reader.run()
        taken = True
    except DamagedError:
        taken = False
    for place in reader.touched:
        marks[place] = 1
    return image, marks, taken


def damaged(data, randomly):
    """Change, cut, double or make up parts of a stream."""
    data = bytearray(data)
    for _ in range(randomly.randint(0, 4)):
        at = randomly.randrange(len(data) + 1)
        blow = randomly.randrange(4)
        if blow == 0:
            data[at : at + 1] = randomly.randbytes(1)
        elif blow == 1:
            del data[at : at + randomly.randint(1, 50)]
        elif blow == 2:
            data[at:at] = data[at : at + randomly.randint(1, 50)]
        else:
            data[at:at] = bytes([randomly.randint(0, 11)]) + bytes(
                randomly.choices(range(4), k=randomly.randint(4, 20))
            )
    return bytes(data)


def compare_decoders(seed):
    """Give a series of streams, some of them damaged, to both decoders; AssertionError where they differ."""
    randomly = random.Random(seed)
    size = (randomly.randint(1, 140), randomly.randint(1, 140))
    pages = [scene(randomly.choice(SCENES), size, seed + i) for i in range(2)]
    shown = scene("noise", size, seed)
    shown[..., 3] = 0
    encoder, decoder, slots = stream.Cache(SLOTS), stream.Cache(SLOTS), [None] * SLOTS
    for _ in range(randomly.randint(1, 4)):
        data = stream.encode(randomly.choice(pages), (), tiles.all_tiles(size), encoder, shown)
        data = damaged(data, randomly) if randomly.random() < 0.5 else bytes(data)
        image, marks, taken = native(data, shown, decoder)
        expected, touched, expected_taken = reference(data, shown, slots)
        if taken != expected_taken or not np.array_equal(image, expected) or not np.array_equal(marks, touched):
            raise AssertionError(f"the decoders differ: native {taken}, reference {expected_taken}")
        if not taken:
            return
        shown = image


def check_kernels(program, seed):
    """Run the kernels once under sanitizers; AssertionError with their report."""
    done = run(program, seed, HOSTILE_ROUNDS)
    if done.returncode:
        raise AssertionError(f"the kernels failed under sanitizers:\n{done.stderr}")


def repeat(check, seed, seconds):
    """Check one seed, or new ones until the time is over; return how many."""
    end, count = time.monotonic() + seconds, 0
    while not count or (seed is None and time.monotonic() < end):
        tried = random.getrandbits(31) if seed is None else seed
        try:
            check(tried)
        except BaseException:
            sys.stderr.write(f"failed: repeat with --seed {tried}\n")
            raise
        count += 1
    return count


def main():
    """Fuzz until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        runs = repeat(lambda seed: check_kernels(program, seed), given.seed, given.seconds / 2)
    compared = repeat(compare_decoders, given.seed, given.seconds / 2)
    sys.stdout.write(f"{runs} runs of the kernels, {compared} compared streams\n")


if __name__ == "__main__":
    main()
