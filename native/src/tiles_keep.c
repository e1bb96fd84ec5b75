/* Taking over what differs of a rectangle, in one walk along its rows. */
#include "internal.h"

/* A band: what of the rectangle lies in one row of tiles. */
typedef struct band {
    const uint8_t *source;
    uint8_t *target;
    ptrdiff_t source_stride, target_stride;
    int x, w, h;
} band;

static int equal_rows(const band *b)
{
    int y = 0;
    while (y < b->h && fl_kernels.span_equal(b->source + y * b->source_stride, b->target + y * b->target_stride, b->w))
        y++;
    return y;
}

static bool differs(const band *b, int from, int x, int w)
{
    return !fl_kernels.tile_equal(b->source + from * b->source_stride + (ptrdiff_t)4 * x, b->source_stride,
                                  b->target + from * b->target_stride + (ptrdiff_t)4 * x, b->target_stride, w,
                                  b->h - from);
}

static void copy_part(const band *b, int from, int x, int w)
{
    const uint8_t *source = b->source + from * b->source_stride + (ptrdiff_t)4 * x;
    uint8_t *target = b->target + from * b->target_stride + (ptrdiff_t)4 * x;
    for (int y = from; y < b->h; y++, source += b->source_stride, target += b->target_stride) {
        fl_kernels.span_copy(source, target, w);
        if (y + 1 < b->h) {
            fl_look_ahead(source, b->source_stride, 1, w);
            fl_look_ahead(target, b->target_stride, 1, w);
        }
    }
}

/* How far it is from `x` to the end of its tile, in a band that starts at `left`. */
static int to_tile_end(const band *b, int x)
{
    return fl_min(FL_TILE - (b->x + x) % FL_TILE, b->w - x);
}

/* Tiles side by side that differ are copied together. */
static void keep_band(const band *b, bool all, uint8_t *changed)
{
    const int same = all ? 0 : equal_rows(b);
    if (same == b->h)
        return;
    for (int x = 0, first = 0, w; x < b->w; x += w) {
        w = to_tile_end(b, x);
        const bool differing = all || differs(b, same, x, w);
        if (differing)
            changed[(b->x + x) / FL_TILE] = 1;
        else if (first < x)
            copy_part(b, same, first, x - first);
        if (!differing)
            first = x + w;
        else if (x + w == b->w)
            copy_part(b, same, first, x + w - first);
    }
}

void fl_tiles_keep(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                   const fl_rect *r, int w, bool all, uint8_t *changed)
{
    for (int y = r->y, h; y < r->y + r->h; y += h) {
        h = fl_min(FL_TILE - y % FL_TILE, r->y + r->h - y);
        const band b = {source + y * source_stride + (ptrdiff_t)4 * r->x,
                        target + y * target_stride + (ptrdiff_t)4 * r->x,
                        source_stride,
                        target_stride,
                        r->x,
                        r->w,
                        h};
        keep_band(&b, all, changed + (ptrdiff_t)(y / FL_TILE) * fl_tile_count(w));
    }
}
