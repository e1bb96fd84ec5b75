/* Runs every kernel over the case table and hostile streams, in heap buffers of exactly the size that the contract
 * asks for, under AddressSanitizer and UndefinedBehaviorSanitizer. Ends with 0 when all is well. Its arguments
 * are a seed, the rounds of hostile streams, and how many pixels the largest case may have. */
#include <errno.h>
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
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint64_t random_state;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

static int below(int n)
{
    return (int)(next_random() % (uint32_t)n);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    CHECK(memory);
    return memory;
}

/* ---- pictures --------------------------------------------------------------------------------------------------- */

/* A picture that ends with its last pixel, not with its stride, and starts at an odd address. */
typedef struct picture {
    uint8_t *memory, *pixels;
    ptrdiff_t stride;
    int w, h, tiles;
} picture;

static size_t picture_bytes(const picture *p)
{
    return (size_t)p->stride * (size_t)(p->h - 1) + (size_t)p->w * 4;
}

static picture new_picture(int w, int h, int padding)
{
    picture p = {.stride = (ptrdiff_t)w * 4 + padding, .w = w, .h = h, .tiles = ((w + 63) / 64) * ((h + 63) / 64)};
    p.memory = allocate(picture_bytes(&p) + 1);
    p.pixels = p.memory + 1;
    memset(p.pixels, 0, picture_bytes(&p));
    return p;
}

enum fill { RANDOM, LOW, HIGH, FEW, MANY, SMOOTH, FILLS };

static void fill_picture(picture *p, enum fill fill)
{
    uint8_t colours[200][4];
    for (int i = 0; i < 200; i++) {
        const uint32_t colour = next_random();
        memcpy(colours[i], &colour, 4);
    }
    for (int y = 0; y < p->h; y++) {
        for (int x = 0; x < p->w; x++) {
            const uint8_t smooth[4] = {(uint8_t)(x + y + below(3)), (uint8_t)(2 * x + below(3)), (uint8_t)(3 * y), 9};
            const uint32_t noise = next_random();
            uint8_t *to = p->pixels + y * p->stride + (ptrdiff_t)x * 4;
            memcpy(to, &noise, 4);
            if (fill == LOW || fill == HIGH)
                memset(to, fill == LOW ? 0 : 255, 3);
            else if (fill == FEW || fill == MANY)
                memcpy(to, colours[below(fill == FEW ? 5 : 200)], 3);
            else if (fill == SMOOTH)
                memcpy(to, smooth, 4);
        }
    }
}

static int same_colours(const picture *a, const picture *b)
{
    for (int y = 0; y < a->h; y++) {
        for (int x = 0; x < a->w; x++) {
            if (memcmp(a->pixels + y * a->stride + (ptrdiff_t)x * 4, b->pixels + y * b->stride + (ptrdiff_t)x * 4, 3))
                return 0;
        }
    }
    return 1;
}

static uint8_t *new_tiles(const picture *p, int value)
{
    uint8_t *tiles = allocate((size_t)p->tiles);
    memset(tiles, value, (size_t)p->tiles);
    return tiles;
}

/* ---- kernels ---------------------------------------------------------------------------------------------------- */

static int all_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i])
            return 0;
    }
    return 1;
}

static void check_geometry(const picture *p)
{
    uint8_t *tiles = new_tiles(p, 0), *covered = new_tiles(p, 0);
    fl_rect rects[3] = {{below(p->w), below(p->h), below(200), below(200)},
                        {-5, INT32_MIN, INT32_MAX, INT32_MAX},
                        {INT32_MAX, 0, INT32_MAX, INT32_MAX}};
    CHECK(fl_tiles_mark(rects, 3, p->w, p->h, tiles) == 0);
    for (int i = 0; i < p->tiles; i++)
        tiles[i] |= (uint8_t)(below(4) == 0);
    for (int max = 1; max < 40; max += 7) {
        fl_rect *found = allocate(sizeof *found * (size_t)max);
        const int n = fl_tiles_rects(tiles, p->w, p->h, found, max);
        CHECK(n >= 0 && n <= max);
        memset(covered, 0, (size_t)p->tiles);
        CHECK(fl_tiles_mark(found, n, p->w, p->h, covered) == 0);
        for (int i = 0; i < p->tiles; i++)
            CHECK(!tiles[i] || covered[i]);
        free(found);
    }
    free(tiles);
    free(covered);
}

