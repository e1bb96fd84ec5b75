/* Writing the tile stream: what its parts share. stream_encode.c has the order, stream_forms.c chooses a form for
 * each tile; the forms are written by stream_symbols.c (with stream_ink.c), stream_colours.c, stream_runs.c and
 * stream_pixels.c, and what several tiles share by stream_spans.c. */
#ifndef FL_STREAM_WRITE_H
#define FL_STREAM_WRITE_H

#include "shadow.h"
#include "stream.h"

enum {
    FL_SLOT_BITS = 10, /* four slots for each colour, so that most are found at once */
    FL_RUN_SLOT_BITS = 13,
    FL_RUN_COLOUR_BITS = 11,
    FL_RUN_SMALLER_BITS = 4, /* fewer for FL_BOX_PIXELS, which have no more runs than pixels */
    FL_SYMBOL_SLOT_BITS = 13,
    FL_RUN_SLACK = 2, /* bytes that writing a run may touch behind it */
    FL_MAX_PARTS = 4,
    FL_CHUNK = 8, /* indexes are written and packed so many at a time */
};

/* A set of up to FL_MAX_TABLE colours, numbered as they first appear. */
typedef struct fl_colours {
    uint32_t colours[FL_MAX_TABLE];
    int n; /* negative before the first use, which clears it */
    uint8_t slots[1 << FL_SLOT_BITS]; /* number + 1, 0 when free */
} fl_colours;

/* A run that the stream has had: its name, and in how many uses it becomes a near one. */
typedef struct fl_known_run {
    uint32_t run; /* as tile_runs has it */
    uint8_t name[2], bytes, uses_left;
} fl_known_run;

/* The runs that the stream remembers, in the order in which they came, from number 1 on. */
typedef struct fl_run_table {
    int n, near; /* `n` counts number 0 too; 0 before the first run */
    int slot_bits, colour_bits;
    fl_known_run runs[1 + FL_MAX_RUNS];
    uint16_t slots[1 << FL_RUN_SLOT_BITS]; /* by run: number, 0 when free */
    uint16_t of_colour[1 << FL_RUN_COLOUR_BITS]; /* by colour: a run of perhaps that colour */
} fl_run_table;

/* A symbol that the stream has had: where it stands in the picture. */
typedef struct fl_symbol {
    uint32_t hash;
    uint16_t x, y;
    uint8_t w, h;
} fl_symbol;

/* A symbol in the tile at hand; one that is new has so many of the tile's runs. */
typedef struct fl_placed {
    uint8_t x, y, w, h;
    uint32_t hash;
    uint16_t number, runs;
    uint16_t *slot; /* that it was put into as a new one */
} fl_placed;

/* What looking for symbols takes. It is large, so that a stream of a box does without. */
typedef struct fl_page {
    /* Of the tile at hand: the colour of its ground, where it has another one (bit x of ink[y]), and its symbols. */
    uint32_t ground;
    const uint64_t *ink;
    int n_placed;
    fl_placed placed[FL_MAX_PLACED];
    uint64_t own_ink[FL_TILE];
    /* Of the row of tiles at hand, by the grounds of the one above. */
    bool is_ahead;
    fl_ink ahead;
    /* All that the stream has had. */
    bool is_open; /* before the first one `slots` is not cleared */
    int n_symbols;
    fl_symbol symbols[FL_MAX_SYMBOLS];
    uint16_t slots[1 << FL_SYMBOL_SLOT_BITS]; /* by hash: number + 1, 0 when free */
} fl_page;

/* A run of equal solid tiles that may still grow. */
typedef struct fl_solid_run {
    fl_rect rect;
    uint32_t colour;
} fl_solid_run;

/* Tiles side by side and as many slots of the cache, for a CACHED or a STORE that may still grow. */
typedef struct fl_slot_run {
    int op, column, row, tiles, slot;
} fl_slot_run;

/* What the decoder lacks of a tile: nothing, parts of it, or all. */
typedef struct fl_parts {
    int n, pixels;
    fl_tile parts[FL_MAX_PARTS];
} fl_parts;

