/* Reading the tile stream: what its parts share. stream_decode.c walks the operations and reads those that are no tile;
 * stream_read_pixels.c, stream_read_runs.c and stream_read_symbols.c read the tiles. */
#ifndef FL_STREAM_READ_H
#define FL_STREAM_READ_H

#include "stream.h"

enum {
    FL_RUN_CHUNK = 8, /* pixels of a run that are written at a time */
};

/* Where in the picture a symbol was brought. */
typedef struct fl_symbol_place {
    uint16_t x, y;
    uint8_t w, h;
} fl_symbol_place;

typedef struct fl_reader {
    const uint8_t *at, *end;
    uint8_t *image;
    ptrdiff_t stride;
    int w, h;
    uint8_t *tiles;
    fl_cache *cache;
    fl_rect part; /* what the next tile operation brings of its tile; without area all of it */
    int64_t work_left; /* pixels that may still be written */
    uint32_t table[FL_MAX_TABLE];
    int table_length;
    int n_runs, n_near;
    uint32_t near[FL_RUN_NEAR], runs[FL_MAX_RUNS];
    uint8_t uses[FL_MAX_RUNS]; /* how often each was named by its place, up to FL_USES_TO_NEAR */
    int n_symbols;
    fl_symbol_place symbols[FL_MAX_SYMBOLS];
} fl_reader;

/* ---- input ------------------------------------------------------------------------------------------------------ */

/* Take `n` bytes, or NULL when fewer are left. */
static inline const uint8_t *fl_take(fl_reader *in, ptrdiff_t n)
{
    if (in->end - in->at < n)
        return NULL;
    const uint8_t *bytes = in->at;
    in->at += n;
    return bytes;
}

static inline int fl_get_u16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static inline uint32_t fl_get_colour(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* Count pixels that are to be written. Returns whether that many may be. */
static inline bool fl_spend(fl_reader *in, int w, int h)
{
    in->work_left -= (int64_t)w * h;
    return in->work_left >= 0;
}

/* ---- tiles ------------------------------------------------------------------------------------------------------ */

/* Take the head of a tile, and narrow it to the part that is brought of it. */
bool fl_take_tile(fl_reader *in, fl_tile *t);

/* The place of a tile's pixels, or of its part's; from here on the operation cannot fail. */
static inline uint8_t *fl_open_tile(fl_reader *in, const fl_tile *t)
{
    in->tiles[t->index] = 1;
    return in->image + t->y * in->stride + (ptrdiff_t)t->x * 4;
}

/* What follows the code of an operation: 0, or -EBADMSG and nothing is done. */
int fl_read_palette(fl_reader *in);
int fl_read_indexed(fl_reader *in);
int fl_read_raw(fl_reader *in);
int fl_read_predicted(fl_reader *in);
int fl_read_runs(fl_reader *in);
int fl_read_symbols(fl_reader *in);

/* Take runs until they make `size` pixels. `pixels` has room for FL_RUN_CHUNK more, which may be written. */
bool fl_take_runs(fl_reader *in, uint32_t *pixels, int size);

#endif
