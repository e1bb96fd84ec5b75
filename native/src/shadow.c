/* The shadow of a picture: what changed against it, and taking that over.
 *
 * Many damaged tiles are first summed row by row: sums that differ from the shadow's say that pixels differ, without
 * reading those, and the search for moves needs them anyway. Few tiles, and those whose sums are equal, are compared.
 * Pixels are copied later, by fl_shadow_take(), since a move can only be found while the shadow still has what was there;
 * it sums what it copies, unless that was done.
 * Row sums are kept, so the search and the digest never sum a row twice: known[tile] is FL_ROWS_KNOWN where the shadow's sums
 * stand in `rows`, FL_ROWS_PROMISED where they will once fl_shadow_take() copies the tile from the picture that the last
 * fl_shadow_find() looked at. */
#include "moves.h"

enum {
    LEAST_TILES = 4, /* with fewer changed tiles, looking for a move costs more than sending them */
    SPARSEST = 8,    /* nor does it pay where less than this part of the box round them changed: moves lie together */
    MOST_VERTICAL = 4,
    MOST_FREE = 3,
    LEAST_LEFT = 16,  /* changed cells that no vertical move explains, for which other directions are tried, */
    LEAST_PART = 8,   /* if they are more than this part of all */
    LONGEST_PAUSE = 16,
};

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static int slot_bits_of(int h)
{
    int bits = 1;
    while ((1 << bits) < 2 * h)
        bits++;
    return bits;
}

typedef struct fl_layout {
    size_t after_rows, anchors, ballots, slots, shift_votes, sums, cells, movable, spare, slid, end;
} fl_layout;

static size_t place(size_t *end, size_t bytes)
{
    const size_t at = *end;
    *end += (bytes + 7) & ~(size_t)7;
    return at;
}

/* Sizes are bounded by fl_valid_size(), so nothing here overflows. */
static fl_layout layout_of(int w, int h)
{
    const size_t columns = (size_t)fl_tile_count(w), rows = (size_t)fl_tile_count(h);
    const size_t cell_rows = (size_t)(h + FL_CELL_ROWS - 1) / FL_CELL_ROWS;
    fl_layout at = {.end = 0};
    at.after_rows = place(&at.end, columns * (size_t)h * sizeof(uint64_t));
    at.anchors = place(&at.end, sizeof(fl_anchor) << FL_ANCHOR_BITS);
    at.ballots = place(&at.end, sizeof(fl_ballot) << FL_BALLOT_BITS);
    at.slots = place(&at.end, sizeof(int32_t) << slot_bits_of(h));
    at.shift_votes = place(&at.end, 2 * (size_t)h * sizeof(int32_t));
    at.sums = place(&at.end, (columns + 1) * (cell_rows + 1) * sizeof(int32_t));
    at.cells = place(&at.end, columns * cell_rows);
    at.movable = place(&at.end, columns * rows);
    at.spare = place(&at.end, columns * rows);
    at.slid = place(&at.end, columns * rows);
    return at;
}

int64_t fl_shadow_work(int w, int h)
{
    return fl_valid_size(w, h) ? (int64_t)layout_of(w, h).end : -EINVAL;
}

static bool valid_shadow(const fl_shadow *shadow)
{
    return shadow && fl_valid_picture(shadow->pixels, shadow->stride, shadow->w, shadow->h) && shadow->rows &&
           shadow->known && (uintptr_t)shadow->work % sizeof(uint64_t) == 0;
}

