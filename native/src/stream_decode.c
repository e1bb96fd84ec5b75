/* Reading the tile stream. Every byte is hostile: an operation is checked as a whole before it writes a pixel. */
#include "stream_read.h"

/* ---- rectangles ------------------------------------------------------------------------------------------------- */

static void touch(fl_reader *in, int x, int y, int w, int h)
{
    const fl_rect rect = {x, y, w, h};
    fl_tiles_mark(&rect, 1, in->w, in->h, in->tiles);
}

static int read_copy(fl_reader *in)
{
    const uint8_t *p = fl_take(in, FL_COPY_BYTES - 1);
    if (!p)
        return -EBADMSG;
    const fl_move m = {fl_get_u16(p),     fl_get_u16(p + 2), fl_get_u16(p + 4),
                       fl_get_u16(p + 6), fl_get_u16(p + 8), fl_get_u16(p + 10)};
    if (!fl_rect_inside(m.x, m.y, m.w, m.h, in->w, in->h) ||
        !fl_rect_inside(m.src_x, m.src_y, m.w, m.h, in->w, in->h) || !fl_spend(in, m.w, m.h))
        return -EBADMSG;
    fl_move_pixels(in->image, in->stride, &m);
    touch(in, m.x, m.y, m.w, m.h);
    return 0;
}

static int read_solid(fl_reader *in)
{
    const uint8_t *p = fl_take(in, FL_SOLID_BYTES - 1);
    if (!p)
        return -EBADMSG;
    const int x = fl_get_u16(p), y = fl_get_u16(p + 2), w = fl_get_u16(p + 4), h = fl_get_u16(p + 6);
    if (!fl_rect_inside(x, y, w, h, in->w, in->h) || !fl_spend(in, w, h))
        return -EBADMSG;
    const uint32_t colour = fl_get_colour(p + 8);
    for (int row = y; row < y + h; row++) {
        uint8_t *to = in->image + row * in->stride + (ptrdiff_t)x * 4;
        for (int i = 0; i < w; i++)
            fl_store_pixel(to + 4 * i, colour);
    }
    touch(in, x, y, w, h);
    return 0;
}

/* ---- tiles ------------------------------------------------------------------------------------------------------ */

/* Narrow a tile to the part that is brought of it. Returns false when that leaves the tile. */
static bool narrow(const fl_rect *part, fl_tile *t)
{
    if (!fl_rect_inside(part->x, part->y, part->w, part->h, t->w, t->h))
        return false;
    *t = (fl_tile){t->index, t->x + part->x, t->y + part->y, part->w, part->h};
    return true;
}

bool fl_take_tile(fl_reader *in, fl_tile *t)
{
    const uint8_t *p = fl_take(in, FL_TILE_HEAD_BYTES - 1);
    if (!p)
        return false;
    const int column = fl_get_u16(p), row = fl_get_u16(p + 2);
    if (column >= fl_tile_count(in->w) || row >= fl_tile_count(in->h))
        return false;
    *t = fl_tile_at(column, row, in->w, in->h);
    if (in->part.w && !narrow(&in->part, t))
        return false;
    return fl_spend(in, t->w, t->h);
}

/* ---- the cache -------------------------------------------------------------------------------------------------- */

/* Tiles side by side in the picture, and as many slots from `slot` on. */
typedef struct fl_span {
    int column, row, tiles, slot;
} fl_span;

static bool take_span(fl_reader *in, fl_span *span)
{
    const uint8_t *p = fl_take(in, FL_SLOTS_BYTES - 1);
    if (!p || !in->cache)
        return false;
    *span = (fl_span){fl_get_u16(p), fl_get_u16(p + 2), p[4] + 1, fl_get_u16(p + 5)};
    if (span->column + span->tiles > fl_tile_count(in->w) || span->row >= fl_tile_count(in->h) ||
        span->slot + span->tiles > in->cache->slots)
        return false;
    const int x = span->column * FL_TILE, right = fl_min(in->w, x + span->tiles * FL_TILE);
    return fl_spend(in, right - x, fl_tile_at(0, span->row, in->w, in->h).h);
}

