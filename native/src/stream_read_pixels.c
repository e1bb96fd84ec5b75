/* Reading tiles of few colours, and by their pixels: PALETTE, INDEXED, RAW and PREDICTED. */
#include "stream_read.h"

/* ---- few colours ------------------------------------------------------------------------------------------------ */

static int largest(const uint8_t *numbers, int n)
{
    uint8_t most = 0;
    for (int i = 0; i < n; i++)
        most = numbers[i] > most ? numbers[i] : most;
    return most;
}

static void paint(fl_reader *in, const fl_tile *t, const uint8_t *numbers, const uint32_t *colours)
{
    uint8_t *to = fl_open_tile(in, t);
    for (int y = 0; y < t->h; y++, to += in->stride) {
        for (int x = 0; x < t->w; x++)
            fl_store_pixel(to + 4 * x, colours[*numbers++]);
    }
}

static void unpack_row(uint8_t *numbers, const uint8_t *packed, int w, int bits)
{
    const int mask = (1 << bits) - 1;
    for (int x = 0; x < w; x++)
        numbers[x] = (uint8_t)(packed[x * bits / 8] >> (x * bits % 8) & mask);
}

int fl_read_palette(fl_reader *in)
{
    fl_tile t;
    const uint8_t *count, *entries, *packed;
    if (!fl_take_tile(in, &t) || !(count = fl_take(in, 1)))
        return -EBADMSG;
    const int n = *count + 1, bits = fl_palette_bits(n), row_bytes = fl_packed_row_bytes(t.w, bits);
    if (n < 2 || n > FL_MAX_PALETTE || !(entries = fl_take(in, 3 * n)) || !(packed = fl_take(in, row_bytes * t.h)))
        return -EBADMSG;
    uint32_t colours[FL_MAX_PALETTE];
    for (int i = 0; i < n; i++)
        colours[i] = fl_get_colour(entries + 3 * i);
    uint8_t numbers[FL_TILE_PIXELS];
    for (int y = 0; y < t.h; y++)
        unpack_row(numbers + y * t.w, packed + y * row_bytes, t.w, bits);
    if (largest(numbers, t.w * t.h) >= n)
        return -EBADMSG;
    paint(in, &t, numbers, colours);
    return 0;
}

int fl_read_indexed(fl_reader *in)
{
    fl_tile t;
    const uint8_t *count, *entries, *numbers;
    if (!fl_take_tile(in, &t) || !(count = fl_take(in, 1)))
        return -EBADMSG;
    const int length = in->table_length + *count;
    if (length > FL_MAX_TABLE || !(entries = fl_take(in, 3 * *count)) || !(numbers = fl_take(in, t.w * t.h)))
        return -EBADMSG;
    if (largest(numbers, t.w * t.h) >= length)
        return -EBADMSG;
    for (int i = 0; i < *count; i++)
        in->table[in->table_length + i] = fl_get_colour(entries + 3 * i);
    in->table_length = length;
    paint(in, &t, numbers, in->table);
    return 0;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------- */

int fl_read_raw(fl_reader *in)
{
    fl_tile t;
    const uint8_t *p;
    if (!fl_take_tile(in, &t) || !(p = fl_take(in, 3 * t.w * t.h)))
        return -EBADMSG;
    uint8_t *to = fl_open_tile(in, &t);
    for (int y = 0; y < t.h; y++, to += in->stride) {
        for (int x = 0; x < t.w; x++, p += 3)
            fl_store_pixel(to + 4 * x, fl_get_colour(p));
    }
    return 0;
}

/* Turn the residuals of a row into its values: what the row above has, plus the residuals so far. */
static void add_residuals(uint8_t *row, const uint8_t *residuals, int w)
{
    uint8_t sum = 0;
    for (int x = 0; x < w; x++) {
        sum = (uint8_t)(sum + residuals[x]);
        row[x] = (uint8_t)(row[x] + sum);
    }
}

static void join_row(uint8_t *to, uint8_t planes[3][FL_TILE], int w)
{
    for (int x = 0; x < w; x++) {
        const uint8_t green = planes[1][x];
        const uint8_t pixel[4] = {(uint8_t)(planes[0][x] + green), green, (uint8_t)(planes[2][x] + green), 0};
        memcpy(to + 4 * x, pixel, sizeof pixel);
    }
}

int fl_read_predicted(fl_reader *in)
{
    fl_tile t;
    const uint8_t *p;
    if (!fl_take_tile(in, &t) || !(p = fl_take(in, 3 * t.w * t.h)))
        return -EBADMSG;
    uint8_t *to = fl_open_tile(in, &t);
    uint8_t planes[3][FL_TILE] = {{0}};
    for (int y = 0; y < t.h; y++, to += in->stride) {
        for (int plane = 0; plane < 3; plane++)
            add_residuals(planes[plane], p + (plane * t.h + y) * t.w, t.w);
        join_row(to, planes, t.w);
    }
    return 0;
}
