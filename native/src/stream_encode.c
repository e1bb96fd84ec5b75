/* Writing the tile stream.
 *
 * Each tile takes the first form that holds it: SOLID for one colour, PALETTE for up to 16, INDEXED while its colours
 * fit the stream's colour table. What is left is RAW where runs of equal pixels let the compressor find repeats, as in
 * text of many colours, and PREDICTED where they do not, as in photographs. */
#include "stream.h"

enum {
    SLOT_BITS = 10, /* four slots for each colour, so that most are found at once */
    RUN_SLOT_BITS = 13,
    MOST_TILES = FL_MAX_SIDE / FL_TILE * (FL_MAX_SIDE / FL_TILE),
    FL_CHUNK = 8,   /* indexes are written and packed so many at a time */
};

/* A set of up to FL_MAX_TABLE colours, numbered as they first appear. */
typedef struct fl_colours {
    uint32_t colours[FL_MAX_TABLE];
    int n;
    uint8_t slots[1 << SLOT_BITS]; /* number + 1, 0 when free */
} fl_colours;

/* The colours that runs name, numbered as they first appear. */
typedef struct fl_run_table {
    uint32_t colours[FL_MAX_RUN_TABLE];
    int n;
    uint16_t slots[1 << RUN_SLOT_BITS]; /* number + 1, 0 when free */
} fl_run_table;

/* A run of equal solid tiles that may still grow. */
typedef struct fl_solid_run {
    fl_rect rect;
    uint32_t colour;
} fl_solid_run;

/* Tiles side by side and as many slots of the cache, for a CACHED or a STORE that may still grow. */
typedef struct fl_slot_run {
    int op, column, row, tiles, slot;
} fl_slot_run;

typedef struct fl_writer {
    uint8_t *at, *end;
    fl_cache *cache;
    fl_colours table;
    fl_run_table run_table;
    fl_solid_run solid; /* of the two runs, at most one is open */
    fl_slot_run slots;
    bool has_later;
    uint8_t later[MOST_TILES / 8]; /* a bit a tile: those that PREDICTED will bring */
    /* Of the tile at hand: where its colours change, what they are, and which of them each pixel has. */
    uint64_t edges[FL_TILE];
    fl_colours own;
    uint8_t indexes[FL_TILE_PIXELS + FL_CHUNK];
} fl_writer;

/* ---- output ----------------------------------------------------------------------------------------------------- */

static bool has_room(const fl_writer *out, ptrdiff_t bytes)
{
    return out->end - out->at >= bytes;
}

static void put_u8(fl_writer *out, int value)
{
    *out->at++ = (uint8_t)value;
}

static void put_u16(fl_writer *out, int value)
{
    put_u8(out, value & 0xFF);
    put_u8(out, value >> 8);
}

static void put_colour(fl_writer *out, uint32_t colour)
{
    put_u16(out, colour & 0xFFFF);
    put_u8(out, (int)(colour >> 16));
}

static void put_tile_head(fl_writer *out, int op, const fl_tile *t)
{
    put_u8(out, op);
    put_u16(out, t->x / FL_TILE);
    put_u16(out, t->y / FL_TILE);
}

/* ---- colours ---------------------------------------------------------------------------------------------------- */

static void clear_colours(fl_colours *set)
{
    set->n = 0;
    memset(set->slots, 0, sizeof set->slots);
}

/* The slot that holds `colour`, or the free one where it belongs. */
static uint8_t *colour_slot(fl_colours *set, uint32_t colour)
{
    uint32_t i = (colour * UINT32_C(0x9E3779B1)) >> (32 - SLOT_BITS);
    while (set->slots[i] && set->colours[set->slots[i] - 1] != colour)
        i = (i + 1) & ((1U << SLOT_BITS) - 1);
    return set->slots + i;
}

/* The number of a colour, which is added if it is new; -1 when the set is full. */
static int number_of(fl_colours *set, uint32_t colour)
{
    uint8_t *slot = colour_slot(set, colour);
    if (!*slot) {
        if (set->n == FL_MAX_TABLE)
            return -1;
        set->colours[set->n++] = colour;
        *slot = (uint8_t)set->n;
    }
    return *slot - 1;
}

