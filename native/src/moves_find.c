/* Finding vertical scrolls.
 *
 * The area is cut into strips, one tile column wide, so that what stands still beside a scroll spoils one strip at
 * most. In each strip every row is hashed in both pictures, and a row that changed and stands exactly once in
 * `before` votes for its shift. For the shifts with the most votes, runs of rows that really match are looked for,
 * strip by strip, and joined across strips into rectangles. Nothing is believed without comparing pixels. All of it is
 * linear in the area. */
#include "internal.h"

enum {
    MIN_ROWS = 32,      /* a shorter move costs about as much as it saves */
    MIN_VOTES = 8,      /* fewer happen by chance */
    MAX_SHIFTS = 4,     /* each costs a pass over the area */
    MAX_CANDIDATES = 64, /* rectangles for one shift */
};

typedef struct fl_search {
    const uint8_t *before, *after;
    ptrdiff_t before_stride, after_stride;
    fl_rect area;
    /* In the caller's scratch, for one strip: row hashes of both pictures, and rows of `before` by hash, +1, negative
     * where the hash stands more than once. For all strips: votes by shift + area.h - 1. */
    uint64_t *before_rows, *after_rows;
    int32_t *slots, *votes;
    int slot_bits;
} fl_search;

/* A rectangle under a shift: what matches (the hull: left..right, hull_top..hull_bottom), and the span from the first to
 * the last row and strip that changed (the core: left..core_right, core_top..core_bottom), which is what a move is for. */
typedef struct fl_candidate {
    int left, right, core_right, hull_top, hull_bottom, core_top, core_bottom;
} fl_candidate;

static const uint8_t *before_at(const fl_search *s, int x, int y)
{
    return s->before + y * s->before_stride + (ptrdiff_t)x * 4;
}

static const uint8_t *after_at(const fl_search *s, int x, int y)
{
    return s->after + y * s->after_stride + (ptrdiff_t)x * 4;
}

/* ---- votes ------------------------------------------------------------------------------------------------------ */

static uint32_t first_slot(const fl_search *s, uint64_t hash)
{
    return (uint32_t)((hash * UINT64_C(0xD6E8FEB86659FD93)) >> (64 - s->slot_bits));
}

/* The slot that holds `hash`, or the free one where it belongs. Half of the slots are always free. */
static int32_t *find_slot(const fl_search *s, uint64_t hash)
{
    const uint32_t mask = (1U << s->slot_bits) - 1;
    uint32_t i = first_slot(s, hash);
    while (s->slots[i] && s->before_rows[(s->slots[i] < 0 ? -s->slots[i] : s->slots[i]) - 1] != hash)
        i = (i + 1) & mask;
    return s->slots + i;
}

static void hash_rows(fl_search *s, int x, int w)
{
    for (int y = 0; y < s->area.h; y++) {
        s->before_rows[y] = fl_kernels.row_sum(before_at(s, x, s->area.y + y), w);
        s->after_rows[y] = fl_kernels.row_sum(after_at(s, x, s->area.y + y), w);
    }
}

static void fill_slots(fl_search *s)
{
    memset(s->slots, 0, sizeof *s->slots << s->slot_bits);
    for (int y = 0; y < s->area.h; y++) {
        int32_t *slot = find_slot(s, s->before_rows[y]);
        if (!*slot)
            *slot = y + 1;
        else if (*slot > 0)
            *slot = -*slot;
    }
}

static void vote(fl_search *s, int x, int w)
{
    hash_rows(s, x, w);
    if (!memcmp(s->before_rows, s->after_rows, sizeof *s->before_rows * (size_t)s->area.h))
        return;
    fill_slots(s);
    for (int y = 0; y < s->area.h; y++) {
        if (s->before_rows[y] == s->after_rows[y])
            continue;
        const int32_t row = *find_slot(s, s->after_rows[y]);
        if (row > 0)
            s->votes[row - 1 - y + s->area.h - 1]++;
    }
}

/* Take the shift with the most votes out of the ballot. Returns false when none has enough. */
static bool take_shift(fl_search *s, int *shift)
{
    int best = 0;
    for (int i = 1; i < 2 * s->area.h - 1; i++) {
        if (s->votes[i] > s->votes[best])
            best = i;
    }
    *shift = best - (s->area.h - 1);
    const bool enough = s->votes[best] >= MIN_VOTES;
    s->votes[best] = 0;
    return enough;
}

