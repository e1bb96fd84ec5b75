/* The runs of one colour in a tile, sixteen pixels at a time. */
#include <immintrin.h>

#include "../tiles_runs.h"

enum { LANES = 16, VECTORS = FL_TILE / LANES };

/* A row in registers: its colours, and where they differ from what is to their left. */
typedef struct fl_row {
    __m512i pixels[VECTORS];
    uint64_t starts;
} fl_row;

static inline __mmask16 mask_of(int w, int i)
{
    const int left = w - i * LANES;
    return (__mmask16)(left >= LANES ? 0xFFFF : left > 0 ? (1U << left) - 1 : 0);
}

/* `before` has the pixel before the row in its last lane. */
static inline fl_row load_row(const uint8_t *image, int w, __m512i before)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    __mmask16 starts[VECTORS];
    fl_row row;
    for (int i = 0; i < VECTORS; i++) {
        const __mmask16 rest = mask_of(w, i);
        row.pixels[i] = _mm512_maskz_loadu_epi32(rest, image + 4 * i * LANES);
        const __m512i left = _mm512_alignr_epi32(row.pixels[i], before, LANES - 1);
        starts[i] = _mm512_mask_test_epi32_mask(rest, _mm512_xor_si512(row.pixels[i], left), colour);
        before = row.pixels[i];
    }
    row.starts =
        _cvtmask64_u64(_mm512_kunpackd(_mm512_kunpackw(starts[3], starts[2]), _mm512_kunpackw(starts[1], starts[0])));
    return row;
}

/* To memory itself, compressing is many times slower: what a register holds too much is written over by what follows. */
static inline int begin_runs(uint32_t *runs, int n, const fl_row *row, int at, int w)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR);
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i place = _mm512_slli_epi32(_mm512_add_epi32(_mm512_set1_epi32(at), lanes), 24);
    for (int i = 0; i * LANES < w; i++) {
        const __mmask16 starts = (__mmask16)(row->starts >> i * LANES);
        /* Where `colour` has a bit the pixel, else the place. */
        const __m512i begun = _mm512_ternarylogic_epi32(colour, row->pixels[i], place, 0xCA);
        _mm512_storeu_si512(runs + n, _mm512_maskz_compress_epi32(starts, begun));
        n += __builtin_popcount(starts);
        place = _mm512_add_epi32(place, _mm512_set1_epi32(LANES << 24));
    }
    return n;
}

/* Ask for the row's part in the tile to the right, which is likely to be the next. */
static inline void look_right(const uint8_t *image)
{
    for (int x = 4 * FL_TILE; x < 8 * FL_TILE; x += FL_CACHE_LINE)
        __builtin_prefetch(image + x);
}

static inline __attribute__((always_inline)) int tile_runs(const uint8_t *image, ptrdiff_t stride, int w, int h,
                                                           uint32_t *runs)
{
    __m512i before = _mm512_setzero_si512();
    int n = 0, last = 0;
    for (int y = 0, at = 0; y < h; y++, at += w, image += stride) {
        look_right(image);
        fl_row row = load_row(image, w, before);
        row.starts |= !y || fl_run_must_end(at, last, w);
        if (row.starts) {
            last = at + 63 - __builtin_clzll(row.starts);
            n = begin_runs(runs, n, &row, at, w);
        }
        before = w == FL_TILE ? row.pixels[VECTORS - 1] : _mm512_set1_epi32((int)fl_load_pixel(image + 4 * (w - 1)));
    }
    return fl_close_runs(runs, n, w * h);
}

/* The same of what is no wider than a register: letters. */
static int narrow_runs(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs)
{
    const __m512i colour = _mm512_set1_epi32(FL_COLOUR), end = _mm512_set1_epi32(w - 1);
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __mmask16 there = mask_of(w, 0);
    __m512i before = _mm512_setzero_si512();
    int n = 0, last = 0;
    for (int y = 0, at = 0; y < h; y++, at += w, image += stride) {
        const __m512i pixels = _mm512_maskz_loadu_epi32(there, image);
        const __m512i left = _mm512_alignr_epi32(pixels, before, LANES - 1);
        const __m512i place = _mm512_slli_epi32(_mm512_add_epi32(_mm512_set1_epi32(at), lanes), 24);
        const __m512i begun = _mm512_ternarylogic_epi32(colour, pixels, place, 0xCA);
        unsigned starts = _mm512_mask_test_epi32_mask(there, _mm512_xor_si512(pixels, left), colour);
        starts |= !y || fl_run_must_end(at, last, w);
        last = starts ? at + 31 - __builtin_clz(starts) : last;
        _mm512_storeu_si512(runs + n, _mm512_maskz_compress_epi32((__mmask16)starts, begun));
        n += __builtin_popcount(starts);
        before = _mm512_permutexvar_epi32(end, pixels);
    }
    return fl_close_runs(runs, n, w * h);
}

int fl_tile_runs_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs)
{
    if (w <= LANES)
        return narrow_runs(image, stride, w, h, runs);
    return w == FL_TILE ? tile_runs(image, stride, FL_TILE, h, runs) : tile_runs(image, stride, w, h, runs);
}
