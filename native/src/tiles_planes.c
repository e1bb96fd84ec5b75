/* From B, G, R to the planes that video encoders take.
 *
 * The colours are BT.709 in full range, the weights in 1/32768, so that grey stays grey:
 *
 *     Y  = (  2366 B + 23436 G +  6966 R            + 16384) >> 15
 *     Cb = ( 16384 B - 12630 G -  3754 R + (128 << 15) + 16384) >> 15, at most 255
 *     Cr = ( -1502 B - 14882 G + 16384 R + (128 << 15) + 16384) >> 15, at most 255
 *
 * For 4:2:0 a chroma sample is that of the sum of its 2 x 2 pixels, with all terms but those four times as large and a
 * shift of 17. Where a side is odd, the last column or row counts twice. */
#include "internal.h"

const fl_weights fl_luma = {2366, 23436, 6966, 1 << 14};
const fl_weights fl_blue = {16384, -12630, -3754, (128 << 15) + (1 << 14)};
const fl_weights fl_red = {-1502, -14882, 16384, (128 << 15) + (1 << 14)};

/* B, G and R, of one pixel or the sum of several. */
typedef struct colour {
    int32_t b, g, r;
} colour;

static inline colour colour_at(const uint8_t *pixel)
{
    return (colour){pixel[0], pixel[1], pixel[2]};
}

/* The sample of 1 << `bits` pixels, given as their sum. */
static inline uint8_t sample(colour c, const fl_weights *weights, int bits)
{
    const int32_t sum = weights->b * c.b + weights->g * c.g + weights->r * c.r + weights->bias * (1 << bits);
    return (uint8_t)fl_min(sum >> (15 + bits), 255);
}

static void luma_row(const uint8_t *row, int w, uint8_t *luma)
{
    for (int x = 0; x < w; x++)
        luma[x] = sample(colour_at(row + 4 * x), &fl_luma, 0);
    if (w & 1)
        luma[w] = luma[w - 1];
}

static void chroma_row(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *chroma)
{
    for (int x = 0; x < w; x += 2) {
        const int left = 4 * x, right = 4 * fl_min(x + 1, w - 1);
        colour sum = {0, 0, 0};
        const uint8_t *pixels[4] = {upper + left, upper + right, lower + left, lower + right};
        for (int i = 0; i < 4; i++) {
            const colour c = colour_at(pixels[i]);
            sum = (colour){sum.b + c.b, sum.g + c.g, sum.r + c.r};
        }
        chroma[x] = sample(sum, &fl_blue, 2);
        chroma[x + 1] = sample(sum, &fl_red, 2);
    }
}

void fl_rows_nv12_scalar(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                         uint8_t *chroma)
{
    luma_row(upper, w, luma);
    luma_row(lower, w, lower_luma);
    chroma_row(upper, lower, w, chroma);
}

void fl_row_yuv444_scalar(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v)
{
    for (int x = 0; x < w; x++) {
        const colour c = colour_at(row + 4 * x);
        y[x] = sample(c, &fl_luma, 0);
        u[x] = sample(c, &fl_blue, 0);
        v[x] = sample(c, &fl_red, 0);
    }
}

/* Bring two rows to the caches one after the other. */
static void read_pair(const uint8_t *upper, ptrdiff_t stride, int w)
{
    fl_read_ahead(upper, (ptrdiff_t)4 * w);
    fl_read_ahead(upper + stride, (ptrdiff_t)4 * w);
}

int fl_tiles_nv12(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint8_t *luma,
                  ptrdiff_t luma_stride, uint8_t *chroma, ptrdiff_t chroma_stride)
{
    const ptrdiff_t even = (ptrdiff_t)w + (w & 1);
    if (!fl_valid_picture(image, stride, w, h) || !tiles || !luma || !chroma || luma_stride < even ||
        chroma_stride < even)
        return -EINVAL;
    int index = 0;
    fl_tile run;
    while (fl_next_run(tiles, w, h, &index, &run)) {
        for (int y = run.y; y < run.y + run.h; y += 2) {
            const uint8_t *upper = image + y * stride + (ptrdiff_t)4 * run.x;
            uint8_t *to = luma + y * luma_stride + run.x;
            read_pair(upper, y + 1 < h ? stride : 0, run.w);
            fl_kernels.rows_nv12(upper, y + 1 < h ? upper + stride : upper, run.w, to, to + luma_stride,
                                 chroma + y / 2 * chroma_stride + run.x);
        }
    }
    return 0;
}

int fl_tiles_yuv444(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint8_t *y, uint8_t *u,
                    uint8_t *v, ptrdiff_t plane_stride)
{
    if (!fl_valid_picture(image, stride, w, h) || !tiles || !y || !u || !v || plane_stride < w)
        return -EINVAL;
    int index = 0;
    fl_tile run;
    while (fl_next_run(tiles, w, h, &index, &run)) {
        for (int row = run.y; row < run.y + run.h; row++) {
            const ptrdiff_t at = row * plane_stride + run.x;
            fl_kernels.row_yuv444(image + row * stride + (ptrdiff_t)4 * run.x, run.w, y + at, u + at, v + at);
        }
    }
    return 0;
}
