/* Tile comparison, 32 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

static inline __m256i difference(const uint8_t *a, const uint8_t *b, int x)
{
    const __m256i left = _mm256_loadu_si256((const __m256i *)(a + 4 * x));
    const __m256i right = _mm256_loadu_si256((const __m256i *)(b + 4 * x));
    return _mm256_xor_si256(left, right);
}

static bool whole_tile_equal(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int h)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    for (int y = 0; y < h; y++) {
        __m256i found = difference(a, b, 0);
        for (int x = 8; x < FL_TILE; x += 8)
            found = _mm256_or_si256(found, difference(a, b, x));
        if (!_mm256_testz_si256(found, colour))
            return false;
        a += a_stride;
        b += b_stride;
    }
    return true;
}

bool fl_tile_equal_avx2(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    if (w == FL_TILE)
        return whole_tile_equal(a, a_stride, b, b_stride, h);
    return fl_tile_equal_scalar(a, a_stride, b, b_stride, w, h);
}

/* One bit a pixel: set where eight pixels differ. */
static inline uint64_t differing(const uint8_t *a, const uint8_t *b, int x)
{
    const __m256i colours = _mm256_and_si256(difference(a, b, x), _mm256_set1_epi32(FL_COLOUR));
    const __m256i equal = _mm256_cmpeq_epi32(colours, _mm256_setzero_si256());
    return (uint64_t)(_mm256_movemask_ps(_mm256_castsi256_ps(equal)) ^ 0xFF);
}

void fl_tile_changes_avx2(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                          uint64_t *rows)
{
    if (w != FL_TILE) {
        fl_tile_changes_scalar(a, a_stride, b, b_stride, w, h, rows);
        return;
    }
    for (int y = 0; y < h; y++) {
        rows[y] = 0;
        for (int x = 0; x < FL_TILE; x += 8)
            rows[y] |= differing(a + y * a_stride, b + y * b_stride, x) << x;
    }
}