/* ---- rectangles for one shift ------------------------------------------------------------------------------------ */

typedef struct fl_candidates {
    fl_candidate items[MAX_CANDIDATES];
    int n;
} fl_candidates;

static int core_rows(const fl_candidate *c)
{
    return fl_min(c->core_bottom, c->hull_bottom) - fl_max(c->core_top, c->hull_top);
}

static int lost_rows(const fl_candidate *c)
{
    return c->core_bottom - c->core_top - core_rows(c);
}

/* Widen a candidate on its right by a run. Returns false when more than a quarter of what changed would be lost, or
 * anything at all for a run that did not change. */
static bool join(fl_candidate *c, const fl_candidate *run)
{
    if (c->right != run->left)
        return false;
    const bool changed = run->core_top < run->core_bottom;
    fl_candidate both = *c;
    both.right = run->right;
    both.hull_top = fl_max(c->hull_top, run->hull_top);
    both.hull_bottom = fl_min(c->hull_bottom, run->hull_bottom);
    if (changed) {
        both.core_right = run->core_right;
        both.core_top = fl_min(c->core_top, run->core_top);
        both.core_bottom = fl_max(c->core_bottom, run->core_bottom);
    }
    if (lost_rows(&both) > (changed ? (both.core_bottom - both.core_top) / 4 : lost_rows(c)))
        return false;
    *c = both;
    return true;
}

static void add_run(fl_candidates *all, const fl_candidate *run)
{
    for (int i = 0; i < all->n; i++) {
        if (join(all->items + i, run))
            return;
    }
    if (core_rows(run) >= MIN_ROWS && all->n < MAX_CANDIDATES)
        all->items[all->n++] = *run;
}

static bool row_matches(const fl_search *s, int x, int w, int y, int shift)
{
    return fl_kernels.tile_equal(after_at(s, x, y), 0, before_at(s, x, y + shift), 0, w, 1);
}

/* Find the runs of one strip, by comparing each row with the one it would come from. */
static void add_strip(const fl_search *s, fl_candidates *all, int x, int w, int shift)
{
    const int first = s->area.y + fl_max(0, -shift), last = s->area.y + s->area.h - fl_max(0, shift);
    for (int top = first, y; top < last; top = y + 1) {
        fl_candidate run = {x, x + w, x + w, top, top, last, 0};
        for (y = top; y < last && row_matches(s, x, w, y, shift); y++) {
            if (row_matches(s, x, w, y, 0))
                continue;
            run.core_top = fl_min(run.core_top, y);
            run.core_bottom = y + 1;
        }
        run.hull_bottom = y;
        if (y - top >= MIN_ROWS)
            add_run(all, &run);
    }
}

/* How many columns right of `x` (or left, with step -1) match in all rows of a move. */
static int matching_columns(const fl_search *s, const fl_move *m, int x, int step, int most)
{
    for (int y = 0; y < m->h && most > 0; y++) {
        const uint8_t *after = after_at(s, x, m->y + y), *before = before_at(s, x, m->src_y + y);
        int n = 0;
        while (n < most && fl_load_pixel(after + 4 * step * n) == fl_load_pixel(before + 4 * step * n))
            n++;
        most = n;
    }
    return most;
}

static bool overlaps(int x, int y, int w, int h, const fl_move *written)
{
    return x < written->x + written->w && written->x < x + w && y < written->y + written->h && written->y < y + h;
}

/* Whether `m` can stand at `place` among the moves: it writes nothing that another writes or a later one reads, and
 * reads nothing that an earlier one writes. */
static bool fits(const fl_move *m, const fl_move *moves, int n, int place)
{
    for (int i = 0; i < n; i++) {
        const fl_move *other = moves + i;
        if (i == place)
            continue;
        if (overlaps(m->x, m->y, m->w, m->h, other) || (i < place && overlaps(m->src_x, m->src_y, m->w, m->h, other)) ||
            (i > place && overlaps(other->src_x, other->src_y, other->w, other->h, m)))
            return false;
    }
    return true;
}

