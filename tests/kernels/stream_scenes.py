"""Pictures for the tile stream, one for each way that it can write a tile."""

import numpy as np

COLOURS = {"solid": 1, "two": 2, "four": 4, "sixteen": 16, "seventeen": 17, "all-255": 255}


def coloured(size, count, random):
    """Make a picture of exactly `count` colours in its first tile, if that is large enough."""
    width, height = size
    colours = random.choice(1 << 24, count, replace=False)
    numbers = random.integers(0, count, (height, width))
    numbers.flat[: min(count, numbers.size)] = np.arange(min(count, numbers.size))
    top = numbers[:64, :64]
    for y in range(top.shape[0]):
        for x in range(top.shape[1]):
            top[y, x] = y * top.shape[1] + x if y * top.shape[1] + x < count else top[y, x]
    return colours[numbers]


def text(size, random):
    """Make glyph-like marks with soft edges in a few colours on white."""
    width, height = size
    values = np.full((height, width), 0xFFFFFF)
    for top in range(2, height, 14):
        for left in range(3, width, 9):
            ink = int(random.choice([0x000000, 0x0000C0, 0x208040]))
            grey = int(random.integers(1, 7)) * 0x202020
            values[top : top + 9, left : left + 5] = ink
            values[top + 2 : top + 7, left + 2 : left + 5] = grey
    return values


def photo(size, random):
    """Make smooth colours with a little noise."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        128 + 100 * np.sin(x / a + y / b) + random.normal(0, 3, x.shape) for a, b in ((40, 60), (55, 35), (30, 80))
    ]
    return sum(np.clip(plane, 0, 255).astype(np.int64) << 8 * i for i, plane in enumerate(planes))


def drawn(count, random):
    """Choose colours, more than any table holds, but half of the time one of a few."""
    few = random.integers(0, 1 << 24, 20)
    return np.where(random.random(count) < 0.5, few[random.integers(0, 20, count)], random.integers(0, 1 << 24, count))


def runs(size, random):
    """Make more colours than any table holds, each twice or more in a row."""
    width, height = size
    half = -(-width // 2)
    return np.repeat(drawn(height * half, random).reshape(height, half), 2, axis=1)[:, :width]


def short_runs(size, random):
    """Make more colours than any table holds, every other one twice in a row."""
    width, height = size
    lengths = np.resize([2, 1], width)
    return np.array([np.repeat(row, lengths)[:width] for row in drawn(height * width, random).reshape(height, width)])


def pixels_doubled(size, random):
    """Make a photograph of which every pixel stands twice in a row."""
    width, height = size
    return np.repeat(photo((-(-width // 2), height), random), 2, axis=1)[:, :width]


def ramp(size, random):
    """Make rows of one colour each, no two alike."""
    width, height = size
    return np.repeat(random.choice(1 << 24, height, replace=False)[:, None], width, axis=1)


MAKERS = {"text": text, "runs": runs, "photo": photo, "short-runs": short_runs, "ramp": ramp, "doubled": pixels_doubled}
SCENES = [*COLOURS, *MAKERS, "noise"]


def scene(name, size, seed=0):
    """Make a picture by name; its X bytes are noise."""
    random = np.random.default_rng([seed, *size, SCENES.index(name)])
    width, height = size
    if name in COLOURS:
        values = coloured(size, COLOURS[name], random)
    elif name == "noise":
        values = random.integers(0, 1 << 24, (height, width))
    else:
        values = MAKERS[name](size, random)
    words = values.astype(np.uint32) | random.integers(0, 256, (height, width)).astype(np.uint32) << np.uint32(24)
    return np.ascontiguousarray(words.astype("<u4")).view(np.uint8).reshape(height, width, 4)