static void fill(uint8_t *index, int n, int number)
{
    const uint64_t chunk = (uint64_t)number * UINT64_C(0x0101010101010101);
    for (int i = 0; i < n; i += FL_CHUNK)
        memcpy(index + i, &chunk, sizeof chunk);
}

/* Number the colours of a tile. Returns false when there are more than FL_MAX_TABLE. Runs are written in order and in
 * whole chunks, so that each covers what the one before it wrote too much. */
static bool index_tile(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    uint8_t *index = out->indexes;
    clear_colours(&out->own);
    for (int y = 0; y < t->h; y++, pixels += stride, index += t->w) {
        for (uint64_t edges = out->edges[y]; edges;) {
            const int x = __builtin_ctzll(edges);
            edges &= edges - 1;
            const int number = number_of(&out->own, fl_load_pixel(pixels + 4 * x));
            if (number < 0)
                return false;
            fill(index + x, (edges ? __builtin_ctzll(edges) : t->w) - x, number);
        }
    }
    return true;
}

/* ---- runs of tiles ---------------------------------------------------------------------------------------------- */

static int flush_solid(fl_writer *out)
{
    const fl_rect r = out->solid.rect;
    if (!r.w)
        return 0;
    if (!has_room(out, FL_SOLID_BYTES))
        return -ENOSPC;
    put_u8(out, FL_OP_SOLID);
    put_u16(out, r.x);
    put_u16(out, r.y);
    put_u16(out, r.w);
    put_u16(out, r.h);
    put_colour(out, out->solid.colour);
    out->solid.rect.w = 0;
    return 0;
}

static int flush_slots(fl_writer *out)
{
    const fl_slot_run *r = &out->slots;
    if (!r->tiles)
        return 0;
    if (!has_room(out, FL_SLOTS_BYTES))
        return -ENOSPC;
    put_u8(out, r->op);
    put_u16(out, r->column);
    put_u16(out, r->row);
    put_u8(out, r->tiles - 1);
    put_u16(out, r->slot);
    out->slots.tiles = 0;
    return 0;
}

/* End the run that is open: whatever else is written comes after it. */
static int flush_runs(fl_writer *out)
{
    const int failure = flush_solid(out);
    return failure ? failure : flush_slots(out);
}

static int write_solid(fl_writer *out, const fl_tile *t, uint32_t colour)
{
    fl_rect *r = &out->solid.rect;
    if (r->w && r->y == t->y && r->x + r->w == t->x && out->solid.colour == colour) {
        r->w += t->w;
        return 0;
    }
    const int failure = flush_runs(out);
    out->solid = (fl_solid_run){{t->x, t->y, t->w, t->h}, colour};
    return failure;
}

static int write_slot(fl_writer *out, int op, const fl_tile *t, int slot)
{
    const int column = t->x / FL_TILE, row = t->y / FL_TILE;
    fl_slot_run *r = &out->slots;
    if (r->tiles && r->tiles < FL_MAX_SPAN && r->op == op && r->row == row && r->column + r->tiles == column &&
        r->slot + r->tiles == slot) {
        r->tiles++;
        return 0;
    }
    const int failure = flush_runs(out);
    out->slots = (fl_slot_run){op, column, row, 1, slot};
    return failure;
}

/* ---- other tiles ------------------------------------------------------------------------------------------------ */

/* Pack eight indexes of so many bits, the first one lowest: lanes join in pairs, three times. */
static uint32_t pack_chunk(uint64_t chunk, int bits)
{
    static const uint64_t every[] = {UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001), 1};
    for (int i = 0; i < 3; i++) {
        const int lane = 8 << i, used = bits << i;
        chunk = (chunk | chunk >> (lane - used)) & every[i] * ((UINT64_C(1) << 2 * used) - 1);
    }
    return (uint32_t)chunk;
}

static void pack_row(uint8_t *packed, const uint8_t *index, int w, int bits)
{
    for (int x = 0; x < w; x += FL_CHUNK, packed += bits) {
        const int n = fl_min(w - x, FL_CHUNK);
        uint64_t chunk = 0;
        memcpy(&chunk, index + x, (size_t)n);
        const uint32_t bytes = pack_chunk(chunk, bits);
        memcpy(packed, &bytes, (size_t)fl_packed_row_bytes(n, bits));
    }
}