static fl_search search_of(const fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *lossy)
{
    const fl_layout at = layout_of(shadow->w, shadow->h);
    uint8_t *work = shadow->work;
    return (fl_search){
        .before = shadow->pixels,
        .after = after,
        .before_stride = shadow->stride,
        .after_stride = after_stride,
        .w = shadow->w,
        .h = shadow->h,
        .columns = fl_tile_count(shadow->w),
        .tile_rows = fl_tile_count(shadow->h),
        .cell_rows = (shadow->h + FL_CELL_ROWS - 1) / FL_CELL_ROWS,
        .lossy = lossy,
        .movable = work + at.movable,
        .spare = work + at.spare,
        .slid = work + at.slid,
        .before_rows = shadow->rows,
        .after_rows = (uint64_t *)(void *)(work + at.after_rows),
        .slots = (int32_t *)(void *)(work + at.slots),
        .shift_votes = (int32_t *)(void *)(work + at.shift_votes),
        .slot_bits = slot_bits_of(shadow->h),
        .anchors = (fl_anchor *)(void *)(work + at.anchors),
        .ballots = (fl_ballot *)(void *)(work + at.ballots),
        .cells = work + at.cells,
        .sums = (int32_t *)(void *)(work + at.sums),
    };
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

static size_t rows_at(const fl_shadow *shadow, const fl_tile *t)
{
    return (size_t)(t->x / FL_TILE) * (size_t)shadow->h + (size_t)t->y;
}

/* Sum the rows of the marked tiles, run by run, as memory likes it. */
static void sum_marked(const fl_shadow *shadow, const uint8_t *image, ptrdiff_t stride, const uint8_t *marks,
                       uint64_t *rows)
{
    int index = 0;
    fl_tile run;
    while (fl_next_run(marks, shadow->w, shadow->h, &index, &run)) {
        const uint8_t *pixels = fl_tile_pixels(image, stride, &run);
        uint64_t *sums = rows + rows_at(shadow, &run);
        for (int y = 0; y < run.h; y++, pixels += stride) {
            if (y + 1 < run.h)
                fl_prefetch_row(pixels + stride, run.w);
            fl_kernels.row_sums(pixels, run.w, sums + y, shadow->h);
        }
    }
}

/* Sum what is marked and not known of the shadow; `marks` is left with that. */
static void know_rows(fl_shadow *shadow, uint8_t *marks)
{
    const int n = fl_tile_count(shadow->w) * fl_tile_count(shadow->h);
    for (int i = 0; i < n; i++)
        marks[i] = marks[i] && shadow->known[i] != FL_ROWS_KNOWN;
    sum_marked(shadow, shadow->pixels, shadow->stride, marks, shadow->rows);
    for (int i = 0; i < n; i++) {
        if (marks[i])
            shadow->known[i] = FL_ROWS_KNOWN;
    }
}

/* The tile's rows in `after` become the shadow's, now or once it is taken. */
static void adopt_rows(fl_shadow *shadow, const fl_search *s, const fl_tile *t, uint8_t state)
{
    const size_t at = rows_at(shadow, t);
    memcpy(shadow->rows + at, s->after_rows + at, (size_t)t->h * sizeof(uint64_t));
    shadow->known[t->index] = state;
}

/* ---- the search ----------------------------------------------------------------------------------------------------- */

static bool is_equal(const fl_shadow *shadow, const fl_search *s, const fl_tile *t)
{
    return fl_kernels.tile_equal(fl_tile_pixels(shadow->pixels, shadow->stride, t), shadow->stride,
                                 fl_tile_pixels(s->after, s->after_stride, t), s->after_stride, t->w, t->h);
}

static bool sums_differ(const fl_shadow *shadow, const fl_search *s, const fl_tile *t)
{
    const size_t at = rows_at(shadow, t);
    return shadow->known[t->index] == FL_ROWS_KNOWN &&
           memcmp(s->after_rows + at, shadow->rows + at, (size_t)t->h * sizeof(uint64_t));
}

/* Unmark what is equal, by sums where they are known: different sums are different pixels, and the shadow need not be
 * read. Equal sums prove nothing. Returns how many tiles differ. */
static int compare_by_sums(const fl_shadow *shadow, fl_search *s, uint8_t *tiles)
{
    uint8_t *doubtful = s->spare;
    int differed = 0, index = 0;
    fl_tile t;
    sum_marked(shadow, s->after, s->after_stride, tiles, s->after_rows);
    memset(doubtful, 0, (size_t)s->columns * (size_t)s->tile_rows);
    while (fl_next_tile(tiles, s->w, s->h, &index, &t)) {
        doubtful[t.index] = !sums_differ(shadow, s, &t);
        differed += !doubtful[t.index];
        tiles[t.index] = !doubtful[t.index];
    }
    differed += fl_tiles_compare(shadow->pixels, shadow->stride, s->after, s->after_stride, s->w, s->h, doubtful);
    for (int i = 0; i < s->columns * s->tile_rows; i++)
        tiles[i] |= doubtful[i];
    return differed;
}

static bool is_many(const fl_search *s, const uint8_t *tiles)
{
    int n = 0;
    for (int i = 0; i < s->columns * s->tile_rows && n < LEAST_TILES; i++)
        n += tiles[i] != 0;
    return n == LEAST_TILES;
}

/* Mark what may move, and the box round it. Returns whether a search may pay. */
static bool choose_movable(fl_search *s, const uint8_t *tiles)
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
    return n >= LEAST_TILES && n * SPARSEST >= s->box.w * s->box.h;
}

