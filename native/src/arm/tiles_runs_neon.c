/* The runs of one colour in a tile: where they begin, eight pixels at a time. */
#include <arm_neon.h>

#include "../tiles_runs.h"

/* All ones in each of four lanes in which two colours differ. */
static inline uint32x4_t differing(uint32x4_t one, uint32x4_t other)
{
    return vtstq_u32(veorq_u32(one, other), vdupq_n_u32(FL_COLOUR));
}

static inline uint32x4_t pixels_at(const uint8_t *row, int x)
{
    return vreinterpretq_u32_u8(vld1q_u8(row + 4 * x));
}

/* `before` has the pixel before the row in its last lane, and afterwards the last one of the row. */
static inline uint64_t row_starts(const uint8_t *row, uint32x4_t *before)
{
    static const uint16_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t bits = vld1q_u16(places);
    uint64_t starts = 0;
    for (int x = 0; x < FL_TILE; x += 8) {
        const uint32x4_t left = pixels_at(row, x), right = pixels_at(row, x + 4);
        const uint16x4_t first = vmovn_u32(differing(left, vextq_u32(*before, left, 3)));
        const uint16x8_t lanes = vmovn_high_u32(first, differing(right, vextq_u32(left, right, 3)));
        starts |= (uint64_t)vaddvq_u16(vandq_u16(lanes, bits)) << x;
        *before = right;
    }
    return starts;
}

int fl_tile_runs_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs)
{
    if (w != FL_TILE)
        return fl_tile_runs_scalar(image, stride, w, h, runs);
    int n = 0, last = 0;
    uint32x4_t before = vdupq_n_u32(0);
    for (int y = 0; y < h; y++, image += stride) {
        const int at = y * FL_TILE;
        const uint64_t starts = row_starts(image, &before) | (!y || fl_run_must_end(at, last, FL_TILE));
        last = starts ? at + 63 - __builtin_clzll(starts) : last;
        n = fl_begin_runs(runs, n, image, at, starts);
    }
    return fl_close_runs(runs, n, FL_TILE * h);
}
