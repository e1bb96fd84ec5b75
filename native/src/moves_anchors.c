/* Vectors in any direction: runs of pixels that stand exactly once in `before` vote for where they went.
 *
 * A run is taken only where a pixel differs from its left neighbour and that one does not from its own, and of those
 * only where a hash of a few pixels is small: what a run holds decides, not where it stands, so both pictures pick the
 * same ones. First one or two tiles are followed, and found where they went no farther than a tile: most moves are so
 * short, and it reads little. Where that explains too little, runs of the whole area are looked at while it is small; of a
 * larger one a few tiles are followed again, up to two tiles far. */
#include "moves.h"

enum {
    RUN = 24,         /* pixels: long enough that text repeats few of them */
    PICK = 4,         /* pixels that decide whether a run is taken */
    MOST_WHOLE = 128, /* changed tiles that are all looked at */
    FOLLOWED = 3,
    REACH = 2,
    FOLLOWED_NEAR = 2,
    REACH_NEAR = 1,
    NEAR_ANCHOR_BITS = 12,
};

static const uint64_t COLOURS = UINT64_C(0x00FFFFFF00FFFFFF);

static uint64_t two_pixels(const uint8_t *p)
{
    uint64_t pixels;
    memcpy(&pixels, p, sizeof pixels);
    return pixels & COLOURS;
}

static uint64_t stir(uint64_t hash, uint64_t pixels)
{
    hash = (hash ^ pixels) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ (hash >> 32);
}

/* The hash of the run at `p`, or 0 where it is not taken. */
static uint64_t run_at(const uint8_t *p, int pick_bits)
{
    uint64_t hash = stir(stir(UINT64_C(0x9E3779B97F4A7C15), two_pixels(p)), two_pixels(p + 8));
    if (hash >> (64 - pick_bits))
        return 0;
    for (int x = PICK; x < RUN; x += 2)
        hash = stir(hash, two_pixels(p + 4 * x));
    return hash | 1;
}

typedef void (*take_run)(fl_search *s, uint64_t hash, int x, int y);

static void each_run(fl_search *s, const uint8_t *image, ptrdiff_t stride, const fl_tile *t, int pick_bits,
                     take_run take)
{
    uint64_t edges[FL_TILE];
    fl_kernels.tile_edges(fl_tile_pixels(image, stride, t), stride, t->w, t->h, edges);
    const int most = fl_min(t->w - 1, s->w - RUN - t->x + 1);
    for (int y = 0; y < t->h; y++) {
        for (uint64_t left = edges[y] & ~(edges[y] << 1) & ~UINT64_C(1); left; left &= left - 1) {
            const int x = __builtin_ctzll(left);
            if (x > most)
                break;
            const int at = t->x + x - 1;
            const uint64_t hash = run_at(image + (t->y + y) * stride + (ptrdiff_t)at * 4, pick_bits);
            if (hash)
                take(s, hash, at, t->y + y);
        }
    }
}

static fl_anchor *find_anchor(const fl_search *s, uint64_t hash)
{
    const uint32_t mask = (1U << s->anchor_bits) - 1;
    uint32_t i = (uint32_t)(hash >> 20) & mask;
    for (int tries = 0; tries < 16; tries++, i = (i + 1) & mask) {
        fl_anchor *anchor = s->anchors + i;
        if (!anchor->hash || anchor->hash == hash)
            return anchor;
    }
    return NULL;
}

static void remember(fl_search *s, uint64_t hash, int x, int y)
{
    fl_anchor *anchor = find_anchor(s, hash);
    if (!anchor)
        return;
    if (anchor->hash)
        anchor->often = 1;
    else
        *anchor = (fl_anchor){hash, (uint16_t)x, (uint16_t)y, 0};
}

static void vote(fl_search *s, uint64_t hash, int x, int y)
{
    const fl_anchor *anchor = find_anchor(s, hash);
    if (!anchor || !anchor->hash || anchor->often || (anchor->x == x && anchor->y == y))
        return;
    const int16_t dx = (int16_t)(anchor->x - x), dy = (int16_t)(anchor->y - y);
    const uint32_t mask = (1U << FL_BALLOT_BITS) - 1;
    uint32_t i = ((uint32_t)(uint16_t)dx * 0x9E3779B1U + (uint32_t)(uint16_t)dy * 0x85EBCA6BU) >> 12 & mask;
    for (int tries = 0; tries < 16; tries++, i = (i + 1) & mask) {
        fl_ballot *ballot = s->ballots + i;
        if (!ballot->votes)
            *ballot = (fl_ballot){dx, dy, 0};
        if (ballot->dx == dx && ballot->dy == dy) {
            ballot->votes++;
            return;
        }
    }
}

