/* Row sums, four pairs of pixels at a time. */
#include <arm_neon.h>

#include "internal.h"

/* Four keyed pixels, which are also copied to `to`, if that is not NULL. */
static inline uint32x4_t keyed(const uint8_t *row, uint8_t *to, int x)
{
    const uint32x4_t pixels = vandq_u32(vreinterpretq_u32_u8(vld1q_u8(row + 4 * x)), vdupq_n_u32(FL_COLOUR));
    if (to)
        vst1q_u8(to + 4 * x, vreinterpretq_u8_u32(pixels));
    return vaddq_u32(pixels, vld1q_u32(fl_hash_keys + x));
}

static inline uint64_t whole_row_sum(const uint8_t *row, uint8_t *to)
{
    uint64x2_t one = vdupq_n_u64(0), other = vdupq_n_u64(0);
    for (int x = 0; x < FL_TILE; x += 8) {
        const uint32x4_t left = keyed(row, to, x), right = keyed(row, to, x + 4);
        const uint32x4_t even = vuzp1q_u32(left, right), odd = vuzp2q_u32(left, right);
        one = vmlal_u32(one, vget_low_u32(even), vget_low_u32(odd));
        other = vmlal_high_u32(other, even, odd);
    }
    return vaddvq_u64(vaddq_u64(one, other));
}

void fl_row_sums_neon(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride)
{
    int x = 0;
    for (; x + FL_TILE <= w; x += FL_TILE, sums += stride)
        *sums = whole_row_sum(row + 4 * x, NULL);
    if (x < w)
        *sums = fl_row_sum(row + 4 * x, w - x);
}

void fl_row_take_neon(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    int x = 0;
    for (; x + FL_TILE <= w; x += FL_TILE, sums += stride)
        *sums = whole_row_sum(source + 4 * x, target + 4 * x);
    if (x < w)
        fl_row_take_scalar(source + 4 * x, target + 4 * x, w - x, sums, stride);
}

void fl_tile_rows_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows)
{
    if (w != FL_TILE) {
        fl_tile_rows_scalar(image, stride, w, h, rows);
        return;
    }
    for (int y = 0; y < h; y++)
        rows[y] = whole_row_sum(image + y * stride, NULL);
}

/* A row of a whole tile, a bit a pixel. */
static inline uint64_t whole_row_ink(const uint8_t *row, uint32_t colour)
{
    static const uint16_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint32x4_t ground = vdupq_n_u32(colour), mask = vdupq_n_u32(FL_COLOUR);
    uint64_t ink = 0;
    for (int x = 0; x < FL_TILE; x += 8) {
        const uint32x4_t left = vreinterpretq_u32_u8(vld1q_u8(row + 4 * x));
        const uint32x4_t right = vreinterpretq_u32_u8(vld1q_u8(row + 4 * x + 16));
        const uint16x4_t first = vmovn_u32(vtstq_u32(veorq_u32(left, ground), mask));
        const uint16x8_t lanes = vmovn_high_u32(first, vtstq_u32(veorq_u32(right, ground), mask));
        ink |= (uint64_t)vaddvq_u16(vandq_u16(lanes, vld1q_u16(places))) << x;
    }
    return ink;
}

void fl_row_take_ink_neon(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                          const uint32_t *grounds, uint64_t *ink)
{
    fl_row_take_neon(source, target, w, sums, stride);
    for (int x = 0; x < w; x += FL_TILE, grounds++, ink += FL_TILE) {
        const uint8_t *row = source + (ptrdiff_t)4 * x;
        *ink = w - x < FL_TILE ? fl_row_ink(row, w - x, *grounds) : whole_row_ink(row, *grounds);
    }
}