static int write_palette(fl_writer *out, const fl_tile *t)
{
    const int n = out->own.n, bits = fl_palette_bits(n), row_bytes = fl_packed_row_bytes(t->w, bits);
    if (!has_room(out, FL_TILE_HEAD_BYTES + 1 + 3 * n + row_bytes * t->h))
        return -ENOSPC;
    put_tile_head(out, FL_OP_PALETTE, t);
    put_u8(out, n - 1);
    for (int i = 0; i < n; i++)
        put_colour(out, out->own.colours[i]);
    for (int y = 0; y < t->h; y++, out->at += row_bytes)
        pack_row(out->at, out->indexes + y * t->w, t->w, bits);
    return 0;
}

/* Number the tile's colours in the table. Returns how many are new to it, or -1, changing nothing, if they do not fit. */
static int merge_colours(fl_colours *table, const fl_colours *own, uint8_t *numbers)
{
    int fresh = 0;
    for (int i = 0; i < own->n; i++)
        fresh += !*colour_slot(table, own->colours[i]);
    if (table->n + fresh > FL_MAX_TABLE)
        return -1;
    for (int i = 0; i < own->n; i++)
        numbers[i] = (uint8_t)number_of(table, own->colours[i]);
    return fresh;
}

static int write_indexed(fl_writer *out, const fl_tile *t, const uint8_t *numbers, int fresh)
{
    const int pixels = t->w * t->h;
    if (!has_room(out, FL_TILE_HEAD_BYTES + 1 + 3 * fresh + pixels))
        return -ENOSPC;
    put_tile_head(out, FL_OP_INDEXED, t);
    put_u8(out, fresh);
    for (int i = out->table.n - fresh; i < out->table.n; i++)
        put_colour(out, out->table.colours[i]);
    for (int i = 0; i < pixels; i++)
        *out->at++ = numbers[out->indexes[i]];
    return 0;
}

/* The number of a colour in the run table, or -1 if it is new; then it has the next one from now on, if there is one. */
static int run_number(fl_run_table *table, uint32_t colour)
{
    uint32_t i = (colour * UINT32_C(0x9E3779B1)) >> (32 - RUN_SLOT_BITS);
    for (; table->slots[i]; i = (i + 1) & ((1U << RUN_SLOT_BITS) - 1)) {
        if (table->colours[table->slots[i] - 1] == colour)
            return table->slots[i] - 1;
    }
    if (table->n < FL_MAX_RUN_TABLE) {
        table->colours[table->n++] = colour;
        table->slots[i] = (uint16_t)table->n;
    }
    return -1;
}

/* Write one run of at most FL_MAX_RUN pixels; return the place after it. */
static uint8_t *put_run(uint8_t *to, fl_run_table *table, uint32_t colour, int length)
{
    const int number = run_number(table, colour), is_long = length >= FL_LONG_RUN ? FL_RUN_LONG : 0;
    if (number < 0) {
        *to++ = (uint8_t)(FL_RUN_LITERAL | is_long);
        memcpy(to, &colour, 3);
        to += 3;
    } else if (number < FL_RUN_NEAR) {
        *to++ = (uint8_t)(number | is_long);
    } else {
        const int far = number - FL_RUN_NEAR;
        *to++ = (uint8_t)((FL_RUN_NEAR + far / 256) | is_long);
        *to++ = (uint8_t)far;
    }
    if (is_long)
        *to++ = (uint8_t)(length - FL_LONG_RUN);
    return to;
}

static uint8_t *put_runs(uint8_t *to, fl_run_table *table, uint32_t colour, int length)
{
    for (; length > FL_MAX_RUN; length -= FL_MAX_RUN)
        to = put_run(to, table, colour, FL_MAX_RUN);
    return put_run(to, table, colour, length);
}

/* Write the tile's pixels as runs, which go on from row to row. */
static uint8_t *put_tile_runs(fl_writer *out, uint8_t *to, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    uint32_t colour = fl_load_pixel(pixels);
    int start = 0;
    for (int y = 0; y < t->h; y++, pixels += stride) {
        for (uint64_t edges = out->edges[y]; edges; edges &= edges - 1) {
            const int x = __builtin_ctzll(edges), at = y * t->w + x;
            const uint32_t next = fl_load_pixel(pixels + 4 * x);
            if (next != colour) {
                to = put_runs(to, &out->run_table, colour, at - start);
                colour = next;
                start = at;
            }
        }
    }
    return put_runs(to, &out->run_table, colour, t->w * t->h - start);
}

