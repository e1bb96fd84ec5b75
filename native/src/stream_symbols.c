/* Tiles as symbols on a ground of one colour: SYMBOLS.
 *
 * A page is the same few letters over and over. Ink falls apart into lines, between rows that have none, and these into
 * symbols, between columns that have none. A symbol is written as runs where it is new; after that it is a place and a
 * number. Both ends keep of it where it stands in the picture: there it stays until the stream ends, since each tile is
 * written once. */
#include "stream_write.h"

enum {
    RUNS_SHARE = 4, /* of the pixels: a tile of more runs in new symbols is no text */
    MOST_TRIES = 16, /* slots that are looked at for a symbol, so that no picture takes long */
};

static void open_table(fl_page *page)
{
    memset(page->slots, 0, sizeof page->slots);
    page->n_symbols = 0;
    page->is_open = true;
}

/* ---- one symbol -------------------------------------------------------------------------------------------------- */

static uint64_t columns_of(int x, int w)
{
    return (UINT64_MAX >> (FL_TILE - w)) << x;
}

static const uint8_t *pixels_at(const fl_writer *out, int x, int y)
{
    return out->pixels + y * out->stride + (ptrdiff_t)4 * x;
}

static uint64_t turn(uint64_t value, int bits)
{
    return value << (bits & 63) | value >> (-bits & 63);
}

/* Leave out the rows above and below in which a symbol has no ink, and mix where it has some: rows before the first leave
 * 0, those after the last are turned back. */
static uint64_t trim(const uint64_t *ink, fl_rect *r)
{
    enum { STEP = 23 };
    const uint64_t columns = columns_of(r->x, r->w);
    uint64_t mixed = 0, rows = 0;
    for (int y = 0; y < r->h; y++) {
        const uint64_t row = (ink[r->y + y] & columns) >> r->x;
        mixed = turn(mixed, STEP) ^ row;
        rows |= (uint64_t)(row != 0) << y;
    }
    const int top = __builtin_ctzll(rows), bottom = FL_TILE - __builtin_clzll(rows);
    mixed = turn(mixed, -STEP * (r->h - bottom));
    r->y += top;
    r->h = bottom - top;
    return mixed;
}

