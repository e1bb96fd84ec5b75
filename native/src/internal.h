/* What the kernels share: argument checks, little-endian access, the tile walk, and the dispatch table. */
#ifndef FL_INTERNAL_H
#define FL_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fanlight.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "fanlight's kernels read pixels as little-endian words"
#endif

enum {
    FL_MAX_SIDE = 16384,
    FL_MAX_PIXELS = 1 << 26,
    FL_TILE_PIXELS = FL_TILE * FL_TILE,
    /* Of any picture: whole tiles by its area, and those that its edges cut. */
    FL_MAX_TILES = FL_MAX_PIXELS / FL_TILE_PIXELS + 2 * (FL_MAX_SIDE / FL_TILE) + 1,
    FL_CACHE_LINE = 64,
    FL_COLOUR = 0xFFFFFF, /* B, G and R of a pixel; the rest is X */
    FL_LONGEST_RUN = 255, /* pixels */
    FL_RUNS_ROOM = FL_TILE_PIXELS + 16,
    FL_BOX_PIXELS = FL_TILE_PIXELS / 16, /* what is sent again for fewer needs no slot of the cache */
};

/* ---- dispatch --------------------------------------------------------------------------------------------------- */

/* The kernels that have variants. All take w and h in 1..FL_TILE and any alignment. */
typedef struct fl_dsp {
    bool (*tile_equal)(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);
    /* Bit x of rows[y] = pixel x of row y differs. */
    void (*tile_changes)(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                         uint64_t *rows);
    void (*tile_copy)(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                      int h);
    /* rows[y] = the sum of row y that the tile hash folds. */
    void (*tile_rows)(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows);
    /* Bit x of edges[y] = pixel x of row y differs from pixel x - 1 of it. Bit 0 is set, those from w on are not. */
    void (*tile_edges)(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges);
    /* The runs of a tile, row by row and on from the end of each row to the start of the next: the colour, and above its
     * 24 bits how many pixels, at most FL_LONGEST_RUN. A run that might become longer in a row begins anew there. `runs`
     * has FL_RUNS_ROOM. Returns how many there are. */
    int (*tile_runs)(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs);
    /* Of any width, unlike the others. `sums` takes one sum for each column of tiles that a row crosses, from its first
     * pixel on, `stride` places apart. */
    void (*row_sums)(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride);
    /* span_copy and row_sums at once. */
    void (*row_take)(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
    /* The same, past the caches where that is to be had: for more than they hold. A target of whole cache lines serves
     * best. Ordered before what follows by fl_past_done() only. */
    void (*row_take_past)(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
    /* The same, and where the row has ink: `grounds` has a colour, and `ink` FL_TILE places, for each of those columns. The
     * first of the places takes the row's: bit x = its pixel x in that column is not of that colour. */
    void (*row_take_ink)(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                         const uint32_t *grounds, uint64_t *ink);
    bool (*span_equal)(const uint8_t *a, const uint8_t *b, int w);
    void (*span_copy)(const uint8_t *source, uint8_t *target, int w);
    /* The same, to planes: two rows with their chroma, each plane of w + w % 2 bytes, and one row. */
    void (*rows_nv12)(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                      uint8_t *chroma);
    void (*row_yuv444)(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v);
} fl_dsp;

/* The variants in use; changed only by fl_cpu_use(). */
extern fl_dsp fl_kernels;

bool fl_tile_equal_scalar(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);
void fl_tile_changes_scalar(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                            uint64_t *rows);
void fl_tile_copy_scalar(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                         int w, int h);
void fl_tile_rows_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows);
void fl_row_sums_scalar(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_scalar(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_tile_edges_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges);
int fl_tile_runs_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs);
void fl_rows_nv12_scalar(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                         uint8_t *chroma);
void fl_row_yuv444_scalar(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v);
void fl_row_take_ink_scalar(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                            const uint32_t *grounds, uint64_t *ink);
bool fl_span_equal_scalar(const uint8_t *a, const uint8_t *b, int w);
void fl_span_copy_scalar(const uint8_t *source, uint8_t *target, int w);

bool fl_tile_equal_avx2(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);
void fl_tile_changes_avx2(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                          uint64_t *rows);
void fl_tile_copy_avx2(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                       int h);
void fl_tile_rows_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows);
void fl_row_sums_avx2(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_past_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_tile_edges_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges);
int fl_tile_runs_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs);
void fl_rows_nv12_avx2(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                       uint8_t *chroma);
void fl_row_yuv444_avx2(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v);
void fl_row_take_ink_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                          const uint32_t *grounds, uint64_t *ink);
bool fl_span_equal_avx2(const uint8_t *a, const uint8_t *b, int w);
void fl_span_copy_avx2(const uint8_t *source, uint8_t *target, int w);