static int write_runs(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    uint8_t spare[FL_TILE_HEAD_BYTES + 3 * FL_TILE_PIXELS];
    const bool roomy = has_room(out, FL_TILE_HEAD_BYTES + 3 * t->w * t->h);
    uint8_t *const start = roomy ? out->at : spare;
    const ptrdiff_t length = put_tile_runs(out, start + FL_TILE_HEAD_BYTES, pixels, stride, t) - start;
    if (!has_room(out, length))
        return -ENOSPC;
    if (!roomy)
        memcpy(out->at, spare, (size_t)length);
    put_tile_head(out, FL_OP_RUNS, t);
    out->at += length - FL_TILE_HEAD_BYTES;
    return 0;
}

static int write_raw(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    if (!has_room(out, FL_TILE_HEAD_BYTES + 3 * t->w * t->h))
        return -ENOSPC;
    put_tile_head(out, FL_OP_RAW, t);
    for (int y = 0; y < t->h; y++, pixels += stride) {
        for (int x = 0; x < t->w; x++, out->at += 3)
            memcpy(out->at, pixels + 4 * x, 3);
    }
    return 0;
}

/* A row as three planes: B - G, G, R - G. */
static void split_row(const uint8_t *row, int w, uint8_t planes[3][FL_TILE])
{
    for (int x = 0; x < w; x++) {
        const uint8_t green = row[4 * x + 1];
        planes[0][x] = (uint8_t)(row[4 * x] - green);
        planes[1][x] = green;
        planes[2][x] = (uint8_t)(row[4 * x + 2] - green);
    }
}

/* What a row holds beyond left + above - above left, all of them 0 outside the tile. */
static void put_residuals(uint8_t *to, const uint8_t *row, const uint8_t *above, int w)
{
    to[0] = (uint8_t)(row[0] - above[0]);
    for (int x = 1; x < w; x++)
        to[x] = (uint8_t)(row[x] - row[x - 1] - above[x] + above[x - 1]);
}

static int write_predicted(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    const int size = t->w * t->h;
    if (!has_room(out, FL_TILE_HEAD_BYTES + 3 * size))
        return -ENOSPC;
    put_tile_head(out, FL_OP_PREDICTED, t);
    uint8_t rows[2][3][FL_TILE];
    memset(rows[1], 0, sizeof rows[1]);
    for (int y = 0; y < t->h; y++, pixels += stride) {
        split_row(pixels, t->w, rows[y & 1]);
        for (int plane = 0; plane < 3; plane++)
            put_residuals(out->at + plane * size + y * t->w, rows[y & 1][plane], rows[~y & 1][plane], t->w);
    }
    out->at += 3 * size;
    return 0;
}

/* ---- choice ----------------------------------------------------------------------------------------------------- */

/* How many runs the rows have. */
static int count_runs(const fl_writer *out, const fl_tile *t)
{
    int runs = 0;
    for (int y = 0; y < t->h; y++)
        runs += __builtin_popcountll(out->edges[y]);
    return runs;
}

/* Whether the tile has one colour, by its first column and its edges. */
static bool is_solid(const fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    const uint32_t first = fl_load_pixel(pixels);
    for (int y = 0; y < t->h; y++, pixels += stride) {
        if (out->edges[y] != 1 || fl_load_pixel(pixels) != first)
            return false;
    }
    return true;
}

/* Whether no tile of so many runs takes more bytes as RUNS than as RAW: five for each, four for those of one pixel. */
static bool is_run_like(int runs, const fl_tile *t)
{
    return runs * 8 <= t->w * t->h * 5;
}

/* Write a tile by its colours, where that is shorter than by its pixels. Returns 1 if it was written, else 0. */
static int write_by_colours(fl_writer *out, const fl_tile *t, int runs)
{
    const int n = out->own.n, size = t->w * t->h;
    uint8_t numbers[FL_MAX_TABLE];
    int failure, fresh;
    if (n <= FL_MAX_PALETTE && 1 + 3 * n + fl_packed_row_bytes(t->w, fl_palette_bits(n)) * t->h < 3 * size)
        return (failure = write_palette(out, t)) ? failure : 1;
    if (is_run_like(runs, t) || n <= FL_MAX_PALETTE || 1 + 3 * n + size >= 3 * size ||
        (fresh = merge_colours(&out->table, &out->own, numbers)) < 0)
        return 0;
    return (failure = write_indexed(out, t, numbers, fresh)) ? failure : 1;
}