static fl_tile span_tile(const fl_reader *in, const fl_span *span, int i)
{
    return fl_tile_at(span->column + i, span->row, in->w, in->h);
}

static int read_store(fl_reader *in)
{
    fl_span span;
    if (!take_span(in, &span))
        return -EBADMSG;
    for (int i = 0; i < span.tiles; i++) {
        const fl_tile t = span_tile(in, &span, i);
        fl_cache_put(in->cache, span.slot + i, fl_tile_pixels(in->image, in->stride, &t), in->stride, &t);
    }
    return 0;
}

static int read_cached(fl_reader *in)
{
    fl_span span;
    if (!take_span(in, &span))
        return -EBADMSG;
    for (int i = 0; i < span.tiles; i++) {
        const fl_tile t = span_tile(in, &span, i);
        if (!fl_cache_tile(in->cache, span.slot + i, &t))
            return -EBADMSG;
    }
    for (int i = 0; i < span.tiles; i++) {
        const fl_tile t = span_tile(in, &span, i);
        const uint8_t *pixels = fl_cache_tile(in->cache, span.slot + i, &t);
        fl_kernels.tile_copy(pixels, FL_CACHE_STRIDE, fl_open_tile(in, &t), in->stride, t.w, t.h);
    }
    return 0;
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

static int read_part(fl_reader *in);

static int (*const readers[])(fl_reader *in) = {
    [FL_OP_COPY] = read_copy,     [FL_OP_SOLID] = read_solid,        [FL_OP_PALETTE] = fl_read_palette,
    [FL_OP_RAW] = fl_read_raw,    [FL_OP_INDEXED] = fl_read_indexed, [FL_OP_PREDICTED] = fl_read_predicted,
    [FL_OP_CACHED] = read_cached, [FL_OP_STORE] = read_store,        [FL_OP_RUNS] = fl_read_runs,
    [FL_OP_PART] = read_part,     [FL_OP_SYMBOLS] = fl_read_symbols,
};

/* Whether an operation brings the pixels of one tile. */
static bool brings_a_tile(int op)
{
    return op == FL_OP_PALETTE || op == FL_OP_RAW || op == FL_OP_INDEXED || op == FL_OP_PREDICTED || op == FL_OP_RUNS ||
           op == FL_OP_SYMBOLS;
}

static int read_part(fl_reader *in)
{
    const uint8_t *p = fl_take(in, FL_PART_BYTES - 1), *op = fl_take(in, 1);
    if (!p || !op || !brings_a_tile(*op))
        return -EBADMSG;
    in->part = (fl_rect){p[0], p[1], p[2] + 1, p[3] + 1};
    const int result = readers[*op](in);
    in->part.w = 0;
    return result;
}

static int read_operation(fl_reader *in)
{
    const int op = *in->at++;
    if (op < FL_OP_COPY || op > FL_OP_SYMBOLS)
        return -EBADMSG;
    return readers[op](in);
}

/* The tables start empty; what stands in them then does not matter. */
static void open_reader(fl_reader *in, const uint8_t *stream, int64_t length)
{
    in->at = stream;
    in->end = length ? stream + length : stream;
    in->table_length = in->n_runs = in->n_near = in->n_symbols = 0;
}

int fl_stream_decode(const uint8_t *stream, int64_t length, uint8_t *image, ptrdiff_t stride, int w, int h,
                     uint8_t *tiles, fl_cache *cache)
{
    if (length < 0 || (length > 0 && !stream) || !fl_valid_picture(image, stride, w, h) || !tiles ||
        (cache && !fl_cache_valid(cache)))
        return -EINVAL;
    fl_reader in;
    open_reader(&in, stream, length);
    in.image = image;
    in.stride = stride;
    in.w = w;
    in.h = h;
    in.tiles = tiles;
    in.cache = cache;
    in.part.w = 0;
    in.work_left = (int64_t)FL_MAX_WORK * w * h;
    int result = 0;
    while (in.at < in.end && !result)
        result = read_operation(&in);
    return result;
}
