/* The tile stream's operations; docs/tile-stream.md defines them. */
#ifndef FL_STREAM_H
#define FL_STREAM_H

#include "internal.h"

enum {
    FL_OP_COPY = 1,
    FL_OP_SOLID = 2,
    FL_OP_PALETTE = 3,
    FL_OP_RAW = 4,
    FL_OP_INDEXED = 5,
    FL_OP_PREDICTED = 6,
    FL_OP_CACHED = 7,
    FL_OP_STORE = 8,
    FL_OP_RUNS = 9,
    FL_OP_PART = 10,
    FL_OP_SYMBOLS = 11,

    FL_COPY_BYTES = 1 + 12,
    FL_SOLID_BYTES = 1 + 8 + 3,
    FL_TILE_HEAD_BYTES = 1 + 4, /* RAW and PREDICTED; PALETTE and INDEXED have a count more */
    FL_GROUND_BYTES = 3 + 1, /* of SYMBOLS, with the count */
    FL_PLACED_BYTES = 2 + 2,
    FL_PART_BYTES = 1 + 4,      /* before the head of what it brings */
    FL_SLOTS_BYTES = FL_TILE_HEAD_BYTES + 1 + 2, /* CACHED and STORE */

    FL_MAX_PALETTE = 16,
    FL_MAX_TABLE = 255,

    /* The first byte of a run: a place among the near ones; the upper part of a place among all, whose lower part follows;
     * a place among the first, or as before, of a run that only has its colour, with the length; that the colour follows,
     * of one pixel, or with the length. */
    FL_RUN_NEAR = 228,
    FL_RUN_FAR = FL_RUN_NEAR,
    FL_RUN_LIKE_FIRST = 240,
    FL_RUN_LIKE = 248,
    FL_RUN_PIXEL = 254,
    FL_RUN_SPELLED = 255,
    FL_MAX_RUNS = (FL_RUN_LIKE_FIRST - FL_RUN_FAR) * 256, /* that are remembered */
    FL_MAX_FIRST = FL_RUN_LIKE - FL_RUN_LIKE_FIRST,
    FL_MAX_LIKE = (FL_RUN_PIXEL - FL_RUN_LIKE) * 256,
    FL_RUNS_NEAR_AT_ONCE = 96,
    FL_USES_TO_NEAR = 8,
    FL_MAX_SYMBOLS = 4096, /* that are remembered */
    FL_MAX_PLACED = 255,   /* in one tile */
    FL_MAX_SPAN = 256, /* tiles that one CACHED or STORE names */
    FL_MAX_WORK = 4, /* pictures written by one stream */

    FL_CACHE_STRIDE = 4 * FL_TILE,
    FL_CACHE_SLOT = FL_CACHE_STRIDE * FL_TILE,
};

/* How many bits an index into a palette of `colours` takes. */
static inline int fl_palette_bits(int colours)
{
    return colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
}

static inline int fl_packed_row_bytes(int w, int bits)
{
    return (w * bits + 7) / 8;
}

/* ---- the cache -------------------------------------------------------------------------------------------------- */

/* Whether a decoder, and whether an encoder can use a cache. */
bool fl_cache_valid(const fl_cache *cache);
bool fl_cache_valid_index(const fl_cache *cache);

/* The pixels of a tile of this size in a slot, FL_CACHE_STRIDE apart; NULL if there is none. Any `slot` >= 0. */
const uint8_t *fl_cache_tile(const fl_cache *cache, int slot, const fl_tile *t);

/* Put a tile into a slot that exists. */
void fl_cache_put(fl_cache *cache, int slot, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t);

/* The encoder's: the slot of a tile of this size and hash, or -1; whether its pixels are these; put a tile into the slot
 * whose turn it is, and return that. */
int fl_cache_find(const fl_cache *cache, uint64_t hash, const fl_tile *t);
bool fl_cache_equals(const fl_cache *cache, int slot, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t);
int fl_cache_add(fl_cache *cache, uint64_t hash, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t);

#endif