bool fl_tile_equal_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);
void fl_tile_changes_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                            uint64_t *rows);
void fl_tile_rows_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows);
void fl_row_sums_avx512(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_past_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_tile_edges_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges);
int fl_tile_runs_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs);
void fl_row_take_ink_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                            const uint32_t *grounds, uint64_t *ink);
bool fl_span_equal_avx512(const uint8_t *a, const uint8_t *b, int w);
void fl_span_copy_avx512(const uint8_t *source, uint8_t *target, int w);
void fl_rows_nv12_avx512(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                         uint8_t *chroma);
void fl_row_yuv444_avx512(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v);

bool fl_tile_equal_neon(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h);
void fl_tile_changes_neon(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                          uint64_t *rows);
void fl_tile_copy_neon(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                       int h);
void fl_tile_rows_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows);
void fl_row_sums_neon(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride);
void fl_row_take_neon(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride);
void fl_tile_edges_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges);
int fl_tile_runs_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs);
void fl_row_take_ink_neon(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                          const uint32_t *grounds, uint64_t *ink);
bool fl_span_equal_neon(const uint8_t *a, const uint8_t *b, int w);
void fl_span_copy_neon(const uint8_t *source, uint8_t *target, int w);
void fl_rows_nv12_neon(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                       uint8_t *chroma);
void fl_row_yuv444_neon(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v);

/* The tile hash's parts that every variant shares; docs/tile-stream.md defines them. */
extern const uint32_t fl_hash_keys[FL_TILE];

/* The sum of one row of a tile, one pair of pixels at a time: for what is narrower than a tile. */
uint64_t fl_row_sum(const uint8_t *row, int w);

/* Bit x = pixel x of such a row is not of the ground's colour. */
uint64_t fl_row_ink(const uint8_t *row, int w, uint32_t ground);

