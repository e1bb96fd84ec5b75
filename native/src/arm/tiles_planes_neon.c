/* Planes for video encoders, sixteen pixels at a time. */
#include <arm_neon.h>

#include "internal.h"

/* The samples of eight pixels, or of eight sums of 2 x 2. */
typedef struct colours {
    int16x8_t b, g, r;
} colours;

static inline int16x8_t low(uint8x16_t v)
{
    return vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(v)));
}

static inline int16x8_t high(uint8x16_t v)
{
    return vreinterpretq_s16_u16(vmovl_high_u8(v));
}

static inline int32x4_t weighted(int16x4_t b, int16x4_t g, int16x4_t r, const fl_weights *weights, int32_t bias)
{
    const int32x4_t sum = vmlal_n_s16(vdupq_n_s32(bias), b, (int16_t)weights->b);
    return vmlal_n_s16(vmlal_n_s16(sum, g, (int16_t)weights->g), r, (int16_t)weights->r);
}

static inline int32x4_t lower_half(const colours *c, const fl_weights *weights, int32_t bias)
{
    return weighted(vget_low_s16(c->b), vget_low_s16(c->g), vget_low_s16(c->r), weights, bias);
}

static inline int32x4_t upper_half(const colours *c, const fl_weights *weights, int32_t bias)
{
    return weighted(vget_high_s16(c->b), vget_high_s16(c->g), vget_high_s16(c->r), weights, bias);
}

static inline uint8x8_t samples(const colours *c, const fl_weights *weights)
{
    const int16x4_t first = vshrn_n_s32(lower_half(c, weights, weights->bias), 15);
    return vqmovun_s16(vshrn_high_n_s32(first, upper_half(c, weights, weights->bias), 15));
}

static inline uint8x8_t block_samples(const colours *c, const fl_weights *weights)
{
    const int32_t bias = weights->bias * 4;
    /* Shifted in two steps: one of more than 16 does not narrow. */
    const int32x4_t first = vshrq_n_s32(lower_half(c, weights, bias), 17);
    const int32x4_t second = vshrq_n_s32(upper_half(c, weights, bias), 17);
    return vqmovun_s16(vmovn_high_s32(vmovn_s32(first), second));
}

static inline void store_plane(uint8_t *to, uint8x16x4_t p, const fl_weights *weights)
{
    const colours first = {low(p.val[0]), low(p.val[1]), low(p.val[2])};
    const colours second = {high(p.val[0]), high(p.val[1]), high(p.val[2])};
    vst1q_u8(to, vcombine_u8(samples(&first, weights), samples(&second, weights)));
}

static inline int16x8_t block_sums(uint8x16_t upper, uint8x16_t lower)
{
    return vreinterpretq_s16_u16(vpadalq_u8(vpaddlq_u8(upper), lower));
}

static inline void store_chroma(uint8_t *to, uint8x16x4_t upper, uint8x16x4_t lower)
{
    const colours sums = {block_sums(upper.val[0], lower.val[0]), block_sums(upper.val[1], lower.val[1]),
                          block_sums(upper.val[2], lower.val[2])};
    vst2_u8(to, ((uint8x8x2_t){{block_samples(&sums, &fl_blue), block_samples(&sums, &fl_red)}}));
}

void fl_rows_nv12_neon(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                       uint8_t *chroma)
{
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        const uint8x16x4_t one = vld4q_u8(upper + 4 * x), other = vld4q_u8(lower + 4 * x);
        store_plane(luma + x, one, &fl_luma);
        store_plane(lower_luma + x, other, &fl_luma);
        store_chroma(chroma + x, one, other);
    }
    fl_rows_nv12_scalar(upper + 4 * x, lower + 4 * x, w - x, luma + x, lower_luma + x, chroma + x);
}

void fl_row_yuv444_neon(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v)
{
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        const uint8x16x4_t p = vld4q_u8(row + 4 * x);
        store_plane(y + x, p, &fl_luma);
        store_plane(u + x, p, &fl_blue);
        store_plane(v + x, p, &fl_red);
    }
    fl_row_yuv444_scalar(row + 4 * x, w - x, y + x, u + x, v + x);
}
