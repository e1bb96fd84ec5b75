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

/* What is narrow is compared to its end before it is tested: it is asked for only where it is likely to be equal. */
static bool is_narrow_equal(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    const __mmask16 there = (__mmask16)((1U << w) - 1);
    __m512i found = _mm512_setzero_si512();
    for (int y = 0; y < h; y++, a += a_stride, b += b_stride) {
        const __m512i left = _mm512_maskz_loadu_epi32(there, a), right = _mm512_maskz_loadu_epi32(there, b);
        found = _mm512_or_si512(found, _mm512_xor_si512(left, right));
    }
    return !_mm512_test_epi32_mask(found, _mm512_set1_epi32(FL_COLOUR));
}

bool fl_tile_equal_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    if (w <= 16)
        return is_narrow_equal(a, a_stride, b, b_stride, w, h);
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

static inline __mmask16 changes(__m512i left, __m512i right)
{
    return _mm512_test_epi32_mask(_mm512_xor_si512(left, right), _mm512_set1_epi32(FL_COLOUR));
}

static inline uint64_t whole_row_changes(const uint8_t *a, const uint8_t *b)
{
    __mmask16 found[4];
    for (int i = 0; i < 4; i++)
        found[i] = changes(_mm512_loadu_si512(a + 64 * i), _mm512_loadu_si512(b + 64 * i));
    return _cvtmask64_u64(_mm512_kunpackd(_mm512_kunpackw(found[3], found[2]), _mm512_kunpackw(found[1], found[0])));
}

static inline uint64_t row_changes(const uint8_t *a, const uint8_t *b, int w)
{
    uint64_t found = 0;
    for (int x = 0; x < w; x += 16) {
        const __mmask16 there = (__mmask16)(w - x < 16 ? (1U << (w - x)) - 1 : 0xFFFF);
        const __m512i left = _mm512_maskz_loadu_epi32(there, a + 4 * x);
        found |= (uint64_t)changes(left, _mm512_maskz_loadu_epi32(there, b + 4 * x)) << x;
    }
    return found;
}

void fl_tile_changes_avx512(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h,
                            uint64_t *rows)
{
    for (int y = 0; y < h; y++, a += a_stride, b += b_stride)
        rows[y] = w == FL_TILE ? whole_row_changes(a, b) : row_changes(a, b, w);
}