/* By where a symbol has ink, and by two of its colours: in another ink it has the same shape. */
static uint32_t hash_symbol(const fl_writer *out, const fl_rect *r, uint64_t mixed)
{
    const int first = __builtin_ctzll(out->page->ink[r->y] & columns_of(r->x, r->w));
    const uint64_t colours = (uint64_t)fl_load_pixel(pixels_at(out, first, r->y)) << 24 |
                             fl_load_pixel(pixels_at(out, r->x + r->w / 2, r->y + r->h / 2));
    return (uint32_t)(((mixed ^ colours) * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static bool equals(const fl_writer *out, const fl_symbol *s, uint32_t hash, const fl_rect *r)
{
    const fl_source *from = &out->source;
    return s->hash == hash && s->w == r->w && s->h == r->h &&
           fl_kernels.tile_equal(from->image + s->y * from->stride + (ptrdiff_t)4 * s->x, from->stride,
                                 pixels_at(out, r->x, r->y), out->stride, r->w, r->h);
}

/* Find a symbol. Returns its number, or -1 and the free slot where it belongs, NULL where there is none near enough. */
static int find_symbol(fl_writer *out, uint32_t hash, const fl_rect *r, uint16_t **slot)
{
    fl_page *page = out->page;
    uint32_t i = hash >> (32 - FL_SYMBOL_SLOT_BITS);
    for (int tries = 0; tries < MOST_TRIES; tries++, i = (i + 1) % (1U << FL_SYMBOL_SLOT_BITS)) {
        const int number = page->slots[i] - 1;
        *slot = page->slots + i;
        if (number < 0)
            return -1;
        if (equals(out, page->symbols + number, hash, r))
            return number;
    }
    *slot = NULL;
    return -1;
}

/* Remember a symbol, if there is room. */
static void remember(fl_page *page, const fl_tile *t, uint32_t hash, const fl_rect *r, fl_placed *placed)
{
    if (page->n_symbols == FL_MAX_SYMBOLS)
        return;
    page->symbols[page->n_symbols++] =
        (fl_symbol){hash, (uint16_t)(t->x + r->x), (uint16_t)(t->y + r->y), (uint8_t)r->w, (uint8_t)r->h};
    if (placed->slot)
        *placed->slot = (uint16_t)page->n_symbols;
}

/* Find the runs of a symbol that is new. Returns false if by now there are too many. */
static bool find_runs(fl_writer *out, const fl_tile *t, fl_placed *p)
{
    const int n = fl_kernels.tile_runs(pixels_at(out, p->x, p->y), out->stride, p->w, p->h, out->runs + out->n_runs);
    p->runs = (uint16_t)n;
    out->n_runs += n;
    return out->n_runs * RUNS_SHARE <= t->w * t->h;
}

/* ---- a tile ------------------------------------------------------------------------------------------------------ */

/* Place one more symbol in the tile. Returns false if that does not suit it. */
static bool place(fl_writer *out, const fl_tile *t, fl_rect r)
{
    fl_page *page = out->page;
    const uint64_t mixed = trim(page->ink, &r);
    if (page->n_placed == FL_MAX_PLACED || r.w * r.h == t->w * t->h)
        return false;
    fl_placed *p = page->placed + page->n_placed++;
    *p = (fl_placed){(uint8_t)r.x, (uint8_t)r.y, (uint8_t)r.w, (uint8_t)r.h, (uint16_t)page->n_symbols, 0, NULL};
    const uint32_t hash = hash_symbol(out, &r, mixed);
    const int number = find_symbol(out, hash, &r, &p->slot);
    if (number < 0) {
        remember(page, t, hash, &r, p);
        return find_runs(out, t, p);
    }
    p->number = (uint16_t)number;
    p->slot = NULL;
    return true;
}

/* Place what stands between two rows without ink; `columns` are those that have some. */
static bool place_line(fl_writer *out, const fl_tile *t, int top, int bottom, uint64_t columns)
{
    while (columns) {
        const int x = __builtin_ctzll(columns);
        const uint64_t gaps = ~(columns >> x);
        const int w = gaps ? __builtin_ctzll(gaps) : FL_TILE;
        if (!place(out, t, (fl_rect){x, top, w, bottom - top}))
            return false;
        columns &= ~columns_of(x, w);
    }
    return true;
}

/* Whether all that a tile has is new, and as wide as the tile: those are no letters. */
static bool is_drawing(const fl_page *page, const fl_tile *t)
{
    int i = 0;
    while (i < page->n_placed && page->placed[i].runs && page->placed[i].w == t->w)
        i++;
    return i == page->n_placed;
}

/* Place all symbols of the tile. Returns false if they do not suit it. */
static bool place_all(fl_writer *out, const fl_tile *t)
{
    const uint64_t *ink = out->page->ink;
    for (int y = 0; y < t->h; y++) {
        const int top = y;
        uint64_t columns = 0;
        for (; y < t->h && ink[y]; y++)
            columns |= ink[y];
        if (!place_line(out, t, top, y, columns))
            return false;
    }
    return !is_drawing(out->page, t);
}

/* Forget what is new in the tile. */
static void take_back(fl_page *page, int known)
{
    for (int i = 0; i < page->n_placed; i++) {
        if (page->placed[i].slot)
            *page->placed[i].slot = 0;
    }
    page->n_symbols = known;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static uint8_t *put_symbols(fl_writer *out, uint8_t *to)
{
    const fl_page *page = out->page;
    const uint32_t *runs = out->runs;
    int right = 0, top = 0;
    memcpy(to, &page->ground, 3);
    to[3] = (uint8_t)page->n_placed;
    to += FL_GROUND_BYTES;
    for (const fl_placed *p = page->placed; p < page->placed + page->n_placed; p++) {
        *to++ = (uint8_t)(p->x - right);
        *to++ = (uint8_t)(p->y - top);
        memcpy(to, &p->number, 2);
        to += 2;
        right = p->x + p->w;
        top = p->y;
        if (!p->runs)
            continue;
        *to++ = (uint8_t)(p->w - 1);
        *to++ = (uint8_t)(p->h - 1);
        to = fl_put_runs(out, to, runs, p->runs);
        runs += p->runs;
    }
    return to;
}

int fl_write_symbols(fl_writer *out, const fl_tile *t)
{
    fl_page *page = out->page;
    uint8_t spare[3 * FL_TILE_PIXELS + FL_RUN_SLACK];
    const ptrdiff_t head = fl_tile_head_bytes(out, t);
    if (!page->is_open)
        open_table(page);
    const int known = page->n_symbols;
    page->n_placed = out->n_runs = 0;
    if (!place_all(out, t)) {
        take_back(page, known);
        return 0;
    }
    const bool roomy = fl_has_room(out, head + 3 * t->w * t->h + FL_RUN_SLACK);
    uint8_t *const start = roomy ? out->at + head : spare;
    const ptrdiff_t length = put_symbols(out, start) - start;
    if (!fl_has_room(out, head + length))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_SYMBOLS, t);
    if (!roomy)
        memcpy(out->at, spare, (size_t)length);
    out->at += length;
    return 1;
}
