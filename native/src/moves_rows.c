/* Vertical vectors: rows of one column of tiles that changed, and stand exactly once in `before`, vote for their shift.
 * The sums of rows are at hand, so no pixel is read; a few columns say enough. */
#include "moves.h"

enum { MOST_COLUMNS = 8 };

static const uint64_t *column_of(const fl_search *s, const uint64_t *rows, int column)
{
    return rows + (size_t)column * (size_t)s->h;
}

/* The slot that holds `hash`, or the free one where it belongs. Half of the slots are always free. */
static int32_t *find_slot(const fl_search *s, const uint64_t *before, uint64_t hash)
{
    const uint32_t mask = (1U << s->slot_bits) - 1;
    uint32_t i = (uint32_t)((hash * UINT64_C(0xD6E8FEB86659FD93)) >> (64 - s->slot_bits));
    while (s->slots[i] && before[(s->slots[i] < 0 ? -s->slots[i] : s->slots[i]) - 1] != hash)
        i = (i + 1) & mask;
    return s->slots + i;
}

static void fill_slots(fl_search *s, const uint64_t *before, int top, int bottom)
{
    memset(s->slots, 0, sizeof *s->slots << s->slot_bits);
    for (int y = top; y < bottom; y++) {
        int32_t *slot = find_slot(s, before, before[y]);
        if (!*slot)
            *slot = y + 1;
        else if (*slot > 0)
            *slot = -*slot;
    }
}

/* Every `step`th row votes, of the tiles in `voters`; NULL are all of the box. */
static void vote_column(fl_search *s, int column, int step, const uint8_t *voters)
{
    const uint64_t *before = column_of(s, s->before_rows, column), *after = column_of(s, s->after_rows, column);
    const int top = s->box.y * FL_TILE, bottom = fl_min(s->h, (s->box.y + s->box.h) * FL_TILE);
    fill_slots(s, before, top, bottom);
    for (int y = (top + step - 1) / step * step; y < bottom; y += step) {
        if ((voters && !voters[y / FL_TILE * s->columns + column]) || before[y] == after[y])
            continue;
        const int32_t row = *find_slot(s, before, after[y]);
        if (row > 0)
            s->shift_votes[row - 1 - y + s->h - 1]++;
    }
}

static bool column_moves(const fl_search *s, int column)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        if (s->movable[row * s->columns + column])
            return true;
    }
    return false;
}

/* Take the shift with the most votes out of the ballot. Returns false when none has enough. */
static bool take_shift(fl_search *s, int *shift)
{
    int best = 0;
    for (int i = 1; i < 2 * s->h - 1; i++) {
        if (s->shift_votes[i] > s->shift_votes[best])
            best = i;
    }
    *shift = best - (s->h - 1);
    const bool enough = s->shift_votes[best] >= FL_MIN_VOTES;
    s->shift_votes[best] = 0;
    return enough;
}

int fl_vote_rows(fl_search *s, int step, fl_vector *vectors, int max)
{
    int moving = 0, seen = 0, n = 0, shift;
    memset(s->shift_votes, 0, sizeof *s->shift_votes * 2 * (size_t)s->h);
    for (int column = s->box.x; column < s->box.x + s->box.w; column++)
        moving += column_moves(s, column);
    const int each = (moving + MOST_COLUMNS - 1) / MOST_COLUMNS;
    for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
        if (column_moves(s, column) && seen++ % each == 0)
            vote_column(s, column, step, s->movable);
    }
    while (n < max && take_shift(s, &shift))
        vectors[n++] = (fl_vector){0, shift};
    return n;
}

bool fl_vote_shift(fl_search *s, const int *columns, int n, int *shift)
{
    memset(s->shift_votes, 0, sizeof *s->shift_votes * 2 * (size_t)s->h);
    for (int i = 0; i < n; i++)
        vote_column(s, columns[i], 1, NULL);
    return take_shift(s, shift);
}
