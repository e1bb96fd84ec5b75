/* Tile copy, 64 bytes at a time. */
#include <immintrin.h>

#include "internal.h"

/* How many rows before they are written lines of the target are asked for: a store must have its line, and the rows of a
 * tile lie too far apart for the hardware to guess them. */
enum { AHEAD = 8 };

static void copy_whole_tile(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                            int h)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    for (int y = 0; y < h; y++) {
        for (int i = 0; i < 4 * FL_TILE && y + AHEAD < h; i += 64)
            __builtin_prefetch(target + AHEAD * target_stride + i, 1);
        for (int i = 0; i < 4 * FL_TILE; i += 64)
            _mm512_storeu_si512(target + i, _mm512_and_si512(_mm512_loadu_si512(source + i), colour));
        source += source_stride;
        target += target_stride;
    }
}

static void copy_row(const uint8_t *source, uint8_t *target, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    for (int x = 0; x < w; x += 16) {
        const __mmask16 rest = (__mmask16)(w - x < 16 ? (1U << (w - x)) - 1 : 0xFFFF);
        const __m512i pixels = _mm512_maskz_loadu_epi32(rest, source + 4 * x);
        _mm512_mask_storeu_epi32(target + 4 * x, rest, _mm512_and_si512(pixels, colour));
    }
}

void fl_tile_copy_avx512(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                         int w, int h)
{
    if (w == FL_TILE) {
        copy_whole_tile(source, source_stride, target, target_stride, h);
        return;
    }
    for (int y = 0; y < h; y++)
        copy_row(source + y * source_stride, target + y * target_stride, w);
}
