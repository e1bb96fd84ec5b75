/* Planes for video encoders, sixteen pixels at a time. */
#include <immintrin.h>

#include "internal.h"

typedef __m512i vector;

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

#include "tiles_planes.h"

void fl_rows_nv12_avx512(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                         uint8_t *chroma)
{
    rows_nv12(upper, lower, w, luma, lower_luma, chroma);
}

void fl_row_yuv444_avx512(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v)
{
    row_yuv444(row, w, y, u, v);
}