/* ---- which tiles are looked at ------------------------------------------------------------------------------------ */

static int count_movable(const fl_search *s)
{
    int n = 0;
    for (int i = 0; i < s->columns * s->tile_rows; i++)
        n += s->movable[i] != 0;
    return n;
}

static void clear_anchors(fl_search *s, int bits)
{
    s->anchor_bits = bits;
    memset(s->anchors, 0, sizeof *s->anchors << bits);
}

static void look_at_all(fl_search *s, int pick_bits)
{
    int index = 0;
    fl_tile t;
    clear_anchors(s, FL_ANCHOR_BITS);
    while (fl_next_tile(s->movable, s->w, s->h, &index, &t))
        each_run(s, s->before, s->before_stride, &t, pick_bits, remember);
    index = 0;
    while (fl_next_tile(s->movable, s->w, s->h, &index, &t))
        each_run(s, s->after, s->after_stride, &t, pick_bits, vote);
}

/* How tiles are followed: how many, how far, and how many of their runs are taken. */
typedef struct following {
    int tiles, reach, pick_bits, anchor_bits;
} following;

static void look_round(fl_search *s, const fl_tile *tile, const following *f)
{
    const int column = tile->x / FL_TILE, row = tile->y / FL_TILE;
    const int right = fl_min(s->box.x + s->box.w - 1, column + f->reach);
    const int bottom = fl_min(s->box.y + s->box.h - 1, row + f->reach);
    clear_anchors(s, f->anchor_bits);
    for (int y = fl_max(s->box.y, row - f->reach); y <= bottom; y++) {
        for (int x = fl_max(s->box.x, column - f->reach); x <= right; x++) {
            const fl_tile t = fl_tile_at(x, y, s->w, s->h);
            each_run(s, s->before, s->before_stride, &t, f->pick_bits, remember);
        }
    }
    each_run(s, s->after, s->after_stride, tile, f->pick_bits, vote);
}

static void follow_some(fl_search *s, const following *f)
{
    const int step = count_movable(s) / (f->tiles + 1);
    int index = 0, seen = 0;
    fl_tile t;
    while (step && fl_next_tile(s->movable, s->w, s->h, &index, &t)) {
        if (++seen % step == 0 && seen / step <= f->tiles)
            look_round(s, &t, f);
    }
}

/* Take the vector with the most votes out of the ballots. Returns false when none has enough. */
static bool take_vector(fl_search *s, fl_vector *vector)
{
    fl_ballot *best = s->ballots;
    for (int i = 1; i < 1 << FL_BALLOT_BITS; i++) {
        if (s->ballots[i].votes > best->votes)
            best = s->ballots + i;
    }
    if (best->votes < FL_MIN_VOTES)
        return false;
    *vector = (fl_vector){best->dx, best->dy};
    best->votes = 0;
    return true;
}

static int take_vectors(fl_search *s, fl_vector *vectors, int max)
{
    int n = 0;
    while (n < max && take_vector(s, vectors + n))
        n++;
    return n;
}

static bool begin_votes(fl_search *s)
{
    memset(s->ballots, 0, sizeof *s->ballots << FL_BALLOT_BITS);
    return s->w >= RUN;
}

int fl_vote_near(fl_search *s, fl_vector *vectors, int max)
{
    static const following near = {FOLLOWED_NEAR, REACH_NEAR, 3, NEAR_ANCHOR_BITS};
    if (!begin_votes(s))
        return 0;
    follow_some(s, &near);
    return take_vectors(s, vectors, max);
}

int fl_vote_anchors(fl_search *s, fl_vector *vectors, int max)
{
    static const following far = {FOLLOWED, REACH, 2, FL_ANCHOR_BITS};
    const int movable = count_movable(s);
    if (!begin_votes(s))
        return 0;
    if (movable <= MOST_WHOLE)
        look_at_all(s, movable <= 32 ? 2 : movable <= 64 ? 3 : 4);
    else
        follow_some(s, &far);
    return take_vectors(s, vectors, max);
}