static void check_compare_and_copy(const picture *p, picture *other)
{
    uint8_t *tiles = new_tiles(p, 1);
    CHECK(fl_tiles_copy(p->pixels, p->stride, other->pixels, other->stride, p->w, p->h, tiles) == 0);
    CHECK(same_colours(p, other));
    CHECK(fl_tiles_compare(p->pixels, p->stride, other->pixels, other->stride, p->w, p->h, tiles) == 0);
    CHECK(all_zero(tiles, (size_t)p->tiles));
    const int x = below(p->w), y = below(p->h);
    other->pixels[y * other->stride + x * 4 + below(3)] ^= 1;
    memset(tiles, 1, (size_t)p->tiles);
    CHECK(fl_tiles_compare(p->pixels, p->stride, other->pixels, other->stride, p->w, p->h, tiles) == 1);
    CHECK(tiles[y / 64 * ((p->w + 63) / 64) + x / 64]);
    free(tiles);
}

static void check_planes(const picture *p)
{
    const size_t w = (size_t)p->w + (size_t)(p->w & 1), h = (size_t)p->h + (size_t)(p->h & 1);
    uint8_t *tiles = new_tiles(p, 1), *luma = allocate(w * h), *chroma = allocate(w * h / 2), *planes[3];
    CHECK(fl_tiles_nv12(p->pixels, p->stride, p->w, p->h, tiles, luma, (ptrdiff_t)w, chroma, (ptrdiff_t)w) == 0);
    for (int i = 0; i < 3; i++)
        planes[i] = allocate((size_t)p->w * (size_t)p->h);
    CHECK(fl_tiles_yuv444(p->pixels, p->stride, p->w, p->h, tiles, planes[0], planes[1], planes[2], p->w) == 0);
    for (int y = 0; y < p->h; y++)
        CHECK(!memcmp(luma + (size_t)y * w, planes[0] + (size_t)y * (size_t)p->w, (size_t)p->w));
    for (int i = 0; i < 3; i++)
        free(planes[i]);
    free(chroma);
    free(luma);
    free(tiles);
}

static void check_hashes(const picture *p)
{
    uint8_t *tiles = new_tiles(p, 1);
    const size_t bytes = sizeof(uint64_t) * (size_t)p->tiles;
    uint64_t *found = allocate(bytes), *scalar = allocate(bytes);
    CHECK(fl_tiles_hash(p->pixels, p->stride, p->w, p->h, tiles, found) == 0);
    const uint32_t before = fl_cpu_use(UINT32_MAX);
    fl_cpu_use(0);
    CHECK(fl_tiles_hash(p->pixels, p->stride, p->w, p->h, tiles, scalar) == 0);
    fl_cpu_use(before);
    CHECK(!memcmp(found, scalar, bytes));
    memset(found, 0, bytes);
    CHECK(fl_tiles_glance(p->pixels, p->stride, p->w, p->h, tiles, found) >= 0);
    CHECK(fl_tiles_glance(p->pixels, p->stride, p->w, p->h, tiles, found) == 0);
    free(found);
    free(scalar);
    free(tiles);
}

static fl_shadow new_shadow(const picture *p)
{
    const size_t columns = (size_t)(p->w + FL_TILE - 1) / FL_TILE;
    fl_shadow shadow = {.pixels = p->pixels, .stride = p->stride, .w = p->w, .h = p->h};
    shadow.rows = allocate(columns * (size_t)p->h * sizeof *shadow.rows);
    shadow.known = allocate((size_t)p->tiles);
    memset(shadow.known, 0, (size_t)p->tiles);
    shadow.work = allocate((size_t)fl_shadow_work(p->w, p->h));
    return shadow;
}

static void free_shadow(fl_shadow *shadow)
{
    free(shadow->rows);
    free(shadow->known);
    free(shadow->work);
}