/* Widen a move by the columns of the strips beside it that match too, as far as other moves let it. */
static void widen(const fl_search *s, fl_move *moves, int n, int place)
{
    fl_move m = moves[place];
    const int left = fl_min(FL_TILE - 1, m.x - s->area.x);
    if (left > 0) {
        const int more = matching_columns(s, &m, m.x - 1, -1, left);
        m.x -= more;
        m.src_x = m.x;
        m.w += more;
        if (fits(&m, moves, n, place))
            moves[place] = m;
        m = moves[place];
    }
    const int right = fl_min(FL_TILE - 1, s->area.x + s->area.w - (m.x + m.w));
    if (right > 0) {
        m.w += matching_columns(s, &m, m.x + m.w, 1, right);
        if (fits(&m, moves, n, place))
            moves[place] = m;
    }
}

/* Order candidates so that no move writes what a later one of the same shift reads. */
static void sort_candidates(fl_candidates *all, int shift)
{
    for (int i = 1; i < all->n; i++) {
        const fl_candidate c = all->items[i];
        int j = i;
        for (; j > 0 && (shift > 0 ? all->items[j - 1].core_top > c.core_top : all->items[j - 1].core_top < c.core_top);
             j--)
            all->items[j] = all->items[j - 1];
        all->items[j] = c;
    }
}

static int add_moves(const fl_search *s, const fl_candidates *all, int shift, fl_move *moves, int n, int max)
{
    const int first = n;
    for (int i = 0; i < all->n && n < max; i++) {
        const fl_candidate *c = all->items + i;
        const int top = fl_max(c->core_top, c->hull_top), rows = core_rows(c);
        const fl_move m = {c->left, top, c->core_right - c->left, rows, c->left, top + shift};
        if (rows >= MIN_ROWS && fits(&m, moves, n, n))
            moves[n++] = m;
    }
    for (int i = first; i < n; i++)
        widen(s, moves, n, i);
    return n;
}

/* ---- the search --------------------------------------------------------------------------------------------------- */

/* Step to the next strip, which ends at a tile border or the area's edge. Start with *x = area.x. */
static bool next_strip(const fl_search *s, int *x, int *left, int *w)
{
    const int end = s->area.x + s->area.w;
    if (*x >= end)
        return false;
    *left = *x;
    *x = fl_min((*x / FL_TILE + 1) * FL_TILE, end);
    *w = *x - *left;
    return true;
}

static void lay_out_scratch(fl_search *s, uint8_t *scratch)
{
    const size_t rows = (size_t)s->area.h;
    s->before_rows = (uint64_t *)(void *)scratch;
    s->after_rows = s->before_rows + rows;
    s->slot_bits = 1;
    while ((size_t)1 << s->slot_bits < 2 * rows)
        s->slot_bits++;
    s->votes = (int32_t *)(void *)(s->after_rows + rows);
    s->slots = s->votes + 2 * rows;
    memset(s->votes, 0, sizeof *s->votes * 2 * rows);
}

static int search(fl_search *s, fl_move *moves, int max)
{
    int n = 0, shift, left, w;
    for (int x = s->area.x; next_strip(s, &x, &left, &w);)
        vote(s, left, w);
    for (int tries = 0; tries < MAX_SHIFTS && n < max && take_shift(s, &shift); tries++) {
        fl_candidates all = {.n = 0};
        for (int x = s->area.x; next_strip(s, &x, &left, &w);)
            add_strip(s, &all, left, w, shift);
        sort_candidates(&all, shift);
        n = add_moves(s, &all, shift, moves, n, max);
    }
    return n;
}

int fl_moves_find(const uint8_t *before, ptrdiff_t before_stride, const uint8_t *after, ptrdiff_t after_stride, int w,
                  int h, const fl_rect *area, uint8_t *scratch, fl_move *moves, int max)
{
    if (!fl_valid_picture(before, before_stride, w, h) || !fl_valid_picture(after, after_stride, w, h) || !area ||
        !scratch || (uintptr_t)scratch % sizeof(uint64_t) || !moves || max < 1)
        return -EINVAL;
    if (!fl_rect_inside(area->x, area->y, area->w, area->h, w, h))
        return -EINVAL;
    fl_search s = {
        .before = before, .after = after, .before_stride = before_stride, .after_stride = after_stride, .area = *area};
    lay_out_scratch(&s, scratch);
    return search(&s, moves, max);
}
