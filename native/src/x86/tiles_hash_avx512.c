/* Row sums, eight pairs of pixels at a time. */
#include <immintrin.h>

#include "internal.h"

/* A tile's row is four registers wide. */
enum { PIXELS = 16, PARTS = FL_TILE / PIXELS };

typedef struct keys {
    __m512i parts[PARTS];
} keys;

static inline keys load_keys(void)
{
    keys k;
    for (int i = 0; i < PARTS; i++)
        k.parts[i] = _mm512_loadu_si512(fl_hash_keys + PIXELS * i);
    return k;
}

/* The products of `pairs` pairs: each 64-bit lane holds a pixel in its lower half and the next one in its upper. */
static inline __m512i products(__m512i pixels, __m512i key, __mmask8 pairs)
{
    const __m512i sums = _mm512_add_epi32(pixels, key);
    return _mm512_maskz_mul_epu32(pairs, sums, _mm512_srli_epi64(sums, 32));
}

/* The lanes' sum, which wraps. */
static inline uint64_t total(__m512i sum)
{
    const __m256i quarter = _mm256_add_epi64(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(quarter), _mm256_extracti128_si256(quarter, 1));
    return (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
}

static inline __m512i coloured(__m512i pixels)
{
    return _mm512_and_si512(pixels, _mm512_set1_epi32(FL_COLOUR));
}

static inline void store(uint8_t *to, __m512i pixels, bool past)
{
    if (past)
        _mm512_stream_si512((void *)to, pixels);
    else
        _mm512_storeu_si512(to, pixels);
}

/* Where the ink of a tile's row goes, and the colour that is none; nowhere, if it is NULL. */
typedef struct ink_place {
    uint64_t *ink;
    uint32_t ground;
} ink_place;

static inline uint64_t join(const __mmask16 ink[PARTS])
{
    return _cvtmask64_u64(_mm512_kunpackd(_mm512_kunpackw(ink[3], ink[2]), _mm512_kunpackw(ink[1], ink[0])));
}

/* The lanes of a tile's row, which is also copied to `to`, if that is not NULL. */
static inline __m512i whole_row(const uint8_t *row, uint8_t *to, bool past, ink_place place, const keys *k)
{
    const __m512i ground = _mm512_set1_epi32((int)place.ground);
    __m512i sum = _mm512_setzero_si512();
    __mmask16 ink[PARTS];
    for (int i = 0; i < PARTS; i++) {
        const __m512i pixels = coloured(_mm512_loadu_si512(row + 4 * PIXELS * i));
        if (to)
            store(to + 4 * PIXELS * i, pixels, past);
        ink[i] = _mm512_cmpneq_epi32_mask(pixels, ground);
        sum = _mm512_add_epi64(sum, products(pixels, k->parts[i], 0xFF));
    }
    if (place.ink)
        *place.ink = join(ink);
    return sum;
}

/* An odd pixel at the end is multiplied by the key of the one that is missing, which loads as 0. */
static inline uint64_t part_row_sum(const uint8_t *row, uint8_t *to, int w)
{
    __m512i sum = _mm512_setzero_si512();
    for (int x = 0; x < w; x += PIXELS) {
        const int left = fl_min(w - x, PIXELS);
        const __mmask16 there = (__mmask16)((1U << left) - 1);
        const __m512i pixels = coloured(_mm512_maskz_loadu_epi32(there, row + 4 * x));
        if (to)
            _mm512_mask_storeu_epi32(to + 4 * x, there, pixels);
        const __m512i key = _mm512_loadu_si512(fl_hash_keys + x);
        sum = _mm512_add_epi64(sum, products(pixels, key, (__mmask8)((1U << ((left + 1) / 2)) - 1)));
    }
    return total(sum);
}

/* The totals of two registers, side by side in every 128 bits of the result, each a quarter. */
static inline __m512i pair(__m512i a, __m512i b)
{
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/* The sums of four tiles at once: adding lanes up costs as much for four as for one. */
static inline void put_four(const __m512i rows[4], uint64_t *sums, ptrdiff_t stride)
{
    const __m512i left = pair(rows[0], rows[1]), right = pair(rows[2], rows[3]);
    const __m512i halves =
        _mm512_add_epi64(_mm512_shuffle_i64x2(left, right, 0x44), _mm512_shuffle_i64x2(left, right, 0xEE));
    const __m512i whole = _mm512_add_epi64(halves, _mm512_shuffle_i64x2(halves, halves, 0xB1));
    const __m128i first = _mm512_castsi512_si128(whole), second = _mm512_extracti32x4_epi32(whole, 2);
    sums[0] = (uint64_t)_mm_cvtsi128_si64(first);
    sums[stride] = (uint64_t)_mm_extract_epi64(first, 1);
    sums[2 * stride] = (uint64_t)_mm_cvtsi128_si64(second);
    sums[3 * stride] = (uint64_t)_mm_extract_epi64(second, 1);
}

/* The place of pixel `x`, or NULL where there is none. */
static inline uint8_t *at(uint8_t *to, int x)
{
    return to ? to + 4 * x : NULL;
}

/* The place of the ink of the tile that is `i` columns on. */
static inline ink_place place_of(const uint32_t *grounds, uint64_t *ink, int i)
{
    return ink ? (ink_place){ink + FL_TILE * i, grounds[i]} : (ink_place){NULL, 0};
}

static inline __attribute__((always_inline)) void sum_row(const uint8_t *row, uint8_t *to, bool past, int w,
                                                          uint64_t *sums, ptrdiff_t stride, const uint32_t *grounds,
                                                          uint64_t *ink)
{
    const keys k = load_keys();
    int x = 0;
    for (; x + 4 * FL_TILE <= w; x += 4 * FL_TILE, sums += 4 * stride) {
        __m512i rows[4];
        for (int i = 0; i < 4; i++)
            rows[i] = whole_row(row + 4 * (x + FL_TILE * i), at(to, x + FL_TILE * i), past,
                                place_of(grounds, ink, x / FL_TILE + i), &k);
        put_four(rows, sums, stride);
    }
    for (; x + FL_TILE <= w; x += FL_TILE, sums += stride)
        *sums = total(whole_row(row + 4 * x, at(to, x), past, place_of(grounds, ink, x / FL_TILE), &k));
    if (x < w)
        *sums = part_row_sum(row + 4 * x, at(to, x), w - x);
    if (x < w && ink)
        ink[x] = fl_row_ink(row + 4 * x, w - x, grounds[x / FL_TILE]);
}

void fl_row_sums_avx512(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride)
{
    sum_row(row, NULL, false, w, sums, stride, NULL, NULL);
}

void fl_row_take_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    sum_row(source, target, false, w, sums, stride, NULL, NULL);
}

void fl_row_take_past_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    if ((uintptr_t)target % sizeof(__m512i) == 0)
        sum_row(source, target, true, w, sums, stride, NULL, NULL);
    else
        sum_row(source, target, false, w, sums, stride, NULL, NULL);
}

void fl_row_take_ink_avx512(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                            const uint32_t *grounds, uint64_t *ink)
{
    if ((uintptr_t)target % sizeof(__m512i) == 0)
        sum_row(source, target, true, w, sums, stride, grounds, ink);
    else
        sum_row(source, target, false, w, sums, stride, grounds, ink);
}

void fl_tile_rows_avx512(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows)
{
    const keys k = load_keys();
    for (int y = 0; y < h; y++, image += stride)
        rows[y] = w == FL_TILE ? total(whole_row(image, NULL, false, place_of(NULL, NULL, 0), &k))
                               : part_row_sum(image, NULL, w);
}
