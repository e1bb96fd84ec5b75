/* The runs of one colour in a tile: where they begin, eight pixels at a time. */
#include <immintrin.h>

#include "../tiles_runs.h"

/* One bit a pixel: set where two colours differ. */
static inline uint64_t differing(__m256i one, __m256i other)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    const __m256i difference = _mm256_and_si256(_mm256_xor_si256(one, other), colour);
    const __m256i equal = _mm256_cmpeq_epi32(difference, _mm256_setzero_si256());
    return (uint64_t)(_mm256_movemask_ps(_mm256_castsi256_ps(equal)) ^ 0xFF);
}

static inline uint64_t row_starts(const uint8_t *row, uint32_t before)
{
    /* What lies to the left of the tile need not be readable. */
    const __m256i shifted = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
    const __m256i first = _mm256_loadu_si256((const __m256i *)row);
    const __m256i left = _mm256_permutevar8x32_epi32(first, shifted);
    uint64_t starts = differing(first, _mm256_blend_epi32(left, _mm256_set1_epi32((int)before), 1));
    for (int x = 8; x < FL_TILE; x += 8) {
        const __m256i pixels = _mm256_loadu_si256((const __m256i *)(row + 4 * x));
        starts |= differing(pixels, _mm256_loadu_si256((const __m256i *)(row + 4 * x - 4))) << x;
    }
    return starts;
}

int fl_tile_runs_avx2(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs)
{
    if (w != FL_TILE)
        return fl_tile_runs_scalar(image, stride, w, h, runs);
    int n = 0, last = 0;
    uint32_t before = 0;
    for (int y = 0; y < h; y++, image += stride) {
        const int at = y * FL_TILE;
        const uint64_t starts = row_starts(image, before) | (!y || fl_run_must_end(at, last, FL_TILE));
        last = starts ? at + 63 - __builtin_clzll(starts) : last;
        n = fl_begin_runs(runs, n, image, at, starts);
        before = fl_load_pixel(image + 4 * (FL_TILE - 1));
    }
    return fl_close_runs(runs, n, FL_TILE * h);
}