/* Make `other` what `p` becomes by one move, and a little noise. */
static void move_picture(const picture *p, picture *other, const uint8_t *tiles)
{
    fl_move move = {below(p->w), below(p->h), 0, 0, below(p->w), below(p->h)};
    if (below(2))
        move.x = move.src_x;
    move.w = 1 + below(p->w - (move.x > move.src_x ? move.x : move.src_x));
    move.h = 1 + below(p->h - (move.y > move.src_y ? move.y : move.src_y));
    fl_tiles_copy(p->pixels, p->stride, other->pixels, other->stride, p->w, p->h, tiles);
    CHECK(fl_moves_apply(other->pixels, other->stride, p->w, p->h, &move, 1) == 0);
    other->pixels[below(p->h) * other->stride + 4 * below(p->w)] ^= 1;
}

/* A shadow that finds and takes becomes the other picture, and its moves alone lead as far as it says. */
static void check_shadow(const picture *p, picture *other)
{
    uint8_t *tiles = new_tiles(p, 1), *marks = new_tiles(p, 1);
    picture kept = new_picture(p->w, p->h, 0);
    fl_shadow shadow = new_shadow(&kept);
    fl_move moves[FL_MAX_MOVES];
    int32_t differed;
    CHECK(fl_shadow_take(&shadow, p->pixels, p->stride, tiles) == 0);
    for (int i = 0; i < 2; i++) {
        move_picture(p, other, tiles);
        memcpy(marks, tiles, (size_t)p->tiles);
        const int n = fl_shadow_find(&shadow, other->pixels, other->stride, marks, NULL, moves, 16, &differed);
        CHECK(n >= 0 && n <= 16);
        CHECK(fl_shadow_take(&shadow, other->pixels, other->stride, marks) == 0);
        memcpy(marks, tiles, (size_t)p->tiles);
        CHECK(fl_tiles_compare(kept.pixels, kept.stride, other->pixels, other->stride, p->w, p->h, marks) == 0);
    }
    free_shadow(&shadow);
    free(kept.memory);
    free(marks);
    free(tiles);
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

typedef struct stream {
    uint8_t *bytes;
    int64_t length;
} stream;

/* Encode into a buffer of exactly the bound; return the stream in one of exactly its length. */
static stream encode(const picture *p, const fl_move *moves, int n_moves, const uint8_t *tiles)
{
    const int64_t bound = fl_stream_bound(n_moves, p->tiles);
    uint8_t *out = allocate((size_t)bound);
    stream s = {NULL, fl_stream_encode(p->pixels, p->stride, p->w, p->h, moves, n_moves, tiles, NULL, NULL, 0, NULL,
                                       out, bound)};
    CHECK(s.length >= 0 && s.length <= bound);
    s.bytes = allocate((size_t)s.length);
    memcpy(s.bytes, out, (size_t)s.length);
    free(out);
    return s;
}

static void check_room(const picture *p, const uint8_t *tiles, const stream *s)
{
    uint8_t *out = allocate((size_t)s->length);
    CHECK(fl_stream_encode(p->pixels, p->stride, p->w, p->h, NULL, 0, tiles, NULL, NULL, 0, NULL, out, s->length) ==
          s->length);
    CHECK(!memcmp(out, s->bytes, (size_t)s->length));
    free(out);
    for (int i = 0; i < 20; i++) {
        const int64_t room = i ? below((int)s->length) : s->length - 1;
        out = allocate((size_t)room);
        CHECK(fl_stream_encode(p->pixels, p->stride, p->w, p->h, NULL, 0, tiles, NULL, NULL, 0, NULL, out, room) ==
              -ENOSPC);
        free(out);
    }
}

static void check_round_trip(const picture *p)
{
    uint8_t *tiles = new_tiles(p, 1), *touched = new_tiles(p, 0);
    stream s = encode(p, NULL, 0, tiles);
    picture decoded = new_picture(p->w, p->h, 3);
    CHECK(fl_stream_decode(s.bytes, s.length, decoded.pixels, decoded.stride, p->w, p->h, touched, NULL) == 0);
    CHECK(same_colours(p, &decoded));
    CHECK(!memcmp(tiles, touched, (size_t)p->tiles));
    check_room(p, tiles, &s);
    free(decoded.memory);
    free(s.bytes);
    free(touched);
    free(tiles);
}

/* What stands alone is what fl_stream_encode() makes of the picture, whatever the shadow had, and the shadow becomes it. */
static void check_send(const picture *p)
{
    uint8_t *tiles = new_tiles(p, 1);
    stream s = encode(p, NULL, 0, tiles);
    uint8_t *out = allocate((size_t)s.length);
    picture kept = new_picture(p->w, p->h, 5);
    fl_shadow shadow = new_shadow(&kept);
    CHECK(fl_shadow_send(&shadow, p->pixels, p->stride, NULL, 0, tiles, NULL, NULL, 1, out, s.length) == s.length);
    CHECK(!memcmp(out, s.bytes, (size_t)s.length));
    CHECK(same_colours(p, &kept));
    CHECK(fl_shadow_send(&shadow, p->pixels, p->stride, NULL, 0, tiles, NULL, NULL, 0, out, s.length) == 0);
    free_shadow(&shadow);
    free(kept.memory);
    free(out);
    free(s.bytes);
    free(tiles);
}

/* ---- hostile streams ---------------------------------------------------------------------------------------------- */

static void decode_hostile(const uint8_t *bytes, int64_t length, picture *p, uint8_t *tiles)
{
    uint8_t *exact = allocate((size_t)length);
    memcpy(exact, bytes, (size_t)length);
    const int result = fl_stream_decode(exact, length, p->pixels, p->stride, p->w, p->h, tiles, NULL);
    CHECK(result == 0 || result == -EBADMSG);
    free(exact);
}

static void mutate(stream *s)
{
    for (int blows = 1 + below(5); blows > 0 && s->length; blows--) {
        const int most = below(2) && s->length > 40 ? 40 : (int)s->length;
        s->bytes[below(most)] = (uint8_t)(below(3) ? next_random() : (uint32_t)below(8));
    }
}

/* Random bytes that start like operations, so that some get past the first check. */
static int64_t make_up(uint8_t *bytes, int most)
{
    const int length = below(most);
    for (int i = 0; i < length; i++)
        bytes[i] = (uint8_t)(below(2) ? next_random() : (uint32_t)below(4));
    if (length)
        bytes[0] = (uint8_t)below(8);
    return length;
}

static void check_hostile(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        picture p = new_picture(1 + below(200), 1 + below(150), below(9)), target = new_picture(p.w, p.h, below(9));
        uint8_t *tiles = new_tiles(&p, 1), made_up[2000];
        fill_picture(&p, (enum fill)below(FILLS));
        const fl_move move = {0, 0, 1 + below(p.w), 1 + below(p.h), 0, 0};
        stream s = encode(&p, &move, 1, tiles);
        for (int i = 0; i < 20; i++) {
            decode_hostile(s.bytes, below((int)s.length + 1), &target, tiles);
            mutate(&s);
            decode_hostile(s.bytes, s.length, &target, tiles);
            decode_hostile(made_up, make_up(made_up, sizeof made_up), &target, tiles);
        }
        free(s.bytes);
        free(tiles);
        free(p.memory);
        free(target.memory);
    }
}

