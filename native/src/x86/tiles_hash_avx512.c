/* Row sums, eight pairs of pixels at a time. */
#include <immintrin.h>

#include "internal.h"

/* The products of `pairs` pairs: each 64-bit lane holds a pixel in its lower half and the next one in its upper. */
static inline __m512i products(__m512i pixels, int x, __mmask8 pairs)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    const __m512i keys = _mm512_loadu_si512(fl_hash_keys + x);
    const __m512i sums = _mm512_add_epi32(_mm512_and_si512(pixels, colour), keys);
    return _mm512_maskz_mul_epu32(pairs, sums, _mm512_srli_epi64(sums, 32));
}

/* The lanes' sum, which wraps. */
static inline uint64_t total(__m512i sum)
{
    const __m256i quarter = _mm256_add_epi64(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(quarter), _mm256_extracti128_si256(quarter, 1));
    return (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
}

static inline uint64_t whole_row_sum(const uint8_t *row)
{
    __m512i sum = products(_mm512_loadu_si512(row), 0, 0xFF);
    for (int x = 16; x < FL_TILE; x += 16)
        sum = _mm512_add_epi64(sum, products(_mm512_loadu_si512(row + 4 * x), x, 0xFF));
    return total(sum);
}

/* An odd pixel at the end is multiplied by the key of the one that is missing, which loads as 0. */
static inline uint64_t part_row_sum(const uint8_t *row, int w)
{
    __m512i sum = _mm512_setzero_si512();
    for (int x = 0; x < w; x += 16) {
        const int left = fl_min(w - x, 16);
        const __m512i pixels = _mm512_maskz_loadu_epi32((__mmask16)((1U << left) - 1), row + 4 * x);
        sum = _mm512_add_epi64(sum, products(pixels, x, (__mmask8)((1U << ((left + 1) / 2)) - 1)));
    }
    return total(sum);
}

uint64_t fl_row_sum_avx512(const uint8_t *row, int w)
{
    return w == FL_TILE ? whole_row_sum(row) : part_row_sum(row, w);
}

void fl_tile_rows_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows)
{
    for (int y = 0; y < h; y++)
        rows[y] = fl_row_sum_avx512(image + y * stride, w);
}