typedef struct fl_writer {
    uint8_t *at, *end;
    fl_source source;
    fl_cache *cache;
    fl_colours table;
    fl_run_table run_table;
    fl_page *page; /* NULL where no symbols are looked for */
    fl_solid_run solid; /* of the two runs, at most one is open */
    fl_slot_run slots;
    bool has_later;
    uint8_t later[(FL_MAX_TILES + 7) / 8]; /* a bit a tile: those that PREDICTED will bring as a whole */
    /* Of the tile at hand, or its part: the pixels, their runs, their colours, and which of them each pixel has. */
    const uint8_t *pixels;
    ptrdiff_t stride;
    int n_runs;
    uint32_t runs[FL_RUNS_ROOM];
    fl_colours own;
    uint8_t indexes[FL_TILE_PIXELS + FL_CHUNK];
} fl_writer;

/* ---- output ----------------------------------------------------------------------------------------------------- */

static inline bool fl_has_room(const fl_writer *out, ptrdiff_t bytes)
{
    return out->end - out->at >= bytes;
}

static inline void fl_put_u8(fl_writer *out, int value)
{
    *out->at++ = (uint8_t)value;
}

static inline void fl_put_u16(fl_writer *out, int value)
{
    fl_put_u8(out, value & 0xFF);
    fl_put_u8(out, value >> 8);
}

static inline void fl_put_colour(fl_writer *out, uint32_t colour)
{
    fl_put_u16(out, colour & 0xFFFF);
    fl_put_u8(out, (int)(colour >> 16));
}

/* How many bytes the head of a tile, or of a part of one, takes; write it. `t` is what the operation brings. */
ptrdiff_t fl_tile_head_bytes(const fl_writer *out, const fl_tile *t);
void fl_put_tile_head(fl_writer *out, int op, const fl_tile *t);

/* What of a marked tile the decoder lacks, by `before`; parts of a tile together are shorter to write than the tile. */
fl_parts fl_changed_parts(const fl_source *s, const fl_tile *t);

/* ---- a tile; 0 or -ENOSPC ---------------------------------------------------------------------------------------- */

/* Write what the decoder lacks of a tile, unless that is put off to the end of the stream. */
int fl_write_tile(fl_writer *out, const fl_tile *t);
bool fl_is_put_off(const fl_writer *out, const fl_tile *t);

/* Put a tile aside that is about to be overwritten, unless it is cheap, hardly changes, or is there already. */
int fl_store_tile(fl_writer *out, const fl_tile *t);

/* ---- what is written; 0 or -ENOSPC ------------------------------------------------------------------------------- */

/* What is solid, or in a slot, joins what stands to its left; fl_flush_spans() writes that out, before anything else. */
int fl_write_solid(fl_writer *out, const fl_tile *t, uint32_t colour);
int fl_write_slot(fl_writer *out, int op, const fl_tile *t, int slot);
int fl_flush_spans(fl_writer *out);

/* Number the colours of a tile as they appear. Returns false when there are more than `most`, which is at most
 * FL_MAX_TABLE. */
bool fl_index_tile(fl_writer *out, int most);

/* How many of 128 of the tile's runs, spread evenly, have the colour of one before: few in what a camera has seen. */
int fl_count_alike(const fl_writer *out);
void fl_clear_colours(fl_colours *set);

/* Number the tile's colours in the stream's table. Returns how many are new to it, or -1, changing nothing, if they do
 * not fit. */
int fl_merge_colours(fl_writer *out, uint8_t *numbers);

int fl_write_palette(fl_writer *out, const fl_tile *t);
int fl_write_indexed(fl_writer *out, const fl_tile *t, const uint8_t *numbers, int fresh);
/* Whether symbols are looked for in a tile; find its ground and its ink. Returns whether there is any. */
bool fl_may_hold_symbols(const fl_writer *out, const fl_tile *t);
bool fl_find_ink(fl_writer *out, const fl_tile *t);

/* Guess the grounds of a run of tiles, by which its ink is to be found ahead. */
void fl_guess_grounds(fl_writer *out, const fl_tile *run);

/* Write a tile of which the ink was found. Returns 1 if it was written, 0 if that does not suit it, or -ENOSPC. */
int fl_write_symbols(fl_writer *out, const fl_tile *t);

/* Write the names of runs; FL_RUN_SLACK bytes more are touched. */
uint8_t *fl_put_runs(fl_writer *out, uint8_t *to, const uint32_t *runs, int n);

int fl_write_runs(fl_writer *out, const fl_tile *t);
int fl_write_raw(fl_writer *out, const fl_tile *t);
int fl_write_predicted(fl_writer *out, const fl_tile *t);

#endif
