/* Where the colour changes along a row, eight pixels at a time. */
#include <arm_neon.h>

#include "internal.h"

/* All ones in each of four lanes in which two colours differ. */
static inline uint32x4_t differing(uint32x4_t one, uint32x4_t other)
{
    return vtstq_u32(veorq_u32(one, other), vdupq_n_u32(FL_COLOUR));
}

static inline uint32x4_t pixels_at(const uint8_t *row, int x)
{
    return vreinterpretq_u32_u8(vld1q_u8(row + 4 * x));
}

static inline uint64_t whole_row_edges(const uint8_t *row)
{
    static const uint16_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t bits = vld1q_u16(places);
    uint32x4_t before = vdupq_n_u32(0);
    uint64_t edges = 0;
    for (int x = 0; x < FL_TILE; x += 8) {
        const uint32x4_t left = pixels_at(row, x), right = pixels_at(row, x + 4);
        const uint16x4_t first = vmovn_u32(differing(left, vextq_u32(before, left, 3)));
        const uint16x8_t lanes = vmovn_high_u32(first, differing(right, vextq_u32(left, right, 3)));
        edges |= (uint64_t)vaddvq_u16(vandq_u16(lanes, bits)) << x;
        before = right;
    }
    return edges | 1;
}

void fl_tile_edges_neon(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges)
{
    if (w != FL_TILE) {
        fl_tile_edges_scalar(image, stride, w, h, edges);
        return;
    }
    for (int y = 0; y < h; y++)
        edges[y] = whole_row_edges(image + y * stride);
}
