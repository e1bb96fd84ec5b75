/* Compares every kernel of the dispatch table with its scalar variant, on each instruction set that this machine has:
 * every width of a tile, several heights, odd strides, and fills from noise to a single colour. What is read ends where
 * no page follows, what is written lies between canaries. Ends with 0 when all is well, and names the instruction
 * sets. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s: %s:%d: %s\n", variant, __FILE__, __LINE__, #condition);                               \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { CANARY = 0xC5, MAX_STRIDE = 4 * FL_TILE + 64, MARGIN = 64 };

static const char *variant = "scalar";
static fl_dsp scalar, wide;

static uint32_t next_random(void)
{
    static uint64_t state = 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static int below(int n)
{
    return (int)(next_random() % (uint32_t)n);
}

/* ---- pictures of one tile --------------------------------------------------------------------------------------- */

enum fill { RANDOM, LOW, HIGH, FEW, FILLS };

typedef struct tile {
    uint8_t *pixels;
    ptrdiff_t stride;
    int w, h;
} tile;

static size_t tile_bytes(const tile *t)
{
    return (size_t)t->stride * (size_t)(t->h - 1) + (size_t)t->w * 4;
}

/* `bytes` bytes that end where a page begins that nobody may touch. */
static uint8_t *fenced(uint8_t *room, size_t room_bytes, size_t bytes)
{
    return room + room_bytes - bytes;
}

static uint8_t *new_room(size_t *bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (*bytes + page - 1) / page * page;
    uint8_t *room = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(room != MAP_FAILED && !mprotect(room + size, page, PROT_NONE));
    *bytes = size;
    return room;
}

static void fill_tile(const tile *t, enum fill fill)
{
    uint32_t colours[3] = {next_random(), next_random(), next_random()};
    for (int y = 0; y < t->h; y++) {
        for (int x = 0; x < t->w; x++) {
            const uint32_t noise = next_random(), x_byte = noise & ~(uint32_t)FL_COLOUR;
            const uint32_t pixel = fill == RANDOM ? noise
                                   : fill == LOW  ? x_byte
                                   : fill == HIGH ? x_byte | FL_COLOUR
                                                  : x_byte | (colours[below(3)] & FL_COLOUR);
            fl_store_pixel(t->pixels + y * t->stride + (ptrdiff_t)4 * x, pixel);
        }
    }
}

static void copy_tile(const tile *from, const tile *to)
{
    for (int y = 0; y < from->h; y++)
        memcpy(to->pixels + y * to->stride, from->pixels + y * from->stride, (size_t)from->w * 4);
}

/* ---- kernels ---------------------------------------------------------------------------------------------------- */

static bool equal_by(const fl_dsp *dsp, const tile *a, const tile *b)
{
    return dsp->tile_equal(a->pixels, a->stride, b->pixels, b->stride, a->w, a->h);
}

static void check_equal(const tile *a, const tile *b)
{
    copy_tile(a, b);
    for (int y = 0; y < b->h; y++) {
        for (int x = 0; x < b->w; x++)
            b->pixels[y * b->stride + 4 * x + 3] ^= 0xFF;
    }
    CHECK(equal_by(&scalar, a, b) && equal_by(&wide, a, b));
    for (int i = 0; i < 8; i++) {
        uint8_t *byte = b->pixels + below(b->h) * b->stride + 4 * below(b->w) + below(3);
        *byte ^= (uint8_t)(1 << below(8));
        CHECK(!equal_by(&scalar, a, b) && !equal_by(&wide, a, b));
        *byte = a->pixels[(byte - b->pixels) / b->stride * a->stride + (byte - b->pixels) % b->stride];
    }
    CHECK(equal_by(&wide, a, b));
}

static void check_copy(const tile *source)
{
    static uint8_t expected[(FL_TILE + 2) * MAX_STRIDE], found[(FL_TILE + 2) * MAX_STRIDE];
    const ptrdiff_t stride = 4 * source->w + below(MAX_STRIDE - 4 * source->w);
    const int offset = below(MAX_STRIDE);
    memset(expected, CANARY, sizeof expected);
    memset(found, CANARY, sizeof found);
    scalar.tile_copy(source->pixels, source->stride, expected + offset, stride, source->w, source->h);
    wide.tile_copy(source->pixels, source->stride, found + offset, stride, source->w, source->h);
    CHECK(!memcmp(expected, found, sizeof found));
}

