/* The tiles that both ends of a stream have put aside. Slots and their contents are what the stream says; which tile
 * goes where, and which is found again, is the encoder's affair alone.
 *
 * The encoder fills the slots in turn. It finds a tile by its hash in an index of buckets with a few ways. An entry is
 * only a hint, which is checked pixel by pixel: one that a newer tile pushed out costs bytes. */
#include "stream.h"

enum {
    WAYS = 4,
    CHOICES = 2, /* buckets in which a hash may be listed; with one, the fullest would lose tiles for ever */
};

static uint16_t size_code(const fl_tile *t)
{
    return (uint16_t)(t->w << 8 | t->h);
}

static uint8_t *slot_pixels(const fl_cache *cache, int slot)
{
    return cache->pixels + (ptrdiff_t)slot * FL_CACHE_SLOT;
}

static int slot_of(const fl_cache *cache, int64_t number)
{
    return (int)(number & (cache->slots - 1));
}

static uint16_t *bucket(const fl_cache *cache, uint64_t hash, int choice)
{
    return cache->index + (hash >> 32 * choice & (uint64_t)(cache->slots - 1)) * WAYS;
}

bool fl_cache_valid(const fl_cache *cache)
{
    const int n = cache->slots;
    return n > 0 && n <= FL_CACHE_MAX_SLOTS && !(n & (n - 1)) && cache->pixels && cache->sizes;
}

bool fl_cache_valid_index(const fl_cache *cache)
{
    return fl_cache_valid(cache) && cache->hashes && cache->index && cache->stored >= 0;
}

const uint8_t *fl_cache_tile(const fl_cache *cache, int slot, const fl_tile *t)
{
    return slot < cache->slots && cache->sizes[slot] == size_code(t) ? slot_pixels(cache, slot) : NULL;
}

void fl_cache_put(fl_cache *cache, int slot, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    cache->sizes[slot] = size_code(t);
    fl_kernels.tile_copy(pixels, stride, slot_pixels(cache, slot), FL_CACHE_STRIDE, t->w, t->h);
}

int fl_cache_find(const fl_cache *cache, uint64_t hash, const fl_tile *t)
{
    for (int i = 0; i < CHOICES * WAYS; i++) {
        const int slot = bucket(cache, hash, i / WAYS)[i % WAYS];
        if (slot < cache->stored && cache->hashes[slot] == hash && fl_cache_tile(cache, slot, t))
            return slot;
    }
    return -1;
}

bool fl_cache_equals(const fl_cache *cache, int slot, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    return fl_kernels.tile_equal(slot_pixels(cache, slot), FL_CACHE_STRIDE, pixels, stride, t->w, t->h);
}

/* Whether a bucket lists a slot in vain: that holds no tile, or by now one of another bucket. */
static bool is_stale(const fl_cache *cache, const uint16_t *in, int slot)
{
    const uint64_t hash = cache->hashes[slot];
    return slot >= cache->stored || !cache->sizes[slot] ||
           (bucket(cache, hash, 0) != in && bucket(cache, hash, 1) != in);
}

/* Where a hash can be listed; if there is no room, at the cost of another one. */
static uint16_t *free_entry(const fl_cache *cache, uint64_t hash)
{
    for (int i = 0; i < CHOICES * WAYS; i++) {
        uint16_t *in = bucket(cache, hash, i / WAYS);
        if (is_stale(cache, in, in[i % WAYS]))
            return in + i % WAYS;
    }
    return bucket(cache, hash, 0) + cache->stored % WAYS;
}

int fl_cache_add(fl_cache *cache, uint64_t hash, const uint8_t *pixels, ptrdiff_t stride, const fl_tile *t)
{
    const int slot = slot_of(cache, cache->stored++);
    fl_cache_put(cache, slot, pixels, stride, t);
    cache->hashes[slot] = hash;
    *free_entry(cache, hash) = (uint16_t)slot;
    return slot;
}

int fl_cache_take_back(fl_cache *cache)
{
    if (!cache || !fl_cache_valid_index(cache) || cache->before < 0 || cache->before > cache->stored)
        return -EINVAL;
    /* The decoder still has there what was there before, but here it is gone: such slots count as empty. */
    const int64_t oldest = cache->stored - cache->slots;
    for (int64_t i = oldest > cache->before ? oldest : cache->before; i < cache->stored; i++)
        cache->sizes[slot_of(cache, i)] = 0;
    cache->stored = cache->before;
    return 0;
}
