/* fl_lane_update() with pictures in which parts move and change inside the damage, update after update. What it writes is
 * taken by fl_stream_decode() and gives the shadow at the other end; the shadow becomes the screen in every damaged tile, or
 * of few pixels in the box round them, and stays as it was elsewhere. Where more tiles are left than were
 * asked for, all is as fl_shadow_find() leaves it, and the single calls finish the update. Now and then fl_lane_whole()
 * begins anew. */
#include "fuzz_input.h"

enum { MOST_UPDATES = 6, MOST_RECTS = 5, MOST_PAINTS = 4, MOST_FOUND = 8, SLOTS = 16, FEW_PIXELS = 256, WHOLE = 240 };

typedef struct fuzz_lane {
    picture screen, kept, shown; /* X of the screen as it comes */
    fl_shadow shadow;
    fl_cache sender, receiver;
    fl_lane lane;
    uint8_t *damaged, *decoded;
} fuzz_lane;

/* ---- what changes on the screen --------------------------------------------------------------------------------- */

static fl_rect take_rect(fuzz_input *in, const picture *p)
{
    return (fl_rect){take_u16(in) % p->w, take_u16(in) % p->h, 1 + take_u16(in) % p->w, 1 + take_u16(in) % p->h};
}

static fl_rect clipped(fl_rect r, const picture *p)
{
    r.w = r.x + r.w > p->w ? p->w - r.x : r.w;
    r.h = r.y + r.h > p->h ? p->h - r.y : r.h;
    return r;
}

/* Let a part move up or down, or fill it with a few colours. */
static void paint(fuzz_input *in, const picture *p)
{
    const int kind = take_u8(in), shift = take_u8(in) % p->h;
    const fl_rect r = clipped(take_rect(in, p), p);
    uint32_t noise = (uint32_t)kind;
    const fl_move m = {0, kind & 2 ? shift : 0, p->w, p->h - shift, 0, kind & 2 ? 0 : shift};
    if (kind % 2) {
        CHECK(fl_moves_apply(p->pixels, p->stride, p->w, p->h, &m, 1) == 0);
        return;
    }
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++) {
            const uint32_t pixel = next_noise(&noise) % (1U << kind % 25) * UINT32_C(0x01010305);
            memcpy(pixel_at(p, x, y), &pixel, 4);
        }
    }
}

/* The box round the rectangles, if that has so few pixels that it is looked at alone; else without width. */
static fl_rect box_of_few(const fl_rect *rects, int n, const picture *p)
{
    int left = p->w, top = p->h, right = 0, bottom = 0;
    for (int i = 0; i < n; i++) {
        const fl_rect r = rects[i];
        if (r.x + r.w > p->w || r.y + r.h > p->h)
            return (fl_rect){0, 0, 0, 0};
        left = r.x < left ? r.x : left;
        top = r.y < top ? r.y : top;
        right = r.x + r.w > right ? r.x + r.w : right;
        bottom = r.y + r.h > bottom ? r.y + r.h : bottom;
    }
    const bool few = n && (right - left) * (bottom - top) < FEW_PIXELS;
    return few ? (fl_rect){left, top, right - left, bottom - top} : (fl_rect){0, 0, 0, 0};
}

static bool is_inside(const fl_rect *r, int x, int y)
{
    return x >= r->x && y >= r->y && x < r->x + r->w && y < r->y + r->h;
}

/* Change the screen, and damage some of it: what lies in no damaged tile has not changed. Returns how many rectangles. */
static int take_changes(fuzz_input *in, const fuzz_lane *f, fl_rect *rects)
{
    const int choice = take_u8(in), n = choice % (MOST_RECTS + 1);
    for (int i = 0; i < n; i++) {
        rects[i] = take_rect(in, &f->screen);
        if (choice & 0x80)
            rects[i] = (fl_rect){rects[i].x, rects[i].y, 1 + rects[i].w % 16, 1 + rects[i].h % 16};
    }
    for (int i = take_u8(in) % MOST_PAINTS; i > 0; i--)
        paint(in, &f->screen);
    memset(f->damaged, 0, (size_t)f->screen.tiles);
    CHECK(fl_tiles_mark(rects, n, f->screen.w, f->screen.h, f->damaged) == 0);
    const fl_rect box = box_of_few(rects, n, &f->screen);
    for (int y = 0; y < f->screen.h; y++) {
        for (int x = 0; x < f->screen.w; x++) {
            if (!(box.w ? is_inside(&box, x, y) : f->damaged[tile_of(&f->screen, x, y)]))
                memcpy(pixel_at(&f->screen, x, y), pixel_at(&f->kept, x, y), 4);
        }
    }
    return n;
}

/* ---- one update ------------------------------------------------------------------------------------------------- */

static bool same_colours(const picture *a, const picture *b)
{
    for (int y = 0; y < a->h; y++) {
        for (int x = 0; x < a->w; x++) {
            if (memcmp(pixel_at(a, x, y), pixel_at(b, x, y), 3))
                return false;
        }
    }
    return true;
}

/* After the lane has found more tiles than it was to bring; perhaps given up first, and written again. */
static int64_t finish(fuzz_input *in, fuzz_lane *f)
{
    const picture *s = &f->screen;
    if (take_u8(in) % 2) {
        CHECK(fl_lane_write(&f->lane, s->pixels, s->stride) > 0);
        CHECK(fl_cache_take_back(f->lane.cache) == 0);
    }
    CHECK(fl_lane_write(&f->lane, s->pixels, s->stride) > 0);
    CHECK(fl_lane_take(&f->lane, s->pixels, s->stride) == 0);
    return f->lane.length;
}