typedef void row_kernel(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *out);

static void check_rows(const tile *t, row_kernel *one, row_kernel *other)
{
    uint64_t expected[FL_TILE + 2], found[FL_TILE + 2];
    memset(expected, CANARY, sizeof expected);
    memset(found, CANARY, sizeof found);
    one(t->pixels, t->stride, t->w, t->h, expected + 1);
    other(t->pixels, t->stride, t->w, t->h, found + 1);
    CHECK(!memcmp(expected, found, sizeof found));
}

static void check_changes(const tile *a, const tile *b)
{
    uint64_t found[FL_TILE + 2];
    copy_tile(a, b);
    for (int i = below(9); i > 0; i--)
        b->pixels[below(b->h) * b->stride + 4 * below(b->w) + below(4)] ^= (uint8_t)(1 << below(8));
    memset(found, CANARY, sizeof found);
    wide.tile_changes(a->pixels, a->stride, b->pixels, b->stride, a->w, a->h, found + 1);
    for (int y = 0; y < a->h; y++) {
        uint64_t expected = 0;
        for (int x = 0; x < a->w; x++)
            expected |= (uint64_t)!!memcmp(a->pixels + y * a->stride + 4 * x, b->pixels + y * b->stride + 4 * x, 3)
                        << x;
        CHECK(found[1 + y] == expected);
    }
    CHECK(found[0] == UINT64_C(0xC5C5C5C5C5C5C5C5) && found[a->h + 1] == found[0]);
}

/* Every row as a span of its own, then the picture from its start to its end as one. */
static void check_spans(const tile *a, const tile *b)
{
    static uint8_t expected[FL_TILE * MAX_STRIDE + 2 * MARGIN], found[FL_TILE * MAX_STRIDE + 2 * MARGIN];
    const int whole = (int)(tile_bytes(a) / 4);
    const uint8_t *end = a->pixels + tile_bytes(a);
    copy_tile(a, b);
    for (int y = 0; y < a->h; y++) {
        const uint8_t *row = a->pixels + y * a->stride;
        uint8_t *other = b->pixels + y * b->stride;
        CHECK(scalar.span_equal(row, other, a->w) && wide.span_equal(row, other, a->w));
        const int at = 4 * below(a->w) + below(3);
        other[at] ^= 1;
        CHECK(!scalar.span_equal(row, other, a->w) && !wide.span_equal(row, other, a->w));
        other[at] ^= 1;
    }
    for (int w = whole; w > 0; w = w > 40 ? w / 3 : w - 1) {
        memset(expected, CANARY, sizeof expected);
        memset(found, CANARY, sizeof found);
        scalar.span_copy(end - 4 * w, expected + MARGIN, w);
        wide.span_copy(end - 4 * w, found + MARGIN, w);
        CHECK(!memcmp(expected, found, sizeof found));
    }
}

/* Of a row, and of the picture from its start to its end as one row, between canaries. */
static void check_row_sums(const tile *t)
{
    enum { STEP = 3, MOST = FL_TILE * MAX_STRIDE / 4 / FL_TILE + 1 };
    static uint64_t expected[STEP * MOST], found[STEP * MOST];
    const int whole = (int)(tile_bytes(t) / 4);
    const uint8_t *end = t->pixels + tile_bytes(t);
    for (int w = whole; w > 0; w = w > 3 * FL_TILE ? w / 2 : w - 13) {
        memset(expected, CANARY, sizeof expected);
        memset(found, CANARY, sizeof found);
        scalar.row_sums(end - 4 * (ptrdiff_t)w, w, expected, STEP);
        wide.row_sums(end - 4 * (ptrdiff_t)w, w, found, STEP);
        CHECK(!memcmp(expected, found, sizeof found));
    }
}

