/* Writing the tile stream: which form each tile takes.
 *
 * A tile of which the decoder has the rest is brought in part. It takes the first form that holds it: SOLID for one
 * colour, SYMBOLS for letters on a ground, RUNS where neighbours are equal, PALETTE for up to 16 colours, INDEXED while
 * they fit the stream's colour table.
 * What is left is RAW where the compressor may find repeats, as in text of many colours, and PREDICTED where it will not,
 * as in photographs. */
#include "stream_write.h"

enum {
    /* Of the runs that are looked at: with fewer of one colour, a tile has more than FL_MAX_TABLE colours, which only
     * numbering them all would prove; and it is predicted better than told by its runs, although half of it may be drawn. */
    LEAST_ALIKE_FEW = 5,
    LEAST_ALIKE_DRAWN = 33,
};

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static fl_tile whole_tile(const fl_source *s, const fl_tile *t)
{
    return fl_tile_at(t->x / FL_TILE, t->y / FL_TILE, s->w, s->h);
}

static bool is_part(const fl_writer *out, const fl_tile *t)
{
    const fl_tile whole = whole_tile(&out->source, t);
    return t->w != whole.w || t->h != whole.h;
}

ptrdiff_t fl_tile_head_bytes(const fl_writer *out, const fl_tile *t)
{
    return is_part(out, t) ? FL_PART_BYTES + FL_TILE_HEAD_BYTES : FL_TILE_HEAD_BYTES;
}

void fl_put_tile_head(fl_writer *out, int op, const fl_tile *t)
{
    if (is_part(out, t)) {
        fl_put_u8(out, FL_OP_PART);
        fl_put_u8(out, t->x % FL_TILE);
        fl_put_u8(out, t->y % FL_TILE);
        fl_put_u8(out, t->w - 1);
        fl_put_u8(out, t->h - 1);
    }
    fl_put_u8(out, op);
    fl_put_u16(out, t->x / FL_TILE);
    fl_put_u16(out, t->y / FL_TILE);
}

/* ---- choice ----------------------------------------------------------------------------------------------------- */

static void find_runs(fl_writer *out, const fl_tile *t)
{
    out->n_runs = fl_kernels.tile_runs(out->pixels, out->stride, t->w, t->h, out->runs);
}

/* Whether the runs have one colour. */
static bool are_alike(const fl_writer *out)
{
    int i = 1;
    while (i < out->n_runs && ((out->runs[i] ^ out->runs[0]) & FL_COLOUR) == 0)
        i++;
    return i == out->n_runs;
}

/* Turn to a tile, or a part of one. Returns whether it has one colour. */
static bool look_for_solid(fl_writer *out, const uint8_t *image, ptrdiff_t stride, const fl_tile *t)
{
    out->pixels = fl_tile_pixels(image, stride, t);
    out->stride = stride;
    if (fl_may_hold_symbols(out, t))
        return !fl_find_ink(out, t);
    find_runs(out, t);
    return are_alike(out);
}

/* Whether no tile of so many runs takes more bytes as RUNS than as RAW: five for each, four for those of one pixel. */
static bool is_run_like(int runs, const fl_tile *t)
{
    return runs * 8 <= t->w * t->h * 5;
}

/* Write a tile by its colours, where that is shorter than by its pixels. Returns 1 if it was written, else 0. */
static int write_by_colours(fl_writer *out, const fl_tile *t, bool run_like)
{
    const int n = out->own.n, size = t->w * t->h;
    uint8_t numbers[FL_MAX_TABLE];
    int failure, fresh;
    if (n <= FL_MAX_PALETTE && 1 + 3 * n + fl_packed_row_bytes(t->w, fl_palette_bits(n)) * t->h < 3 * size)
        return (failure = fl_write_palette(out, t)) ? failure : 1;
    if (run_like || n <= FL_MAX_PALETTE || 1 + 3 * n + size >= 3 * size || (fresh = fl_merge_colours(out, numbers)) < 0)
        return 0;
    return (failure = fl_write_indexed(out, t, numbers, fresh)) ? failure : 1;
}

