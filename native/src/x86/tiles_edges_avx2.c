/* Where the colour changes along a row, eight pixels at a time. */
#include <immintrin.h>

#include "internal.h"

/* One bit a pixel: set where two colours differ. */
static inline uint64_t differing(__m256i one, __m256i other)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    const __m256i difference = _mm256_and_si256(_mm256_xor_si256(one, other), colour);
    const __m256i equal = _mm256_cmpeq_epi32(difference, _mm256_setzero_si256());
    return (uint64_t)(_mm256_movemask_ps(_mm256_castsi256_ps(equal)) ^ 0xFF);
}

static inline uint64_t whole_row_edges(const uint8_t *row)
{
    /* The first pixel has none to its left in the tile, and what lies there need not be readable. */
    const __m256i shifted = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
    const __m256i first = _mm256_loadu_si256((const __m256i *)row);
    uint64_t edges = 1 | differing(first, _mm256_permutevar8x32_epi32(first, shifted));
    for (int x = 8; x < FL_TILE; x += 8) {
        const __m256i pixels = _mm256_loadu_si256((const __m256i *)(row + 4 * x));
        const __m256i left = _mm256_loadu_si256((const __m256i *)(row + 4 * x - 4));
        edges |= differing(pixels, left) << x;
    }
    return edges;
}

void fl_tile_edges_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges)
{
    if (w != FL_TILE) {
        fl_tile_edges_scalar(image, stride, w, h, edges);
        return;
    }
    for (int y = 0; y < h; y++)
        edges[y] = whole_row_edges(image + y * stride);
}