/* The same of what is copied while it is summed, within the caches and, of aligned rows too, past them. */
static void check_row_takes(const tile *t)
{
    enum { STEP = 2, MOST = FL_TILE * MAX_STRIDE / 4 / FL_TILE + 1 };
    static uint64_t expected[STEP * MOST], found[STEP * MOST];
    _Alignas(64) static uint8_t expected_row[FL_TILE * MAX_STRIDE + 2 * MARGIN];
    _Alignas(64) static uint8_t found_row[FL_TILE * MAX_STRIDE + 2 * MARGIN];
    const bool past = below(2);
    const int whole = (int)(tile_bytes(t) / 4), offset = past && below(2) ? 0 : below(MARGIN);
    const uint8_t *end = t->pixels + tile_bytes(t);
    for (int w = whole; w > 0; w = w > 3 * FL_TILE ? w / 2 : w - 13) {
        memset(expected, CANARY, sizeof expected);
        memset(found, CANARY, sizeof found);
        memset(expected_row, CANARY, sizeof expected_row);
        memset(found_row, CANARY, sizeof found_row);
        scalar.row_take(end - 4 * (ptrdiff_t)w, expected_row + offset, w, expected, STEP);
        (past ? wide.row_take_past : wide.row_take)(end - 4 * (ptrdiff_t)w, found_row + offset, w, found, STEP);
        CHECK(!memcmp(expected, found, sizeof found) && !memcmp(expected_row, found_row, sizeof found_row));
    }
}

/* The same with the ink, each column of tiles by a ground of its own. */
static void check_row_takes_ink(const tile *t)
{
    enum { MOST = FL_TILE * MAX_STRIDE / 4 / FL_TILE + 1 };
    static uint64_t expected[MOST], found[MOST], expected_ink[MOST * FL_TILE], ink[MOST * FL_TILE];
    static uint32_t grounds[MOST];
    _Alignas(64) static uint8_t expected_row[FL_TILE * MAX_STRIDE + 2 * MARGIN];
    _Alignas(64) static uint8_t found_row[FL_TILE * MAX_STRIDE + 2 * MARGIN];
    const int whole = (int)(tile_bytes(t) / 4), offset = below(2) ? 0 : below(MARGIN);
    const uint8_t *end = t->pixels + tile_bytes(t);
    for (int w = whole; w > 0; w = w > 3 * FL_TILE ? w / 2 : w - 13) {
        const uint8_t *row = end - 4 * (ptrdiff_t)w;
        for (int x = 0; x < w; x += FL_TILE)
            grounds[x / FL_TILE] = fl_load_pixel(row + (ptrdiff_t)4 * (x + below(fl_min(FL_TILE, w - x))));
        memset(expected, CANARY, sizeof expected);
        memset(found, CANARY, sizeof found);
        memset(expected_ink, CANARY, sizeof ink);
        memset(ink, CANARY, sizeof ink);
        memset(expected_row, CANARY, sizeof expected_row);
        memset(found_row, CANARY, sizeof found_row);
        scalar.row_take_ink(row, expected_row + offset, w, expected, 1, grounds, expected_ink);
        wide.row_take_ink(row, found_row + offset, w, found, 1, grounds, ink);
        CHECK(!memcmp(expected, found, sizeof found) && !memcmp(expected_row, found_row, sizeof found_row));
        CHECK(!memcmp(expected_ink, ink, sizeof ink));
    }
}

/* Planes of the last two rows and of the last one, between canaries; `w` may be that of the whole memory. */
static void check_planes(const uint8_t *upper, const uint8_t *lower, int w)
{
    static uint8_t expected[3][FL_TILE * MAX_STRIDE], found[3][FL_TILE * MAX_STRIDE];
    memset(expected, CANARY, sizeof expected);
    memset(found, CANARY, sizeof found);
    scalar.rows_nv12(upper, lower, w, expected[0] + MARGIN, expected[1] + MARGIN, expected[2] + MARGIN);
    wide.rows_nv12(upper, lower, w, found[0] + MARGIN, found[1] + MARGIN, found[2] + MARGIN);
    for (int i = 0; i < 3; i++)
        CHECK(!memcmp(expected[i], found[i], 2 * MARGIN + (size_t)w));
    scalar.row_yuv444(lower, w, expected[0] + MARGIN, expected[1] + MARGIN, expected[2] + MARGIN);
    wide.row_yuv444(lower, w, found[0] + MARGIN, found[1] + MARGIN, found[2] + MARGIN);
    for (int i = 0; i < 3; i++)
        CHECK(!memcmp(expected[i], found[i], 2 * MARGIN + (size_t)w));
}