/* ---- arguments -------------------------------------------------------------------------------------------------- */

static void check_sizes(uint8_t *p, uint8_t *tiles, uint64_t *hashes, int w, int h, ptrdiff_t stride)
{
    CHECK(fl_tiles_compare(p, stride, p, stride, w, h, tiles) == -EINVAL);
    CHECK(fl_tiles_copy(p, stride, p, stride, w, h, tiles) == -EINVAL);
    CHECK(fl_tiles_hash(p, stride, w, h, tiles, hashes) == -EINVAL);
    CHECK(fl_tiles_glance(p, stride, w, h, tiles, hashes) == -EINVAL);
    CHECK(fl_shadow_take(&(fl_shadow){.pixels = p, .stride = stride, .w = w, .h = h, .rows = hashes, .known = tiles}, p,
                         stride, tiles) == -EINVAL);
    CHECK(fl_tiles_nv12(p, stride, w, h, tiles, tiles, stride, tiles, stride) == -EINVAL);
    CHECK(fl_tiles_yuv444(p, stride, w, h, tiles, tiles, tiles, tiles, stride) == -EINVAL);
    CHECK(fl_moves_apply(p, stride, w, h, NULL, 0) == -EINVAL);
    CHECK(fl_stream_encode(p, stride, w, h, NULL, 0, tiles, NULL, NULL, 0, NULL, NULL, 0) == -EINVAL);
    CHECK(fl_stream_decode(NULL, 0, p, stride, w, h, tiles, NULL) == -EINVAL);
}

