/* Planes for video encoders, eight pixels at a time. */
#include <immintrin.h>

#include "internal.h"

typedef __m256i vector;

/* Weights for what split() gives. */
typedef struct vectors {
    __m256i outer, green;
} vectors;

/* Pixels as 16-bit pairs: B and R, and G and 256. */
typedef struct pairs {
    __m256i outer, green;
} pairs;

enum { ONE = 256, LANES = 8 };

static inline vectors spread(const fl_weights *weights)
{
    const int16_t outer[2] = {(int16_t)weights->b, (int16_t)weights->r};
    const int16_t green[2] = {(int16_t)weights->g, (int16_t)(weights->bias / ONE)};
    int32_t words[2];
    memcpy(words, outer, 4);
    memcpy(words + 1, green, 4);
    return (vectors){_mm256_set1_epi32(words[0]), _mm256_set1_epi32(words[1])};
}

static inline pairs split(const uint8_t *p)
{
    const __m256i low = _mm256_set1_epi32(0x00FF00FF), pixels = _mm256_loadu_si256((const __m256i *)(p));
    const __m256i green = _mm256_and_si256(_mm256_srli_epi32(pixels, 8), _mm256_set1_epi32(0xFF));
    return (pairs){_mm256_and_si256(pixels, low), _mm256_or_si256(green, _mm256_set1_epi32(ONE << 16))};
}

static inline __m256i samples(pairs p, vectors weights)
{
    const __m256i sum =
        _mm256_add_epi32(_mm256_madd_epi16(p.outer, weights.outer), _mm256_madd_epi16(p.green, weights.green));
    return _mm256_srli_epi32(sum, 15);
}

/* Store the words of four vectors as bytes, 255 for what is more. */
static inline void store(uint8_t *to, __m256i a, __m256i b, __m256i c, __m256i d)
{
    /* Packing keeps to lanes of 128 bits, so four words of each vector stand together in each. */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    _mm256_storeu_si256((__m256i *)to, _mm256_permutevar8x32_epi32(packed, order));
}

/* Weights for the sums of 2 x 2 pixels: B, R, G and 256 side by side. */
static inline __m256i side_by_side(vectors weights)
{
    return _mm256_blend_epi32(weights.outer, weights.green, 0xAA);
}

/* Cb and Cr in turns, of two rows' blocks of 2 x 2. */
static inline __m256i chroma_samples(pairs upper, pairs lower, __m256i blue, __m256i red)
{
    const __m256i outer = _mm256_add_epi32(upper.outer, lower.outer);
    const __m256i green = _mm256_add_epi32(upper.green, lower.green);
    const __m256i left = _mm256_blend_epi32(outer, _mm256_slli_epi64(green, 32), 0xAA);
    const __m256i right = _mm256_blend_epi32(_mm256_srli_epi64(outer, 32), green, 0xAA);
    const __m256i sum = _mm256_add_epi32(left, right);
    const __m256i cb = _mm256_madd_epi16(sum, blue), cr = _mm256_madd_epi16(sum, red);
    const __m256i first = _mm256_blend_epi32(cb, _mm256_slli_epi64(cr, 32), 0xAA);
    const __m256i second = _mm256_blend_epi32(_mm256_srli_epi64(cb, 32), cr, 0xAA);
    return _mm256_srli_epi32(_mm256_add_epi32(first, second), 17);
}

#include "tiles_planes.h"

void fl_rows_nv12_avx2(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                       uint8_t *chroma)
{
    rows_nv12(upper, lower, w, luma, lower_luma, chroma);
}

void fl_row_yuv444_avx2(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v)
{
    row_yuv444(row, w, y, u, v);
}