static void check_edges(const tile *t)
{
    uint64_t edges[FL_TILE];
    wide.tile_edges(t->pixels, t->stride, t->w, t->h, edges);
    for (int y = 0; y < t->h; y++) {
        const uint8_t *row = t->pixels + y * t->stride;
        uint64_t expected = 1;
        for (int x = 1; x < t->w; x++)
            expected |= (uint64_t)!!memcmp(row + 4 * x, row + 4 * x - 4, 3) << x;
        CHECK(edges[y] == expected);
    }
}

/* Runs make the tile again, as few as the rule allows, and the same ones in every variant. */
static void check_runs(const tile *t)
{
    static uint32_t runs[FL_RUNS_ROOM], expected[FL_RUNS_ROOM];
    const int n = wide.tile_runs(t->pixels, t->stride, t->w, t->h, runs);
    CHECK(n == scalar.tile_runs(t->pixels, t->stride, t->w, t->h, expected));
    CHECK(!memcmp(runs, expected, (size_t)n * sizeof *runs));
    int at = 0;
    for (int i = 0; i < n; i++) {
        const int length = (int)(runs[i] >> 24), start = at;
        CHECK(length > 0 && length <= t->w * t->h - at);
        for (; at < start + length; at++)
            CHECK(fl_load_pixel(t->pixels + at / t->w * t->stride + at % t->w * 4) == (runs[i] & FL_COLOUR));
        CHECK(!i || ((runs[i] ^ runs[i - 1]) & FL_COLOUR) || start % t->w == 0);
    }
    CHECK(at == t->w * t->h);
}

/* Half of a picture is marked, and nobody may read the other half: a row is a page of memory. */
static void check_untouched(void)
{
    enum { W = 1024, H = 256, COLUMNS = W / FL_TILE, TILES = COLUMNS * (H / FL_TILE), HALF = H / 2 };
    size_t bytes = (size_t)4 * W * H;
    CHECK(sysconf(_SC_PAGESIZE) == (long)4 * W);
    uint8_t *before = new_room(&bytes), *after = new_room(&bytes), *luma = new_room(&bytes), *work;
    static uint8_t marks[TILES], known[TILES], changed[TILES];
    static uint64_t rows[COLUMNS * H], mixed[TILES], digest;
    const size_t work_bytes = (size_t)fl_shadow_work(W, H);
    CHECK((work = malloc(work_bytes)));
    fl_shadow shadow = {.pixels = before, .stride = 4 * W, .w = W, .h = H, .rows = rows, .known = known, .work = work};
    fl_move moves[FL_MAX_MOVES];
    int32_t differed;
    CHECK(!mprotect(before + 4 * W * HALF, (size_t)4 * W * HALF, PROT_NONE));
    CHECK(!mprotect(after + 4 * W * HALF, (size_t)4 * W * HALF, PROT_NONE));
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 4 * W * HALF; i++)
            after[i] = (uint8_t)(turn < 2 ? next_random() : 0);
        memset(marks, 1, TILES / 2);
        memset(known, 0, sizeof known);
        CHECK(fl_shadow_find(&shadow, after, 4 * W, marks, NULL, moves, FL_MAX_MOVES, &differed) >= 0);
        CHECK(differed == TILES / 2);
        CHECK(!fl_tiles_nv12(after, 4 * W, W, H, marks, luma, W, luma + W * H, W));
        CHECK(!fl_shadow_take(&shadow, after, 4 * W, marks));
        CHECK(!fl_shadow_digest(&shadow, marks, mixed, &digest));
    }
    fl_tiles_keep(after, 4 * W, before, 4 * W, &(fl_rect){0, 0, W, HALF}, W, true, changed);
    munmap(before, bytes);
    munmap(after, bytes);
    munmap(luma, bytes);
    free(work);
}

