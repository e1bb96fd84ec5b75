"""A decoder of docs/tile-stream.md in plain Python: the specification as code."""

import numpy as np

COPY, SOLID, PALETTE, RAW, INDEXED, PREDICTED, CACHED, STORE, RUNS, PART, SYMBOLS = range(1, 12)
MAX_TABLE = 255
MAX_WORK = 4
FAR, LIKE_FIRST, LIKE, PIXEL, SPELLED = 228, 240, 248, 254, 255
MAX_NEAR, MAX_RUNS = FAR, 256 * (LIKE_FIRST - FAR)
NEAR_AT_ONCE, USES_TO_NEAR = 96, 8
MAX_SYMBOLS = 4096


class DamagedError(Exception):
    """The stream does not decode."""


class Reader:
    """Applies one stream to a picture, in place; `touched` holds the tiles (row, column) it wrote.

    `cache` is the list of slots, each None or the pixels of a tile; it lasts from stream to stream.
    """

    def __init__(self, stream, image, cache=()):
        self.stream, self.at = bytes(stream), 0
        self.image, self.cache = image, cache
        self.height, self.width = image.shape[:2]
        self.work = MAX_WORK * self.width * self.height
        self.table = []
        self.known_runs, self.near_runs, self.uses = [], [], []
        self.known_symbols = []
        self.part_of_tile = None
        self.touched = set()

    def run(self):
        while self.at < len(self.stream):
            self.operation(self.u8())()

    def operation(self, code):
        operations = {
            COPY: self.copy,
            SOLID: self.solid,
            PALETTE: self.palette,
            RAW: self.raw,
            INDEXED: self.indexed,
            PREDICTED: self.predicted,
            CACHED: self.cached,
            STORE: self.store,
            RUNS: self.runs,
            PART: self.part,
            SYMBOLS: self.symbols,
        }
        if code not in operations:
            raise DamagedError("unknown operation")
        return operations[code]

    # ---- input ----

    def take(self, count):
        if len(self.stream) - self.at < count:
            raise DamagedError("truncated")
        self.at += count
        return self.stream[self.at - count : self.at]

    def u8(self):
        return self.take(1)[0]

    def u16(self, count):
        data = self.take(2 * count)
        return [data[2 * i] | data[2 * i + 1] << 8 for i in range(count)]

    def colours(self, count):
        data = self.take(3 * count)
        return [tuple(data[3 * i : 3 * i + 3]) for i in range(count)]

    def place(self, column, row):
        if column >= -(-self.width // 64) or row >= -(-self.height // 64):
            raise DamagedError("tile outside the grid")
        x, y = 64 * column, 64 * row
        w, h = min(64, self.width - x), min(64, self.height - y)
        if self.part_of_tile:
            left, top, part_w, part_h = self.part_of_tile
            if left + part_w > w or top + part_h > h:
                raise DamagedError("part outside its tile")
            x, y, w, h = x + left, y + top, part_w, part_h
        self.spend(w, h)
        return x, y, w, h

    def tile(self):
        return self.place(*self.u16(2))

    def span(self):
        """Read tiles side by side: each with its slot."""
        column, row = self.u16(2)
        count = self.u8() + 1
        (slot,) = self.u16(1)
        if slot + count > len(self.cache):
            raise DamagedError("slot outside the cache")
        return [(slot + i, self.place(column + i, row)) for i in range(count)]

    # ---- checks ----

    def spend(self, w, h):
        self.work -= w * h
        if self.work < 0:
            raise DamagedError("too much work")

    def check_rect(self, x, y, w, h):
        if w == 0 or h == 0 or x + w > self.width or y + h > self.height:
            raise DamagedError("rectangle outside the picture")

    # ---- output ----

    def write(self, x, y, pixels):
        h, w = pixels.shape[:2]
        self.image[y : y + h, x : x + w, :3] = pixels
        self.image[y : y + h, x : x + w, 3] = 0
        self.touched |= {
            (row, column)
            for row in range(y // 64, (y + h - 1) // 64 + 1)
            for column in range(x // 64, (x + w - 1) // 64 + 1)
        }

    def paint(self, x, y, rows, colours):
        if any(number >= len(colours) for row in rows for number in row):
            raise DamagedError("index past the palette")
        self.write(x, y, np.array([[colours[number] for number in row] for row in rows], np.uint8))

    # ---- operations ----

    def copy(self):
        x, y, w, h, src_x, src_y = self.u16(6)
        self.check_rect(x, y, w, h)
        self.check_rect(src_x, src_y, w, h)
        self.spend(w, h)
        self.write(x, y, self.image[src_y : src_y + h, src_x : src_x + w, :3].copy())

    def solid(self):
        x, y, w, h = self.u16(4)
        colour = self.take(3)
        self.check_rect(x, y, w, h)
        self.spend(w, h)
        self.write(x, y, np.full((h, w, 3), list(colour), np.uint8))

    def palette(self):
        x, y, w, h = self.tile()
        count = self.u8() + 1
        if not 2 <= count <= 16:
            raise DamagedError("palette of an impossible size")
        colours = self.colours(count)
        bits = 1 if count <= 2 else 2 if count <= 4 else 4
        row_bytes = (w * bits + 7) // 8
        packed = self.take(row_bytes * h)
        rows = []
        for i in range(h):
            row = packed[i * row_bytes : (i + 1) * row_bytes]
            rows.append([row[k * bits >> 3] >> (k * bits & 7) & ((1 << bits) - 1) for k in range(w)])
        self.paint(x, y, rows, colours)

    def raw(self):
        x, y, w, h = self.tile()
        self.write(x, y, np.frombuffer(self.take(3 * w * h), np.uint8).reshape(h, w, 3))

    def indexed(self):
        x, y, w, h = self.tile()
        count = self.u8()
        if len(self.table) + count > MAX_TABLE:
            raise DamagedError("table too long")
        table = self.table + self.colours(count)
        numbers = self.take(w * h)
        self.paint(x, y, [numbers[i * w : (i + 1) * w] for i in range(h)], table)
        self.table = table

    def predicted(self):
        x, y, w, h = self.tile()
        data = self.take(3 * w * h)
        planes = []
        for plane in range(3):
            values, above = [], [0] * w
            for i in range(h):
                start, total = (plane * h + i) * w, 0
                for k in range(w):
                    total += data[start + k]
                    above[k] = (above[k] + total) & 255
                values.append(list(above))
            planes.append(values)
        blue, green, red = np.array(planes, np.uint8)
        self.write(x, y, np.stack([blue + green, green, red + green], axis=-1))

    def new_run(self, colour, length):
        if len(self.known_runs) < MAX_RUNS:
            self.known_runs.append((colour, length))
            self.uses.append(0)
            if len(self.near_runs) < NEAR_AT_ONCE:
                self.near_runs.append((colour, length))
        return colour, length

    def run_like(self, place):
        if place >= len(self.known_runs):
            raise DamagedError("colour of a run that was not before")
        return self.new_run(self.known_runs[place][0], self.u8())

    def far_run(self, place):
        if place >= len(self.known_runs):
            raise DamagedError("run that was not before")
        self.uses[place] += 1
        if self.uses[place] == USES_TO_NEAR and len(self.near_runs) < MAX_NEAR:
            self.near_runs.append(self.known_runs[place])
        return self.known_runs[place]

    def next_run(self):
        first = self.u8()
        if first == SPELLED:
            (colour,) = self.colours(1)
            return self.new_run(colour, self.u8())
        if first == PIXEL:
            return self.new_run(self.colours(1)[0], 1)
        if first >= LIKE:
            return self.run_like(256 * (first - LIKE) + self.u8())
        if first >= LIKE_FIRST:
            return self.run_like(first - LIKE_FIRST)
        if first >= FAR:
            return self.far_run(256 * (first - FAR) + self.u8())
        if first >= len(self.near_runs):
            raise DamagedError("near run that was not before")
        return self.near_runs[first]

    def pixels_of_runs(self, w, h):
        pixels = []
        while len(pixels) < w * h:
            colour, length = self.next_run()
            if length == 0:
                raise DamagedError("run without pixels")
            pixels += [colour] * length
        if len(pixels) > w * h:
            raise DamagedError("run past the last pixel")
        return np.array(pixels, np.uint8).reshape(h, w, 3)

    def runs(self):
        x, y, w, h = self.tile()
        self.write(x, y, self.pixels_of_runs(w, h))

    def symbols(self):
        x, y, w, h = self.tile()
        (ground,) = self.colours(1)
        tile, free = np.full((h, w, 3), list(ground), np.uint8), np.ones((h, w), bool)
        before = len(self.known_symbols)
        right = top = 0
        for _ in range(self.u8()):
            left, top = (right + self.u8()) & 255, (top + self.u8()) & 255
            (number,) = self.u16(1)
            if number > len(self.known_symbols):
                raise DamagedError("symbol that was not before")
            is_new = number == len(self.known_symbols)
            if is_new:
                symbol_w, symbol_h = self.u8() + 1, self.u8() + 1
            else:
                from_x, from_y, symbol_w, symbol_h = self.known_symbols[number]
            right = left + symbol_w
            if right > w or top + symbol_h > h or not free[top : top + symbol_h, left:right].all():
                raise DamagedError("symbol outside its tile or on another one")
            if is_new:
                pixels = self.pixels_of_runs(symbol_w, symbol_h)
                if len(self.known_symbols) < MAX_SYMBOLS:
                    self.known_symbols.append((x + left, y + top, symbol_w, symbol_h))
            elif number >= before:
                pixels = tile[from_y - y :, from_x - x :][:symbol_h, :symbol_w].copy()
            else:
                pixels = self.image[from_y : from_y + symbol_h, from_x : from_x + symbol_w, :3]
            tile[top : top + symbol_h, left:right] = pixels
            free[top : top + symbol_h, left:right] = False
        self.write(x, y, tile)

    def part(self):
        left, top, w, h = self.take(4)
        code = self.u8()
        if code not in (PALETTE, RAW, INDEXED, PREDICTED, RUNS, SYMBOLS):
            raise DamagedError("part of what is no tile")
        self.part_of_tile = (left, top, w + 1, h + 1)
        self.operation(code)()
        self.part_of_tile = None

    def store(self):
        for slot, (x, y, w, h) in self.span():
            self.cache[slot] = self.image[y : y + h, x : x + w, :3].copy()

    def cached(self):
        span = self.span()
        for slot, (_, _, w, h) in span:
            if self.cache[slot] is None or self.cache[slot].shape != (h, w, 3):
                raise DamagedError("no such tile in the slot")
        for slot, (x, y, _, _) in span:
            self.write(x, y, self.cache[slot])


def decode(stream, image, cache=()):
    """Apply a stream to an image in place; return the tiles touched. DamagedError leaves what stood before it."""
    reader = Reader(stream, image, cache)
    reader.run()
    return reader.touched
