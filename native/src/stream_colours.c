/* Tiles of few colours: PALETTE, and INDEXED by the stream's table. */
#include "stream_write.h"

/* ---- colours ---------------------------------------------------------------------------------------------------- */

void fl_clear_colours(fl_colours *set)
{
    set->n = 0;
    memset(set->slots, 0, sizeof set->slots);
}

/* The slot that holds `colour`, or the free one where it belongs. */
static uint8_t *colour_slot(fl_colours *set, uint32_t colour)
{
    uint32_t i = (colour * UINT32_C(0x9E3779B1)) >> (32 - FL_SLOT_BITS);
    while (set->slots[i] && set->colours[set->slots[i] - 1] != colour)
        i = (i + 1) & ((1U << FL_SLOT_BITS) - 1);
    return set->slots + i;
}

/* The number of a colour, which is added if it is new; -1 when the set is full. */
static int number_of(fl_colours *set, uint32_t colour)
{
    uint8_t *slot = colour_slot(set, colour);
    if (!*slot) {
        if (set->n == FL_MAX_TABLE)
            return -1;
        set->colours[set->n++] = colour;
        *slot = (uint8_t)set->n;
    }
    return *slot - 1;
}

static void fill(uint8_t *index, int n, int number)
{
    const uint64_t chunk = (uint64_t)number * UINT64_C(0x0101010101010101);
    for (int i = 0; i < n; i += FL_CHUNK)
        memcpy(index + i, &chunk, sizeof chunk);
}

int fl_count_alike(const fl_writer *out)
{
    enum { SAMPLES = 128, BITS = 13 };
    uint8_t seen[(1 << BITS) / 8] = {0};
    int alike = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const uint32_t colour = out->runs[i * out->n_runs / SAMPLES] & FL_COLOUR;
        const uint32_t bit = (colour * UINT32_C(0x9E3779B1)) >> (32 - BITS);
        alike += seen[bit / 8] >> bit % 8 & 1;
        seen[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    return alike;
}

/* Runs are written in order and in whole chunks, so that each covers what the one before it wrote too much. */
bool fl_index_tile(fl_writer *out, int most)
{
    uint8_t *index = out->indexes;
    fl_clear_colours(&out->own);
    for (int i = 0; i < out->n_runs; i++) {
        const int number = number_of(&out->own, out->runs[i] & FL_COLOUR), length = (int)(out->runs[i] >> 24);
        if (number < 0 || number >= most)
            return false;
        fill(index, length, number);
        index += length;
    }
    return true;
}

/* ---- PALETTE ---------------------------------------------------------------------------------------------------- */

/* Pack eight indexes of so many bits, the first one lowest: lanes join in pairs, three times. */
static uint32_t pack_chunk(uint64_t chunk, int bits)
{
    static const uint64_t every[] = {UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001), 1};
    for (int i = 0; i < 3; i++) {
        const int lane = 8 << i, used = bits << i;
        chunk = (chunk | chunk >> (lane - used)) & every[i] * ((UINT64_C(1) << 2 * used) - 1);
    }
    return (uint32_t)chunk;
}

static void pack_row(uint8_t *packed, const uint8_t *index, int w, int bits)
{
    for (int x = 0; x < w; x += FL_CHUNK, packed += bits) {
        const int n = fl_min(w - x, FL_CHUNK);
        uint64_t chunk = 0;
        memcpy(&chunk, index + x, (size_t)n);
        const uint32_t bytes = pack_chunk(chunk, bits);
        memcpy(packed, &bytes, (size_t)fl_packed_row_bytes(n, bits));
    }
}

int fl_write_palette(fl_writer *out, const fl_tile *t)
{
    const int n = out->own.n, bits = fl_palette_bits(n), row_bytes = fl_packed_row_bytes(t->w, bits);
    if (!fl_has_room(out, fl_tile_head_bytes(out, t) + 1 + 3 * n + row_bytes * t->h))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_PALETTE, t);
    fl_put_u8(out, n - 1);
    for (int i = 0; i < n; i++)
        fl_put_colour(out, out->own.colours[i]);
    for (int y = 0; y < t->h; y++, out->at += row_bytes)
        pack_row(out->at, out->indexes + y * t->w, t->w, bits);
    return 0;
}

/* ---- INDEXED ---------------------------------------------------------------------------------------------------- */

int fl_merge_colours(fl_writer *out, uint8_t *numbers)
{
    fl_colours *table = &out->table;
    const fl_colours *own = &out->own;
    int fresh = 0;
    if (table->n < 0)
        fl_clear_colours(table);
    for (int i = 0; i < own->n; i++)
        fresh += !*colour_slot(table, own->colours[i]);
    if (table->n + fresh > FL_MAX_TABLE)
        return -1;
    for (int i = 0; i < own->n; i++)
        numbers[i] = (uint8_t)number_of(table, own->colours[i]);
    return fresh;
}

int fl_write_indexed(fl_writer *out, const fl_tile *t, const uint8_t *numbers, int fresh)
{
    const int pixels = t->w * t->h;
    if (!fl_has_room(out, fl_tile_head_bytes(out, t) + 1 + 3 * fresh + pixels))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_INDEXED, t);
    fl_put_u8(out, fresh);
    for (int i = out->table.n - fresh; i < out->table.n; i++)
        fl_put_colour(out, out->table.colours[i]);
    for (int i = 0; i < pixels; i++)
        *out->at++ = numbers[out->indexes[i]];
    return 0;
}
