/* Reading the tile stream. Every byte is hostile: an operation is checked as a whole before it writes a pixel. */
#include "stream.h"

enum {
    CHUNK = 8, /* pixels of a run that are written at a time */
};

typedef struct fl_reader {
    const uint8_t *at, *end;
    uint8_t *image;
    ptrdiff_t stride;
    int w, h;
    uint8_t *tiles;
    fl_cache *cache;
    fl_rect part;      /* what the next tile operation brings of its tile; without area all of it */
    int64_t work_left; /* pixels that may still be written */
    uint32_t table[FL_MAX_TABLE];
    int table_length;
    int n_runs, n_near;
    uint32_t near[FL_RUN_NEAR], runs[FL_MAX_RUNS];
    uint8_t uses[FL_MAX_RUNS]; /* how often each was named by its place, up to FL_USES_TO_NEAR */
} fl_reader;

/* ---- input ------------------------------------------------------------------------------------------------------ */

/* Take `n` bytes, or NULL when fewer are left. */
static const uint8_t *take(fl_reader *in, ptrdiff_t n)
{
    if (in->end - in->at < n)
        return NULL;
    const uint8_t *bytes = in->at;
    in->at += n;
    return bytes;
}

static int get_u16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static uint32_t get_colour(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static bool spend(fl_reader *in, int w, int h)
{
    in->work_left -= (int64_t)w * h;
    return in->work_left >= 0;
}

static void touch(fl_reader *in, int x, int y, int w, int h)
{
    const fl_rect rect = {x, y, w, h};
    fl_tiles_mark(&rect, 1, in->w, in->h, in->tiles);
}

/* ---- rectangles ------------------------------------------------------------------------------------------------- */

static int read_copy(fl_reader *in)
{
    const uint8_t *p = take(in, FL_COPY_BYTES - 1);
    if (!p)
        return -EBADMSG;
    const fl_move m = {get_u16(p), get_u16(p + 2), get_u16(p + 4), get_u16(p + 6), get_u16(p + 8), get_u16(p + 10)};
    if (!fl_rect_inside(m.x, m.y, m.w, m.h, in->w, in->h) ||
        !fl_rect_inside(m.src_x, m.src_y, m.w, m.h, in->w, in->h) || !spend(in, m.w, m.h))
        return -EBADMSG;
    fl_move_pixels(in->image, in->stride, &m);
    touch(in, m.x, m.y, m.w, m.h);
    return 0;
}

static int read_solid(fl_reader *in)
{
    const uint8_t *p = take(in, FL_SOLID_BYTES - 1);
    if (!p)
        return -EBADMSG;
    const int x = get_u16(p), y = get_u16(p + 2), w = get_u16(p + 4), h = get_u16(p + 6);
    if (!fl_rect_inside(x, y, w, h, in->w, in->h) || !spend(in, w, h))
        return -EBADMSG;
    const uint32_t colour = get_colour(p + 8);
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

static bool take_tile(fl_reader *in, fl_tile *t)
{
    const uint8_t *p = take(in, FL_TILE_HEAD_BYTES - 1);
    if (!p)
        return false;
    const int column = get_u16(p), row = get_u16(p + 2);
    if (column >= fl_tile_count(in->w) || row >= fl_tile_count(in->h))
        return false;
    *t = fl_tile_at(column, row, in->w, in->h);
    if (in->part.w && !narrow(&in->part, t))
        return false;
    return spend(in, t->w, t->h);
}

/* The place of a tile's pixels, or of its part's; from here on the operation cannot fail. */
static uint8_t *open_tile(fl_reader *in, const fl_tile *t)
{
    in->tiles[t->index] = 1;
    return in->image + t->y * in->stride + (ptrdiff_t)t->x * 4;
}

static int largest(const uint8_t *numbers, int n)
{
    uint8_t most = 0;
    for (int i = 0; i < n; i++)
        most = numbers[i] > most ? numbers[i] : most;
    return most;
}

static void paint(fl_reader *in, const fl_tile *t, const uint8_t *numbers, const uint32_t *colours)
{
    uint8_t *to = open_tile(in, t);
    for (int y = 0; y < t->h; y++, to += in->stride) {
        for (int x = 0; x < t->w; x++)
            fl_store_pixel(to + 4 * x, colours[*numbers++]);
    }
}

static void unpack_row(uint8_t *numbers, const uint8_t *packed, int w, int bits)
{
    const int mask = (1 << bits) - 1;
    for (int x = 0; x < w; x++)
        numbers[x] = (uint8_t)(packed[x * bits / 8] >> (x * bits % 8) & mask);
}

static int read_palette(fl_reader *in)
{
    fl_tile t;
    const uint8_t *count, *entries, *packed;
    if (!take_tile(in, &t) || !(count = take(in, 1)))
        return -EBADMSG;
    const int n = *count + 1, bits = fl_palette_bits(n), row_bytes = fl_packed_row_bytes(t.w, bits);
    if (n < 2 || n > FL_MAX_PALETTE || !(entries = take(in, 3 * n)) || !(packed = take(in, row_bytes * t.h)))
        return -EBADMSG;
    uint32_t colours[FL_MAX_PALETTE];
    for (int i = 0; i < n; i++)
        colours[i] = get_colour(entries + 3 * i);
    uint8_t numbers[FL_TILE_PIXELS];
    for (int y = 0; y < t.h; y++)
        unpack_row(numbers + y * t.w, packed + y * row_bytes, t.w, bits);
    if (largest(numbers, t.w * t.h) >= n)
        return -EBADMSG;
    paint(in, &t, numbers, colours);
    return 0;
}

static int read_indexed(fl_reader *in)
{
    fl_tile t;
    const uint8_t *count, *entries, *numbers;
    if (!take_tile(in, &t) || !(count = take(in, 1)))
        return -EBADMSG;
    const int length = in->table_length + *count;
    if (length > FL_MAX_TABLE || !(entries = take(in, 3 * *count)) || !(numbers = take(in, t.w * t.h)))
        return -EBADMSG;
    if (largest(numbers, t.w * t.h) >= length)
        return -EBADMSG;
    for (int i = 0; i < *count; i++)
        in->table[in->table_length + i] = get_colour(entries + 3 * i);
    in->table_length = length;
    paint(in, &t, numbers, in->table);
    return 0;
}

static int read_raw(fl_reader *in)
{
    fl_tile t;
    const uint8_t *p;
    if (!take_tile(in, &t) || !(p = take(in, 3 * t.w * t.h)))
        return -EBADMSG;
    uint8_t *to = open_tile(in, &t);
    for (int y = 0; y < t.h; y++, to += in->stride) {
        for (int x = 0; x < t.w; x++, p += 3)
            fl_store_pixel(to + 4 * x, get_colour(p));
    }
    return 0;
}

/* Remember a run that is new, if there is room. */
static void remember(fl_reader *in, uint32_t run)
{
    if (in->n_runs == FL_MAX_RUNS)
        return;
    in->uses[in->n_runs] = 0;
    in->runs[in->n_runs++] = run;
    if (in->n_near < FL_RUNS_NEAR_AT_ONCE)
        in->near[in->n_near++] = run;
}

/* Take a run that is named by its place among all. */
static uint32_t take_far(fl_reader *in, int first)
{
    const uint8_t *low = take(in, 1);
    const int place = (first - FL_RUN_FAR) * 256 + (low ? *low : 0);
    if (!low || place >= in->n_runs)
        return 0;
    if (in->uses[place] < FL_USES_TO_NEAR && ++in->uses[place] == FL_USES_TO_NEAR && in->n_near < FL_RUN_NEAR)
        in->near[in->n_near++] = in->runs[place];
    return in->runs[place];
}

/* Take a run of the colour of another one, which is among the first or named by its place. */
static uint32_t take_like(fl_reader *in, int first)
{
    const bool is_far = first >= FL_RUN_LIKE;
    const uint8_t *p = take(in, is_far ? 2 : 1);
    if (!p)
        return 0;
    const int place = is_far ? (first - FL_RUN_LIKE) * 256 + p[0] : first - FL_RUN_LIKE_FIRST, length = p[is_far];
    if (!length || place >= in->n_runs)
        return 0;
    const uint32_t run = (in->runs[place] & FL_COLOUR) | (uint32_t)length << 24;
    remember(in, run);
    return run;
}

static uint32_t take_spelled(fl_reader *in, int first)
{
    const uint8_t *p = take(in, first == FL_RUN_PIXEL ? 3 : 4);
    const int length = !p || first == FL_RUN_PIXEL ? 1 : p[3];
    if (!p || !length)
        return 0;
    const uint32_t run = get_colour(p) | (uint32_t)length << 24;
    remember(in, run);
    return run;
}

/* Take a run that is not a near one: colour and pixels, as the encoder's kernels have it, or 0. */
static uint32_t take_other(fl_reader *in, int first)
{
    if (first >= FL_RUN_PIXEL)
        return take_spelled(in, first);
    if (first >= FL_RUN_LIKE_FIRST)
        return take_like(in, first);
    return first >= FL_RUN_FAR ? take_far(in, first) : 0;
}

/* Take runs until they make `size` pixels. `pixels` has room for CHUNK more, which may be written. */
static bool take_runs(fl_reader *in, uint32_t *pixels, int size)
{
    for (int done = 0; done < size;) {
        const uint8_t *first = take(in, 1);
        if (!first)
            return false;
        const uint32_t run = *first < in->n_near ? in->near[*first] : take_other(in, *first);
        const int length = (int)(run >> 24);
        if (!length || length > size - done)
            return false;
        for (int i = 0; i < length; i += CHUNK) {
            for (int k = 0; k < CHUNK; k++)
                pixels[done + i + k] = run & FL_COLOUR;
        }
        done += length;
    }
    return true;
}

static int read_runs(fl_reader *in)
{
    fl_tile t;
    uint32_t pixels[FL_TILE_PIXELS + CHUNK];
    if (!take_tile(in, &t) || !take_runs(in, pixels, t.w * t.h))
        return -EBADMSG;
    fl_kernels.tile_copy((const uint8_t *)pixels, (ptrdiff_t)4 * t.w, open_tile(in, &t), in->stride, t.w, t.h);
    return 0;
}

/* Turn the residuals of a row into its values: what the row above has, plus the residuals so far. */
static void add_residuals(uint8_t *row, const uint8_t *residuals, int w)
{
    uint8_t sum = 0;
    for (int x = 0; x < w; x++) {
        sum = (uint8_t)(sum + residuals[x]);
        row[x] = (uint8_t)(row[x] + sum);
    }
}

static void join_row(uint8_t *to, uint8_t planes[3][FL_TILE], int w)
{
    for (int x = 0; x < w; x++) {
        const uint8_t green = planes[1][x];
        const uint8_t pixel[4] = {(uint8_t)(planes[0][x] + green), green, (uint8_t)(planes[2][x] + green), 0};
        memcpy(to + 4 * x, pixel, sizeof pixel);
    }
}

static int read_predicted(fl_reader *in)
{
    fl_tile t;
    const uint8_t *p;
    if (!take_tile(in, &t) || !(p = take(in, 3 * t.w * t.h)))
        return -EBADMSG;
    uint8_t *to = open_tile(in, &t);
    uint8_t planes[3][FL_TILE] = {{0}};
    for (int y = 0; y < t.h; y++, to += in->stride) {
        for (int plane = 0; plane < 3; plane++)
            add_residuals(planes[plane], p + (plane * t.h + y) * t.w, t.w);
        join_row(to, planes, t.w);
    }
    return 0;
}

/* ---- the cache -------------------------------------------------------------------------------------------------- */

/* Tiles side by side in the picture, and as many slots from `slot` on. */
typedef struct fl_span {
    int column, row, tiles, slot;
} fl_span;

static bool take_span(fl_reader *in, fl_span *span)
{
    const uint8_t *p = take(in, FL_SLOTS_BYTES - 1);
    if (!p || !in->cache)
        return false;
    *span = (fl_span){get_u16(p), get_u16(p + 2), p[4] + 1, get_u16(p + 5)};
    if (span->column + span->tiles > fl_tile_count(in->w) || span->row >= fl_tile_count(in->h) ||
        span->slot + span->tiles > in->cache->slots)
        return false;
    const int x = span->column * FL_TILE, right = fl_min(in->w, x + span->tiles * FL_TILE);
    return spend(in, right - x, fl_tile_at(0, span->row, in->w, in->h).h);
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
        fl_kernels.tile_copy(pixels, FL_CACHE_STRIDE, open_tile(in, &t), in->stride, t.w, t.h);
    }
    return 0;
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

static int read_part(fl_reader *in);

static int (*const readers[])(fl_reader *in) = {
    [FL_OP_COPY] = read_copy,     [FL_OP_SOLID] = read_solid,     [FL_OP_PALETTE] = read_palette,
    [FL_OP_RAW] = read_raw,       [FL_OP_INDEXED] = read_indexed, [FL_OP_PREDICTED] = read_predicted,
    [FL_OP_CACHED] = read_cached, [FL_OP_STORE] = read_store,     [FL_OP_RUNS] = read_runs,
    [FL_OP_PART] = read_part,
};

/* Whether an operation brings the pixels of one tile. */
static bool brings_a_tile(int op)
{
    return op == FL_OP_PALETTE || op == FL_OP_RAW || op == FL_OP_INDEXED || op == FL_OP_PREDICTED || op == FL_OP_RUNS;
}

static int read_part(fl_reader *in)
{
    const uint8_t *p = take(in, FL_PART_BYTES - 1), *op = take(in, 1);
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
    if (op < FL_OP_COPY || op > FL_OP_PART)
        return -EBADMSG;
    return readers[op](in);
}

/* The tables start empty; what stands in them then does not matter. */
static void open_reader(fl_reader *in, const uint8_t *stream, int64_t length)
{
    in->at = stream;
    in->end = length ? stream + length : stream;
    in->table_length = in->n_runs = in->n_near = 0;
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