static void check_counts(const fuzz_lane *f)
{
    int64_t tiles = 0, moved = 0;
    for (int tile = 0; tile < f->kept.tiles; tile++) {
        const int x = tile % f->kept.columns * TILE_SIDE, y = tile / f->kept.columns * TILE_SIDE;
        const fl_rect r = clipped((fl_rect){x, y, TILE_SIDE, TILE_SIDE}, &f->kept);
        tiles += f->lane.tiles[tile] ? (int64_t)r.w * r.h : 0;
        CHECK(!f->lane.tiles[tile] || f->damaged[tile]);
        CHECK(!f->lane.touched[tile] || f->lane.stale[tile]);
    }
    for (int i = 0; i < f->lane.n_moves; i++)
        moved += (int64_t)f->lane.moves[i].w * f->lane.moves[i].h;
    CHECK(f->lane.tile_pixels == tiles && f->lane.move_pixels == moved);
}

/* The stream gives the decoder the shadow, and touches nothing but what the lane says. */
static void check_stream(fuzz_lane *f, int64_t length)
{
    const picture *p = &f->shown;
    memset(f->decoded, 0, (size_t)p->tiles);
    CHECK(fl_stream_decode(f->lane.out + FL_LANE_HEAD, length, p->pixels, p->stride, p->w, p->h, f->decoded,
                           &f->receiver) == 0);
    CHECK(equal_pictures(p, &f->kept));
    for (int tile = 0; tile < p->tiles; tile++)
        CHECK(!f->decoded[tile] || f->lane.touched[tile]);
}

static void check_head(const fuzz_lane *f, int64_t length)
{
    uint32_t said;
    memcpy(&said, f->lane.out + 1, sizeof said);
    CHECK(f->lane.out[0] == 0 && said == length);
}

/* The screen as it is, for a decoder that has nothing. */
static void take_whole(fuzz_lane *f)
{
    const picture *s = &f->screen;
    const int64_t length = fl_lane_whole(&f->lane, s->pixels, s->stride);
    CHECK(length > 0 && length == f->lane.length && f->lane.tile_pixels == (int64_t)s->w * s->h);
    f->kept.pixels = f->shadow.pixels;
    check_head(f, length);
    free_cache(&f->receiver);
    f->receiver = new_cache(SLOTS);
    for (int y = 0; y < s->h; y++)
        memset(pixel_at(&f->shown, 0, y), 0, (size_t)s->w * 4);
    check_stream(f, length);
    CHECK(same_colours(&f->kept, s));
    check_canaries(&f->kept);
    check_canaries(s);
}

static void take_update(fuzz_input *in, fuzz_lane *f)
{
    fl_rect rects[MOST_RECTS];
    const int n = take_changes(in, f, rects), choice = take_u8(in), max_moves = choice % (MOST_FOUND + 1);
    if (choice >= WHOLE) {
        take_whole(f);
        return;
    }
    const int most = take_u8(in) % 4 ? f->kept.tiles : take_u8(in) % 8;
    const picture *s = &f->screen;
    int64_t length = fl_lane_update(&f->lane, s->pixels, s->stride, rects, n, max_moves, most);
    CHECK(length == f->lane.length && f->lane.n_moves <= max_moves);
    f->kept.pixels = f->shadow.pixels;
    check_counts(f);
    if (length == -EAGAIN)
        length = finish(in, f);
    if (length)
        check_head(f, length);
    CHECK(length >= 0);
    check_stream(f, length);
    CHECK(same_colours(&f->kept, s));
    check_canaries(&f->kept);
    check_canaries(s);
}

/* ---- the lane --------------------------------------------------------------------------------------------------- */

static void open_lane(fuzz_lane *f)
{
    const picture *p = &f->kept;
    f->shadow = (fl_shadow){.pixels = p->pixels, .stride = p->stride, .w = p->w, .h = p->h};
    give_room(&f->shadow, p);
    f->shadow.rows = allocate((size_t)p->columns * (size_t)p->h * sizeof *f->shadow.rows);
    f->shadow.known = new_marks(p, 0);
    f->shadow.work = allocate((size_t)fl_shadow_work(p->w, p->h));
    f->sender = new_cache(SLOTS);
    f->receiver = new_cache(SLOTS);
    f->lane = (fl_lane){.shadow = &f->shadow, .cache = &f->sender, .tiles = new_marks(p, 0)};
    f->lane.stale = new_marks(p, 0);
    f->lane.touched = new_marks(p, 0);
    f->lane.capacity = FL_LANE_HEAD + fl_stream_bound(FL_MAX_MOVES, p->tiles);
    f->lane.out = allocate((size_t)f->lane.capacity);
    f->damaged = new_marks(p, 0);
    f->decoded = new_marks(p, 0);
}

static void close_lane(const fuzz_lane *f)
{
    void *all[] = {f->shadow.rows, f->shadow.known, f->shadow.work, f->lane.tiles,    f->lane.stale,  f->lane.touched,
                   f->lane.out,    f->damaged,      f->decoded,     f->screen.memory, f->kept.memory, f->shown.memory};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free_cache(&f->sender);
    free_cache(&f->receiver);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, data + size};
    fuzz_lane f = {.screen = take_picture(&in)};
    f.kept = new_kept_picture(f.screen.w, f.screen.h);
    f.shown = new_picture(f.screen.w, f.screen.h, 5);
    open_lane(&f);
    for (int i = 0; i < MOST_UPDATES && !is_over(&in); i++)
        take_update(&in, &f);
    close_lane(&f);
    return 0;
}
