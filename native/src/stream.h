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

    FL_COPY_BYTES = 1 + 12,
    FL_SOLID_BYTES = 1 + 8 + 3,
    FL_TILE_HEAD_BYTES = 1 + 4, /* RAW and PREDICTED; PALETTE and INDEXED have a count more */

    FL_MAX_PALETTE = 16,
    FL_MAX_TABLE = 255,
    FL_MAX_WORK = 4, /* pictures written by one stream */
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

#endif
