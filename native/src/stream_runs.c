/* Tiles as runs of one colour: RUNS. */
#include "stream_write.h"

/* The number of a colour in the run table, or -1 if it is new; then it has the next one from now on, if there is one. */
static int run_number(fl_run_table *table, uint32_t colour)
{
    uint32_t i = (colour * UINT32_C(0x9E3779B1)) >> (32 - FL_RUN_SLOT_BITS);
    for (; table->slots[i]; i = (i + 1) & ((1U << FL_RUN_SLOT_BITS) - 1)) {
        if (table->colours[table->slots[i] - 1] == colour)
            return table->slots[i] - 1;
    }
    if (table->n < FL_MAX_RUN_TABLE) {
        table->colours[table->n++] = colour;
        table->slots[i] = (uint16_t)table->n;
    }
    return -1;
}

/* Write one run of at most FL_MAX_RUN pixels; return the place after it. */
static uint8_t *put_run(uint8_t *to, fl_run_table *table, uint32_t colour, int length)
{
    const int number = run_number(table, colour), is_long = length >= FL_LONG_RUN ? FL_RUN_LONG : 0;
    if (number < 0) {
        *to++ = (uint8_t)(FL_RUN_LITERAL | is_long);
        memcpy(to, &colour, 3);
        to += 3;
    } else if (number < FL_RUN_NEAR) {
        *to++ = (uint8_t)(number | is_long);
    } else {
        const int far = number - FL_RUN_NEAR;
        *to++ = (uint8_t)((FL_RUN_NEAR + far / 256) | is_long);
        *to++ = (uint8_t)far;
    }
    if (is_long)
        *to++ = (uint8_t)(length - FL_LONG_RUN);
    return to;
}

static uint8_t *put_runs(uint8_t *to, fl_run_table *table, uint32_t colour, int length)
{
    for (; length > FL_MAX_RUN; length -= FL_MAX_RUN)
        to = put_run(to, table, colour, FL_MAX_RUN);
    return put_run(to, table, colour, length);
}

/* Write the tile's pixels as runs, which go on from row to row. */
static uint8_t *put_tile_runs(fl_writer *out, uint8_t *to, const fl_tile *t)
{
    const uint8_t *pixels = out->pixels;
    uint32_t colour = fl_load_pixel(pixels);
    int start = 0;
    for (int y = 0; y < t->h; y++, pixels += out->stride) {
        for (uint64_t edges = out->edges[y]; edges; edges &= edges - 1) {
            const int x = __builtin_ctzll(edges), at = y * t->w + x;
            const uint32_t next = fl_load_pixel(pixels + 4 * x);
            if (next != colour) {
                to = put_runs(to, &out->run_table, colour, at - start);
                colour = next;
                start = at;
            }
        }
    }
    return put_runs(to, &out->run_table, colour, t->w * t->h - start);
}

int fl_write_runs(fl_writer *out, const fl_tile *t)
{
    uint8_t spare[3 * FL_TILE_PIXELS];
    const ptrdiff_t head = fl_tile_head_bytes(out, t);
    if (!out->run_table.n)
        memset(out->run_table.slots, 0, sizeof out->run_table.slots);
    const bool roomy = fl_has_room(out, head + 3 * t->w * t->h);
    uint8_t *const start = roomy ? out->at + head : spare;
    const ptrdiff_t length = put_tile_runs(out, start, t) - start;
    if (!fl_has_room(out, head + length))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_RUNS, t);
    if (!roomy)
        memcpy(out->at, spare, (size_t)length);
    out->at += length;
    return 0;
}
