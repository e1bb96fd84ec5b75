/* fl_shadow_find() and fl_shadow_take() with pictures that were made to mislead: noise of few colours, repeats, parts
 * that moved, tiles that are lossy. Moves alone lead as far as the search says, and taking over the rest makes the pictures
 * equal where they were marked, and leaves them alone elsewhere. */
#include "fuzz_input.h"

enum { MOST_UPDATES = 6, MOST_MOVES = 8, MOST_PAINTS = 8 };

typedef struct fuzz_shadow {
    picture kept, screen; /* X of the screen as it comes */
    fl_shadow shadow;
    uint8_t *marks, *asked, *lossy;
} fuzz_shadow;

/* ---- what changes on the screen --------------------------------------------------------------------------------- */

/* A part that moves; every other one is as wide as the picture, as what scrolls. */
static fl_move take_move(fuzz_input *in, const picture *p)
{
    const int shape = take_u8(in);
    if (shape % 2) {
        const int shift = take_u16(in) % p->h;
        return shape & 2 ? (fl_move){0, shift, p->w, p->h - shift, 0, 0}
                         : (fl_move){0, 0, p->w, p->h - shift, 0, shift};
    }
    const int w = 1 + take_u8(in) % p->w, h = 1 + take_u16(in) % p->h;
    return (fl_move){take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1), w, h,
                     take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1)};
}

static void paint(fuzz_input *in, const picture *p)
{
    const int kind = take_u8(in);
    const fl_move m = take_move(in, p);
    uint32_t noise = (uint32_t)take_u8(in);
    if (kind % 2) {
        CHECK(fl_moves_apply(p->pixels, p->stride, p->w, p->h, &m, 1) == 0);
        return;
    }
    const uint32_t colours = 1U << kind % 32, period = 1 + (uint32_t)take_u8(in) % 32;
    for (int y = m.y; y < m.y + m.h; y++) {
        for (int x = m.x; x < m.x + m.w; x++) {
            const uint32_t pixel = kind & 64 ? (uint32_t)(x + y * 3) % period * UINT32_C(0x01030507)
                                             : next_noise(&noise) % colours * UINT32_C(0x01030507);
            memcpy(pixel_at(p, x, y), &pixel, 4);
        }
    }
}

/* What is not marked has not changed: the caller's part of the contract. */
static void undo_unasked(const fuzz_shadow *f)
{
    for (int y = 0; y < f->screen.h; y++) {
        for (int x = 0; x < f->screen.w; x++) {
            if (!f->asked[tile_of(&f->screen, x, y)])
                memcpy(pixel_at(&f->screen, x, y), pixel_at(&f->kept, x, y), 4);
        }
    }
}

static void take_changes(fuzz_input *in, const fuzz_shadow *f)
{
    for (int n = take_u8(in) % MOST_PAINTS; n > 0; n--)
        paint(in, &f->screen);
    const int all = take_u8(in) % 4, lossy = take_u8(in) % 4;
    for (int tile = 0; tile < f->screen.tiles; tile++) {
        f->asked[tile] = f->marks[tile] = all || take_u8(in) % 2;
        f->lossy[tile] = lossy == 1 && take_u8(in) % 4 == 1;
    }
    undo_unasked(f);
}

/* ---- one update ------------------------------------------------------------------------------------------------- */

static bool same_colours(const picture *a, const picture *b, int tile)
{
    const int x0 = tile % a->columns * TILE_SIDE, y0 = tile / a->columns * TILE_SIDE;
    for (int y = y0; y < a->h && y < y0 + TILE_SIDE; y++) {
        for (int x = x0; x < a->w && x < x0 + TILE_SIDE; x++) {
            if (memcmp(pixel_at(a, x, y), pixel_at(b, x, y), 3))
                return false;
        }
    }
    return true;
}

static void check_lossless(const fuzz_shadow *f, int x, int y, int w, int h)
{
    for (int row = y / TILE_SIDE; row <= (y + h - 1) / TILE_SIDE; row++) {
        for (int column = x / TILE_SIDE; column <= (x + w - 1) / TILE_SIDE; column++)
            CHECK(!f->lossy[row * f->kept.columns + column]);
    }
}

