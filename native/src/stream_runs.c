/* Tiles as runs of one colour: RUNS.
 *
 * Text is the same few runs over and over, so the stream remembers them, and most take one byte: those that came first, and
 * those that are used again and again. */
#include "stream_write.h"

static uint32_t slot_of(uint32_t run, int bits)
{
    return (run * UINT32_C(0x9E3779B1)) >> (32 - bits);
}

static uint32_t colour_slot_of(const fl_run_table *table, uint32_t run)
{
    return ((run & FL_COLOUR) * UINT32_C(0x9E3779B1)) >> (32 - table->colour_bits);
}

/* Number 0 has no pixels, so it is never what is looked for. To clear all slots takes longer than to write a letter. */
static void open_table(fl_run_table *table, bool small)
{
    table->slot_bits = small ? FL_RUN_SLOT_BITS - FL_RUN_SMALLER_BITS : FL_RUN_SLOT_BITS;
    table->colour_bits = small ? FL_RUN_COLOUR_BITS - FL_RUN_SMALLER_BITS : FL_RUN_COLOUR_BITS;
    memset(table->slots, 0, sizeof *table->slots << table->slot_bits);
    memset(table->of_colour, 0, sizeof *table->of_colour << table->colour_bits);
    table->runs[0] = (fl_known_run){.run = 0};
    table->n = 1;
    table->near = 0;
}

static void name_near(fl_run_table *table, fl_known_run *known)
{
    known->name[0] = (uint8_t)table->near++;
    known->bytes = 1;
}

/* Remember a run that is new, if there is room; `slot` is free. Of each colour the first run is found again: it has the
 * shortest name. */
static void remember(fl_run_table *table, uint32_t run, uint16_t *slot)
{
    const int place = table->n - 1;
    if (place == FL_MAX_RUNS)
        return;
    fl_known_run *known = table->runs + table->n;
    *known = (fl_known_run){.run = run, .name = {(uint8_t)(FL_RUN_FAR + place / 256), (uint8_t)place}, .bytes = 2};
    known->uses_left = FL_USES_TO_NEAR;
    *slot = (uint16_t)table->n++;
    if (table->near < FL_RUNS_NEAR_AT_ONCE)
        name_near(table, known);
    uint16_t *like = table->of_colour + colour_slot_of(table, run);
    if ((table->runs[*like].run ^ run) & FL_COLOUR || !*like)
        *like = *slot;
}

/* Write a run that has not been before: by one of its colour, if that is found, or spelled out. */
static uint8_t *put_new(uint8_t *to, const fl_run_table *table, uint32_t run)
{
    const int number = table->of_colour[colour_slot_of(table, run)], place = number - 1;
    const uint8_t length = (uint8_t)(run >> 24);
    if (number && place < FL_MAX_LIKE && ((table->runs[number].run ^ run) & FL_COLOUR) == 0) {
        *to++ = (uint8_t)(place < FL_MAX_FIRST ? FL_RUN_LIKE_FIRST + place : FL_RUN_LIKE + place / 256);
        if (place >= FL_MAX_FIRST)
            *to++ = (uint8_t)place;
        *to++ = length;
        return to;
    }
    *to++ = length > 1 ? FL_RUN_SPELLED : FL_RUN_PIXEL;
    memcpy(to, &run, 4);
    return to + (length > 1 ? 4 : 3);
}

/* The count of a near run goes round, which does no harm. */
static __attribute__((noinline)) void count_out(fl_run_table *table, fl_known_run *known)
{
    if (known->bytes > 1 && table->near < FL_RUN_NEAR)
        name_near(table, known);
}

/* Write the name of a run; all of the room that a name may take is written to. Which runs are near cannot be foreseen, so
 * nothing here branches by it. */
static inline uint8_t *put_known(uint8_t *to, fl_run_table *table, fl_known_run *known)
{
    memcpy(to, known->name, sizeof known->name);
    to += known->bytes;
    if (__builtin_expect(--known->uses_left == 0, 0))
        count_out(table, known);
    return to;
}

/* Let a near run be found at once, before another that shares its first slot. Whatever was passed to find the one is
 * passed to find the other, so both are found still. */
static void bring_forward(fl_run_table *table, uint32_t first, uint32_t now)
{
    const uint16_t number = table->slots[now];
    if (table->runs[number].bytes > 1 || table->runs[table->slots[first]].bytes == 1)
        return;
    table->slots[now] = table->slots[first];
    table->slots[first] = number;
}

/* Write a run that does not stand in its first slot. */
static uint8_t *put_sought(uint8_t *to, fl_run_table *table, uint32_t run)
{
    const uint32_t first = slot_of(run, table->slot_bits);
    uint32_t i = first;
    while (table->slots[i] && table->runs[table->slots[i]].run != run)
        i = (i + 1) & ((1U << table->slot_bits) - 1);
    if (!table->slots[i]) {
        to = put_new(to, table, run);
        remember(table, run, table->slots + i);
        return to;
    }
    to = put_known(to, table, table->runs + table->slots[i]);
    bring_forward(table, first, i);
    return to;
}

/* `bits` is the table's: whatever is written might be a field of it, so that would be read again for each run. */
static inline uint8_t *put_runs(uint8_t *to, fl_run_table *table, const uint32_t *runs, int n, int bits)
{
    for (int i = 0; i < n; i++) {
        fl_known_run *known = table->runs + table->slots[slot_of(runs[i], bits)];
        to = known->run == runs[i] ? put_known(to, table, known) : put_sought(to, table, runs[i]);
    }
    return to;
}

uint8_t *fl_put_runs(fl_writer *out, uint8_t *to, const uint32_t *runs, int n)
{
    if (!out->run_table.n)
        open_table(&out->run_table, out->source.box != NULL);
    return put_runs(to, &out->run_table, runs, n, out->run_table.slot_bits);
}

int fl_write_runs(fl_writer *out, const fl_tile *t)
{
    uint8_t spare[3 * FL_TILE_PIXELS + FL_RUN_SLACK];
    const ptrdiff_t head = fl_tile_head_bytes(out, t);
    const bool roomy = fl_has_room(out, head + 3 * t->w * t->h + FL_RUN_SLACK);
    uint8_t *const start = roomy ? out->at + head : spare;
    const ptrdiff_t length = fl_put_runs(out, start, out->runs, out->n_runs) - start;
    if (!fl_has_room(out, head + length))
        return -ENOSPC;
    fl_put_tile_head(out, FL_OP_RUNS, t);
    if (!roomy)
        memcpy(out->at, spare, (size_t)length);
    out->at += length;
    return 0;
}
