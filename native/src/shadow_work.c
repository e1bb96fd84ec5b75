/* The memory that a search works in. */
#include "shadow.h"

static int slot_bits_of(int h)
{
    int bits = 1;
    while ((1 << bits) < 2 * h)
        bits++;
    return bits;
}

typedef struct fl_layout {
    size_t after_rows, anchors, ballots, slots, shift_votes, sums, cells, movable, spare, slid, damaged, end;
} fl_layout;

static size_t place(size_t *end, size_t bytes)
{
    const size_t at = *end;
    *end += (bytes + 7) & ~(size_t)7;
    return at;
}

/* Sizes are bounded by fl_valid_size(), so nothing here overflows. */
static fl_layout layout_of(int w, int h)
{
    const size_t columns = (size_t)fl_tile_count(w), rows = (size_t)fl_tile_count(h);
    const size_t cell_rows = (size_t)(h + FL_CELL_ROWS - 1) / FL_CELL_ROWS;
    fl_layout at = {.end = 0};
    at.after_rows = place(&at.end, columns * (size_t)h * sizeof(uint64_t));
    at.anchors = place(&at.end, sizeof(fl_anchor) << FL_ANCHOR_BITS);
    at.ballots = place(&at.end, sizeof(fl_ballot) << FL_BALLOT_BITS);
    at.slots = place(&at.end, sizeof(int32_t) << slot_bits_of(h));
    at.shift_votes = place(&at.end, 2 * (size_t)h * sizeof(int32_t));
    at.sums = place(&at.end, (columns + 1) * (cell_rows + 1) * sizeof(int32_t));
    at.cells = place(&at.end, columns * cell_rows);
    at.movable = place(&at.end, columns * rows);
    at.spare = place(&at.end, columns * rows);
    at.slid = place(&at.end, columns * rows);
    at.damaged = place(&at.end, columns * rows);
    return at;
}

int64_t fl_shadow_work(int w, int h)
{
    return fl_valid_size(w, h) ? (int64_t)layout_of(w, h).end : -EINVAL;
}

static bool lies_in_room(const fl_shadow *shadow)
{
    const ptrdiff_t size = shadow->h * shadow->stride;
    return !shadow->room || (shadow->pixels >= shadow->room && shadow->room_size >= size &&
                             shadow->pixels - shadow->room <= shadow->room_size - size);
}

bool fl_valid_shadow(const fl_shadow *shadow)
{
    return shadow && fl_valid_picture(shadow->pixels, shadow->stride, shadow->w, shadow->h) && shadow->rows &&
           shadow->known && (uintptr_t)shadow->work % sizeof(uint64_t) == 0 && lies_in_room(shadow);
}

fl_search fl_search_of(const fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *lossy)
{
    const fl_layout at = layout_of(shadow->w, shadow->h);
    uint8_t *work = shadow->work;
    return (fl_search){
        .before = shadow->pixels,
        .after = after,
        .before_stride = shadow->stride,
        .after_stride = after_stride,
        .w = shadow->w,
        .h = shadow->h,
        .columns = fl_tile_count(shadow->w),
        .tile_rows = fl_tile_count(shadow->h),
        .cell_rows = (shadow->h + FL_CELL_ROWS - 1) / FL_CELL_ROWS,
        .lossy = lossy,
        .damaged = work + at.damaged,
        .movable = work + at.movable,
        .spare = work + at.spare,
        .slid = work + at.slid,
        .before_rows = shadow->rows,
        .after_rows = (uint64_t *)(void *)(work + at.after_rows),
        .slots = (int32_t *)(void *)(work + at.slots),
        .shift_votes = (int32_t *)(void *)(work + at.shift_votes),
        .slot_bits = slot_bits_of(shadow->h),
        .anchors = (fl_anchor *)(void *)(work + at.anchors),
        .ballots = (fl_ballot *)(void *)(work + at.ballots),
        .cells = work + at.cells,
        .sums = (int32_t *)(void *)(work + at.sums),
    };
}
