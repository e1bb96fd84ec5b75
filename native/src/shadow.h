/* What the parts of the shadow share: shadow_find.c looks for what changed, shadow_apply.c applies moves, shadow_rows.c
 * keeps the sums of rows, shadow_take.c takes pixels over.
 *
 * Row sums are kept, so that neither the search nor the digest sums a row twice: known[tile] is FL_ROWS_KNOWN where the
 * shadow's sums stand in `rows`, FL_ROWS_PROMISED where they will once fl_shadow_take() copies the tile from the picture
 * that the last fl_shadow_find() looked at. */
#ifndef FL_SHADOW_H
#define FL_SHADOW_H

#include "moves.h"

bool fl_valid_shadow(const fl_shadow *shadow);

/* Lay a search out in the shadow's `work`. */
fl_search fl_search_of(const fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *lossy);

/* Where the sums of a tile's rows, or of a run's first tile, stand among all. */
static inline size_t fl_rows_at(int h, const fl_tile *t)
{
    return (size_t)(t->x / FL_TILE) * (size_t)h + (size_t)t->y;
}

/* Sum every `step`th row, counted from the picture's top, of the marked tiles. */
void fl_sum_rows(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *marks, int step, uint64_t *rows);

/* Sum what is marked and not known of the shadow; `marks` is left with that. */
void fl_know_rows(fl_shadow *shadow, uint8_t *marks);

/* The rows of the changed tiles in `after` become the shadow's, now or, where `tiles` still marks them, once they are
 * taken. */
void fl_adopt_rows(fl_shadow *shadow, const fl_search *s, const uint8_t *tiles);

/* Take over what of a tile lies in a part of it, and bring those of its row sums that are known up to date. */
void fl_take_part(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *tile,
                  const fl_tile *part);

/* Whether so many tiles are marked that the caches would not hold them until they are looked at again. */
bool fl_are_many(const uint8_t *tiles, int w, int h);

/* The ink of a row of tiles, by column: for each a ground, and the rows that row_ink() finds by it. */
typedef struct fl_ink {
    uint32_t grounds[FL_MAX_SIDE / FL_TILE];
    uint64_t rows[FL_MAX_SIDE / FL_TILE][FL_TILE];
} fl_ink;

/* Take a run of tiles over from `after`; `past` the caches, where fl_past_done() follows. Unless `ink` is NULL, it is
 * found by the way, by the grounds that stand in it; all is then taken past the caches. */
void fl_take_run(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *run, bool past,
                 fl_ink *ink);

/* Apply moves to the shadow, each as far as its pixels are right, and unmark the tiles that this makes so. Returns how
 * many are left. */
int fl_apply_moves(fl_shadow *shadow, const fl_search *s, fl_move *moves, int n, uint8_t *tiles);

#endif
