/* Applying the moves that a search proposes, as far as they are true. */
#include "shadow.h"

/* Vertical moves rest on sums, others were compared pixel by pixel where they were found. */
static bool is_proven(const fl_move *m)
{
    return m->x != m->src_x;
}

/* Apply a move row by row as memmove would, each after it was compared: a row that is not what it should be ends the
 * move before it. What is copied comes from `after`, which is the same by then. */
static void apply(fl_shadow *shadow, const fl_search *s, fl_move *m)
{
    const bool upwards = m->y <= m->src_y, proven = is_proven(m);
    int done = 0;
    const int step = upwards ? 1 : -1;
    for (; done < m->h; done++) {
        const int row = upwards ? done : m->h - 1 - done;
        const uint8_t *source = fl_before_at(s, m->src_x, m->src_y + row), *after = fl_after_at(s, m->x, m->y + row);
        if (!proven && !fl_kernels.span_equal(source, after, m->w))
            break;
        if (done + 1 < m->h) {
            fl_look_ahead(source, shadow->stride, step, m->w);
            fl_look_ahead(after, s->after_stride, step, m->w);
        }
        fl_kernels.span_copy(after, shadow->pixels + (m->y + row) * shadow->stride + (ptrdiff_t)m->x * 4, m->w);
    }
    if (!upwards) {
        m->y += m->h - done;
        m->src_y += m->h - done;
    }
    m->h = done;
}

static bool is_equal(const fl_shadow *shadow, const fl_search *s, const fl_tile *t)
{
    return fl_kernels.tile_equal(fl_tile_pixels(shadow->pixels, shadow->stride, t), shadow->stride,
                                 fl_tile_pixels(s->after, s->after_stride, t), s->after_stride, t->w, t->h);
}

static bool covers(const fl_move *m, const fl_tile *t)
{
    return m->x <= t->x && m->y <= t->y && m->x + m->w >= t->x + t->w && m->y + m->h >= t->y + t->h;
}

/* Unmark what a move made right. A tile that it covers was compared while it was applied. Of one that was not marked
 * nobody knows that it did not change: a picture may be newer where no damage was reported yet. */
static void settle_tile(fl_shadow *shadow, const fl_search *s, const fl_move *m, const fl_tile *t, uint8_t *tiles)
{
    if (!s->movable[t->index])
        shadow->known[t->index] = FL_ROWS_UNKNOWN;
    else if (tiles[t->index])
        tiles[t->index] = !covers(m, t) && !is_equal(shadow, s, t);
}

static void settle(fl_shadow *shadow, const fl_search *s, const fl_move *m, uint8_t *tiles)
{
    for (int row = m->y / FL_TILE; row <= (m->y + m->h - 1) / FL_TILE; row++) {
        for (int column = m->x / FL_TILE; column <= (m->x + m->w - 1) / FL_TILE; column++) {
            const fl_tile t = fl_tile_at(column, row, s->w, s->h);
            settle_tile(shadow, s, m, &t, tiles);
        }
    }
}

int fl_apply_moves(fl_shadow *shadow, const fl_search *s, fl_move *moves, int n, uint8_t *tiles)
{
    int applied = 0;
    for (int i = 0; i < n; i++) {
        fl_move m = moves[i];
        apply(shadow, s, &m);
        if (m.h)
            moves[applied++] = m;
    }
    for (int i = 0; i < applied; i++)
        settle(shadow, s, moves + i, tiles);
    return applied;
}
