/* Looking for moves: what the parts of the search share.
 *
 * A search has three parts. Vectors: where may something have moved to? Rows that stand in both pictures vote for
 * vertical ones (moves_rows.c); short runs of pixels, picked by what they hold, for any other (moves_anchors.c).
 * Rectangles: for one vector, which of the changed pixels does it explain (moves_match.c)? And moves_find.c puts
 * rectangles of all vectors in an order in which each can be applied. Hashes only propose: whoever applies a move
 * compares its pixels. */
#ifndef FL_MOVES_H
#define FL_MOVES_H

#include "internal.h"

enum {
    FL_CELL_ROWS = 16, /* a cell is a tile wide and so high: the grain in which matches are looked for */
    FL_MIN_VOTES = 8,  /* fewer happen by chance */
};

/* A taken cell is one that a move writes in. */
enum { FL_CELL_MATCHES = 1, FL_CELL_CHANGED = 2, FL_CELL_TAKEN = 4 };

/* What is known of a tile's row sums in a shadow: shadow.h. */
enum { FL_ROWS_UNKNOWN = 0, FL_ROWS_KNOWN = 1, FL_ROWS_PROMISED = 2 };

/* A run of pixels that stands in `before` at (x, y); `hash` 0 is a free place. */
typedef struct fl_anchor {
    uint64_t hash;
    uint16_t x, y;
    uint32_t often; /* it stands more than once, and says nothing */
} fl_anchor;

typedef struct fl_ballot {
    int16_t dx, dy;
    int32_t votes;
} fl_ballot;

enum { FL_ANCHOR_BITS = 14, FL_BALLOT_BITS = 12 };

/* Where a pixel of `after` stands in `before`: at (x + dx, y + dy). */
typedef struct fl_vector {
    int dx, dy;
} fl_vector;

typedef struct fl_search {
    const uint8_t *before, *after;
    ptrdiff_t before_stride, after_stride;
    int w, h, columns, tile_rows, cell_rows;
    const uint8_t *lossy; /* or NULL */
    uint8_t *damaged;     /* marks of the tiles of `after` that may be read */
    fl_rect box;          /* round the changed tiles, in tiles */
    /* Marks of the changed tiles that may move; the rows of both pictures, complete inside the box. */
    uint8_t *movable;
    const uint64_t *before_rows;
    uint64_t *after_rows;
    uint8_t *spare; /* marks of tiles, for whoever needs some */
    uint8_t *slid;
    /* For rows: places of `before` by hash, +1, negative where the hash stands more than once; votes by shift. */
    int32_t *slots, *shift_votes;
    int slot_bits;
    fl_anchor *anchors;
    int anchor_bits;
    fl_ballot *ballots;
    uint8_t *cells; /* FL_CELL_*, row-major, `columns` in a row; only inside the box */
    int32_t *sums;  /* changed and matching cells above and left, (columns + 1) * (cell_rows + 1) */
} fl_search;

static inline const uint8_t *fl_before_at(const fl_search *s, int x, int y)
{
    return s->before + y * s->before_stride + (ptrdiff_t)x * 4;
}

static inline const uint8_t *fl_after_at(const fl_search *s, int x, int y)
{
    return s->after + y * s->after_stride + (ptrdiff_t)x * 4;
}

/* Propose at most `max` vectors, the likeliest first; return how many. Of the rows only every `step`th one of the movable
 * tiles has its sum in `after_rows`. */
int fl_vote_rows(fl_search *s, int step, fl_vector *vectors, int max);
int fl_vote_near(fl_search *s, fl_vector *vectors, int max);
int fl_vote_anchors(fl_search *s, fl_vector *vectors, int max);

/* The vertical shift that the rows of a few columns, summed in both pictures, vote for. Returns whether one has enough. */
bool fl_vote_shift(fl_search *s, const int *columns, int n, int *shift);

/* Take over what slid up or down of an area that is marked all over; return the moves that it took, by which the tiles in
 * them are unmarked, and those that differed marked in `slid`. */
int fl_slide(fl_shadow *shadow, fl_search *s, uint8_t *tiles, uint8_t *slid, fl_move *moves, int max);

/* Add the rectangles that a vector explains to the `n` moves; no pixel is written twice. Returns the new count, and takes
 * the cells out of those that changed. */
int fl_match_vector(fl_search *s, fl_vector vector, fl_move *moves, int n, int max);

/* Mark the cells of the box that changed; fl_match_vector() needs it before the first vector. */
void fl_mark_changed_cells(fl_search *s);

/* How many changed cells no move writes in. */
int fl_cells_left(const fl_search *s);

/* Put the moves in an order in which none reads what one before it writes, leaving out what has no place in one.
 * Returns how many are left. */
int fl_order_moves(fl_move *moves, int n);

#endif