static void put_off(fl_writer *out, const fl_tile *t)
{
    out->later[t->index / 8] |= (uint8_t)(1 << t->index % 8);
    out->has_later = true;
}

static bool is_put_off(const fl_writer *out, const fl_tile *t)
{
    return out->later[t->index / 8] >> t->index % 8 & 1;
}

/* Write a tile in the first form that suits it, now or later. `runs` is how many its rows have. */
static int write_pixels(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t, int runs)
{
    const int size = t->w * t->h;
    if (runs * 4 <= size)
        return write_runs(out, pixels, stride, t);
    const int result = index_tile(out, pixels, stride, t) ? write_by_colours(out, t, runs) : 0;
    if (result)
        return fl_min(result, 0);
    if (is_run_like(runs, t))
        return write_runs(out, pixels, stride, t);
    if (runs * 4 <= size * 3)
        return write_raw(out, pixels, stride, t);
    put_off(out, t);
    return 0;
}

/* ---- the cache -------------------------------------------------------------------------------------------------- */

static uint64_t hash_tile(const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    uint64_t rows[FL_TILE], hash = fl_hash_start(t->w, t->h);
    fl_kernels.tile_rows(pixels, stride, t->w, t->h, rows);
    for (int y = 0; y < t->h; y++)
        hash = fl_hash_fold(hash, rows[y]);
    return hash;
}

/* The slot of an equal tile, or -1. */
static int cached_slot(const fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    if (!out->cache || !out->cache->stored)
        return -1;
    const int slot = fl_cache_find(out->cache, hash_tile(pixels, stride, t), t);
    return slot >= 0 && fl_cache_equals(out->cache, slot, pixels, stride, t) ? slot : -1;
}

static int write_tile(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    fl_kernels.tile_edges(pixels, stride, t->w, t->h, out->edges);
    if (is_solid(out, pixels, stride, t))
        return write_solid(out, t, fl_load_pixel(pixels));
    const int slot = cached_slot(out, pixels, stride, t);
    if (slot >= 0)
        return write_slot(out, FL_OP_CACHED, t, slot);
    const int failure = flush_runs(out);
    return failure ? failure : write_pixels(out, pixels, stride, t, count_runs(out, t));
}

/* Put a tile aside that is about to be overwritten, unless it is cheap or there already. */
static int store_tile(fl_writer *out, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    fl_kernels.tile_edges(pixels, stride, t->w, t->h, out->edges);
    if (is_solid(out, pixels, stride, t))
        return 0;
    const uint64_t hash = hash_tile(pixels, stride, t);
    if (fl_cache_find(out->cache, hash, t) >= 0)
        return 0;
    return write_slot(out, FL_OP_STORE, t, fl_cache_add(out->cache, hash, pixels, stride, t));
}

