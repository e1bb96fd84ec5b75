/* The tile hash, four pairs of pixels at a time. */
#include <immintrin.h>

#include "internal.h"

/* The products of four pairs: each 64-bit lane holds a pixel in its lower half and the next one in its upper. */
static inline __m256i products(__m256i pixels, int x)
{
    const __m256i keys = _mm256_loadu_si256((const __m256i *)(fl_hash_keys + x));
    const __m256i sums = _mm256_add_epi32(pixels, keys);
    return _mm256_mul_epu32(sums, _mm256_srli_epi64(sums, 32));
}

/* The sum of a tile's row, which is also copied to `to`, if that is not NULL. */
static inline uint64_t whole_row_sum(const uint8_t *row, uint8_t *to, bool past)
{
    __m256i sum = _mm256_setzero_si256();
    for (int x = 0; x < FL_TILE; x += 8) {
        const __m256i all = _mm256_loadu_si256((const __m256i *)(row + 4 * x));
        const __m256i pixels = _mm256_and_si256(all, _mm256_set1_epi32(FL_COLOUR));
        if (to && past)
            _mm256_stream_si256((__m256i *)(to + 4 * x), pixels);
        else if (to)
            _mm256_storeu_si256((__m256i *)(to + 4 * x), pixels);
        sum = _mm256_add_epi64(sum, products(pixels, x));
    }
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    return (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
}

void fl_row_sums_avx2(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride)
{
    int x = 0;
    for (; x + FL_TILE <= w; x += FL_TILE, sums += stride)
        *sums = whole_row_sum(row + 4 * x, NULL, false);
    if (x < w)
        *sums = fl_row_sum(row + 4 * x, w - x);
}

static inline __attribute__((always_inline)) void take_row(const uint8_t *source, uint8_t *target, bool past, int w,
                                                           uint64_t *sums, ptrdiff_t stride)
{
    int x = 0;
    for (; x + FL_TILE <= w; x += FL_TILE, sums += stride)
        *sums = whole_row_sum(source + 4 * x, target + 4 * x, past);
    if (x < w)
        fl_row_take_scalar(source + 4 * x, target + 4 * x, w - x, sums, stride);
}

void fl_row_take_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    take_row(source, target, false, w, sums, stride);
}

void fl_row_take_past_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    if ((uintptr_t)target % sizeof(__m256i) == 0)
        take_row(source, target, true, w, sums, stride);
    else
        take_row(source, target, false, w, sums, stride);
}

/* Of so many pixels, a bit each. */
static inline uint64_t ink_of(const uint8_t *pixels, __m256i ground)
{
    const __m256i difference = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)pixels), ground);
    const __m256i equal = _mm256_cmpeq_epi32(_mm256_slli_epi32(difference, 8), _mm256_setzero_si256());
    return (uint64_t)(_mm256_movemask_ps(_mm256_castsi256_ps(equal)) ^ 0xFF);
}

static inline uint64_t whole_row_ink(const uint8_t *row, uint32_t colour)
{
    const __m256i ground = _mm256_set1_epi32((int)colour);
    uint64_t ink = 0;
    for (int x = 0; x < FL_TILE; x += 8)
        ink |= ink_of(row + 4 * x, ground) << x;
    return ink;
}

void fl_row_take_ink_avx2(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                          const uint32_t *grounds, uint64_t *ink)
{
    fl_row_take_past_avx2(source, target, w, sums, stride);
    for (int x = 0; x < w; x += FL_TILE, grounds++, ink += FL_TILE) {
        const uint8_t *row = source + (ptrdiff_t)4 * x;
        *ink = w - x < FL_TILE ? fl_row_ink(row, w - x, *grounds) : whole_row_ink(row, *grounds);
    }
}

void fl_tile_rows_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows)
{
    if (w != FL_TILE) {
        fl_tile_rows_scalar(image, stride, w, h, rows);
        return;
    }
    for (int y = 0; y < h; y++)
        rows[y] = whole_row_sum(image + y * stride, NULL, false);
}