static void check_pointers(uint8_t *p, uint8_t *tiles, uint64_t *hashes)
{
    const fl_rect area = {0, 0, 1, 1};
    fl_move move = {0, 0, 1, 1, 0, 0};
    fl_rect rect;
    CHECK(fl_tiles_mark(NULL, 1, 1, 1, tiles) == -EINVAL && fl_tiles_mark(&area, -1, 1, 1, tiles) == -EINVAL);
    CHECK(fl_tiles_mark(&area, 1, 0, 1, tiles) == -EINVAL && fl_tiles_mark(&area, 1, 1, 1, NULL) == -EINVAL);
    CHECK(fl_tiles_rects(NULL, 1, 1, &rect, 1) == -EINVAL && fl_tiles_rects(tiles, 1, 1, NULL, 1) == -EINVAL);
    CHECK(fl_tiles_rects(tiles, 1, 1, &rect, 0) == -EINVAL && fl_tiles_rects(tiles, 1, 16385, &rect, 1) == -EINVAL);
    CHECK(fl_tiles_compare(p, 4, NULL, 4, 1, 1, tiles) == -EINVAL &&
          fl_tiles_compare(p, 4, p, 4, 1, 1, NULL) == -EINVAL);
    CHECK(fl_tiles_copy(p, 4, NULL, 4, 1, 1, tiles) == -EINVAL && fl_tiles_copy(p, 4, p, 4, 1, 1, NULL) == -EINVAL);
    CHECK(fl_tiles_hash(p, 4, 1, 1, NULL, hashes) == -EINVAL && fl_tiles_hash(p, 4, 1, 1, tiles, NULL) == -EINVAL);
    CHECK(fl_tiles_glance(p, 4, 1, 1, NULL, hashes) == -EINVAL && fl_tiles_glance(p, 4, 1, 1, tiles, NULL) == -EINVAL);
    CHECK(fl_tiles_nv12(p, 4, 1, 1, tiles, p, 1, p, 2) == -EINVAL &&
          fl_tiles_nv12(p, 4, 1, 1, tiles, p, 2, p, 1) == -EINVAL);
    CHECK(fl_tiles_nv12(p, 4, 1, 1, tiles, NULL, 2, p, 2) == -EINVAL &&
          fl_tiles_nv12(p, 4, 1, 1, NULL, p, 2, p, 2) == -EINVAL);
    CHECK(fl_tiles_yuv444(p, 4, 1, 1, tiles, p, p, p, 0) == -EINVAL &&
          fl_tiles_yuv444(p, 4, 1, 1, tiles, p, p, NULL, 1) == -EINVAL);
    CHECK(fl_shadow_work(0, 1) == -EINVAL && fl_shadow_work(1, 16385) == -EINVAL);
    uint64_t rows[1];
    uint8_t known[1] = {0};
    fl_shadow shadow = {.pixels = p, .stride = 4, .w = 1, .h = 1, .rows = rows, .known = known};
    int32_t differed;
    CHECK(fl_shadow_find(NULL, p, 4, tiles, NULL, &move, 1, &differed) == -EINVAL);
    CHECK(fl_shadow_find(&shadow, p, 4, tiles, NULL, &move, 1, &differed) == -EINVAL);
    CHECK(fl_shadow_take(&shadow, NULL, 4, tiles) == -EINVAL && fl_shadow_take(&shadow, p, 3, tiles) == -EINVAL);
    CHECK(fl_shadow_take(&shadow, p, 4, NULL) == -EINVAL && fl_shadow_take(NULL, p, 4, tiles) == -EINVAL);
    CHECK(fl_shadow_send(NULL, p, 4, NULL, 0, tiles, NULL, NULL, 0, p, 4) == -EINVAL);
    CHECK(fl_shadow_send(&shadow, NULL, 4, NULL, 0, tiles, NULL, NULL, 0, p, 4) == -EINVAL);
    CHECK(fl_shadow_send(&shadow, p, 4, NULL, 0, NULL, NULL, NULL, 1, p, 4) == -EINVAL);
    CHECK(fl_shadow_digest(&shadow, NULL, hashes, hashes) == -EINVAL);
    CHECK(fl_shadow_digest(&shadow, tiles, NULL, hashes) == -EINVAL);
    CHECK(fl_shadow_digest(NULL, tiles, hashes, hashes) == -EINVAL);
    CHECK(fl_moves_apply(p, 4, 1, 1, NULL, 1) == -EINVAL && fl_moves_apply(p, 4, 1, 1, &move, -1) == -EINVAL);
    CHECK(fl_stream_bound(-1, 0) == -EINVAL && fl_stream_bound(0, -1) == -EINVAL);
    CHECK(fl_stream_bound(INT32_MAX, INT32_MAX) > INT32_MAX);
    CHECK(fl_stream_encode(p, 4, 1, 1, NULL, 1, tiles, NULL, NULL, 0, NULL, p, 4) == -EINVAL);
    CHECK(fl_stream_encode(p, 4, 1, 1, NULL, 0, tiles, NULL, NULL, 0, NULL, NULL, 4) == -EINVAL);
    CHECK(fl_stream_encode(p, 4, 1, 1, NULL, 0, tiles, NULL, NULL, 0, NULL, p, -1) == -EINVAL);
    CHECK(fl_stream_decode(p, -1, p, 4, 1, 1, tiles, NULL) == -EINVAL &&
          fl_stream_decode(NULL, 1, p, 4, 1, 1, tiles, NULL) == -EINVAL);
    CHECK(fl_stream_decode(NULL, 0, p, 4, 1, 1, NULL, NULL) == -EINVAL);
    CHECK(fl_stream_decode(NULL, 0, p, 4, 1, 1, tiles, NULL) == 0);
}

