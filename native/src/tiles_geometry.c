/* From rectangles to marked tiles and back. */
#include "internal.h"

/* Clip a span to 0..side. Returns false when nothing is left. */
static bool clip_span(int64_t start, int64_t length, int side, int *first, int *last)
{
    const int64_t end = start + length;
    if (length <= 0 || end <= 0 || start >= side)
        return false;
    *first = start < 0 ? 0 : (int)start;
    *last = (end > side ? side : (int)end) - 1;
    return true;
}

static void mark_rect(const fl_rect *rect, int w, int h, uint8_t *tiles)
{
    int left, right, top, bottom;
    if (!clip_span(rect->x, rect->w, w, &left, &right) || !clip_span(rect->y, rect->h, h, &top, &bottom))
        return;
    const int columns = fl_tile_count(w), first = left / FL_TILE, last = right / FL_TILE;
    for (int row = top / FL_TILE; row <= bottom / FL_TILE; row++)
        memset(tiles + (size_t)row * (size_t)columns + first, 1, (size_t)(last - first + 1));
}

int fl_tiles_mark(const fl_rect *rects, int n, int w, int h, uint8_t *tiles)
{
    if (n < 0 || (n > 0 && !rects) || !fl_valid_size(w, h) || !tiles)
        return -EINVAL;
    for (int i = 0; i < n; i++)
        mark_rect(rects + i, w, h, tiles);
    return 0;
}

/* ---- covering ---------------------------------------------------------------------------------------------------
 * Rectangles are in tiles here. Runs of marked tiles become rectangles in reading order; a run right below one of the
 * same columns makes that one taller. `whole_rows` is how many rows are covered with room left for one rectangle more,
 * which then takes in all the rest, so rectangles stay disjoint whatever the marks. */

typedef struct cover {
    fl_rect *rects;
    int n, max, whole_rows;
} cover;

static bool extend_above(cover *c, int first, int last, int row)
{
    for (int i = c->n - 1; i >= 0; i--) {
        fl_rect *r = c->rects + i;
        if (r->x == first && r->w == last - first && r->y + r->h == row) {
            r->h++;
            return true;
        }
    }
    return false;
}

/* Cover one row of tiles. Returns false when a rectangle more is needed than there is room for. */
static bool cover_row(cover *c, const uint8_t *marks, int columns, int row)
{
    for (int first = 0, last; first < columns; first = last + 1) {
        for (last = first; last < columns && marks[last]; last++)
            ;
        if (last == first || extend_above(c, first, last, row))
            continue;
        if (c->n == c->max)
            return false;
        c->rects[c->n++] = (fl_rect){first, row, last - first, 1};
    }
    if (c->n < c->max)
        c->whole_rows = row + 1;
    return true;
}

/* Take back what was covered from `row` on. */
static void cut_below(cover *c, int row)
{
    while (c->n > 0 && c->rects[c->n - 1].y >= row)
        c->n--;
    for (int i = 0; i < c->n; i++)
        c->rects[i].h = fl_min(c->rects[i].h, row - c->rects[i].y);
}

/* Cover everything marked from `row` on with one rectangle; something is. */
static void cover_rest(cover *c, const uint8_t *tiles, int columns, int rows, int row)
{
    int left = columns, right = 0, top = rows, bottom = row;
    for (int y = row; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
            if (!tiles[y * columns + x])
                continue;
            left = fl_min(left, x);
            right = fl_max(right, x + 1);
            top = fl_min(top, y);
            bottom = y + 1;
        }
    }
    c->rects[c->n++] = (fl_rect){left, top, right - left, bottom - top};
}

static void to_pixels(fl_rect *r, int w, int h)
{
    r->x *= FL_TILE;
    r->y *= FL_TILE;
    r->w = fl_min(r->w * FL_TILE, w - r->x);
    r->h = fl_min(r->h * FL_TILE, h - r->y);
}

int fl_tiles_rects(const uint8_t *tiles, int w, int h, fl_rect *rects, int max)
{
    if (!tiles || !fl_valid_size(w, h) || !rects || max < 1)
        return -EINVAL;
    const int columns = fl_tile_count(w), rows = fl_tile_count(h);
    cover c = {rects, 0, max, 0};
    for (int row = 0; row < rows; row++) {
        if (cover_row(&c, tiles + (ptrdiff_t)row * columns, columns, row))
            continue;
        cut_below(&c, c.whole_rows);
        cover_rest(&c, tiles, columns, rows, c.whole_rows);
        break;
    }
    for (int i = 0; i < c.n; i++)
        to_pixels(c.rects + i, w, h);
    return c.n;
}
