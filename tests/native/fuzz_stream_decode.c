/* fl_stream_decode() with hostile streams, one after the other for one picture, each with its length before it as u16:
 * a stream is taken or refused, changes no tile but those it marks, and leaves every X at 0. The byte before the first
 * is what the cache has: none, or 2^0 to 2^4 slots. */
#include "fuzz_input.h"

enum { MOST_STREAMS = 16 };

static void check_picture(const picture *p, const picture *before, const uint8_t *marks)
{
    for (int y = 0; y < p->h; y++) {
        for (int x = 0; x < p->w; x++) {
            const uint8_t *pixel = pixel_at(p, x, y);
            CHECK(pixel[3] == 0);
            CHECK(marks[tile_of(p, x, y)] || !memcmp(pixel, pixel_at(before, x, y), 4));
        }
    }
    check_canaries(p);
}

/* Decode from memory that ends with the stream. Returns whether it was taken. */
static bool decode(const uint8_t *stream, size_t length, const picture *p, fl_cache *cache, uint8_t *marks)
{
    uint8_t *exact = allocate(length);
    memcpy(exact, stream, length);
    const int result = fl_stream_decode(exact, (int64_t)length, p->pixels, p->stride, p->w, p->h, marks, cache);
    CHECK(result == 0 || result == -EBADMSG);
    free(exact);
    return result == 0;
}

static bool decode_next(fuzz_input *in, const picture *p, fl_cache *cache)
{
    const picture before = clone_picture(p);
    uint8_t *marks = new_marks(p, 0);
    const size_t asked = (size_t)take_u16(in), left = (size_t)(in->end - in->at), length = asked < left ? asked : left;
    const bool taken = decode(in->at, length, p, cache, marks);
    in->at += length;
    check_picture(p, &before, marks);
    free(before.memory);
    free(marks);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, data + size};
    const picture p = take_picture(&in);
    const int slots = take_u8(&in) % 6;
    fl_cache cache = new_cache(1 << (slots ? slots - 1 : 0));
    for (int i = 0; i < MOST_STREAMS && !is_over(&in) && decode_next(&in, &p, slots ? &cache : NULL); i++) {
    }
    free_cache(&cache);
    free(p.memory);
    return 0;
}
