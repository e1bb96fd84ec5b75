/* Where the colour changes along a row, sixteen pixels at a time. */
#include <immintrin.h>

#include "internal.h"

static inline uint64_t row_edges(const uint8_t *row, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    __m512i before = _mm512_setzero_si512();
    uint64_t edges = 0;
    for (int x = 0; x < w; x += 16) {
        const __mmask16 rest = (__mmask16)(w - x < 16 ? (1U << (w - x)) - 1 : 0xFFFF);
        const __m512i pixels = _mm512_maskz_loadu_epi32(rest, row + 4 * x);
        const __m512i difference = _mm512_xor_si512(pixels, _mm512_alignr_epi32(pixels, before, 15));
        edges |= (uint64_t)_mm512_mask_test_epi32_mask(rest, difference, colour) << x;
        before = pixels;
    }
    return edges | 1;
}

void fl_tile_edges_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges)
{
    for (int y = 0; y < h; y++)
        edges[y] = w == FL_TILE ? row_edges(image + y * stride, FL_TILE) : row_edges(image + y * stride, w);
}