/* Know the rows of both pictures in the whole box; what did not change has the same in both. */
static void know_box(fl_shadow *shadow, fl_search *s, const uint8_t *tiles)
{
    memset(s->spare, 0, (size_t)s->columns * (size_t)s->tile_rows);
    for (int row = s->box.y; row < s->box.y + s->box.h; row++)
        memset(s->spare + row * s->columns + s->box.x, 1, (size_t)s->box.w);
    know_rows(shadow, s->spare);
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
            const fl_tile t = fl_tile_at(column, row, s->w, s->h);
            const size_t at = rows_at(shadow, &t);
            if (!tiles[t.index])
                memcpy(s->after_rows + at, shadow->rows + at, (size_t)t.h * sizeof(uint64_t));
        }
    }
}

/* Whether vectors so far leave so much of what changed unexplained that others are worth a search. */
static bool leaves_much(const fl_search *s, int changed)
{
    return fl_cells_left(s) >= fl_max(LEAST_LEFT, changed / LEAST_PART);
}

static int match_all(fl_search *s, const fl_vector *vectors, int count, fl_move *moves, int n, int max)
{
    for (int i = 0; i < count && n < max; i++)
        n = fl_match_vector(s, vectors[i], moves, n, max);
    return n;
}

/* Searches in all directions read much and find little in films: each in vain makes the next one wait longer. */
static int find_free_moves(fl_shadow *shadow, fl_search *s, int changed, fl_move *moves, int n, int max)
{
    fl_vector vectors[MOST_FREE];
    if (shadow->pause > 0) {
        shadow->pause--;
        return n;
    }
    const int first = n;
    n = match_all(s, vectors, fl_vote_near(s, vectors, 1), moves, n, max);
    if (n < max && leaves_much(s, changed))
        n = match_all(s, vectors, fl_vote_anchors(s, vectors, MOST_FREE), moves, n, max);
    shadow->fruitless = n > first ? 0 : fl_min(shadow->fruitless + 1, 30);
    shadow->pause = fl_min(LONGEST_PAUSE, (1 << fl_min(shadow->fruitless, 8)) - 1);
    return n;
}

static int find_moves(fl_shadow *shadow, fl_search *s, fl_move *moves, int max)
{
    fl_vector vectors[MOST_VERTICAL];
    fl_mark_changed_cells(s);
    const int changed = fl_cells_left(s);
    int n = match_all(s, vectors, fl_vote_rows(s, vectors, MOST_VERTICAL), moves, 0, max);
    if (n < max && leaves_much(s, changed))
        n = find_free_moves(shadow, s, changed, moves, n, max);
    return fl_order_moves(moves, n);
}

/* ---- applying ------------------------------------------------------------------------------------------------------- */

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
    const ptrdiff_t step = upwards ? 1 : -1;
    for (; done < m->h; done++) {
        const int row = upwards ? done : m->h - 1 - done;
        const uint8_t *source = fl_before_at(s, m->src_x, m->src_y + row), *after = fl_after_at(s, m->x, m->y + row);
        if (done + 1 < m->h) {
            fl_prefetch_row(source + step * shadow->stride, m->w);
            fl_prefetch_row(after + step * s->after_stride, m->w);
        }
        if (!proven && !fl_kernels.span_equal(source, after, m->w))
            break;
        fl_kernels.span_copy(after, shadow->pixels + (m->y + row) * shadow->stride + (ptrdiff_t)m->x * 4, m->w);
    }
    if (!upwards) {
        m->y += m->h - done;
        m->src_y += m->h - done;
    }
    m->h = done;
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

static int apply_all(fl_shadow *shadow, const fl_search *s, fl_move *moves, int n, uint8_t *tiles)
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

/* ---- entries -------------------------------------------------------------------------------------------------------- */

