/* Comparing and copying a row of pixels, 32 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

bool fl_span_equal_avx2(const uint8_t *a, const uint8_t *b, int w)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    __m256i found = _mm256_setzero_si256();
    int x = 0;
    for (; x + 8 <= w; x += 8) {
        const __m256i left = _mm256_loadu_si256((const __m256i *)(a + 4 * x));
        const __m256i right = _mm256_loadu_si256((const __m256i *)(b + 4 * x));
        found = _mm256_or_si256(found, _mm256_xor_si256(left, right));
    }
    return _mm256_testz_si256(found, colour) && fl_span_equal_scalar(a + 4 * x, b + 4 * x, w - x);
}

void fl_span_copy_avx2(const uint8_t *source, uint8_t *target, int w)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    int x = 0;
    for (; x + 8 <= w; x += 8) {
        const __m256i pixels = _mm256_loadu_si256((const __m256i *)(source + 4 * x));
        _mm256_storeu_si256((__m256i *)(target + 4 * x), _mm256_and_si256(pixels, colour));
    }
    fl_span_copy_scalar(source + 4 * x, target + 4 * x, w - x);
}