static inline uint64_t fl_hash_start(int w, int h)
{
    return (uint64_t)((w << 8) | h) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline uint64_t fl_hash_fold(uint64_t hash, uint64_t row_sum)
{
    hash = (hash ^ row_sum) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ (hash >> 32);
}

/* How B, G and R make a sample of a plane: tiles_planes.c. */
typedef struct fl_weights {
    int32_t b, g, r, bias;
} fl_weights;

extern const fl_weights fl_luma, fl_blue, fl_red;

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

static inline uint32_t fl_load_pixel(const uint8_t *p)
{
    uint32_t pixel;
    memcpy(&pixel, p, sizeof pixel);
    return pixel & FL_COLOUR;
}

static inline void fl_store_pixel(uint8_t *p, uint32_t colour)
{
    memcpy(p, &colour, sizeof colour);
}

/* Read one byte of each line of memory. What comes in a row is foreseen by the processor, which two rows at once, or what
 * is only asked for, are not. */
static inline void fl_read_ahead(const uint8_t *bytes, ptrdiff_t length)
{
    for (ptrdiff_t at = 0; at < length; at += FL_CACHE_LINE)
        (void)*(const volatile uint8_t *)(bytes + at);
}

/* Help the processor foresee, while `w` pixels of a row are read, the row that comes `step` rows later. It follows what is
 * read without a gap by itself, and better than when it is asked; a narrow gap before the next row is asked for, so that it
 * does not lose the thread, and where the next row is farther away, that row is. */
static inline void fl_look_ahead(const uint8_t *row, ptrdiff_t stride, int step, int w)
{
    const ptrdiff_t width = (ptrdiff_t)4 * w;
    if (step == 1 && stride <= 2 * width) {
        for (ptrdiff_t x = width; x < stride; x += FL_CACHE_LINE)
            __builtin_prefetch(row + x);
    } else {
        for (ptrdiff_t x = 0; x < width; x += FL_CACHE_LINE)
            __builtin_prefetch(row + step * stride + x, 0, 2);
    }
}

/* What was written past the caches is seen by all that is done from here on, on other cores too. */
static inline void fl_past_done(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline int fl_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int fl_max(int a, int b)
{
    return a > b ? a : b;
}

static inline bool fl_valid_size(int w, int h)
{
    return w >= 1 && h >= 1 && w <= FL_MAX_SIDE && h <= FL_MAX_SIDE && (int64_t)w * h <= FL_MAX_PIXELS;
}

static inline bool fl_valid_picture(const uint8_t *image, ptrdiff_t stride, int w, int h)
{
    ptrdiff_t bytes;
    return image && fl_valid_size(w, h) && stride >= (ptrdiff_t)w * 4 && !__builtin_mul_overflow(stride, h, &bytes);
}

/* Whether a rectangle has an area and lies within w x h. */
static inline bool fl_rect_inside(int64_t x, int64_t y, int64_t rect_w, int64_t rect_h, int w, int h)
{
    return x >= 0 && y >= 0 && rect_w > 0 && rect_h > 0 && x + rect_w <= w && y + rect_h <= h;
}

/* Move a rectangle inside a picture as memmove would; both places lie within it. */
void fl_move_pixels(uint8_t *image, ptrdiff_t stride, const fl_move *move);

/* Copy what differs in a rectangle of a picture that is `w` wide, or all of it, X bytes as 0; mark its tiles in `changed`. */
void fl_tiles_keep(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                   const fl_rect *rect, int w, bool all, uint8_t *changed);

/* What a stream brings: the marked tiles of `image`, to a decoder that has `before`, but for the lossy tiles. */
typedef struct fl_source {
    const uint8_t *image, *before; /* `before` or NULL */
    ptrdiff_t stride, before_stride;
    int w, h;
    const uint8_t *tiles, *lossy; /* `lossy` or NULL */
    fl_shadow *taker;             /* or NULL: takes the tiles over; `before`, if there is one, is its pixels */
    const fl_rect *box;           /* outside of which nothing is looked at, or NULL */
} fl_source;

/* fl_stream_encode() of arguments that are right, without moves, and where no tile takes part in the cache: what changed in
 * a box of few pixels. */
int64_t fl_stream_encode_box(const fl_source *source, fl_cache *cache, uint8_t *out, int64_t capacity);

/* ---- tiles ------------------------------------------------------------------------------------------------------ */

static inline int fl_tile_count(int side)
{
    return (side + FL_TILE - 1) / FL_TILE;
}

/* One tile of a picture: its place in the grid, its origin in pixels, and its size, clipped at the edges. */
typedef struct fl_tile {
    int index, x, y, w, h;
} fl_tile;

static inline fl_tile fl_tile_at(int column, int row, int w, int h)
{
    const int x = column * FL_TILE, y = row * FL_TILE;
    return (fl_tile){row * fl_tile_count(w) + column, x, y, fl_min(FL_TILE, w - x), fl_min(FL_TILE, h - y)};
}

/* The first mark at or after `index`, or `count`. Most of a picture is not marked, so eight are looked at together. */
static inline int fl_next_mark(const uint8_t *marks, int count, int index)
{
    uint64_t eight;
    while (index + 8 <= count && (memcpy(&eight, marks + index, sizeof eight), !eight))
        index += 8;
    while (index < count && !marks[index])
        index++;
    return index;
}

/* Step to the next marked tile at or after `*index`. Returns whether there is one; start with *index = 0. */
static inline bool fl_next_tile(const uint8_t *tiles, int w, int h, int *index, fl_tile *tile)
{
    const int columns = fl_tile_count(w), count = columns * fl_tile_count(h);
    *index = fl_next_mark(tiles, count, *index);
    if (*index >= count)
        return false;
    *tile = fl_tile_at(*index % columns, *index / columns, w, h);
    ++*index;
    return true;
}

/* A run of marked tiles side by side, as one tile that is wider: `index` is that of the first, `x` its origin. */
static inline bool fl_next_run(const uint8_t *tiles, int w, int h, int *index, fl_tile *run)
{
    if (!fl_next_tile(tiles, w, h, index, run))
        return false;
    const int columns = fl_tile_count(w);
    while (*index % columns && tiles[*index])
        run->w += fl_tile_at((*index)++ % columns, 0, w, h).w;
    return true;
}

/* The part of a tile that lies in a box, which touches it. */
static inline fl_tile fl_tile_within(const fl_tile *t, const fl_rect *box)
{
    const int left = fl_max(t->x, box->x), top = fl_max(t->y, box->y);
    const int right = fl_min(t->x + t->w, box->x + box->w), bottom = fl_min(t->y + t->h, box->y + box->h);
    return (fl_tile){t->index, left, top, right - left, bottom - top};
}

static inline const uint8_t *fl_tile_pixels(const uint8_t *image, ptrdiff_t stride, const fl_tile *tile)
{
    return image + tile->y * stride + (ptrdiff_t)tile->x * 4;
}

#endif