static void check_arguments(void)
{
    uint8_t pixel[4] = {0}, tiles[1] = {1};
    uint64_t hash;
    const int bad[][2] = {{0, 1},     {1, 0},        {-1, 1},       {1, -1},        {16385, 1},
                          {1, 16385}, {16384, 4097}, {4097, 16384}, {46341, 46341}, {INT32_MAX, INT32_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_sizes(pixel, tiles, &hash, bad[i][0], bad[i][1], PTRDIFF_MAX);
    check_sizes(pixel, tiles, &hash, 1, 2, PTRDIFF_MAX);
    check_sizes(pixel, tiles, &hash, 1, 1, 3);
    check_sizes(pixel, tiles, &hash, 1, 1, -4);
    check_sizes(NULL, tiles, &hash, 1, 1, 4);
    check_pointers(pixel, tiles, &hash);
}

/* ---- the case table ---------------------------------------------------------------------------------------------- */

static void check_case(int w, int h, enum fill fill)
{
    picture p = new_picture(w, h, below(2) * (1 + below(13))), other = new_picture(w, h, below(2) * 5);
    fill_picture(&p, fill);
    check_geometry(&p);
    check_compare_and_copy(&p, &other);
    check_hashes(&p);
    check_planes(&p);
    check_shadow(&p, &other);
    check_round_trip(&p);
    check_send(&p);
    free(p.memory);
    free(other.memory);
}

int main(int argc, char **argv)
{
    static const int sizes[][2] = {{1, 1},    {2, 3},     {63, 65},   {64, 64},   {65, 63},    {128, 128},
                                   {130, 70}, {257, 129}, {16384, 1}, {1, 16384}, {1920, 1080}};
    const uint32_t masks[2] = {0, UINT32_MAX};
    random_state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2 + 1 : 1;
    const int rounds = argc > 2 ? atoi(argv[2]) : 200;
    const int most_pixels = argc > 3 ? atoi(argv[3]) : INT32_MAX;
    check_arguments();
    for (int i = 0; i < 2; i++) {
        fl_cpu_use(masks[i]);
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            for (int fill = 0; fill < FILLS && sizes[size][0] * sizes[size][1] <= most_pixels; fill++)
                check_case(sizes[size][0], sizes[size][1], (enum fill)fill);
        }
        check_hostile(rounds);
    }
    puts("all kernels are clean");
    return 0;
}
