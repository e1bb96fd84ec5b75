/* The ground of a tile, which is its usual colour, and its ink, which is all the rest. */
#include "stream_write.h"

enum {
    SAMPLES = 8, /* a side: pixels that choose the ground */
    LEAST_PIXELS = FL_TILE_PIXELS / 4,
};

/* In strips hardly anything comes twice. */
bool fl_may_hold_symbols(const fl_writer *out, const fl_tile *t)
{
    return out->page && t->w * t->h >= LEAST_PIXELS;
}

static int sample_at(int i, int side)
{
    return (2 * i + 1) * side / (2 * SAMPLES);
}

/* The colour of more than half of the samples, if there is one; otherwise that of any. */
static uint32_t vote(const uint8_t *pixels, ptrdiff_t stride, int w, int h)
{
    uint32_t ground = 0;
    int ahead = 0;
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        const uint8_t *row = pixels + sample_at(i / SAMPLES, h) * stride;
        const uint32_t colour = fl_load_pixel(row + (ptrdiff_t)4 * sample_at(i % SAMPLES, w));
        ground = ahead ? ground : colour;
        ahead += colour == ground ? 1 : -1;
    }
    return ground;
}

/* Whether the ground by which the ink of a tile of full width was found is the one that vote() would choose: more than
 * half of the samples have it. */
static bool is_elected(const uint64_t *ink, int h)
{
    const uint64_t columns = UINT64_C(0x1010101010101010), ones = UINT64_C(0x0101010101010101);
    uint64_t others = 0;
    for (int i = 0; i < SAMPLES; i++)
        others += (ink[sample_at(i, h)] & columns) >> 4;
    return (others * ones) >> 56 < SAMPLES * SAMPLES / 2;
}

static void find_own_ink(fl_writer *out, const fl_tile *t)
{
    fl_page *page = out->page;
    uint32_t row[FL_TILE];
    page->ground = vote(out->pixels, out->stride, t->w, t->h);
    page->ink = page->own_ink;
    for (int i = 0; i < FL_TILE; i++)
        row[i] = page->ground;
    fl_kernels.tile_changes(out->pixels, out->stride, (const uint8_t *)row, 0, t->w, t->h, page->own_ink);
}

static bool is_any(const uint64_t *ink, int h)
{
    uint64_t any = 0;
    for (int y = 0; y < h; y++)
        any |= ink[y];
    return any != 0;
}

/* The colour that two of three pixels have; else the ground of the tile above. */
static uint32_t guess(const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t, uint32_t above)
{
    uint32_t colours[3];
    for (int i = 0; i < 3; i++) {
        const uint8_t *row = pixels + (2 * i + 1) * t->h / 6 * stride;
        colours[i] = fl_load_pixel(row + (ptrdiff_t)4 * ((2 * i + 1) * t->w / 6));
    }
    if (colours[0] == colours[1] || colours[0] == colours[2])
        return colours[0];
    return colours[1] == colours[2] ? colours[1] : above;
}

void fl_guess_grounds(fl_writer *out, const fl_tile *run)
{
    const fl_source *s = &out->source;
    uint32_t *grounds = out->page->ahead.grounds;
    for (int i = 0; i < fl_tile_count(run->w); i++) {
        const fl_tile t = fl_tile_at(run->x / FL_TILE + i, run->y / FL_TILE, s->w, s->h);
        uint32_t *ground = grounds + t.x / FL_TILE;
        *ground = guess(fl_tile_pixels(s->image, s->stride, &t), s->stride, &t, *ground);
    }
}

bool fl_find_ink(fl_writer *out, const fl_tile *t)
{
    fl_page *page = out->page;
    const int column = t->x / FL_TILE;
    const uint64_t *ahead = page->ahead.rows[column];
    if (page->is_ahead && t->w == FL_TILE && is_elected(ahead, t->h)) {
        page->ground = page->ahead.grounds[column];
        page->ink = ahead;
    } else {
        find_own_ink(out, t);
        page->ahead.grounds[column] = page->ground;
    }
    return is_any(page->ink, t->h);
}
