/* Tiles by their pixels: RAW and PREDICTED. */
#include "stream_write.h"

int fl_write_raw(fl_writer *out, const fl_tile *t)
{
    const uint8_t *pixels = out->pixels;
    if (!fl_has_room(out, fl_tile_head_bytes(out, t) + 3 * t->w * t->h))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_RAW, t);
    for (int y = 0; y < t->h; y++, pixels += out->stride) {
        for (int x = 0; x < t->w; x++, out->at += 3)
            memcpy(out->at, pixels + 4 * x, 3);
    }
    return 0;
}

/* A row as three planes: B - G, G, R - G. */
static void split_row(const uint8_t *row, int w, uint8_t planes[3][FL_TILE])
{
    for (int x = 0; x < w; x++) {
        const uint8_t green = row[4 * x + 1];
        planes[0][x] = (uint8_t)(row[4 * x] - green);
        planes[1][x] = green;
        planes[2][x] = (uint8_t)(row[4 * x + 2] - green);
    }
}

/* What a row holds beyond left + above - above left, all of them 0 outside the tile. */
static void put_residuals(uint8_t *to, const uint8_t *row, const uint8_t *above, int w)
{
    to[0] = (uint8_t)(row[0] - above[0]);
    for (int x = 1; x < w; x++)
        to[x] = (uint8_t)(row[x] - row[x - 1] - above[x] + above[x - 1]);
}

int fl_write_predicted(fl_writer *out, const fl_tile *t)
{
    const uint8_t *pixels = out->pixels;
    const int size = t->w * t->h;
    if (!fl_has_room(out, fl_tile_head_bytes(out, t) + 3 * size))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_PREDICTED, t);
    uint8_t rows[2][3][FL_TILE];
    memset(rows[1], 0, sizeof rows[1]);
    for (int y = 0; y < t->h; y++, pixels += out->stride) {
        split_row(pixels, t->w, rows[y & 1]);
        for (int plane = 0; plane < 3; plane++)
            put_residuals(out->at + plane * size + y * t->w, rows[y & 1][plane], rows[~y & 1][plane], t->w);
    }
    out->at += 3 * size;
    return 0;
}
