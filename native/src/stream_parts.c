/* What of a tile changed: at most FL_MAX_PARTS boxes, one below the other.
 *
 * The box round all of it is cut between two rows where that leaves out the most pixels, and so are its pieces. So what a
 * window uncovers at its corner, an L, becomes two strips. */
#include "stream_write.h"

enum {
    LEAST_CUT = 64, /* pixels that a cut must leave out, and this part of all */
    LEAST_SHARE = 4,
};

/* In pixels of the tile; `right` and `bottom` lie outside. */
typedef struct box {
    int left, top, right, bottom;
} box;

static int area(box b)
{
    return (b.right - b.left) * (b.bottom - b.top);
}

static box box_of(uint64_t columns, int top, int bottom)
{
    if (!columns)
        return (box){0, 0, 0, 0};
    return (box){__builtin_ctzll(columns), top, FL_TILE - __builtin_clzll(columns), bottom};
}

/* The box round the bits that are set in rows `top` to `bottom`; without area if there are none. */
static box bound_rows(const uint64_t *rows, int top, int bottom)
{
    uint64_t columns = 0;
    while (top < bottom && !rows[bottom - 1])
        bottom--;
    while (top < bottom && !rows[top])
        top++;
    for (int y = top; y < bottom; y++)
        columns |= rows[y];
    return box_of(columns, top, bottom);
}

/* Whether no cuts at all could leave out enough. */
static bool is_full(const uint64_t *rows, box b)
{
    int used = 0;
    for (int y = b.top; y < b.bottom; y++)
        used += area(box_of(rows[y], 0, 1));
    return (area(b) - used) < fl_max(LEAST_CUT, area(b) / LEAST_SHARE);
}

/* Cut a box where that leaves out the most, if that is enough; the upper piece takes its place. */
static bool cut(const uint64_t *rows, box *whole, box *lower)
{
    if (is_full(rows, *whole))
        return false;
    /* Of the rows below each one: their box. */
    box below[FL_TILE + 1];
    uint64_t columns = 0;
    below[whole->bottom] = box_of(0, 0, 0);
    for (int y = whole->bottom - 1; y > whole->top; y--) {
        columns |= rows[y];
        below[y] = rows[y] ? box_of(columns, y, whole->bottom) : below[y + 1];
    }
    int left = area(*whole), best = 0, last = whole->top;
    columns = 0;
    for (int y = whole->top + 1; y < whole->bottom; y++) {
        columns |= rows[y - 1];
        last = rows[y - 1] ? y : last;
        const int now = area(box_of(columns, whole->top, last)) + area(below[y]);
        if (now < left) {
            left = now;
            best = y;
        }
    }
    if (area(*whole) - left < fl_max(LEAST_CUT, area(*whole) / LEAST_SHARE))
        return false;
    *lower = below[best];
    *whole = bound_rows(rows, whole->top, best);
    return true;
}

/* Cut a box, and the pieces again. Returns how many boxes that gives. */
static int cut_all(const uint64_t *rows, box boxes[FL_MAX_PARTS])
{
    int n = 1;
    for (int i = 0; i < n && n < FL_MAX_PARTS;) {
        if (cut(rows, boxes + i, boxes + n))
            n++;
        else
            i++;
    }
    return n;
}

static fl_parts all_of(const fl_tile *t)
{
    return (fl_parts){.n = 1, .pixels = t->w * t->h, .parts = {*t}};
}

fl_parts fl_changed_parts(const fl_source *s, const fl_tile *t)
{
    uint64_t rows[FL_TILE];
    if (!s->before || (s->lossy && s->lossy[t->index]))
        return all_of(t);
    const fl_tile seen = s->box ? fl_tile_within(t, s->box) : *t;
    fl_kernels.tile_changes(fl_tile_pixels(s->before, s->before_stride, &seen), s->before_stride,
                            fl_tile_pixels(s->image, s->stride, &seen), s->stride, seen.w, seen.h, rows);
    box boxes[FL_MAX_PARTS] = {bound_rows(rows, 0, seen.h)};
    fl_parts found = {.n = 0, .pixels = 0};
    if (!area(boxes[0]))
        return found;
    found.n = cut_all(rows, boxes);
    for (int i = 0; i < found.n; i++) {
        const box b = boxes[i];
        found.parts[i] = (fl_tile){t->index, seen.x + b.left, seen.y + b.top, b.right - b.left, b.bottom - b.top};
        found.pixels += area(b);
    }
    if (s->box)
        return found;
    return found.pixels + found.n * FL_PART_BYTES > t->w * t->h * 3 / 4 ? all_of(t) : found;
}