static void check_found(const fuzz_shadow *f, const picture *before, const fl_move *moves, int n)
{
    CHECK(n >= 0 && n <= MOST_MOVES);
    for (int i = 0; i < n; i++) {
        check_lossless(f, moves[i].x, moves[i].y, moves[i].w, moves[i].h);
        check_lossless(f, moves[i].src_x, moves[i].src_y, moves[i].w, moves[i].h);
    }
    CHECK(fl_moves_apply(before->pixels, before->stride, before->w, before->h, moves, n) == 0);
    CHECK(equal_pictures(before, &f->kept));
    for (int tile = 0; tile < f->kept.tiles; tile++)
        CHECK(!f->asked[tile] || !f->marks[tile] == same_colours(&f->kept, &f->screen, tile));
}

/* The tile hash of docs/tile-stream.md, from row sums. */
static uint64_t fold(const uint64_t *rows, int w, int h)
{
    uint64_t hash = (uint64_t)(w * 256 + h) * UINT64_C(0x9E3779B97F4A7C15);
    for (int y = 0; y < h; y++) {
        hash = (hash ^ rows[y]) * UINT64_C(0xD6E8FEB86659FD93);
        hash ^= hash >> 32;
    }
    return hash;
}

/* The row sums that the shadow says it knows are those of its pixels. */
static void check_rows(const fuzz_shadow *f)
{
    const picture *p = &f->kept;
    uint64_t *hashes = allocate((size_t)p->tiles * sizeof *hashes);
    memset(f->marks, 1, (size_t)p->tiles);
    CHECK(fl_tiles_hash(p->pixels, p->stride, p->w, p->h, f->marks, hashes) == 0);
    for (int tile = 0; tile < p->tiles; tile++) {
        const int column = tile % p->columns, x = column * TILE_SIDE, y = tile / p->columns * TILE_SIDE;
        const int w = p->w - x < TILE_SIDE ? p->w - x : TILE_SIDE, h = p->h - y < TILE_SIDE ? p->h - y : TILE_SIDE;
        const uint64_t *rows = f->shadow.rows + (size_t)column * (size_t)p->h + (size_t)y;
        CHECK(f->shadow.known[tile] != 1 || fold(rows, w, h) == hashes[tile]);
    }
    free(hashes);
}

static void take_update(fuzz_input *in, fuzz_shadow *f)
{
    take_changes(in, f);
    const picture before = clone_picture(&f->kept), original = clone_picture(&f->kept), *s = &f->screen;
    fl_move moves[MOST_MOVES];
    int32_t differed;
    const int most = take_u8(in) % 4 ? MOST_MOVES : take_u8(in) % MOST_MOVES;
    const int n = fl_shadow_find(&f->shadow, s->pixels, s->stride, f->marks, f->lossy, moves, most, &differed);
    CHECK(n <= most);
    f->kept.pixels = f->shadow.pixels;
    check_found(f, &before, moves, n);
    CHECK(fl_shadow_take(&f->shadow, s->pixels, s->stride, f->marks) == 0);
    for (int tile = 0; tile < s->tiles; tile++)
        CHECK(same_colours(&f->kept, f->asked[tile] ? s : &original, tile));
    check_rows(f);
    check_canaries(&f->kept);
    check_canaries(s);
    free(before.memory);
    free(original.memory);
}

static fl_shadow new_shadow(const picture *p)
{
    fl_shadow shadow = {.pixels = p->pixels, .stride = p->stride, .w = p->w, .h = p->h};
    give_room(&shadow, p);
    shadow.rows = allocate((size_t)p->columns * (size_t)p->h * sizeof *shadow.rows);
    shadow.known = new_marks(p, 0);
    shadow.work = allocate((size_t)fl_shadow_work(p->w, p->h));
    return shadow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, data + size};
    fuzz_shadow f = {.screen = take_picture(&in)};
    const int colours = take_u8(&in);
    fill_with_noise(&f.screen, 1, 1U << colours % 25);
    f.kept = new_kept_picture(f.screen.w, f.screen.h);
    f.shadow = new_shadow(&f.kept);
    f.marks = new_marks(&f.kept, 0);
    f.asked = new_marks(&f.kept, 0);
    f.lossy = new_marks(&f.kept, 0);
    memset(f.marks, 1, (size_t)f.kept.tiles);
    CHECK(fl_shadow_take(&f.shadow, f.screen.pixels, f.screen.stride, f.marks) == 0);
    for (int i = 0; i < MOST_UPDATES && !is_over(&in); i++)
        take_update(&in, &f);
    free(f.screen.memory);
    free(f.kept.memory);
    free(f.shadow.rows);
    free(f.shadow.known);
    free(f.shadow.work);
    free(f.marks);
    free(f.asked);
    free(f.lossy);
    return 0;
}