static void adopt_changed(fl_shadow *shadow, const fl_search *s, const uint8_t *tiles)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
            const fl_tile t = fl_tile_at(column, row, s->w, s->h);
            if (s->movable[t.index])
                adopt_rows(shadow, s, &t, tiles[t.index] ? FL_ROWS_PROMISED : FL_ROWS_KNOWN);
        }
    }
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
    if (!valid_shadow(shadow) || !shadow->work || !fl_valid_picture(after, after_stride, shadow->w, shadow->h) ||
        !tiles || max < 0 || max > FL_MAX_MOVES || (max > 0 && !moves) || !differed)
        return -EINVAL;
    fl_search s = search_of(shadow, after, after_stride, lossy);
    const bool searches = max > 0 && is_many(&s, tiles);
    if (!searches) {
        *differed = fl_tiles_compare(shadow->pixels, shadow->stride, after, after_stride, s.w, s.h, tiles);
        return 0;
    }
    memset(s.slid, 0, (size_t)s.columns * (size_t)s.tile_rows);
    const int slid = fl_slide(shadow, &s, tiles, s.slid, moves, max);
    *differed = compare_by_sums(shadow, &s, tiles);
    if (slid)
        *differed = count_either(&s, s.slid, tiles);
    if (!choose_movable(&s, tiles))
        return slid;
    know_box(shadow, &s, tiles);
    int n = find_moves(shadow, &s, moves + slid, max - slid);
    n = apply_all(shadow, &s, moves + slid, n, tiles);
    adopt_changed(shadow, &s, tiles);
    return slid + n;
}

/* Sum a row of a run that was just copied, but for the tiles whose sums are promised. */
static void sum_taken(const uint8_t *row, const fl_tile *run, const uint8_t *known, uint64_t *sums, int h)
{
    for (int i = 0, n = fl_tile_count(run->w); i < n;) {
        const int first = i;
        while (i < n && known[i] != FL_ROWS_PROMISED)
            i++;
        if (i > first)
            fl_kernels.row_sums(row + (ptrdiff_t)4 * FL_TILE * first, fl_min(run->w, FL_TILE * i) - FL_TILE * first,
                                sums + (ptrdiff_t)first * h, h);
        while (i < n && known[i] == FL_ROWS_PROMISED)
            i++;
    }
}

/* Copy a run row by row, and sum what nobody promised while it is in the cache. */
static void take_run(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *run)
{
    const uint8_t *from = fl_tile_pixels(after, after_stride, run);
    uint8_t *to = shadow->pixels + run->y * shadow->stride + (ptrdiff_t)run->x * 4, *known = shadow->known + run->index;
    uint64_t *sums = shadow->rows + rows_at(shadow, run);
    for (int y = 0; y < run->h; y++, from += after_stride, to += shadow->stride) {
        fl_kernels.span_copy(from, to, run->w);
        sum_taken(from, run, known, sums + y, shadow->h);
    }
    memset(known, FL_ROWS_KNOWN, (size_t)fl_tile_count(run->w));
}

int fl_shadow_take(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *tiles)
{
    if (!valid_shadow(shadow) || !fl_valid_picture(after, after_stride, shadow->w, shadow->h) || !tiles)
        return -EINVAL;
    int index = 0;
    fl_tile run;
    while (fl_next_run(tiles, shadow->w, shadow->h, &index, &run))
        take_run(shadow, after, after_stride, &run);
    return 0;
}

static uint64_t tile_hash(const fl_shadow *shadow, const fl_tile *t)
{
    const uint64_t *rows = shadow->rows + rows_at(shadow, t);
    uint64_t hash = fl_hash_start(t->w, t->h);
    for (int y = 0; y < t->h; y++)
        hash = fl_hash_fold(hash, rows[y]);
    return hash;
}

/* Bind a tile's hash to its place, so that two tiles that change places change the digest. */
static uint64_t mix(uint64_t hash, int index)
{
    uint64_t z = hash ^ (uint64_t)(index + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

int fl_shadow_digest(fl_shadow *shadow, uint8_t *stale, uint64_t *mixed, uint64_t *digest)
{
    if (!valid_shadow(shadow) || !stale || !mixed || !digest)
        return -EINVAL;
    uint8_t unknown[FL_MAX_TILES];
    int index = 0;
    fl_tile t;
    memcpy(unknown, stale, (size_t)fl_tile_count(shadow->w) * (size_t)fl_tile_count(shadow->h));
    know_rows(shadow, unknown);
    while (fl_next_tile(stale, shadow->w, shadow->h, &index, &t)) {
        const uint64_t now = mix(tile_hash(shadow, &t), t.index);
        *digest ^= mixed[t.index] ^ now;
        mixed[t.index] = now;
        stale[t.index] = 0;
    }
    return 0;
}
