/* What the fuzz targets share: an input that never ends, pictures with canaries beside their rows, a check that stops.
 *
 * Every input starts with five bytes: the kind of size, width - 1, height - 1, the padding of a row, and the instruction
 * sets to use. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanlight.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { CANARY = 0xC5, TILE_SIDE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input -------------------------------------------------------------------------------------------------- */

typedef struct fuzz_input {
    const uint8_t *at, *end;
} fuzz_input;

/* The next byte; 0 when there is none. */
static inline int take_u8(fuzz_input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static inline int take_u16(fuzz_input *in)
{
    const int low = take_u8(in);
    return low | take_u8(in) << 8;
}

static inline uint32_t take_u32(fuzz_input *in)
{
    const uint32_t low = (uint32_t)take_u16(in);
    return low | (uint32_t)take_u16(in) << 16;
}

static inline bool is_over(const fuzz_input *in)
{
    return in->at == in->end;
}

static inline void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    CHECK(memory);
    return memory;
}

/* ---- pictures --------------------------------------------------------------------------------------------------- */

typedef struct picture {
    uint8_t *memory, *pixels; /* at an odd address, and ends with its last pixel */
    ptrdiff_t stride;
    int w, h, columns, tiles;
} picture;

static inline uint8_t *pixel_at(const picture *p, int x, int y)
{
    return p->pixels + y * p->stride + (ptrdiff_t)x * 4;
}

static inline picture new_picture(int w, int h, int padding)
{
    const int columns = (w + TILE_SIDE - 1) / TILE_SIDE, rows = (h + TILE_SIDE - 1) / TILE_SIDE;
    picture p = {.stride = (ptrdiff_t)w * 4 + padding, .w = w, .h = h, .columns = columns, .tiles = columns * rows};
    const size_t bytes = (size_t)p.stride * (size_t)(h - 1) + (size_t)w * 4 + 1;
    p.memory = allocate(bytes);
    p.pixels = p.memory + 1;
    memset(p.memory, CANARY, bytes);
    for (int y = 0; y < h; y++)
        memset(pixel_at(&p, 0, y), 0, (size_t)w * 4);
    return p;
}

/* A picture with half as much memory behind it, in which a shadow may begin elsewhere. */
static inline picture new_roomy_picture(int w, int h)
{
    picture p = new_picture(w, h + h / 2 + 1, 0);
    p.h = h;
    p.tiles = p.columns * ((h + TILE_SIDE - 1) / TILE_SIDE);
    return p;
}

/* What a shadow keeps. Every other width has room. */
static inline picture new_kept_picture(int w, int h)
{
    return w % 2 ? new_roomy_picture(w, h) : new_picture(w, h, 3);
}

/* Tell a shadow that keeps such a picture about its room. */
static inline void give_room(fl_shadow *shadow, const picture *p)
{
    if (p->w % 2) {
        shadow->room = p->memory + 1;
        shadow->room_size = p->stride * (p->h + p->h / 2 + 1);
    }
}

/* A black picture of a size that the input chooses. */
static inline picture take_picture(fuzz_input *in)
{
    static const int odd_sizes[][2] = {{1, 1}, {16384, 1}, {1, 16384}, {64, 64}};
    const int kind = take_u8(in) % 16, w = 1 + take_u8(in) % 140, h = 1 + take_u8(in) % 140, padding = take_u8(in) % 16;
    fl_cpu_use((uint32_t)take_u8(in));
    return kind < 4 ? new_picture(odd_sizes[kind][0], odd_sizes[kind][1], padding) : new_picture(w, h, padding);
}

static inline void copy_picture(const picture *from, const picture *to)
{
    for (int y = 0; y < from->h; y++)
        memcpy(pixel_at(to, 0, y), pixel_at(from, 0, y), (size_t)from->w * 4);
}

static inline picture clone_picture(const picture *p)
{
    const picture clone = new_picture(p->w, p->h, 3);
    copy_picture(p, &clone);
    return clone;
}

static inline bool equal_pictures(const picture *a, const picture *b)
{
    for (int y = 0; y < a->h; y++) {
        if (memcmp(pixel_at(a, 0, y), pixel_at(b, 0, y), (size_t)a->w * 4))
            return false;
    }
    return true;
}

static inline void check_canaries(const picture *p)
{
    const ptrdiff_t row = (ptrdiff_t)p->w * 4;
    CHECK(p->memory[0] == CANARY);
    for (int y = 0; y < p->h - 1; y++) {
        for (ptrdiff_t i = row; i < p->stride; i++)
            CHECK(p->pixels[y * p->stride + i] == CANARY);
    }
}

static inline int tile_of(const picture *p, int x, int y)
{
    return y / TILE_SIDE * p->columns + x / TILE_SIDE;
}

static inline uint8_t *new_marks(const picture *p, int value)
{
    uint8_t *marks = allocate((size_t)p->tiles);
    memset(marks, value, (size_t)p->tiles);
    return marks;
}

/* ---- caches ----------------------------------------------------------------------------------------------------- */

/* An empty cache, with what an encoder needs besides. */
static inline fl_cache new_cache(int slots)
{
    const size_t n = (size_t)slots;
    fl_cache cache = {.pixels = allocate(n * TILE_SIDE * TILE_SIDE * 4), .slots = slots};
    cache.sizes = allocate(n * sizeof *cache.sizes);
    cache.hashes = allocate(n * sizeof *cache.hashes);
    cache.index = allocate(n * 4 * sizeof *cache.index);
    memset(cache.sizes, 0, n * sizeof *cache.sizes);
    memset(cache.hashes, 0, n * sizeof *cache.hashes);
    memset(cache.index, 0, n * 4 * sizeof *cache.index);
    return cache;
}

static inline void free_cache(const fl_cache *cache)
{
    free(cache->pixels);
    free(cache->sizes);
    free(cache->hashes);
    free(cache->index);
}

/* ---- noise ------------------------------------------------------------------------------------------------------ */

static inline uint32_t next_noise(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 8;
}

static inline void fill_with_noise(const picture *p, uint32_t state, uint32_t colours)
{
    for (int y = 0; y < p->h; y++) {
        for (int x = 0; x < p->w; x++) {
            const uint32_t pixel = next_noise(&state) % colours;
            memcpy(pixel_at(p, x, y), &pixel, 4);
        }
    }
}

#endif
