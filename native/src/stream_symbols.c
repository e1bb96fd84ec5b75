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

/* How many bits are set from the lowest on. */
static int ones_at(uint64_t bits)
{
    return ~bits ? __builtin_ctzll(~bits) : FL_TILE;
}

static uint64_t bits_of(int from, int n)
{
    return (UINT64_MAX >> (FL_TILE - n)) << from;
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
    const uint64_t columns = bits_of(r->x, r->w);
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
    const int first = __builtin_ctzll(out->page->ink[r->y] & bits_of(r->x, r->w));
    const uint64_t colours = (uint64_t)fl_load_pixel(pixels_at(out, first, r->y)) << 24 |
                             fl_load_pixel(pixels_at(out, r->x + r->w / 2, r->y + r->h / 2));
    return (uint32_t)(((mixed ^ colours) * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static uint32_t slot_of(uint32_t hash)
{
    return hash >> (32 - FL_SYMBOL_SLOT_BITS);
}

static bool equals(const fl_writer *out, const fl_symbol *s, const fl_placed *p)
{
    const fl_source *from = &out->source;
    return s->hash == p->hash && s->w == p->w && s->h == p->h &&
           fl_kernels.tile_equal(from->image + s->y * from->stride + (ptrdiff_t)4 * s->x, from->stride,
                                 pixels_at(out, p->x, p->y), out->stride, p->w, p->h);
}

/* Find a symbol. Returns its number, or -1, and then in `p` the free slot where it belongs, if there is one near enough. */
static int find_symbol(fl_writer *out, fl_placed *p)
{
    fl_page *page = out->page;
    uint32_t i = slot_of(p->hash);
    for (int tries = 0; tries < MOST_TRIES; tries++, i = (i + 1) % (1U << FL_SYMBOL_SLOT_BITS)) {
        const int known = page->slots[i] - 1;
        if (known < 0) {
            p->slot = page->slots + i;
            return -1;
        }
        if (equals(out, page->symbols + known, p))
            return known;
    }
    return -1;
}

/* Remember a symbol, if there is room. */
static void remember(fl_page *page, const fl_tile *t, fl_placed *p)
{
    if (page->n_symbols == FL_MAX_SYMBOLS)
        return;
    page->symbols[page->n_symbols++] =
        (fl_symbol){p->hash, (uint16_t)(t->x + p->x), (uint16_t)(t->y + p->y), p->w, p->h};
    if (p->slot)
        *p->slot = (uint16_t)page->n_symbols;
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
    const uint32_t hash = hash_symbol(out, &r, mixed);
    __builtin_prefetch(page->slots + slot_of(hash));
    page->placed[page->n_placed++] =
        (fl_placed){.x = (uint8_t)r.x, .y = (uint8_t)r.y, .w = (uint8_t)r.w, .h = (uint8_t)r.h, .hash = hash};
    return true;
}

/* Place what stands between two rows without ink; `columns` are those that have some. */
static bool place_line(fl_writer *out, const fl_tile *t, int top, int bottom, uint64_t columns)
{
    while (columns) {
        const int x = __builtin_ctzll(columns), w = ones_at(columns >> x);
        if (!place(out, t, (fl_rect){x, top, w, bottom - top}))
            return false;
        columns &= ~bits_of(x, w);
    }
    return true;
}

/* The rows that have ink: bit y for row y. */
static uint64_t inked_rows(const uint64_t *ink, int h)
{
    uint64_t rows = 0;
    for (int y = h - 1; y >= 0; y--)
        rows = rows << 1 | (ink[y] != 0);
    return rows;
}

/* Place all symbols of the tile. Returns false if they do not suit it. */
static bool place_all(fl_writer *out, const fl_tile *t)
{
    const uint64_t *ink = out->page->ink;
    uint64_t rows = inked_rows(ink, t->h);
    while (rows) {
        const int top = __builtin_ctzll(rows), bottom = top + ones_at(rows >> top);
        uint64_t columns = 0;
        for (int y = top; y < bottom; y++)
            columns |= ink[y];
        if (!place_line(out, t, top, bottom, columns))
            return false;
        rows &= ~bits_of(top, bottom - top);
    }
    return true;
}

/* Give a symbol its number, which it may be the first to have. Returns false if that does not suit the tile. */
static bool give_number(fl_writer *out, const fl_tile *t, fl_placed *p)
{
    fl_page *page = out->page;
    const int known = find_symbol(out, p);
    p->number = (uint16_t)(known < 0 ? page->n_symbols : known);
    if (known >= 0)
        return true;
    remember(page, t, p);
    return find_runs(out, t, p);
}

/* Whether all that a tile has is new, and as wide as the tile: those are no letters. */
static bool is_drawing(const fl_page *page, const fl_tile *t)
{
    int i = 0;
    while (i < page->n_placed && page->placed[i].runs && page->placed[i].w == t->w)
        i++;
    return i == page->n_placed;
}

/* Number all symbols of the tile, once all are placed: a processor looks for several at once where it need not cut them out
 * in between. Returns false if they do not suit the tile. */
static bool number_all(fl_writer *out, const fl_tile *t)
{
    fl_page *page = out->page;
    for (int i = 0; i < page->n_placed; i++) {
        if (!give_number(out, t, page->placed + i))
            return false;
    }
    return !is_drawing(page, t);
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
    if (!place_all(out, t) || !number_all(out, t)) {
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