/* What fl_tiles_keep() must do, pixel by pixel: tiles that differ in the rectangle are marked and copied there. */
static void check_keep(void)
{
    enum { W = 150, H = 140, COLUMNS = 3, TILES = 9, STRIDE = 4 * W + 12, BYTES = H * STRIDE };
    static uint8_t source[BYTES], target[BYTES], before[BYTES];
    uint8_t changed[TILES] = {0};
    for (int i = 0; i < BYTES; i++)
        source[i] = target[i] = (uint8_t)next_random();
    for (int i = below(6); i > 0; i--)
        source[below(H) * STRIDE + below(4 * W)] ^= 0x10;
    memcpy(before, target, BYTES);
    fl_rect r = {.x = below(W), .y = below(H)};
    r.w = 1 + below(W - r.x);
    r.h = 1 + below(H - r.y);
    const bool all = !below(4);
    fl_tiles_keep(source, STRIDE, target, STRIDE, &r, W, all, changed);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            const bool inside = x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
            const uint8_t *now = target + y * STRIDE + 4 * x, *then = before + y * STRIDE + 4 * x;
            const uint32_t wanted = fl_load_pixel(source + y * STRIDE + 4 * x);
            CHECK(inside ? fl_load_pixel(now) == wanted : !memcmp(now, then, 4));
            CHECK(changed[y / FL_TILE * COLUMNS + x / FL_TILE] || !inside || fl_load_pixel(then) == wanted);
        }
    }
    for (int i = 0; i < TILES; i++) {
        bool differs = false;
        for (int y = i / COLUMNS * FL_TILE; y < fl_min(H, (i / COLUMNS + 1) * FL_TILE); y++) {
            for (int x = i % COLUMNS * FL_TILE; x < fl_min(W, (i % COLUMNS + 1) * FL_TILE); x++) {
                const bool inside = x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
                const uint8_t *then = before + y * STRIDE + 4 * x, *wanted = source + y * STRIDE + 4 * x;
                differs |= inside && (all || fl_load_pixel(then) != fl_load_pixel(wanted));
            }
        }
        CHECK(changed[i] == differs);
    }
}

/* ---- the case table ---------------------------------------------------------------------------------------------- */

static void check_case(uint8_t *rooms[2], size_t room_bytes, int w, int h, enum fill fill)
{
    tile a = {.stride = 4 * w + below(MAX_STRIDE - 4 * w), .w = w, .h = h}, b = a;
    b.stride = 4 * w + below(MAX_STRIDE - 4 * w);
    a.pixels = fenced(rooms[0], room_bytes, tile_bytes(&a));
    b.pixels = fenced(rooms[1], room_bytes, tile_bytes(&b));
    fill_tile(&a, fill);
    check_copy(&a);
    check_rows(&a, scalar.tile_rows, wide.tile_rows);
    check_rows(&a, scalar.tile_edges, wide.tile_edges);
    check_row_sums(&a);
    check_row_takes(&a);
    check_row_takes_ink(&a);
    check_edges(&a);
    check_runs(&a);
    const uint8_t *last = a.pixels + (h - 1) * a.stride;
    check_planes(h > 1 ? last - a.stride : last, last, w);
    const int half = (int)(tile_bytes(&a) / 8);
    check_planes(last + 4 * (ptrdiff_t)w - 8 * (ptrdiff_t)half, last + 4 * (ptrdiff_t)w - 4 * (ptrdiff_t)half, half);
    check_equal(&a, &b);
    check_changes(&a, &b);
    check_spans(&a, &b);
}

static void check_variant(uint8_t *rooms[2], size_t room_bytes)
{
    static const int heights[] = {1, 2, 3, 5, 8, 15, 63, 64};
    for (int w = 1; w <= FL_TILE; w++) {
        for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) {
            for (int fill = 0; fill < FILLS; fill++)
                check_case(rooms, room_bytes, w, heights[i], (enum fill)fill);
        }
    }
}

int main(void)
{
    static const struct {
        const char *name;
        uint32_t flags;
    } variants[] = {
        {"scalar", 0}, {"avx2", FL_CPU_AVX2}, {"avx512", FL_CPU_AVX512}, {"neon", FL_CPU_NEON}, {"all", UINT32_MAX}};
    size_t room_bytes = (size_t)FL_TILE * MAX_STRIDE;
    uint8_t *rooms[2] = {new_room(&room_bytes), new_room(&room_bytes)};
    fl_cpu_use(0);
    scalar = fl_kernels;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        variant = variants[i].name;
        if (variants[i].flags != UINT32_MAX && fl_cpu_use(variants[i].flags) != variants[i].flags)
            continue;
        fl_cpu_use(variants[i].flags);
        wide = fl_kernels;
        check_variant(rooms, room_bytes);
        for (int n = 0; n < 300; n++)
            check_keep();
        check_untouched();
        printf("%s\n", variant);
    }
    return 0;
}