static void put_off(fl_writer *out, const fl_tile *t)
{
    out->later[t->index / 8] |= (uint8_t)(1 << t->index % 8);
    out->has_later = true;
}

bool fl_is_put_off(const fl_writer *out, const fl_tile *t)
{
    return out->later[t->index / 8] >> t->index % 8 & 1;
}

/* Write a tile, or a part of one, in the first form that suits it; a whole tile perhaps later. */
static int write_pixels(fl_writer *out, const fl_tile *t)
{
    const int size = t->w * t->h;
    if (fl_may_hold_symbols(out, t)) {
        const int written = fl_write_symbols(out, t);
        if (written)
            return fl_min(written, 0);
        find_runs(out, t);
    }
    const int runs = out->n_runs;
    if (runs * 4 <= size)
        return fl_write_runs(out, t);
    const bool run_like = is_run_like(runs, t);
    const int alike = fl_count_alike(out);
    const bool few = alike >= LEAST_ALIKE_FEW && fl_index_tile(out, run_like ? FL_MAX_PALETTE : FL_MAX_TABLE);
    const int result = few ? write_by_colours(out, t, run_like) : 0;
    if (result)
        return fl_min(result, 0);
    if (alike >= LEAST_ALIKE_DRAWN && run_like)
        return fl_write_runs(out, t);
    if (alike >= LEAST_ALIKE_DRAWN && runs * 4 <= size * 3)
        return fl_write_raw(out, t);
    if (is_part(out, t))
        return fl_write_predicted(out, t);
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
static int cached_slot(const fl_writer *out, const fl_tile *t)
{
    const fl_source *s = &out->source;
    const uint8_t *pixels = fl_tile_pixels(s->image, s->stride, t);
    if (!out->cache || !out->cache->stored)
        return -1;
    const int slot = fl_cache_find(out->cache, hash_tile(pixels, s->stride, t), t);
    return slot >= 0 && fl_cache_equals(out->cache, slot, pixels, s->stride, t) ? slot : -1;
}

static int write_form(fl_writer *out, const fl_tile *t)
{
    const int failure = fl_flush_spans(out);
    return failure ? failure : write_pixels(out, t);
}

static int write_part(fl_writer *out, const fl_tile *part)
{
    const bool solid = look_for_solid(out, out->source.image, out->source.stride, part);
    return solid ? fl_write_solid(out, part, fl_load_pixel(out->pixels)) : write_form(out, part);
}

static int write_parts(fl_writer *out, const fl_parts *changed)
{
    int failure = 0;
    for (int i = 0; i < changed->n && !failure; i++)
        failure = write_part(out, changed->parts + i);
    return failure;
}

int fl_write_tile(fl_writer *out, const fl_tile *t)
{
    const fl_source *s = &out->source;
    const fl_parts changed = fl_changed_parts(s, t);
    if (!changed.n || out->source.box)
        return write_parts(out, &changed);
    const bool whole = !is_part(out, changed.parts);
    /* A tile of one colour has parts of one colour. */
    if ((whole || look_for_solid(out, s->image, s->stride, changed.parts)) &&
        look_for_solid(out, s->image, s->stride, t))
        return fl_write_solid(out, t, fl_load_pixel(out->pixels));
    const int slot = cached_slot(out, t);
    if (slot >= 0)
        return fl_write_slot(out, FL_OP_CACHED, t, slot);
    return whole ? write_form(out, t) : write_parts(out, &changed);
}

int fl_store_tile(fl_writer *out, const fl_tile *t)
{
    const fl_source *s = &out->source;
    if (fl_changed_parts(s, t).pixels < fl_min(FL_BOX_PIXELS, t->w * t->h))
        return 0;
    if (look_for_solid(out, s->before, s->before_stride, t))
        return 0;
    const uint64_t hash = hash_tile(out->pixels, out->stride, t);
    if (fl_cache_find(out->cache, hash, t) >= 0)
        return 0;
    return fl_write_slot(out, FL_OP_STORE, t, fl_cache_add(out->cache, hash, out->pixels, out->stride, t));
}
