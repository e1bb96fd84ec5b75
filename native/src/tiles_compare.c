/* Which of the marked tiles differ. */
#include "internal.h"

/* One row at a time: short enough to stop early, long enough for the compiler to vectorise. */
bool fl_tile_equal_scalar(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    for (int y = 0; y < h; y++) {
        uint32_t difference = 0;
        for (int x = 0; x < w; x++)
            difference |= fl_load_pixel(a + 4 * x) ^ fl_load_pixel(b + 4 * x);
        if (difference)
            return false;
        a += a_stride;
        b += b_stride;
    }
    return true;
}

static uint64_t row_changes(const uint8_t *a, const uint8_t *b, int w)
{
    uint64_t changes = 0;
    for (int x = 0; x < w; x++)
        changes |= (uint64_t)(fl_load_pixel(a + 4 * x) != fl_load_pixel(b + 4 * x)) << x;
    return changes;
}

void fl_tile_changes_scalar(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                            uint64_t *rows)
{
    for (int y = 0; y < h; y++)
        rows[y] = row_changes(a + y * a_stride, b + y * b_stride, w);
}

/* Two pictures with their place in a walk. */
typedef struct pair {
    const uint8_t *before, *after;
    ptrdiff_t before_stride, after_stride;
} pair;

static pair pair_at(const pair *p, ptrdiff_t x, ptrdiff_t y)
{
    return (pair){p->before + y * p->before_stride + 4 * x, p->after + y * p->after_stride + 4 * x, p->before_stride,
                  p->after_stride};
}

/* How many rows at the top of a run are equal. */
static int equal_rows(const pair *run, int w, int h)
{
    int y = 0;
    while (y < h && fl_kernels.span_equal(run->before + y * run->before_stride, run->after + y * run->after_stride, w))
        y++;
    return y;
}

/* Unmark the tiles of a run that are equal; return how many are not. */
static int compare_run(const pair *run, int w, int h, uint8_t *tiles)
{
    int marked = 0;
    for (int x = 0; x < w; x += FL_TILE, tiles++) {
        const pair tile = pair_at(run, x, 0);
        if (fl_kernels.tile_equal(tile.before, tile.before_stride, tile.after, tile.after_stride,
                                  fl_min(FL_TILE, w - x), h))
            *tiles = 0;
        else
            marked++;
    }
    return marked;
}

/* What is equal is read row by row, as memory likes it; a difference sends the rest of its run to the tiles. */
int fl_tiles_compare(const uint8_t *before, ptrdiff_t before_stride, const uint8_t *after, ptrdiff_t after_stride,
                     int w, int h, uint8_t *tiles)
{
    if (!fl_valid_picture(before, before_stride, w, h) || !fl_valid_picture(after, after_stride, w, h) || !tiles)
        return -EINVAL;
    const pair picture = {before, after, before_stride, after_stride};
    int marked = 0, index = 0;
    fl_tile t;
    while (fl_next_run(tiles, w, h, &index, &t)) {
        const pair run = pair_at(&picture, t.x, t.y);
        const int same = equal_rows(&run, t.w, t.h);
        const pair rest = pair_at(&run, 0, same);
        if (same == t.h)
            memset(tiles + t.index, 0, (size_t)fl_tile_count(t.w));
        else
            marked += compare_run(&rest, t.w, t.h - same, tiles + t.index);
    }
    return marked;
}
