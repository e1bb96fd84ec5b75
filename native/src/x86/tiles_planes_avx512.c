/* Planes for video encoders, sixteen pixels at a time. */
#include <immintrin.h>

#include "internal.h"

/* Weights for what split() gives. */
typedef struct vectors {
    __m512i outer, green;
} vectors;

/* Pixels as 16-bit pairs: B and R, and G and 256. */
typedef struct pairs {
    __m512i outer, green;
} pairs;

enum { ONE = 256, LANES = 16, EVEN = 0x5555, ODD = 0xAAAA };

static inline vectors spread(const fl_weights *weights)
{
    const int16_t outer[2] = {(int16_t)weights->b, (int16_t)weights->r};
    const int16_t green[2] = {(int16_t)weights->g, (int16_t)(weights->bias / ONE)};
    int32_t words[2];
    memcpy(words, outer, 4);
    memcpy(words + 1, green, 4);
    return (vectors){_mm512_set1_epi32(words[0]), _mm512_set1_epi32(words[1])};
}

static inline pairs split(const uint8_t *p)
{
    const __m512i low = _mm512_set1_epi32(0x00FF00FF), pixels = _mm512_loadu_si512(p);
    const __m512i green = _mm512_and_si512(_mm512_srli_epi32(pixels, 8), _mm512_set1_epi32(0xFF));
    return (pairs){_mm512_and_si512(pixels, low), _mm512_or_si512(green, _mm512_set1_epi32(ONE << 16))};
}

static inline __m512i samples(pairs p, vectors weights)
{
    const __m512i sum =
        _mm512_add_epi32(_mm512_madd_epi16(p.outer, weights.outer), _mm512_madd_epi16(p.green, weights.green));
    return _mm512_srli_epi32(sum, 15);
}

/* Store the words of four vectors as bytes, 255 for what is more. */
static inline void store(uint8_t *to, __m512i a, __m512i b, __m512i c, __m512i d)
{
    /* Packing keeps to lanes of 128 bits, so four words of each vector stand together in each. */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i packed = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, packed));
}

/* Weights for the sums of 2 x 2 pixels: B, R, G and 256 side by side. */
static inline __m512i side_by_side(vectors weights)
{
    return _mm512_mask_mov_epi32(weights.outer, ODD, weights.green);
}

/* Cb and Cr in turns, of two rows' blocks of 2 x 2. */
static inline __m512i chroma_samples(pairs upper, pairs lower, __m512i blue, __m512i red)
{
    const __m512i outer = _mm512_add_epi32(upper.outer, lower.outer);
    const __m512i green = _mm512_add_epi32(upper.green, lower.green);
    const __m512i left = _mm512_mask_shuffle_epi32(outer, ODD, green, _MM_PERM_CCAA);
    const __m512i right = _mm512_mask_shuffle_epi32(green, EVEN, outer, _MM_PERM_DDBB);
    const __m512i sum = _mm512_add_epi32(left, right);
    const __m512i cb = _mm512_madd_epi16(sum, blue), cr = _mm512_madd_epi16(sum, red);
    const __m512i first = _mm512_mask_shuffle_epi32(cb, ODD, cr, _MM_PERM_CCAA);
    const __m512i second = _mm512_mask_shuffle_epi32(cr, EVEN, cb, _MM_PERM_DDBB);
    return _mm512_srli_epi32(_mm512_add_epi32(first, second), 17);
}

typedef struct four {
    pairs a, b, c, d;
} four;

static inline four split_four(const uint8_t *row)
{
    return (four){split(row), split(row + 4 * LANES), split(row + 8 * LANES), split(row + 12 * LANES)};
}

static inline void store_plane(uint8_t *to, const four *p, vectors weights)
{
    store(to, samples(p->a, weights), samples(p->b, weights), samples(p->c, weights), samples(p->d, weights));
}

static inline void whole_row_pair(const uint8_t *upper, const uint8_t *lower, uint8_t *luma, uint8_t *lower_luma,
                                  uint8_t *chroma)
{
    const vectors light = spread(&fl_luma);
    const __m512i blue = side_by_side(spread(&fl_blue)), red = side_by_side(spread(&fl_red));
    for (int x = 0; x < FL_TILE; x += 4 * LANES) {
        const four one = split_four(upper + 4 * x), other = split_four(lower + 4 * x);
        store_plane(luma + x, &one, light);
        store_plane(lower_luma + x, &other, light);
        store(chroma + x, chroma_samples(one.a, other.a, blue, red), chroma_samples(one.b, other.b, blue, red),
              chroma_samples(one.c, other.c, blue, red), chroma_samples(one.d, other.d, blue, red));
    }
}

void fl_tile_nv12_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint8_t *luma, ptrdiff_t luma_stride,
                         uint8_t *chroma, ptrdiff_t chroma_stride)
{
    if (w != FL_TILE) {
        fl_tile_nv12_scalar(image, stride, w, h, luma, luma_stride, chroma, chroma_stride);
        return;
    }
    for (int y = 0; y < h; y += 2) {
        const uint8_t *upper = image + y * stride, *lower = y + 1 < h ? upper + stride : upper;
        whole_row_pair(upper, lower, luma, luma + luma_stride, chroma);
        luma += 2 * luma_stride;
        chroma += chroma_stride;
    }
}

void fl_tile_yuv444_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint8_t *y, uint8_t *u, uint8_t *v,
                           ptrdiff_t plane_stride)
{
    if (w != FL_TILE) {
        fl_tile_yuv444_scalar(image, stride, w, h, y, u, v, plane_stride);
        return;
    }
    const vectors light = spread(&fl_luma), blue = spread(&fl_blue), red = spread(&fl_red);
    for (int row = 0; row < h; row++) {
        for (int x = 0; x < FL_TILE; x += 4 * LANES) {
            const four p = split_four(image + row * stride + (ptrdiff_t)4 * x);
            store_plane(y + row * plane_stride + x, &p, light);
            store_plane(u + row * plane_stride + x, &p, blue);
            store_plane(v + row * plane_stride + x, &p, red);
        }
    }
}
