/* What changed against the shadow, and what of it moved.
 *
 * First what slid as a whole is taken over (moves_slide.c). Tiles are compared next, which ends at the first row that
 * differs. Of many that differ some rows are summed, and vote; only where they, or short runs of pixels, propose a move are
 * all rows summed. So a film or a new page is read as far as it takes to see that it is one. */
#include "shadow.h"

enum {
    LEAST_TILES = 4, /* with fewer changed tiles, looking for a move costs more than sending them */
    SPARSEST = 8,    /* nor does it pay where less than this part of the box round them changed: moves lie together */
    MOST_VERTICAL = 4,
    MOST_FREE = 3,
    LEAST_LEFT = 16, /* changed cells that no vertical move explains, for which other directions are tried, */
    LEAST_PART = 8,  /* if they are more than this part of all */
    LONGEST_PAUSE = 16,
    SAMPLE_STEP = 7, /* no height of a line of text divides by it, so that not all rows are those between lines */
};

/* One search under way; `changed` counts the changed cells, once all rows of the box are summed. */
typedef struct hunt {
    fl_shadow *shadow;
    fl_search *s;
    const uint8_t *tiles;
    int movable, changed;
    bool is_summed;
} hunt;

static bool is_many(const fl_search *s, const uint8_t *tiles)
{
    int n = 0;
    for (int i = 0; i < s->columns * s->tile_rows && n < LEAST_TILES; i++)
        n += tiles[i] != 0;
    return n == LEAST_TILES;
}

/* Mark what may move, and the box round it. Returns how many tiles these are, or 0 where a search does not pay. */
static int choose_movable(fl_search *s, const uint8_t *tiles)
{
    int left = s->columns, right = 0, top = s->tile_rows, bottom = 0, n = 0;
    for (int row = 0, index = 0; row < s->tile_rows; row++) {
        for (int column = 0; column < s->columns; column++, index++) {
            s->movable[index] = tiles[index] && !(s->lossy && s->lossy[index]);
            if (!s->movable[index])
                continue;
            n++;
            left = fl_min(left, column);
            right = fl_max(right, column + 1);
            top = fl_min(top, row);
            bottom = row + 1;
        }
    }
    s->box = (fl_rect){left, top, right - left, bottom - top};
    return n >= LEAST_TILES && n * SPARSEST >= s->box.w * s->box.h ? n : 0;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

/* Know all rows of the shadow in the box. */
static void know_before(fl_shadow *shadow, const fl_search *s)
{
    memset(s->spare, 0, (size_t)s->columns * (size_t)s->tile_rows);
    for (int row = s->box.y; row < s->box.y + s->box.h; row++)
        memset(s->spare + row * s->columns + s->box.x, 1, (size_t)s->box.w);
    fl_know_rows(shadow, s->spare);
}

/* Know all rows of both pictures in the box, where the shadow's are known; what did not change has the same in both. */
static void know_after(const fl_search *s, const uint8_t *tiles)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
            const fl_tile t = fl_tile_at(column, row, s->w, s->h);
            const size_t at = fl_rows_at(s->h, &t);
            s->spare[t.index] = tiles[t.index] != 0;
            if (!tiles[t.index])
                memcpy(s->after_rows + at, s->before_rows + at, (size_t)t.h * sizeof(uint64_t));
        }
    }
    fl_sum_rows(s->after, s->after_stride, s->w, s->h, s->spare, 1, s->after_rows);
}

/* Know all that matching takes. */
static void know_cells(hunt *h)
{
    if (h->is_summed)
        return;
    h->is_summed = true;
    know_after(h->s, h->tiles);
    fl_mark_changed_cells(h->s);
    h->changed = fl_cells_left(h->s);
}

/* ---- moves ---------------------------------------------------------------------------------------------------------- */

/* Few tiles may have few changed cells, of many each has one. */
static bool is_small(const hunt *h)
{
    return h->movable < LEAST_LEFT;
}

/* Whether vectors so far leave so much of what changed unexplained that others are worth a search. */
static bool leaves_much(const hunt *h)
{
    return !h->is_summed || fl_cells_left(h->s) >= fl_max(LEAST_LEFT, h->changed / LEAST_PART);
}

