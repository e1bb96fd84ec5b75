/* Tile comparison, 64 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

/* A test waits for its loads, so rows are tested together, more and more of them: what differs mostly does so soon. */
enum { MOST_ROWS = 16 };

static inline __m512i difference(const uint8_t *a, const uint8_t *b, int x)
{
    return _mm512_xor_si512(_mm512_loadu_si512(a + 4 * x), _mm512_loadu_si512(b + 4 * x));
}

static inline __m512i whole_row_difference(const uint8_t *a, const uint8_t *b)
{
    const __m512i left = _mm512_or_si512(difference(a, b, 0), difference(a, b, 16));
    return _mm512_or_si512(left, _mm512_or_si512(difference(a, b, 32), difference(a, b, 48)));
}

static inline __m512i row_difference(const uint8_t *a, const uint8_t *b, int w)
{
    __m512i found = _mm512_setzero_si512();
    int x = 0;
    for (; x + 16 <= w; x += 16)
        found = _mm512_or_si512(found, difference(a, b, x));
    const __mmask16 rest = (__mmask16)((1U << (w - x)) - 1);
    return _mm512_or_si512(
        found, _mm512_xor_si512(_mm512_maskz_loadu_epi32(rest, a + 4 * x), _mm512_maskz_loadu_epi32(rest, b + 4 * x)));
}

bool fl_tile_equal_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    for (int rows = 1; h > 0; rows = fl_min(2 * rows, MOST_ROWS)) {
        __m512i found = _mm512_setzero_si512();
        rows = fl_min(rows, h);
        for (int y = 0; y < rows; y++) {
            found = _mm512_or_si512(found, w == FL_TILE ? whole_row_difference(a, b) : row_difference(a, b, w));
            a += a_stride;
            b += b_stride;
        }
        if (_mm512_test_epi32_mask(found, colour))
            return false;
        h -= rows;
    }
    return true;
}

static inline uint64_t row_changes(const uint8_t *a, const uint8_t *b, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    uint64_t changes = 0;
    for (int x = 0; x < w; x += 16) {
        const __mmask16 there = (__mmask16)(w - x < 16 ? (1U << (w - x)) - 1 : 0xFFFF);
        const __m512i left = _mm512_maskz_loadu_epi32(there, a + 4 * x);
        const __m512i right = _mm512_maskz_loadu_epi32(there, b + 4 * x);
        changes |= (uint64_t)_mm512_test_epi32_mask(_mm512_xor_si512(left, right), colour) << x;
    }
    return changes;
}

void fl_tile_changes_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                            uint64_t *rows)
{
    for (int y = 0; y < h; y++)
        rows[y] = row_changes(a + y * a_stride, b + y * b_stride, w);
}
