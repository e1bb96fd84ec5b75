/* Comparing and copying a row of pixels, 16 bytes at a time. */
#include <arm_neon.h>

#include "internal.h"

bool fl_span_equal_neon(const uint8_t *a, const uint8_t *b, int w)
{
    const uint8x16_t colour = vreinterpretq_u8_u32(vdupq_n_u32(FL_COLOUR));
    uint8x16_t found = vdupq_n_u8(0);
    int x = 0;
    for (; x + 4 <= w; x += 4)
        found = vorrq_u8(found, veorq_u8(vld1q_u8(a + 4 * x), vld1q_u8(b + 4 * x)));
    return !vmaxvq_u8(vandq_u8(found, colour)) && fl_span_equal_scalar(a + 4 * x, b + 4 * x, w - x);
}

void fl_span_copy_neon(const uint8_t *source, uint8_t *target, int w)
{
    const uint8x16_t colour = vreinterpretq_u8_u32(vdupq_n_u32(FL_COLOUR));
    int x = 0;
    for (; x + 4 <= w; x += 4)
        vst1q_u8(target + 4 * x, vandq_u8(vld1q_u8(source + 4 * x), colour));
    fl_span_copy_scalar(source + 4 * x, target + 4 * x, w - x);
}