/* Put aside what the marked tiles have. At most as many as there are slots: more would only push each other out. */
static int store_tiles(fl_writer *out, const uint8_t *before, ptrdiff_t stride, int w, int h, const uint8_t *tiles,
                       const uint8_t *lossy)
{
    int index = 0, failure;
    fl_tile t;
    while (fl_next_tile(tiles, w, h, &index, &t) && out->cache->stored - out->cache->before < out->cache->slots) {
        if (lossy && lossy[t.index])
            continue;
        if ((failure = store_tile(out, fl_tile_pixels(before, stride, &t), stride, &t)))
            return failure;
    }
    return flush_runs(out);
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

static int64_t moved_pixels(const fl_move *moves, int n)
{
    int64_t pixels = 0;
    for (int i = 0; i < n; i++)
        pixels += (int64_t)moves[i].w * moves[i].h;
    return pixels;
}

/* Whether more moves than is new: what scrolls by would only push out of the cache what may come back. Where it is
 * false, moves, tiles put aside and new tiles are three pictures of work at most. */
static bool is_motion(const fl_move *moves, int n, const uint8_t *tiles, int w, int h)
{
    int64_t fresh = 0;
    int index = 0;
    fl_tile t;
    while (n && fl_next_tile(tiles, w, h, &index, &t))
        fresh += t.w * t.h;
    return n && moved_pixels(moves, n) >= fresh;
}

/* Whether all moves lie within the picture and leave the tiles their share of the work a stream may make. */
static bool moves_allowed(const fl_move *moves, int n, int w, int h)
{
    for (int i = 0; i < n; i++) {
        const fl_move *m = moves + i;
        if (!fl_rect_inside(m->x, m->y, m->w, m->h, w, h) || !fl_rect_inside(m->src_x, m->src_y, m->w, m->h, w, h))
            return false;
    }
    return moved_pixels(moves, n) <= (int64_t)(FL_MAX_WORK - 1) * w * h;
}

static int write_moves(fl_writer *out, const fl_move *moves, int n)
{
    for (int i = 0; i < n; i++) {
        const fl_move *m = moves + i;
        if (!has_room(out, FL_COPY_BYTES))
            return -ENOSPC;
        put_u8(out, FL_OP_COPY);
        put_u16(out, m->x);
        put_u16(out, m->y);
        put_u16(out, m->w);
        put_u16(out, m->h);
        put_u16(out, m->src_x);
        put_u16(out, m->src_y);
    }
    return 0;
}

static int write_tiles(fl_writer *out, const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles)
{
    int index = 0, failure;
    fl_tile t;
    while (fl_next_tile(tiles, w, h, &index, &t)) {
        if ((failure = write_tile(out, fl_tile_pixels(image, stride, &t), stride, &t)))
            return failure;
    }
    return flush_runs(out);
}

/* Photographs come last, so that the compressor need not find one code for them and for text. */
static int write_later(fl_writer *out, const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles)
{
    int index = 0, failure = 0;
    fl_tile t;
    while (out->has_later && !failure && fl_next_tile(tiles, w, h, &index, &t)) {
        if (is_put_off(out, &t))
            failure = write_predicted(out, fl_tile_pixels(image, stride, &t), stride, &t);
    }
    return failure;
}

static void open_writer(fl_writer *writer, fl_cache *cache, uint8_t *out, int64_t capacity)
{
    writer->at = out;
    writer->end = capacity ? out + capacity : out;
    writer->cache = cache;
    writer->solid.rect.w = 0;
    writer->slots.tiles = 0;
    clear_colours(&writer->table);
    writer->has_later = false;
    memset(writer->later, 0, sizeof writer->later);
    writer->run_table.n = 0;
    memset(writer->run_table.slots, 0, sizeof writer->run_table.slots);
    if (cache)
        cache->before = cache->stored;
}

int64_t fl_stream_bound(int n_moves, int n_tiles)
{
    if (n_moves < 0 || n_tiles < 0)
        return -EINVAL;
    return (int64_t)n_moves * FL_COPY_BYTES +
           (int64_t)n_tiles * (FL_SLOTS_BYTES + FL_TILE_HEAD_BYTES + 3 * FL_TILE_PIXELS);
}

int64_t fl_stream_encode(const uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n_moves,
                         const uint8_t *tiles, fl_cache *cache, const uint8_t *before, ptrdiff_t before_stride,
                         const uint8_t *lossy, uint8_t *out, int64_t capacity)
{
    if (!fl_valid_picture(image, stride, w, h) || n_moves < 0 || (n_moves > 0 && !moves) || !tiles || capacity < 0 ||
        (capacity > 0 && !out) || !moves_allowed(moves, n_moves, w, h) || (cache && !fl_cache_valid_index(cache)) ||
        (before && !fl_valid_picture(before, before_stride, w, h)))
        return -EINVAL;
    fl_writer writer;
    open_writer(&writer, cache, out, capacity);
    int failure = write_moves(&writer, moves, n_moves);
    if (!failure && cache && before && !is_motion(moves, n_moves, tiles, w, h))
        failure = store_tiles(&writer, before, before_stride, w, h, tiles, lossy);
    if (!failure)
        failure = write_tiles(&writer, image, stride, w, h, tiles);
    if (!failure)
        failure = write_later(&writer, image, stride, w, h, tiles);
    return failure ? failure : writer.at - out;
}