static int match_all(hunt *h, const fl_vector *vectors, int count, fl_move *moves, int n, int max)
{
    if (count)
        know_cells(h);
    for (int i = 0; i < count && n < max; i++)
        n = fl_match_vector(h->s, vectors[i], moves, n, max);
    return n;
}

/* Searches in all directions read much and find little in films: each in vain makes the next one wait longer. */
static int find_free_moves(hunt *h, fl_move *moves, int n, int max)
{
    fl_vector vectors[MOST_FREE];
    fl_shadow *shadow = h->shadow;
    if (shadow->pause > 0) {
        shadow->pause--;
        return n;
    }
    const int first = n;
    n = match_all(h, vectors, fl_vote_near(h->s, vectors, 1), moves, n, max);
    if (n < max && leaves_much(h))
        n = match_all(h, vectors, fl_vote_anchors(h->s, vectors, MOST_FREE), moves, n, max);
    shadow->fruitless = n > first ? 0 : fl_min(shadow->fruitless + 1, 30);
    shadow->pause = fl_min(LONGEST_PAUSE, (1 << fl_min(shadow->fruitless, 8)) - 1);
    return n;
}

static int vote_vertical(hunt *h, fl_vector *vectors)
{
    fl_search *s = h->s;
    if (is_small(h)) {
        know_cells(h);
        return fl_vote_rows(s, 1, vectors, MOST_VERTICAL);
    }
    fl_sum_rows(s->after, s->after_stride, s->w, s->h, s->movable, SAMPLE_STEP, s->after_rows);
    return fl_vote_rows(s, SAMPLE_STEP, vectors, MOST_VERTICAL);
}

static int find_moves(hunt *h, fl_move *moves, int max)
{
    fl_vector vectors[MOST_VERTICAL];
    know_before(h->shadow, h->s);
    int n = match_all(h, vectors, vote_vertical(h, vectors), moves, 0, max);
    if (n < max && leaves_much(h))
        n = find_free_moves(h, moves, n, max);
    return fl_order_moves(moves, n);
}

/* ---- the entry ------------------------------------------------------------------------------------------------------ */

/* What was promised of another picture will not come. */
static void forget_promises(const fl_shadow *shadow, int n)
{
    for (int i = 0; i < n; i++)
        shadow->known[i] = shadow->known[i] == FL_ROWS_KNOWN ? FL_ROWS_KNOWN : FL_ROWS_UNKNOWN;
}

static int count_either(const fl_search *s, const uint8_t *some, const uint8_t *others)
{
    int n = 0;
    for (int i = 0; i < s->columns * s->tile_rows; i++)
        n += some[i] || others[i];
    return n;
}

int fl_shadow_find(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, uint8_t *tiles,
                   const uint8_t *lossy, fl_move *moves, int max, int32_t *differed)
{
    if (!fl_valid_shadow(shadow) || !shadow->work || !fl_valid_picture(after, after_stride, shadow->w, shadow->h) ||
        !tiles || max < 0 || max > FL_MAX_MOVES || (max > 0 && !moves) || !differed)
        return -EINVAL;
    fl_search s = fl_search_of(shadow, after, after_stride, lossy);
    forget_promises(shadow, s.columns * s.tile_rows);
    const bool searches = max > 0 && is_many(&s, tiles);
    if (!searches) {
        *differed = fl_tiles_compare(shadow->pixels, shadow->stride, after, after_stride, s.w, s.h, tiles);
        return 0;
    }
    memcpy(s.damaged, tiles, (size_t)s.columns * (size_t)s.tile_rows);
    memset(s.slid, 0, (size_t)s.columns * (size_t)s.tile_rows);
    const int slid = fl_slide(shadow, &s, tiles, s.slid, moves, max);
    *differed = fl_tiles_compare(shadow->pixels, shadow->stride, after, after_stride, s.w, s.h, tiles);
    if (slid)
        *differed = count_either(&s, s.slid, tiles);
    hunt h = {.shadow = shadow, .s = &s, .tiles = tiles, .movable = choose_movable(&s, tiles)};
    if (!h.movable)
        return slid;
    int n = find_moves(&h, moves + slid, max - slid);
    n = fl_apply_moves(shadow, &s, moves + slid, n, tiles);
    if (h.is_summed)
        fl_adopt_rows(shadow, &s, tiles);
    return slid + n;
}
