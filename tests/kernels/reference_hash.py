"""The tile hash and the picture digest of docs/tile-stream.md, in whole numbers alone."""

import numpy as np

MASK = (1 << 64) - 1


def finish(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


KEYS = [finish(i * 0x9E3779B97F4A7C15 & MASK) >> 32 for i in range(1, 65)]


def row_sum(row):
    values = [int(b) | int(g) << 8 | int(r) << 16 for b, g, r in row[:, :3]]
    if len(values) % 2:
        values.append(0)
    sums = [value + key for value, key in zip(values, KEYS, strict=False)]
    return sum(even * odd for even, odd in zip(sums[0::2], sums[1::2], strict=True)) & MASK


def tile_hash(tile):
    height, width = tile.shape[:2]
    value = ((width * 256 + height) * 0x9E3779B97F4A7C15) & MASK
    for row in tile:
        value = ((value ^ row_sum(row)) * 0xD6E8FEB86659FD93) & MASK
        value ^= value >> 32
    return value


def mix(value, index):
    return finish(value ^ (((index + 1) * 0x9E3779B97F4A7C15) & MASK))


def digest(image):
    height, width = image.shape[:2]
    result = index = 0
    for y in range(0, height, 64):
        for x in range(0, width, 64):
            result ^= mix(tile_hash(image[y : y + 64, x : x + 64]), index)
            index += 1
    return result


def colliding_pixels():
    """Make two different pairs of pixels whose row sum, as the first two of a tile, is the same."""
    keys = KEYS[:2]
    left, right = -(-keys[0] // 1000) * 1000, (keys[1] // 1001 + 2000) * 1001
    other = left // 1000 * 1001, right // 1001 * 1000
    assert left * right == other[0] * other[1]
    pairs = [[value - key for value, key in zip(pair, keys, strict=True)] for pair in ((left, right), other)]
    return [np.array(pair, "<u4").view(np.uint8).reshape(2, 4) for pair in pairs]
