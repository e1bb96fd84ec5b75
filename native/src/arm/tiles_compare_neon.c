/* Tile comparison, 64 bytes at a time. */
#include <arm_neon.h>

#include "internal.h"

static inline uint8x16_t difference(const uint8_t *a, const uint8_t *b, int x)
{
    uint8x16_t found = veorq_u8(vld1q_u8(a + 4 * x), vld1q_u8(b + 4 * x));
    for (int i = 16; i < 64; i += 16)
        found = vorrq_u8(found, veorq_u8(vld1q_u8(a + 4 * x + i), vld1q_u8(b + 4 * x + i)));
    return found;
}

static bool whole_tile_equal(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int h)
{
    const uint32x4_t colour = vdupq_n_u32(FL_COLOUR);
    for (int y = 0; y < h; y++) {
        uint8x16_t found = difference(a, b, 0);
        for (int x = 16; x < FL_TILE; x += 16)
            found = vorrq_u8(found, difference(a, b, x));
        if (vmaxvq_u32(vandq_u32(vreinterpretq_u32_u8(found), colour)))
            return false;
        a += a_stride;
        b += b_stride;
    }
    return true;
}

bool fl_tile_equal_neon(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    if (w == FL_TILE)
        return whole_tile_equal(a, a_stride, b, b_stride, h);
    return fl_tile_equal_scalar(a, a_stride, b, b_stride, w, h);
}

/* All ones in each of four lanes in which two pixels differ. */
static inline uint32x4_t differing(const uint8_t *a, const uint8_t *b, int x)
{
    const uint8x16_t found = veorq_u8(vld1q_u8(a + 4 * x), vld1q_u8(b + 4 * x));
    return vtstq_u32(vreinterpretq_u32_u8(found), vdupq_n_u32(FL_COLOUR));
}

static inline uint64_t whole_row_changes(const uint8_t *a, const uint8_t *b)
{
    static const uint16_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t bits = vld1q_u16(places);
    uint64_t changes = 0;
    for (int x = 0; x < FL_TILE; x += 8) {
        const uint16x4_t left = vmovn_u32(differing(a, b, x));
        const uint16x8_t lanes = vmovn_high_u32(left, differing(a, b, x + 4));
        changes |= (uint64_t)vaddvq_u16(vandq_u16(lanes, bits)) << x;
    }
    return changes;
}

void fl_tile_changes_neon(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                          uint64_t *rows)
{
    if (w != FL_TILE) {
        fl_tile_changes_scalar(a, a_stride, b, b_stride, w, h, rows);
        return;
    }
    for (int y = 0; y < h; y++)
        rows[y] = whole_row_changes(a + y * a_stride, b + y * b_stride);
}
