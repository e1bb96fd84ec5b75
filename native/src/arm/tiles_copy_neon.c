/* Tile copy, 16 bytes at a time. */
#include <arm_neon.h>

#include "internal.h"

static void copy_whole_tile(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                            int h)
{
    const uint8x16_t colour = vreinterpretq_u8_u32(vdupq_n_u32(FL_COLOUR));
    for (int y = 0; y < h; y++) {
        for (int i = 0; i < 4 * FL_TILE; i += 16)
            vst1q_u8(target + i, vandq_u8(vld1q_u8(source + i), colour));
        source += source_stride;
        target += target_stride;
    }
}

void fl_tile_copy_neon(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                       int h)
{
    if (w == FL_TILE)
        copy_whole_tile(source, source_stride, target, target_stride, h);
    else
        fl_tile_copy_scalar(source, source_stride, target, target_stride, w, h);
}
