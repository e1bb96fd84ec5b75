/* Taking pixels over into the shadow. That comes after the search and the encoder, since a move can only be found, and what is
 * overwritten only be put aside, while the shadow still has it. */
#include "shadow.h"

enum { MANY = 256 }; /* tiles: 4 MiB of each picture */

/* Take a row of a run over, and sum it but for the tiles whose sums are promised. */
static void take_row(const uint8_t *from, uint8_t *to, const fl_tile *run, const uint8_t *known, uint64_t *sums, int h,
                     bool past)
{
    for (int i = 0, n = fl_tile_count(run->w); i < n;) {
        const int first = i;
        const bool promised = known[i] == FL_ROWS_PROMISED;
        while (i < n && (known[i] == FL_ROWS_PROMISED) == promised)
            i++;
        const ptrdiff_t at = (ptrdiff_t)4 * FL_TILE * first;
        const int w = fl_min(run->w, FL_TILE * i) - FL_TILE * first;
        if (promised)
            fl_kernels.span_copy(from + at, to + at, w);
        else
            (past ? fl_kernels.row_take_past : fl_kernels.row_take)(from + at, to + at, w, sums + (ptrdiff_t)first * h,
                                                                    h);
    }
}

bool fl_are_many(const uint8_t *tiles, int w, int h)
{
    int n = 0;
    for (int i = 0; i < fl_tile_count(w) * fl_tile_count(h); i++)
        n += tiles[i] != 0;
    return n >= MANY;
}

void fl_take_run(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *run, bool past,
                 fl_ink *ink)
{
    const int column = run->x / FL_TILE;
    const uint8_t *from = fl_tile_pixels(after, after_stride, run);
    uint8_t *to = shadow->pixels + run->y * shadow->stride + (ptrdiff_t)run->x * 4, *known = shadow->known + run->index;
    uint64_t *sums = shadow->rows + fl_rows_at(shadow->h, run);
    for (int y = 0; y < run->h; y++, from += after_stride, to += shadow->stride) {
        if (ink)
            fl_kernels.row_take_ink(from, to, run->w, sums + y, shadow->h, ink->grounds + column,
                                    ink->rows[column] + y);
        else
            take_row(from, to, run, known, sums + y, shadow->h, past);
        if (y + 1 < run->h) {
            fl_look_ahead(from, after_stride, 1, run->w);
            fl_look_ahead(to, shadow->stride, 1, run->w);
        }
    }
    memset(known, FL_ROWS_KNOWN, (size_t)fl_tile_count(run->w));
}

int fl_shadow_take(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *tiles)
{
    if (!fl_valid_shadow(shadow) || !fl_valid_picture(after, after_stride, shadow->w, shadow->h) || !tiles)
        return -EINVAL;
    const bool past = fl_are_many(tiles, shadow->w, shadow->h);
    int index = 0;
    fl_tile run;
    while (fl_next_run(tiles, shadow->w, shadow->h, &index, &run))
        fl_take_run(shadow, after, after_stride, &run, past, NULL);
    if (past)
        fl_past_done();
    return 0;
}

void fl_take_part(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *tile,
                  const fl_tile *part)
{
    uint8_t *pixels = shadow->pixels, *known = shadow->known + tile->index;
    fl_kernels.tile_copy(fl_tile_pixels(after, after_stride, part), after_stride,
                         pixels + part->y * shadow->stride + (ptrdiff_t)part->x * 4, shadow->stride, part->w, part->h);
    if (*known != FL_ROWS_KNOWN) {
        *known = FL_ROWS_UNKNOWN;
        return;
    }
    fl_kernels.tile_rows(pixels + part->y * shadow->stride + (ptrdiff_t)tile->x * 4, shadow->stride, tile->w, part->h,
                         shadow->rows + fl_rows_at(shadow->h, tile) + (part->y - tile->y));
}
