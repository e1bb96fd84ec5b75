/* fl_stream_encode() with pictures, moves, marks and room that the input chooses, update after update: what it writes
 * fits the room, is taken by fl_stream_decode(), and gives the picture back, whatever the caches at both ends hold. */
#include "fuzz_input.h"

enum { MOST_UPDATES = 8, MOST_MOVES = 6 };

enum paint { KEEP, SOLID, COLOURS, RUNS, NOISE, SMOOTH, BYTES, REPEAT, BACK, PAINTS };

typedef struct fuzz_update {
    picture screen, earlier; /* the host's, now and one update before; X as it comes */
    picture model, viewer;   /* the viewer's picture, as it has to be and as it is */
    uint8_t *marks, *lossy;
    fl_cache sender, receiver;
} fuzz_update;

/* ---- what changes on the screen --------------------------------------------------------------------------------- */

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

/* Paint a tile, or with half of the kinds a part of it. */
static void paint_tile(fuzz_input *in, const fuzz_update *u, int column, int row)
{
    const int kind = take_u8(in), parameter = take_u8(in);
    const enum paint paint = (enum paint)(kind % PAINTS);
    const bool in_part = kind >= 128;
    const int x0 = column * TILE_SIDE + (in_part ? take_u8(in) % TILE_SIDE : 0);
    const int y0 = row * TILE_SIDE + (in_part ? take_u8(in) % TILE_SIDE : 0);
    const int right = lesser(u->screen.w, in_part ? x0 + 1 + take_u8(in) % TILE_SIDE : x0 + TILE_SIDE);
    const int bottom = lesser(u->screen.h, in_part ? y0 + 1 + take_u8(in) % TILE_SIDE : y0 + TILE_SIDE);
    uint32_t noise = (uint32_t)parameter, pixel = (uint32_t)parameter * UINT32_C(0x01010183);
    for (int y = y0; y < bottom && y / TILE_SIDE == row; y++) {
        for (int x = x0; x < right && x / TILE_SIDE == column; x++) {
            const uint32_t random = next_noise(&noise);
            if (paint == COLOURS)
                pixel = random % (uint32_t)(parameter + 1) * UINT32_C(0x10305);
            else if (paint == RUNS)
                pixel = random % 5 ? pixel : random;
            else if (paint == NOISE)
                pixel = random ^ random << 16;
            else if (paint == SMOOTH)
                pixel = (uint32_t)(x * 3 + y) * UINT32_C(0x10201) + random % 3;
            else if (paint == BYTES)
                pixel = take_u32(in);
            else if (paint == REPEAT)
                memcpy(&pixel, pixel_at(&u->screen, x - x0, y - y0), 4);
            else if (paint == BACK)
                memcpy(&pixel, pixel_at(&u->earlier, x, y), 4);
            if (paint != KEEP)
                memcpy(pixel_at(&u->screen, x, y), &pixel, 4);
        }
    }
}

/* Mark tiles, and paint most of them: an encoder sends what is marked, changed or not. */
static void take_changes(fuzz_input *in, const fuzz_update *u)
{
    const picture next = clone_picture(&u->screen);
    const int every = take_u8(in) % 4;
    for (int tile = 0; tile < u->screen.tiles; tile++) {
        u->marks[tile] = every == 0 || (every < 3 && take_u8(in) % 2);
        if (u->marks[tile] && !is_over(in))
            paint_tile(in, u, tile % u->screen.columns, tile / u->screen.columns);
    }
    copy_picture(&next, &u->earlier);
    free(next.memory);
}

static void spoil(const picture *p, const uint8_t *lossy)
{
    for (int y = 0; y < p->h; y++) {
        for (int x = 0; x < p->w; x++)
            pixel_at(p, x, y)[0] ^= lossy[tile_of(p, x, y)];
    }
}

/* Choose tiles of which the viewer has had an approximation only, as from a video. */
static void take_lossy(fuzz_input *in, const fuzz_update *u)
{
    const bool any = take_u8(in) % 4 == 1;
    for (int tile = 0; tile < u->screen.tiles; tile++)
        u->lossy[tile] = any && take_u8(in) % 2;
    spoil(&u->model, u->lossy);
    spoil(&u->viewer, u->lossy);
}

static int take_moves(fuzz_input *in, const picture *p, fl_move *moves)
{
    const int n = take_u8(in) % (MOST_MOVES + 1);
    for (int i = 0; i < n; i++) {
        const int w = 1 + take_u16(in) % p->w, h = 1 + take_u16(in) % p->h;
        moves[i] = (fl_move){take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1), w, h,
                             take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1)};
    }
    if (n && take_u8(in) % 16 == 1)
        moves[n - 1].src_x = (int32_t)take_u32(in);
    return n;
}

/* ---- one update ------------------------------------------------------------------------------------------------- */

