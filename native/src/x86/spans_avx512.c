/* Comparing and copying a row of pixels, 64 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

static inline __mmask16 first(int pixels)
{
    return (__mmask16)((1U << pixels) - 1);
}

bool fl_span_equal_avx512(const uint8_t *a, const uint8_t *b, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    __m512i found = _mm512_setzero_si512();
    int x = 0;
    for (; x + 16 <= w; x += 16) {
        const __m512i difference = _mm512_xor_si512(_mm512_loadu_si512(a + 4 * x), _mm512_loadu_si512(b + 4 * x));
        found = _mm512_or_si512(found, difference);
    }
    const __m512i left = _mm512_maskz_loadu_epi32(first(w - x), a + 4 * x);
    const __m512i right = _mm512_maskz_loadu_epi32(first(w - x), b + 4 * x);
    return !_mm512_test_epi32_mask(_mm512_or_si512(found, _mm512_xor_si512(left, right)), colour);
}

void fl_span_copy_avx512(const uint8_t *source, uint8_t *target, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    int x = 0;
    for (; x + 16 <= w; x += 16)
        _mm512_storeu_si512(target + 4 * x, _mm512_and_si512(_mm512_loadu_si512(source + 4 * x), colour));
    const __m512i rest = _mm512_maskz_loadu_epi32(first(w - x), source + 4 * x);
    _mm512_mask_storeu_epi32(target + 4 * x, first(w - x), _mm512_and_si512(rest, colour));
}
