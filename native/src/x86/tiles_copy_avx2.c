/* Tile copy, 32 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

static void copy_whole_tile(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                            int h)
{
    const __m256i colour = _mm256_set1_epi32(FL_COLOUR);
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < FL_TILE; x += 8) {
            const __m256i pixels = _mm256_loadu_si256((const __m256i *)(source + 4 * x));
            _mm256_storeu_si256((__m256i *)(target + 4 * x), _mm256_and_si256(pixels, colour));
        }
        source += source_stride;
        target += target_stride;
    }
}

void fl_tile_copy_avx2(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                       int h)
{
    if (w == FL_TILE)
        copy_whole_tile(source, source_stride, target, target_stride, h);
    else
        fl_tile_copy_scalar(source, source_stride, target, target_stride, w, h);
}