static bool too_much_work(const picture *p, const fl_move *moves, int n)
{
    int64_t work = 0;
    for (int i = 0; i < n; i++)
        work += (int64_t)moves[i].w * moves[i].h;
    return work > 3 * (int64_t)p->w * p->h;
}

/* Bring the marked tiles into the model, as the format means it. */
static void follow(const fuzz_update *u)
{
    for (int y = 0; y < u->model.h; y++) {
        for (int x = 0; x < u->model.w; x++) {
            const uint8_t *from = pixel_at(&u->screen, x, y);
            if (u->marks[tile_of(&u->model, x, y)])
                memcpy(pixel_at(&u->model, x, y), (const uint8_t[4]){from[0], from[1], from[2], 0}, 4);
        }
    }
}

/* Every marked tile is touched, but for those that are right already and known to be so. */
static void check_viewer(fuzz_update *u, const uint8_t *stream, int64_t length, bool knows_before)
{
    uint8_t *touched = new_marks(&u->viewer, 0);
    const picture *v = &u->viewer;
    CHECK(fl_stream_decode(stream, length, v->pixels, v->stride, v->w, v->h, touched, &u->receiver) == 0);
    follow(u);
    CHECK(equal_pictures(v, &u->model));
    for (int tile = 0; tile < v->tiles; tile++)
        CHECK(!u->marks[tile] || touched[tile] || (knows_before && !u->lossy[tile]));
    check_canaries(v);
    free(touched);
}

/* What the host believes to be the viewer's picture: the screen as it was, also where that is lossy. */
static picture new_belief(const fuzz_update *u)
{
    const picture belief = clone_picture(&u->model);
    spoil(&belief, u->lossy);
    return belief;
}

/* Which part an update leaves to the caches. */
typedef struct fuzz_use {
    bool cache, before, abandoned;
} fuzz_use;

static int64_t encode(fuzz_update *u, const fl_move *moves, int n, fuzz_use use, uint8_t *out, int64_t room)
{
    const picture *s = &u->screen, belief = new_belief(u);
    const int64_t length =
        fl_stream_encode(s->pixels, s->stride, s->w, s->h, moves, n, u->marks, use.cache ? &u->sender : NULL,
                         use.before ? belief.pixels : NULL, belief.stride, u->lossy, out, room);
    check_canaries(s);
    free(belief.memory);
    return length;
}

/* Encode for the viewer, and first for nobody: into too little room, or into a stream that is given up. */
static void check_update(fuzz_update *u, const fl_move *moves, int n, fuzz_use use, int64_t room)
{
    const int64_t bound = fl_stream_bound(n, u->screen.tiles);
    uint8_t *out = allocate((size_t)bound);
    if (room < bound || use.abandoned) {
        uint8_t *tight = allocate((size_t)room);
        const int64_t length = encode(u, moves, n, use, tight, room);
        CHECK(length == -ENOSPC ? room < bound : length >= 0 && length <= room);
        CHECK(!use.cache || fl_cache_take_back(&u->sender) == 0);
        free(tight);
    }
    const int64_t length = encode(u, moves, n, use, out, bound);
    CHECK(length >= 0 && length <= bound);
    check_viewer(u, out, length, use.before);
    free(out);
}

static bool take_update(fuzz_input *in, fuzz_update *u)
{
    fl_move moves[MOST_MOVES];
    take_lossy(in, u);
    const int n = take_moves(in, &u->model, moves);
    const bool inside = fl_moves_apply(u->model.pixels, u->model.stride, u->model.w, u->model.h, moves, n) == 0;
    take_changes(in, u);
    const int mode = take_u8(in), part = take_u8(in);
    const fuzz_use use = {.cache = mode % 4 != 1, .before = mode % 8 != 2, .abandoned = mode & 32};
    if (mode % 16 == 15)
        u->sender.stored = 0;
    const int64_t bound = fl_stream_bound(n, u->screen.tiles);
    if (!inside || too_much_work(&u->screen, moves, n)) {
        CHECK(encode(u, moves, n, use, NULL, 0) == -EINVAL);
        return false;
    }
    check_update(u, moves, n, use, mode & 64 ? bound * part / 2048 : bound);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, data + size};
    fuzz_update u = {.screen = take_picture(&in)};
    u.earlier = clone_picture(&u.screen);
    u.model = clone_picture(&u.screen);
    u.viewer = clone_picture(&u.screen);
    u.marks = new_marks(&u.screen, 0);
    u.lossy = new_marks(&u.screen, 0);
    const int slots = 1 << take_u8(&in) % 5;
    u.sender = new_cache(slots);
    u.receiver = new_cache(slots);
    for (int i = 0; i < MOST_UPDATES && !is_over(&in) && take_update(&in, &u); i++) {
    }
    free(u.screen.memory);
    free(u.earlier.memory);
    free(u.model.memory);
    free(u.viewer.memory);
    free(u.marks);
    free(u.lossy);
    free_cache(&u.sender);
    free_cache(&u.receiver);
    return 0;
}
